// Requests that are signed: an HMAC over the body in a header, and a token (JWT) signed with ECDSA.
//
//   ssek run --mock examples/signed.js
import { check } from "k6";
import http from "k6/http";
import encoding from "k6/encoding";

const base = __ENV.OPENAI_BASE_URL || __ENV.SERVER_BENCH_URL || "http://127.0.0.1:8080/v1";
const secret = new TextEncoder().encode(__ENV.SECRET || "a secret for tests");
const ecdsa = { name: "ECDSA", namedCurve: "P-256" };

export const options = { vus: 2, iterations: 4 };

const base64url = (data) => encoding.b64encode(data, "rawurl");
const hex = (data) => Array.from(new Uint8Array(data), (byte) => byte.toString(16).padStart(2, "0")).join("");

// Made once for each virtual user.
let keys;

async function makeKeys() {
  const { subtle } = crypto;
  return {
    hmac: await subtle.importKey("raw", secret, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]),
    token: await subtle.generateKey(ecdsa, true, ["sign", "verify"]),
  };
}

async function token(pair, claims) {
  const text = `${base64url(JSON.stringify({ alg: "ES256", typ: "JWT" }))}.${base64url(JSON.stringify(claims))}`;
  const use = { name: "ECDSA", hash: "SHA-256" };
  const signature = await crypto.subtle.sign(use, pair.privateKey, new TextEncoder().encode(text));
  return `${text}.${base64url(signature)}`;
}

export default async function () {
  keys = keys || (await makeKeys());
  const body = JSON.stringify({ model: "m", messages: [{ role: "user", content: `hello from ${__VU}` }] });
  const signature = await crypto.subtle.sign("HMAC", keys.hmac, new TextEncoder().encode(body));
  const response = http.post(`${base}/chat/completions`, body, {
    headers: {
      "Content-Type": "application/json",
      Authorization: `Bearer ${await token(keys.token, { sub: String(__VU), iat: Math.floor(Date.now() / 1000) })}`,
      "X-Signature": hex(signature),
    },
  });
  check(response, { "it is accepted": (r) => r.status === 200 });
}
