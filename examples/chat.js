// Asks a model and measures what a reader would feel, with ssek/llm: one call is a complete request, and the wait for
// the first token, the pace of those that follow and the tokens are measured without further code.
//
//   ssek run --mock examples/chat.js --vus 5 --duration 10s
//   OPENAI_BASE_URL=http://localhost:8000/v1 MODEL=my-model ssek run examples/chat.js --slo 'ttft<500ms,tpot<50ms'
//
// PROTOCOL is openai-chat, openai-completions, openai-responses, anthropic, gemini, ollama, tgi, dify … or auto.
import { check, sleep } from "k6";
import { SharedArray } from "k6/data";
import exec from "k6/execution";
import llm from "ssek/llm";

const prompts = new SharedArray("prompts", () => JSON.parse(open(__ENV.PROMPTS || "./prompts.json")));

const client = new llm.Client({
  baseURL: __ENV.OPENAI_BASE_URL || __ENV.SERVER_BENCH_URL || "http://127.0.0.1:8080/v1",
  protocol: __ENV.PROTOCOL || "openai-chat",
  model: __ENV.MODEL || "my-model",
  apiKey: __ENV.OPENAI_API_KEY || "",
  timeouts: { connect: "5s", firstEvent: "30s", idle: "10s" },
  retry: { max: 2 },
});

export const options = {
  vus: 5,
  duration: "10s",
  slo: { ttft: "2s", tpot: "200ms" },
  thresholds: {
    "llm_requests{outcome:ok}": ["count>0"],
    llm_time_to_first_token: ["p(95)<2000"],
    llm_goodput: ["rate>0.9"],
  },
};

export default function () {
  const question = prompts[exec.scenario.iterationInTest % prompts.length];
  const messages = [
    { role: "system", content: "Answer briefly." },
    { role: "user", content: question },
  ];
  const answer = client.chat({ messages, maxTokens: Number(__ENV.MAX_TOKENS || 256) });

  check(answer, {
    "answer is whole": (a) => a.ok,
    "answer has text": (a) => a.text.length > 0,
  });
  if (!answer.ok) {
    console.warn(`${answer.outcome}: ${answer.error}`);
  } else {
    // The same conversation goes on with what the model said.
    messages.push({ role: "assistant", content: answer.text }, { role: "user", content: "And why?" });
    let first = null;
    client.chat({ messages, maxTokens: 64, tags: { turn: "2" } }, {
      onToken: (text, timestamp) => {
        first = first || timestamp;
      },
    });
  }
  sleep(0.3);
}
