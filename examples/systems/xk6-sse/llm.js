// The benchmark that xk6-sse and llama.cpp describe: prompts of a ShareGPT file, streamed completions, time to the first
// token, prompt processing and generation. Its variables and metrics have the names that the original has.
//
//   ssek run --mock --vus 2 --iterations 4 examples/systems/xk6-sse/llm.js
//   SERVER_BENCH_URL=http://localhost:8080/v1 SERVER_BENCH_DATASET=ShareGPT.json ssek run examples/systems/xk6-sse/llm.js
import { check, sleep } from "k6";
import { SharedArray } from "k6/data";
import exec from "k6/execution";
import { Counter, Rate, Trend } from "k6/metrics";
import sse from "k6/x/sse";

const number = (name, otherwise) => Number(__ENV[`SERVER_BENCH_${name}`] || otherwise);
const url = __ENV.SERVER_BENCH_URL || "http://localhost:8080/v1";
const model = __ENV.SERVER_BENCH_MODEL_ALIAS || "my-model";
const dataset = __ENV.SERVER_BENCH_DATASET || "./conversations.json";
const limits = {
  prompts: number("N_PROMPTS", 480),
  tokens: number("MAX_TOKENS", 512),
  promptTokens: number("MAX_PROMPT_TOKENS", 1024),
  context: number("MAX_CONTEXT", 2048),
};

const prompts = new SharedArray("prompts", () => {
  const words = (text) => text.split(/[\s,'".?]/).length;
  const fits = ({ asked, answered }) =>
    Math.min(asked, answered) >= 4 && asked <= limits.promptTokens && asked + answered <= limits.context;
  return JSON.parse(open(dataset))
    .map((entry) => entry.conversations)
    .filter((turns) => turns.length >= 2 && turns[0].from === "human")
    .map(([question, answer]) => ({ text: question.value, asked: words(question.value), answered: words(answer.value) }))
    .filter(fits)
    .slice(0, limits.prompts);
});

const firstToken = new Trend("llm_emit_first_token_second");
const processing = new Trend("llm_prompt_processing_second");
const generation = new Trend("llm_tokens_second");
const promptTokens = new Trend("llm_prompt_tokens");
const completionTokens = new Trend("llm_completion_tokens");
const promptTotal = new Counter("llm_prompt_tokens_total_counter");
const completionTotal = new Counter("llm_completion_tokens_total_counter");
const truncated = new Rate("llm_completions_truncated_rate");
const stopped = new Rate("llm_completions_stop_rate");

export const options = {
  vus: 8,
  duration: "10m",
  thresholds: {
    llm_completions_truncated_rate: [{ threshold: "rate < 0.8", abortOnFail: true, delayAbortEval: "1m" }],
  },
};

export function setup() {
  console.info(`asking ${model} at ${url} for up to ${limits.tokens} tokens, ${prompts.length} prompts of ${dataset}`);
}

export default function () {
  const prompt = prompts[exec.scenario.iterationInInstance % prompts.length];
  const body = JSON.stringify({
    model,
    messages: [
      { role: "system", content: "Answer as a helpful assistant." },
      { role: "user", content: prompt.text },
    ],
    stream: true,
    stream_options: { include_usage: true },
    max_tokens: limits.tokens,
    seed: 42,
  });

  let [first, last, reason, usage] = [null, null, null, null];
  const sent = Date.now();
  const response = sse.open(`${url}/chat/completions`, { method: "POST", body }, (client) => {
    client.on("event", (event) => {
      last = event.timestamp;
      if (event.data === "" || event.data === "[DONE]") {
        return;
      }
      const chunk = JSON.parse(event.data);
      const choice = chunk.choices && chunk.choices[0];
      // A role alone is no token, nor is an empty text.
      if (choice && choice.delta.content && first === null) {
        first = event.timestamp;
        firstToken.add((first - sent) / 1000);
      }
      reason = (choice && choice.finish_reason) || reason;
      usage = chunk.usage || usage;
    });
    client.on("error", (error) => {
      throw new Error(`the stream broke: ${error.error()}`);
    });
  });
  check(response, { "success completion": (r) => r.status === 200 });

  if (usage !== null && first !== null) {
    promptTokens.add(usage.prompt_tokens);
    promptTotal.add(usage.prompt_tokens);
    completionTokens.add(usage.completion_tokens);
    completionTotal.add(usage.completion_tokens);
    processing.add((usage.prompt_tokens / (first - sent)) * 1000);
    if (last > first) {
      generation.add((usage.completion_tokens / (last - first)) * 1000);
    }
  }
  truncated.add(reason === "length");
  stopped.add(reason === "stop");
  sleep(0.3);
}
