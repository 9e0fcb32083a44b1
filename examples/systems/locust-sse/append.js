// What locust-sse's users do: one call asks, reads the stream and counts. The server sends events of the types
// append, close and error.
//
//   ssek run --mock=protocol=append examples/systems/locust-sse/append.js
//   HOST=http://localhost:8080 ssek run examples/systems/locust-sse/append.js
import { check, sleep } from "k6";
import { Trend } from "k6/metrics";
import sse from "k6/x/sse";

const host = __ENV.HOST || __ENV.OPENAI_BASE_URL || "http://127.0.0.1:8080/v1";

// The rows that locust-sse reports beside the request itself. Tokens have metrics of their own, not a column of times.
const ttft = new Trend("chat_completion_ttft", true);
const promptTokens = new Trend("chat_completion_prompt_tokens");
const completionTokens = new Trend("chat_completion_completion_tokens");

export const options = { vus: 2, iterations: 6 };

// A token for every four characters: locust-sse's estimate.
const estimate = (text) => Math.ceil(text.length / 4);

export default function () {
  const prompt = "Tell me a joke.";
  const answer = handleSseRequest("/chat/completions", prompt, "chat_completion");
  check(answer, {
    "status is 200": (a) => a.status === 200,
    "the stream was closed": (a) => a.closed && a.error === null,
    "it has text": (a) => a.text.length > 0,
  });
  sleep(0.1);
}

function handleSseRequest(path, prompt, name) {
  const answer = { status: 0, text: "", closed: false, error: null };
  const payload = { model: "gpt-4o", messages: [{ role: "user", content: prompt }], stream: true };
  const params = {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(payload),
    tags: { name },
  };
  const sent = Date.now();
  const response = sse.open(`${host}${path}`, params, (client) => {
    client.on("event", (event) => {
      if (event.data === "") {
        return; // a sign of life
      }
      const message = JSON.parse(event.data);
      if (message.type === "append") {
        if (answer.text === "") {
          ttft.add(event.timestamp - sent);
        }
        answer.text += message.text;
      } else if (message.type === "error") {
        answer.error = message;
        client.close();
      } else if (message.type === "close") {
        answer.closed = true;
        client.close();
      }
    });
  });
  answer.status = response.status;
  promptTokens.add(estimate(prompt));
  completionTokens.add(estimate(answer.text));
  return answer;
}
