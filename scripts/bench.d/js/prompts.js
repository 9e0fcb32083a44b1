// Prompts of a file of conversations (DATASET, ShareGPT's format) whose lengths suit a benchmark.
import { SharedArray } from "k6/data";

const words = (text) => text.split(/[\s,'".?]/).length;

export const prompts = new SharedArray("prompts", () =>
  JSON.parse(open(__ENV.DATASET))
    .filter((entry) => entry.conversations.length >= 2 && entry.conversations[0].from === "human")
    .map(({ conversations: [question, answer] }) => ({
      text: question.value,
      length: words(question.value),
      answer: words(answer.value),
    }))
    .filter((prompt) => prompt.length >= 4 && prompt.answer >= 4)
    .filter((prompt) => prompt.length <= 1024 && prompt.length + prompt.answer <= 2048)
    .slice(0, 1000),
);
