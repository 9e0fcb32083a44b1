// STREAMS streams open at once in one VU, without events, for HOLD ms.
import { connect } from "ssek/sse";
import { setTimeout } from "k6/timers";
import { bounded } from "./load.js";

export const options = bounded();

const AT_ONCE = 200;

export default async function () {
  const wanted = Number(__ENV.STREAMS);
  const streams = [];
  while (streams.length < wanted) {
    const some = Math.min(AT_ONCE, wanted - streams.length);
    const opened = await Promise.all(Array.from({ length: some }, () => connect(__ENV.STREAM)));
    streams.push(...opened);
  }
  console.log(`${streams.length} streams are open`);
  await new Promise((resolve) => setTimeout(resolve, Number(__ENV.HOLD)));
  for (const stream of streams) await stream.close();
}
