// Modules from jslib.k6.io: random data, URLs, expectations and a summary. Without a network, or with --offline,
// ssek's own stand in for them.
//
//   ssek run --mock --offline examples/jslib.js
import http from "k6/http";
import { textSummary } from "https://jslib.k6.io/k6-summary/0.1.0/index.js";
import { randomItem, uuidv4 } from "https://jslib.k6.io/k6-utils/1.4.0/index.js";
import { describe, expect } from "https://jslib.k6.io/k6chaijs/4.3.4.3/index.js";
import { URL } from "https://jslib.k6.io/url/1.0.0/index.js";

const base = __ENV.OPENAI_BASE_URL || __ENV.SERVER_BENCH_URL || "http://127.0.0.1:8080/v1";

export const options = { vus: 2, iterations: 6 };

export default function () {
  const url = new URL(`${base}/models`);
  url.searchParams.set("trace", uuidv4());
  describe("the models", () => {
    const response = http.get(url.toString(), { headers: { "Accept-Language": randomItem(["de", "en"]) }, tags: { name: "models" } });
    expect(response.status, "status").to.equal(200);
    expect(response, "body").to.have.validJsonBody();
    expect(response.json("data"), "list of models").to.be.an("array");
  });
}

export function handleSummary(data) {
  return { stdout: textSummary(data, { indent: " ", enableColors: false }) };
}
