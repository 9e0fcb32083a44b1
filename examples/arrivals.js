// Users do not come evenly: the same rate as a Poisson process, in bursts, and at recorded times.
//
//   ssek run --mock examples/arrivals.js
//   ssek run --mock --seed 42 examples/arrivals.js    # the same starts each time
//
// Latencies count from the instant at which a user came, not from when ssek found the time to start: a client that is
// late cannot make the server look fast. docs/arrivals.md has the rest.
import sse from "k6/x/sse";

const base = __ENV.OPENAI_BASE_URL || __ENV.SERVER_BENCH_URL || "http://127.0.0.1:8080/v1";
const pool = { executor: "constant-arrival-rate", duration: "2s", preAllocatedVUs: 20, maxVUs: 100 };

export const options = {
  scenarios: {
    poisson: { ...pool, rate: 20, arrivals: "poisson" },
    bursts: { ...pool, rate: 20, arrivals: { gamma: 0.25 }, startTime: "2s" },
    recorded: { ...pool, arrivals: { trace: "arrivals.jsonl" }, startTime: "4s" },
  },
  thresholds: {
    schedule_delay: ["p(95)<500"],
    "sse_time_to_first_event_scheduled{scenario:bursts}": ["p(95)<2000"],
  },
};

export default function () {
  const body = { model: "my-model", messages: [{ role: "user", content: "Hello" }], max_tokens: 16, stream: true };
  const request = {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
    timeout: "30s",
  };
  sse.open(`${base}/chat/completions`, request, (client) => {
    client.on("event", (event) => {
      if (event.data === "[DONE]") client.close();
    });
  });
}
