// Ten conversations beside each other in one virtual user: what is sent comes back, and how long that takes is
// measured.
//
//   WS_URL=ws://localhost:8080/echo ssek run examples/websockets.js
import { check } from "k6";
import { Trend } from "k6/metrics";
import { WebSocket } from "k6/websockets";

const url = __ENV.WS_URL || "ws://127.0.0.1:8080/echo";
const roundTrip = new Trend("round_trip", true);

export const options = { vus: 2, iterations: 4, thresholds: { round_trip: ["p(95)<500"] } };

export default function () {
  // The iteration ends when all of its WebSockets have.
  for (let number = 0; number < 10; number++) {
    converse(number);
  }
}

function converse(number) {
  const ws = new WebSocket(url, null, { tags: { conversation: String(number) } });
  let left = 5;
  let sent = 0;
  const say = () => {
    sent = Date.now();
    ws.send(JSON.stringify({ number, left }));
  };
  ws.onopen = say;
  ws.onmessage = (event) => {
    roundTrip.add(event.timestamp - sent);
    check(event, { "our own words": (e) => JSON.parse(String(e.data)).number === number });
    if (--left > 0) {
      setTimeout(say, 20);
    } else {
      ws.close(1000, "done");
    }
  };
  ws.onerror = (event) => console.error(event.error);
}
