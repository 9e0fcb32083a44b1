// llm.js for tools without `k6/x/sse`: the answer comes as one body.
import exec from "k6/execution";
import { check, sleep } from "k6";
import http from "k6/http";
import { Counter, Rate, Trend } from "k6/metrics";
import { prompts } from "./prompts.js";
import { bounded, idle } from "./load.js";

export const options = bounded();

const whole = new Trend("whole", true);
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
  let usage = null;
  let reason = null;
  const headers = { "Content-Type": "application/json" };
  const answer = http.post(__ENV.STREAM, body, { headers });
  for (const line of answer.body.split("\n")) {
    if (!line.startsWith("data: {")) continue;
    const chunk = JSON.parse(line.slice(6));
    if (chunk.choices.length > 0 && chunk.choices[0].finish_reason) reason = chunk.choices[0].finish_reason;
    if (chunk.usage) usage = chunk.usage;
  }
  whole.add(Date.now() - begun);
  check(answer, { "status is 200": (r) => r.status === 200, "usage came": () => usage !== null });
  if (usage !== null) {
    promptTokens.add(usage.prompt_tokens);
    completionTokens.add(usage.completion_tokens);
    tokensPerSecond.add((usage.completion_tokens / Math.max(1, Date.now() - begun)) * 1000);
  }
  cutOff.add(reason === "length");
  sleep(0.1);
}
