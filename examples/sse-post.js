// Posts a JSON body and reads the streamed answer: the smallest chat client.
//
//   ssek run --mock examples/sse-post.js
import { check } from "k6";
import sse from "k6/x/sse";

const base = __ENV.OPENAI_BASE_URL || __ENV.SERVER_BENCH_URL || "http://127.0.0.1:8080/v1";

export const options = { iterations: 1 };

export default function () {
  const params = {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({
      model: "my-model",
      messages: [{ role: "user", content: "Say something." }],
      max_tokens: 32,
      stream: true,
    }),
  };

  let text = "";
  const response = sse.open(`${base}/chat/completions`, params, (client) => {
    client.on("event", (event) => {
      if (event.data === "[DONE]" || event.data === "") {
        return;
      }
      const [choice] = JSON.parse(event.data).choices;
      text += (choice && choice.delta.content) || "";
    });
  });

  check(response, { "status is 200": (r) => r.status === 200 });
  console.log(`the model said: ${text}`);
}
