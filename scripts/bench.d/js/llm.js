// A chat benchmark of the usual kind: prompts from a file of conversations, one streamed completion an
// iteration, times and token counts as metrics.
import exec from "k6/execution";
import { check, sleep } from "k6";
import sse from "k6/x/sse";
import { Counter, Rate, Trend } from "k6/metrics";
import { prompts } from "./prompts.js";
import { bounded, idle } from "./load.js";

export const options = bounded();

const firstToken = new Trend("first_token", true);
const betweenTokens = new Trend("between_tokens", true);
const tokensPerSecond = new Trend("tokens_per_second");
const promptTokens = new Counter("prompt_tokens");
const completionTokens = new Counter("completion_tokens");
const cutOff = new Rate("cut_off");

export default function () {
  if (idle) return;
  const prompt = prompts[exec.scenario.iterationInTest % prompts.length];
  const body = JSON.stringify({
    model: "m",
    stream: true,
    stream_options: { include_usage: true },
    max_tokens: prompt.answer,
    messages: [
      { role: "system", content: "You answer briefly." },
      { role: "user", content: prompt.text },
    ],
  });
  const begun = Date.now();
  let previous = 0;
  let usage = null;
  let reason = null;
  const headers = { "Content-Type": "application/json" };
  const answer = sse.open(__ENV.STREAM, { method: "POST", headers, body }, (client) => {
    client.on("event", (event) => {
      const now = Date.now();
      if (previous === 0) firstToken.add(now - begun);
      else betweenTokens.add(now - previous);
      previous = now;
      if (event.data === "[DONE]") return;
      const chunk = JSON.parse(event.data);
      if (chunk.choices.length > 0 && chunk.choices[0].finish_reason) reason = chunk.choices[0].finish_reason;
      if (chunk.usage) usage = chunk.usage;
    });
    client.on("error", (error) => {
      throw new Error(error.error());
    });
  });
  if (answer.error) console.error(answer.error);
  check(answer, { "status is 200": (r) => r.status === 200, "usage came": () => usage !== null });
  if (usage !== null) {
    promptTokens.add(usage.prompt_tokens);
    completionTokens.add(usage.completion_tokens);
    tokensPerSecond.add((usage.completion_tokens / Math.max(1, previous - begun)) * 1000);
  }
  cutOff.add(reason === "length");
  sleep(0.1);
}
