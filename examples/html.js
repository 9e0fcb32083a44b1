// A page: selections, elements, links and forms.
//
//   ssek run --mock examples/html.js
import { check } from "k6";
import http from "k6/http";
import { parseHTML } from "k6/html";

const base = __ENV.OPENAI_BASE_URL || __ENV.SERVER_BENCH_URL || "http://127.0.0.1:8080/v1";
const root = base.replace(/\/v1$/, "");

const page = `
  <title>Shop</title>
  <ul><li class="item" data-price="3.5">Tea</li><li class="item" data-price="4">Coffee</li></ul>
  <form id="order" action="/echo" method="post">
    <input type="hidden" name="token" value="abc"><input name="amount" value="1">
    <button type="submit" name="action" value="buy">Buy</button>
  </form>
  <a class="home" href="/">Home</a>`;

export const options = { vus: 2, iterations: 4 };

export default function () {
  const doc = parseHTML(page);
  check(doc, {
    "prices add up": (d) =>
      d
        .find("li.item")
        .toArray()
        .reduce((sum, item) => sum + Number(item.data("price")), 0) === 7.5,
    "the form has its fields": (d) => d.find("#order").serialize() === "amount=1&token=abc",
  });

  // Any response with a body can be read as a page; here the mock's is put in the place of the shop's.
  const response = http.get(root + "/");
  response.body = page;
  const order = response.submitForm({ formSelector: "#order", fields: { amount: "2" } });
  check(order, {
    "the order has all fields": (r) => r.json("body") === "action=buy&amount=2&token=abc",
  });
  check(response.clickLink({ selector: "a.home" }), { "the link leads home": (r) => r.body === "ok\n" });
}
