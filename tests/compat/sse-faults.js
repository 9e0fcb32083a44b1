import sse from "k6/x/sse";

function attempt(name, url, params) {
  let events = 0;
  let errors = 0;
  const started = Date.now();
  const response = sse.open(url, params, (client) => {
    client.on("event", () => (events += 1));
    client.on("error", () => (errors += 1));
  });
  const soon = Date.now() - started < 5000;
  console.log(`${name}: status ${response.status}, ${events} events, ${errors} errors, ${response.error !== ""}, ${soon}`);
}

export default function () {
  attempt("dropped", `${__ENV.MOCK}/sse?n=5&itl=1&fail_after=2`, {});
  attempt("timeout", `${__ENV.MOCK}/sse?n=5&ttft=1&itl=20000`, { timeout: "500ms" });
  attempt("status", `${__ENV.MOCK}/sse?status=503`, {});
  attempt("refused", "http://127.0.0.1:1/", {});
}
