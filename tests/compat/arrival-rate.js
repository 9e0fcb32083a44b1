import { sleep } from "k6";
import exec from "k6/execution";

export const options = {
  scenarios: {
    // Nobody is free after the first start, so the rest is dropped.
    busy: {
      executor: "constant-arrival-rate",
      exec: "busy",
      rate: 10,
      duration: "1s",
      preAllocatedVUs: 1,
      gracefulStop: "0s",
      tags: { team: "a" },
    },
    grows: { executor: "constant-arrival-rate", exec: "grows", rate: 4, duration: "1s", preAllocatedVUs: 0, maxVUs: 1 },
    ramp: {
      executor: "ramping-arrival-rate",
      exec: "ramp",
      startTime: "1s",
      startRate: 2,
      stages: [{ duration: "1s", target: 6 }],
      preAllocatedVUs: 4,
    },
  },
  thresholds: {
    "dropped_iterations{scenario:busy,team:a}": ["count==9"],
    "iterations{scenario:grows}": ["count<4"],
    "iterations{scenario:ramp}": ["count==4"],
  },
};

export function busy() {
  sleep(5);
}

export function grows() {}

export function ramp() {
  console.log(`ramp ${exec.scenario.iterationInTest}`);
}
