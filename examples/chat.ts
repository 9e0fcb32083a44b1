// A chat with a language model, in TypeScript: the answer is streamed, measured, and checked against objectives.
// Types: npm install --save-dev @types/k6 ./types
//
//   ssek run --mock examples/chat.ts
//   OPENAI_BASE_URL=http://localhost:8000/v1 MODEL=my-model ssek run examples/chat.ts
import { check } from "k6";
import { Trend } from "k6/metrics";
import llm, { type ChatResult, type Message } from "ssek/llm";
import type { Options } from "ssek/options";

export const options: Options = {
  scenarios: {
    users: { executor: "ramp-users", users: 10, duration: "5s" },
  },
  thresholds: {
    llm_time_to_first_token: ["p(95)<2000"],
    checks: ["rate>0.99"],
  },
};

const client = new llm.Client({
  baseURL: __ENV.OPENAI_BASE_URL || "http://127.0.0.1:8080/v1",
  apiKey: __ENV.OPENAI_API_KEY || "none",
  model: __ENV.MODEL || "mock",
  timeouts: { firstEvent: "10s", idle: "10s" },
});

const words = new Trend("words_of_an_answer");

export default function (): void {
  // The second question has the first one and its answer in front of it.
  const messages: Message[] = [{ role: "system", content: "You are brief." }];
  for (const question of ["What is a load test?", "And a stress test?"]) {
    messages.push({ role: "user", content: question });
    let pieces = 0;
    const result: ChatResult = client.chat({ messages, maxTokens: 100 }, { onToken: () => pieces++ });
    check(result, {
      "the answer is complete": (r) => r.outcome === "ok" && r.finishReason !== null,
      "it was streamed": () => pieces > 1,
    });
    words.add(result.text.split(/\s+/).length);
    messages.push({ role: "assistant", content: result.text });
  }
}
