// One stream an iteration. HANDLER=json parses each event, HANDLER=empty does not look at it. SPREAD
// (ms) is the time over which the VUs' first streams begin evenly.
import { sleep } from "k6";
import sse from "k6/x/sse";
import { bounded, idle, vus } from "./load.js";

export const options = bounded();

const url = __ENV.STREAM;
const spread = Number(__ENV.SPREAD || 0);
const params = { method: "POST", body: JSON.stringify({ model: "m", stream: true, messages: [] }) };

function parsing(client) {
  let tokens = 0;
  client.on("event", (event) => {
    if (event.data === "[DONE]") return;
    const chunk = JSON.parse(event.data);
    if (chunk.choices.length > 0 && chunk.choices[0].delta.content) tokens++;
  });
}

function empty(client) {
  client.on("event", () => {});
}

const handler = __ENV.HANDLER === "empty" ? empty : parsing;

export default function () {
  if (idle) return;
  if (spread > 0 && __ITER === 0) sleep((((__VU - 1) / vus) * spread) / 1000);
  const answer = sse.open(url, params, handler);
  if (answer.status !== 200 || answer.error) throw new Error(`status ${answer.status} ${answer.error}`);
}
