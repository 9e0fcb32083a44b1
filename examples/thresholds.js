// Two scenarios, each with its own limits; the exit code is 99 when one is crossed.
//
//   ssek run --mock examples/thresholds.js; echo $?
//   ssek run --mock=ttft=800 examples/thresholds.js; echo $?
import { check, sleep } from "k6";
import http from "k6/http";
import { Trend } from "k6/metrics";
import sse from "k6/x/sse";

const base = __ENV.OPENAI_BASE_URL || __ENV.SERVER_BENCH_URL || "http://127.0.0.1:8080/v1";
const root = base.replace(/\/v1$/, "");
const firstEvent = new Trend("first_event", true);

export const options = {
  scenarios: {
    pages: { executor: "constant-vus", exec: "page", vus: 2, duration: "4s" },
    feeds: {
      executor: "ramping-vus",
      exec: "feed",
      startVUs: 1,
      stages: [
        { duration: "2s", target: 4 },
        { duration: "2s", target: 1 },
      ],
    },
  },
  thresholds: {
    checks: ["rate>0.95"],
    "http_req_duration{scenario:pages}": ["p(95)<500", "max<2000"],
    first_event: [{ threshold: "p(95)<500", abortOnFail: true, delayAbortEval: "2s" }],
  },
};

export function page() {
  check(http.get(`${root}/`), { "page is ok": (r) => r.status === 200 });
  sleep(0.2);
}

export function feed() {
  const started = Date.now();
  let events = 0;
  sse.open(`${root}/sse?n=8`, {}, (client) => {
    client.on("event", () => {
      if (events === 0) {
        firstEvent.add(Date.now() - started);
      }
      events += 1;
    });
  });
  check(events, { "feed has events": (n) => n >= 8 });
}
