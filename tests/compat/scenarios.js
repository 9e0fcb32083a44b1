import exec from "k6/execution";

export const options = {
  scenarios: {
    late: {
      executor: "shared-iterations",
      exec: "work",
      vus: 1,
      iterations: 2,
      startTime: "500ms",
      env: { WHO: "second" },
      tags: { team: "b" },
    },
    early: { executor: "per-vu-iterations", exec: "work", vus: 1, iterations: 2, env: { WHO: "first" } },
  },
};

export function work() {
  console.log(`${__ENV.WHO}: ${exec.scenario.name} ${exec.scenario.iterationInTest} ${exec.vu.tags.team || "-"}`);
}
