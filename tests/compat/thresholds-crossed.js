import { Counter, Trend } from "k6/metrics";

const pace = new Trend("pace", true);
const done = new Counter("done");

export const options = {
  iterations: 3,
  thresholds: { pace: ["p(95)<10", "min>=5"], done: ["count==3"], "pace{kind:even}": ["max<100"] },
};

export default function () {
  pace.add(5 + 10 * __ITER, { kind: __ITER % 2 ? "odd" : "even" });
  done.add(1);
}
