// Sets a limit to each part of a stream, says how it is complete, and counts how streams end.
//
//   ssek run --mock examples/sse-timeouts.js
import { check } from "k6";
import exec from "k6/execution";
import { Trend } from "k6/metrics";
import sse from "k6/x/sse";

// The mock's base URL ends in /v1; its plain event stream is beside that.
const base = (__ENV.SERVER_BENCH_URL || __ENV.OPENAI_BASE_URL || "http://127.0.0.1:8080/v1").replace(/\/v1$/, "");
const tenth = new Trend("time_to_tenth_event", true);

export const options = {
  vus: 2,
  iterations: 8,
  // Thresholds on these metrics show the STREAMING section; so does --streaming=on.
  thresholds: {
    sse_time_to_first_event: ["p(95)<500"],
    sse_event_gap: ["p(99)<200"],
    "sse_streams{outcome:ok}": ["count==6"],
    "sse_streams{outcome:timeout_idle}": ["count==2"],
  },
};

export default function () {
  // Every fourth stream goes quiet after its first event.
  const quiet = exec.scenario.iterationInTest % 4 === 3;
  const url = `${base}/sse?n=20&ttft=30&itl=${quiet ? 5000 : 10}`;
  let first = null;
  let count = 0;

  const response = sse.open(
    url,
    {
      tags: { name: "feed" },
      timeouts: { connect: "2s", firstEvent: "1s", idle: "500ms", total: "10s" },
      stallThreshold: "100ms",
      // The last of the twenty. For OpenAI's API: until: "[DONE]"
      until: (event) => event.id === "19",
      // For feeds that must not end: reconnect: { max: 3, delay: "250ms" }
    },
    (client) => {
      client.on("event", (event) => {
        // When the bytes came, not when this handler got to run.
        first ??= event.timestamp;
        if (++count === 10) tenth.add(event.timestamp - first);
      });
      client.on("error", (error) => console.warn(error.error()));
    },
  );

  check(response, {
    "ended as expected": (r) => r.outcome === (quiet ? "timeout_idle" : "ok"),
  });
}
