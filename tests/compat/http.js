import { check } from "k6";
import http from "k6/http";

export default function () {
  const sent = http.post(`${__ENV.MOCK}/echo?x=1`, JSON.stringify({ name: "é" }), {
    headers: { "Content-Type": "application/json" },
  });
  console.log(sent.status, sent.json("method"), sent.json("query"), JSON.parse(sent.json("body")).name);

  const form = http.put(`${__ENV.MOCK}/echo`, { a: "1 2", b: "&" });
  console.log(form.json().body);

  const missing = http.get(`${__ENV.MOCK}/nowhere`, { tags: { name: "missing" } });
  console.log(missing.status, missing.error_code);

  const accepted = http.get(`${__ENV.MOCK}/nowhere`, { responseCallback: http.expectedStatuses(404) });
  check(accepted, { "is 404": (r) => r.status === 404 });

  const late = http.get(`${__ENV.MOCK}/?ttft=9000`, { timeout: 200 });
  console.log(late.status, late.error, late.error_code);

  const refused = http.get("http://127.0.0.1:1/");
  console.log(refused.status, refused.error, refused.error_code);
}
