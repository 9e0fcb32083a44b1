// Streams a chat from Ollama, whose answers are one JSON object a line, and measures the first token.
//
//   ssek run --mock examples/ndjson.js
//   ssek run -e OLLAMA_HOST=http://127.0.0.1:11434 -e MODEL=llama3 examples/ndjson.js
import { check } from "k6";
import { Trend } from "k6/metrics";
import { connect } from "ssek/sse";

const base = __ENV.OLLAMA_HOST || (__ENV.OPENAI_BASE_URL || "http://127.0.0.1:11434/v1").replace(/\/v1$/, "");
const firstToken = new Trend("ollama_first_token", true);

export const options = { vus: 2, iterations: 6 };

export default async function () {
  const body = JSON.stringify({
    model: __ENV.MODEL || "llama3",
    messages: [{ role: "user", content: "Why is the sky blue?" }],
  });
  const begun = Date.now();
  const stream = await connect(`${base}/api/chat`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body,
    timeouts: { firstEvent: "30s", idle: "10s" },
    // A stream that ends without its last line is `truncated`.
    until: (event) => JSON.parse(event.data).done,
  });

  let text = "";
  for await (const event of stream) {
    const line = JSON.parse(event.data);
    if (text === "" && line.message.content !== "") {
      firstToken.add(event.timestamp - begun);
    }
    text += line.message.content;
  }

  check(stream, {
    "status is 200": (s) => s.status === 200,
    "complete": (s) => s.outcome === "ok",
    "said something": () => text.length > 0,
  });
}
