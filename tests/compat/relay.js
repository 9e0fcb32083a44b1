import { sleep } from "k6";

// Each scenario takes over the VUs of the one before at the moment at which that one ends.
export const options = {
  scenarios: {
    a: { executor: "constant-vus", vus: 2, duration: "1s", gracefulStop: "0s" },
    b: { executor: "constant-vus", vus: 2, duration: "1s", gracefulStop: "0s", startTime: "1s" },
    c: {
      executor: "constant-arrival-rate",
      rate: 10,
      duration: "1s",
      preAllocatedVUs: 2,
      gracefulStop: "0s",
      startTime: "2s",
    },
  },
  thresholds: { "iterations{scenario:b}": ["count>10"], "iterations{scenario:c}": ["count>5"] },
};

export default function () {
  sleep(0.05);
}
