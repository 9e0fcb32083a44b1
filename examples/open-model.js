// Users come when they like, not when the server is ready for them: streams start at a rate, however
// long each of them takes. What finds no virtual user free is counted in dropped_iterations.
//
//   ssek run --mock examples/open-model.js
//   ssek run --mock examples/open-model.js --execution-segment 0:1/2 --execution-segment-sequence 0,1/2,1
//
// The second line runs one half of the test; another machine runs the other, 1/2:1.
import { check } from "k6";
import sse from "k6/x/sse";

const base = __ENV.OPENAI_BASE_URL || __ENV.SERVER_BENCH_URL || "http://127.0.0.1:8080/v1";
const pool = { preAllocatedVUs: 5, maxVUs: 40 };

export const options = {
  scenarios: {
    steady: { executor: "constant-arrival-rate", rate: 5, duration: "5s", ...pool },
    rush: {
      executor: "ramping-arrival-rate",
      startTime: "5s",
      startRate: 5,
      stages: [
        { duration: "3s", target: 20 },
        { duration: "2s", target: 5 },
      ],
      ...pool,
    },
  },
  thresholds: {
    checks: ["rate>0.99"],
    // A pool that is too small shows here; give it more VUs, or the server more speed.
    dropped_iterations: ["count<20"],
  },
};

export default function () {
  const body = { model: "my-model", messages: [{ role: "user", content: "Hello" }], max_tokens: 64, stream: true };
  const request = {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
    timeout: "30s",
  };
  let done = false;
  const response = sse.open(`${base}/chat/completions`, request, (client) => {
    client.on("event", (event) => {
      done = event.data === "[DONE]";
    });
  });
  check(response, { "status is 200": (r) => r.status === 200, "stream is complete": () => done });
}
