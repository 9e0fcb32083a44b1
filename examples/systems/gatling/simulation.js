// What Gatling's guide to load testing an LLM API over SSE builds, as a script of ssek.
//
//   ssek run --mock examples/systems/gatling/simulation.js
//   api_key=sk-… BASE_URL=https://api.openai.com/v1/chat ssek run examples/systems/gatling/simulation.js
import { check } from "k6";
import { connect } from "ssek/sse";

// The protocol: where everything goes, and how many messages may wait for the scenario.
const http = {
  baseUrl: __ENV.BASE_URL || `${__ENV.OPENAI_BASE_URL || "http://127.0.0.1:8080/v1"}/chat`,
  buffer: { size: 100 },
};

// injectOpen(atOnceUsers(10)); docs/load-shapes.md has the other profiles.
export const options = {
  scenarios: {
    prompt: { executor: "inject-open", steps: [{ shape: "at-once-users", users: 10 }] },
  },
};

export default async function () {
  const body = {
    model: __ENV.MODEL || "gpt-4o-mini",
    stream: true,
    messages: [{ role: "user", content: "Only say hello." }],
  };
  const stream = await connect(`${http.baseUrl}/completions`, {
    method: "POST",
    headers: { Authorization: `Bearer ${__ENV.api_key || "none"}`, "Content-Type": "application/json" },
    body: JSON.stringify(body),
    buffer: http.buffer,
    tags: { name: "Connect to the LLM and get its answer" },
  });

  // asLongAs(stop is undefined), processUnmatchedMessages: here a loop over typed events.
  let messages = 0;
  let stop = false;
  for await (const event of stream) {
    messages += 1;
    if (event.data === "[DONE]") {
      stop = true;
      break; // leaving the loop closes the stream
    }
  }
  check(stream, { "status is 200": (s) => s.status === 200, "the answer ended": () => stop && messages > 1 });
}
