// Waves of streams that all begin at one instant; how much later than the server meant it the first
// event reached the script. With TS=1 also how long after the server wrote it, where it says when (`ts`).
import exec from "k6/execution";
import { sleep } from "k6";
import sse from "k6/x/sse";
import { Trend } from "k6/metrics";
import { bounded, idle } from "./load.js";

export const options = bounded();

const intended = Number(__ENV.TTFT);
const period = Number(__ENV.PERIOD);
const lead = 1000; // ms, until the last VU runs
const stamped = __ENV.TS === "1";
const late = new Trend("ttft_error");
const told = new Trend("told_after_written");
const params = { method: "POST", body: JSON.stringify({ model: "m", stream: true, messages: [] }) };

export default function () {
  if (idle) return;
  const wave = exec.scenario.startTime + lead + exec.vu.iterationInScenario * period;
  const wait = wave - Date.now();
  if (wait > 0) sleep(wait / 1000);
  const begun = Date.now();
  let waiting = true;
  const answer = sse.open(__ENV.STREAM, params, (client) => {
    client.on("event", (event) => {
      if (!waiting) return;
      waiting = false;
      const now = Date.now();
      late.add(now - begun - intended);
      if (stamped) told.add(now - JSON.parse(event.data).ts);
    });
  });
  if (answer.status !== 200 || answer.error) throw new Error(`status ${answer.status} ${answer.error}`);
}
