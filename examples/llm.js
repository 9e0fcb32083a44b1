// Streams chat completions and measures what a reader would feel: the wait for the first token, the
// pace of those that follow, and whether the answer was whole.
//
//   ssek run --mock examples/llm.js --vus 5 --duration 10s
//   OPENAI_BASE_URL=http://localhost:8000/v1 MODEL=my-model ssek run examples/llm.js
//
// PROMPTS names another JSON array of strings, MAX_TOKENS limits the answers.
import { check, sleep } from "k6";
import { SharedArray } from "k6/data";
import exec from "k6/execution";
import { Counter, Rate, Trend } from "k6/metrics";
import sse from "k6/x/sse";

const base = __ENV.OPENAI_BASE_URL || __ENV.SERVER_BENCH_URL || "http://127.0.0.1:8080/v1";
const model = __ENV.MODEL || "my-model";
const maxTokens = Number(__ENV.MAX_TOKENS || 256);
const prompts = new SharedArray("prompts", () => JSON.parse(open(__ENV.PROMPTS || "./prompts.json")));

const firstToken = new Trend("chat_first_token", true);
const tokenGap = new Trend("chat_token_gap", true);
const tokensPerSecond = new Trend("chat_tokens_per_second");
const promptTokens = new Counter("chat_prompt_tokens");
const completionTokens = new Counter("chat_completion_tokens");
const truncated = new Rate("chat_truncated");

export const options = {
  vus: 5,
  duration: "10s",
  thresholds: {
    checks: ["rate>0.99"],
    chat_first_token: ["p(95)<2000"],
  },
};

export default function () {
  const answer = chat(prompts[exec.scenario.iterationInTest % prompts.length]);

  check(answer, {
    "status is 200": (a) => a.status === 200,
    "answer has text": (a) => a.text.length > 0,
    "stream is complete": (a) => a.done && a.reason !== null,
  });
  truncated.add(answer.reason === "length");

  if (answer.usage) {
    promptTokens.add(answer.usage.prompt_tokens);
    completionTokens.add(answer.usage.completion_tokens);
    if (answer.took > 0) {
      tokensPerSecond.add(answer.usage.completion_tokens / (answer.took / 1000));
    }
  }
  sleep(0.3);
}

// Asks one question; returns the whole answer and how long it took, in milliseconds.
function chat(prompt) {
  const answer = { status: 0, text: "", reason: null, usage: null, done: false, took: 0 };
  const sent = Date.now();
  let previous = null;

  // Takes in one chunk; only text counts as a token, a role or token counts do not.
  function read(chunk) {
    const choice = chunk.choices && chunk.choices[0];
    const text = choice && choice.delta && choice.delta.content;
    if (text) {
      const now = Date.now();
      (previous === null ? firstToken : tokenGap).add(now - (previous === null ? sent : previous));
      previous = now;
      answer.text += text;
    }
    answer.reason = (choice && choice.finish_reason) || answer.reason;
    answer.usage = chunk.usage || answer.usage;
  }

  const response = sse.open(`${base}/chat/completions`, request(prompt), (client) => {
    client.on("event", (event) => {
      if (event.data === "[DONE]") {
        answer.done = true;
      } else if (event.data !== "") {
        read(JSON.parse(event.data));
      }
    });
    client.on("error", (error) => console.error(`stream failed: ${error.error()}`));
  });

  answer.status = response.status;
  answer.took = Date.now() - sent;
  return answer;
}

function request(prompt) {
  const headers = { "Content-Type": "application/json" };
  if (__ENV.OPENAI_API_KEY) {
    headers.Authorization = `Bearer ${__ENV.OPENAI_API_KEY}`;
  }
  const body = {
    model,
    messages: [
      { role: "system", content: "Answer briefly." },
      { role: "user", content: prompt },
    ],
    max_tokens: maxTokens,
    stream: true,
    stream_options: { include_usage: true },
  };
  return { method: "POST", headers, body: JSON.stringify(body) };
}
