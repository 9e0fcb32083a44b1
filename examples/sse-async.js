// Streams that go on while the script does: many at once in one virtual user, awaited, matched, drained.
//
//   ssek run --mock examples/sse-async.js
import { check } from "k6";
import { Trend } from "k6/metrics";
import { connect } from "ssek/sse";

// The mock's base URL ends in /v1; its plain event stream is beside that.
const base = (__ENV.OPENAI_BASE_URL || "http://127.0.0.1:8080/v1").replace(/\/v1$/, "");
const gap = new Trend("event_gap", true);

export const options = { vus: 2, iterations: 4 };

export default async function () {
  // One stream, event by event. Leaving the loop closes it.
  const ids = [];
  const feed = await connect(`${base}/sse?n=20&itl=10`, { tags: { name: "feed" }, timeouts: { idle: "5s" } });
  let previous = null;
  for await (const event of feed) {
    if (previous !== null) {
      gap.add(event.timestamp - previous);
    }
    previous = event.timestamp;
    ids.push(event.id);
    if (ids.length === 10) {
      break;
    }
  }

  // A protocol: wait for what has to come, for a time.
  const session = await connect(`${base}/sse?n=5&itl=10`);
  const third = await session.expect(/"n":2/, { within: "5s" });
  const { value: fourth } = await session.next({ within: "1s" });
  const rest = await session.drain();

  // Twenty at once; nobody looks at their events.
  const crowd = await Promise.all(
    Array.from({ length: 20 }, async () => (await connect(`${base}/sse?n=50&itl=2`, { tags: { name: "crowd" } })).drain()),
  );

  check(null, {
    "ten events, then closed": () => ids.length === 10 && feed.outcome === "aborted",
    "the third and the fourth": () => third.id === "2" && fourth.id === "3",
    "all of the session": () => rest.events === 5 && rest.outcome === "ok",
    "nothing of the crowd was lost": () => crowd.every(({ events, outcome }) => events === 50 && outcome === "ok"),
  });
}
