// What `ssek calibrate` runs: STREAMS chat streams at once, each event parsed as a benchmark would.
import sse from "k6/x/sse";
import { Counter, Trend } from "k6/metrics";

const delay = new Trend("first_event_delay", true);
const failed = new Counter("failed_streams");

const target = Number(__ENV.STREAMS);

export const options = {
  scenarios: {
    // Starts are spread over the ramp, and so are those of all later streams.
    load: {
      executor: "ramping-vus",
      startVUs: 0,
      stages: [
        { duration: __ENV.RAMP, target },
        { duration: __ENV.HOLD, target },
      ],
      gracefulRampDown: "0s",
      gracefulStop: "0s",
    },
  },
  summaryTrendStats: ["p(99)", "max"],
};

const params = {
  method: "POST",
  headers: { "Content-Type": "application/json" },
  body: JSON.stringify({ model: "mock", stream: true, messages: [{ role: "user", content: "Hello" }] }),
};

export default function () {
  const response = sse.open(__ENV.URL, params, (client) => {
    client.on("event", (event) => {
      if (event.data === "[DONE]") return;
      const chunk = JSON.parse(event.data);
      // The server's wall clock at which it wrote the first event.
      if (chunk.ts) delay.add((event.timestamp ?? Date.now()) - chunk.ts);
    });
  });
  if (response.error || response.status !== 200) failed.add(1);
}

export function handleSummary(data) {
  const values = (name) => data.metrics[name]?.values ?? {};
  const figures = {
    events: values("sse_event").count ?? 0,
    failed: values("failed_streams").count ?? 0,
    delay: values("first_event_delay")["p(99)"] ?? 0,
    client: data.client ?? null,
  };
  return { stdout: JSON.stringify(figures) };
}
