// Load shapes that k6 does not have: a wave of users, levels of concurrency, a pace, and rules that
// end the test early. docs/load-shapes.md has all of them.
//
//   ssek run --mock examples/load-shapes.js
//   ssek run --wait-for http://localhost:8000/health --warmup 2s examples/load-shapes.js
//
// The second line waits for a server to be ready and leaves the first two seconds out of the figures.
import { check } from "k6";
import sse from "k6/x/sse";

const base = __ENV.OPENAI_BASE_URL || __ENV.SERVER_BENCH_URL || "http://127.0.0.1:8080/v1";

export const options = {
  scenarios: {
    // Some are there from the start, then a wave comes and ebbs.
    wave: {
      executor: "inject-open",
      steps: [
        { shape: "at-once-users", users: 3 },
        { shape: "nothing-for", duration: "1s" },
        { shape: "stress-peak-users", users: 30, duration: "4s" },
      ],
    },
    // 2, 4 and 6 clients at a time, each with a request every half second at most.
    clients: {
      executor: "increment-concurrent-users",
      startTime: "5s",
      startingFrom: 2,
      increment: 2,
      times: 3,
      eachLevelLasting: "1s",
      pace: "500ms",
    },
  },
  // A server that answers nothing but errors need not be asked any longer.
  stopAfter: { errorRate: { rate: 0.5, last: 10 } },
};

export default function () {
  const body = { model: "my-model", messages: [{ role: "user", content: "Hello" }], max_tokens: 32, stream: true };
  const request = {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
    timeout: "30s",
  };
  let events = 0;
  const response = sse.open(`${base}/chat/completions`, request, (client) => {
    client.on("event", () => events++);
  });
  check(response, { "status is 200": (r) => r.status === 200, "something came": () => events > 0 });
}
