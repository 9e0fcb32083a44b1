// Ordinary requests: groups, checks, a batch and a JSON body.
//
//   ssek run --mock examples/http.js
import { check, group, sleep } from "k6";
import http from "k6/http";

const base = __ENV.OPENAI_BASE_URL || __ENV.SERVER_BENCH_URL || "http://127.0.0.1:8080/v1";
const root = base.replace(/\/v1$/, "");

export const options = { vus: 3, iterations: 9 };

export default function () {
  group("read", () => {
    const [home, models] = http.batch([`${root}/`, ["GET", `${base}/models`, null, { tags: { name: "models" } }]]);
    check(home, { "home is ok": (r) => r.status === 200 && r.body === "ok\n" });
    check(models, { "there is a model": (r) => Number(r.json("data.#")) > 0 });
  });

  group("write", () => {
    const item = { id: __ITER, name: "ssek" };
    const response = http.post(`${root}/echo?from=example`, JSON.stringify(item), {
      headers: { "Content-Type": "application/json" },
    });
    check(response, {
      "body came back": (r) => JSON.parse(String(r.json("body"))).name === "ssek",
      "answered within a second": (r) => r.timings.duration < 1000,
    });
  });

  sleep(0.1);
}
