import { sleep } from "k6";
import exec from "k6/execution";

export const options = {
  scenarios: {
    arrivals: { executor: "constant-arrival-rate", rate: 9, duration: "1s", preAllocatedVUs: 3 },
    none: { executor: "per-vu-iterations", vus: 1, startTime: "1s" },
    shared: { executor: "shared-iterations", vus: 3, iterations: 8, startTime: "1500ms" },
  },
};

export default function () {
  const { name, iterationInTest, iterationInInstance } = exec.scenario;
  console.log(`${name} ${iterationInTest} ${iterationInInstance} ${exec.vu.idInTest % 3} ${exec.vu.idInInstance > 2}`);
  sleep(0.01);
}
