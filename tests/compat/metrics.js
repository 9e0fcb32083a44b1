import { Counter, Gauge, Rate, Trend } from "k6/metrics";

const jobs = new Counter("jobs");
const level = new Gauge("level");
const hits = new Rate("hits");
const size = new Trend("size");
const pause = new Trend("pause", true);

export const options = { iterations: 3, summaryTrendStats: ["avg", "max", "count", "p(50)"] };

export default function () {
  jobs.add(2);
  level.add(9 - __ITER);
  hits.add(__ITER > 0);
  size.add(__ITER + 1);
  pause.add(1500);
  console.log(size.name, size.add("not a number"));
}
