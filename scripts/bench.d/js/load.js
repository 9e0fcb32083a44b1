// The load of every script here: VUS virtual users run ITERATIONS iterations each. With IDLE=1 they are
// made and do nothing, which is what is taken off as the cost of starting.
export const vus = Number(__ENV.VUS || 1);
export const idle = __ENV.IDLE === "1";

export function bounded() {
  const iterations = idle ? 1 : Number(__ENV.ITERATIONS || 1);
  return {
    scenarios: {
      bench: { executor: "per-vu-iterations", vus, iterations, maxDuration: "1h", gracefulStop: "0s" },
    },
    summaryTrendStats: ["min", "avg", "p(99)", "max"],
  };
}
