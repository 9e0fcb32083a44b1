import { check } from "k6";
import sse from "k6/x/sse";

export default function () {
  const body = JSON.stringify({ model: "m", stream: true, stream_options: { include_usage: true } });
  let events = 0;
  let text = "";
  let last = "";
  const response = sse.open(`${__ENV.SERVER_BENCH_URL}/chat/completions?n=3`, { method: "POST", body }, (client) => {
    client.on("open", () => console.log("open"));
    client.on("event", (event) => {
      events += 1;
      last = event.data;
      if (last !== "[DONE]") {
        const chunk = JSON.parse(last);
        text += chunk.choices.length ? chunk.choices[0].delta.content || "" : ` ${chunk.usage.completion_tokens} tokens`;
      }
    });
  });
  check(response, { "status is 200": (r) => r.status === 200 && r.error === "" });
  console.log(`${events} events, ${last}: ${text}`);
}
