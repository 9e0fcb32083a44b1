// A key that no log, summary or output shows, and prompts from a CSV file that all virtual users share.
//
//   ssek run --mock --secret-source=mock=api_key=sk-1234 examples/secrets.js
//   ssek run --secret-source=file=keys.txt examples/secrets.js        keys.txt: a line api_key=…
import { check } from "k6";
import csv from "k6/experimental/csv";
import { open } from "k6/experimental/fs";
import http from "k6/http";
import secrets from "k6/secrets";

const base = __ENV.OPENAI_BASE_URL || "http://127.0.0.1:8080/v1";
const prompts = await csv.parse(await open("./prompts.csv"), { asObjects: true });

export const options = { vus: 2, iterations: 6 };

export default async function () {
  const key = await secrets.get("api_key");
  const { text, tokens } = prompts[__ITER % prompts.length];
  const body = { model: "any", max_tokens: Number(tokens), messages: [{ role: "user", content: text }] };
  const response = await http.asyncRequest("POST", `${base}/chat/completions`, JSON.stringify(body), {
    headers: { "Content-Type": "application/json", Authorization: `Bearer ${key}` },
  });
  check(response, { "answered": (r) => r.status === 200 });
  console.log(`asked with ${key}`); // shows ***SECRET_REDACTED***
}
