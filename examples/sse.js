// Reads an event stream until its tenth event, then hangs up.
//
//   ssek run --mock examples/sse.js
import { check } from "k6";
import { Trend } from "k6/metrics";
import sse from "k6/x/sse";

// The mock's base URL ends in /v1; its plain event stream is beside that.
const base = (__ENV.SERVER_BENCH_URL || __ENV.OPENAI_BASE_URL || "http://127.0.0.1:8080/v1").replace(/\/v1$/, "");
const gap = new Trend("event_gap", true);

export const options = { vus: 2, iterations: 6 };

export default function () {
  const ids = [];
  let previous = null;

  const response = sse.open(`${base}/sse?n=20&itl=10`, { timeout: "10s", tags: { name: "feed" } }, (client) => {
    client.on("open", () => console.debug("connected"));
    client.on("event", (event) => {
      const now = Date.now();
      if (previous !== null) {
        gap.add(now - previous);
      }
      previous = now;
      ids.push(event.id);
      if (ids.length === 10) {
        client.close();
      }
    });
    client.on("error", (error) => console.error(`stream failed: ${error.error()}`));
  });

  check(response, {
    "is an event stream": (r) => r.status === 200 && r.headers["Content-Type"].startsWith("text/event-stream"),
    "ten events, none after close()": () => ids.length === 10,
  });
}
