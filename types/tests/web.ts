// Uses of ssek's types, which must compile without the library "dom"; each line after `@ts-expect-error` must not.
import sse from "k6/x/sse";
import llm from "ssek/llm";
import type { Options } from "ssek/options";
import { connect } from "ssek/sse";

export const options: Options = {
  warmup: "5s",
  stopAfter: { errors: 10, errorRate: { rate: 0.5, last: 20 } },
  waitFor: { url: "http://localhost", timeout: "1m" },
  thresholds: { http_reqs: ["count>1"] },
  scenarios: {
    a: { executor: "constant-vus", duration: "1s", pace: "5s", rampUp: 1000 },
    b: { executor: "constant-arrival-rate", rate: 5, duration: "1s", preAllocatedVUs: 1, arrivals: { gamma: 0.5 } },
    c: {
      executor: "inject-open",
      steps: [{ shape: "at-once-users", users: 3 }, { shape: "nothing-for", duration: "1s" }],
    },
    // @ts-expect-error: a shape's field
    d: { executor: "ramp-users", user: 3, duration: "1s" },
  },
};

export default async function (): Promise<void> {
  const url = new URL("/x", "http://h");
  url.searchParams.append("a", 1);
  const controller = new AbortController();
  const response = await fetch(url, {
    method: "POST",
    body: new URLSearchParams({ a: "b" }),
    signal: AbortSignal.any([controller.signal, AbortSignal.timeout(5)]),
    tags: { name: "x" },
  });
  const names: string[] = [...response.headers].map(([name]) => name);
  const copy: Map<string, number> = structuredClone(new Map([["a", performance.now()]]));
  // @ts-expect-error: a status is a number
  const text: string = response.status;

  const res = sse.open("http://h", { until: "[DONE]", timeouts: { idle: "1s" } }, (client) => {
    client.on("event", (event) => event.timestamp.toFixed(1));
  });
  // @ts-expect-error: no such outcome
  if (res.outcome === "fine") return;

  const stream = await connect("http://h", { format: "ndjson" });
  for await (const event of stream) if (event.data === btoa(names.join())) break;

  const client = new llm.Client({ baseURL: "http://h", slo: { ttft: "500ms" } });
  const result = await client.chatAsync("hello", { onToken: (token, at) => token.length + at });
  const first: number | null = result.marks.firstToken;
  void [text, first, copy];
}
