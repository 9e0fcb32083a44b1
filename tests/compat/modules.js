import { hmac, sha256 } from "k6/crypto";
import { SharedArray } from "k6/data";
import encoding, { b64encode } from "k6/encoding";
import { greet, greetings } from "./lib/greet.js";

const words = new SharedArray("words", () => JSON.parse(open("./words.json")));

export default function () {
  console.log(greet("you"), greetings);
  console.log(b64encode("ssek"), encoding.b64decode("c3Nlaw==", "std", "s"));
  console.log(sha256("abc", "hex").slice(0, 16), hmac("md5", "key", "text", "hex").length);
  console.log(words.length, words[1], words.map((word) => word[0]).join(""), Array.isArray(words));
  try {
    words[0] = "changed";
  } catch (error) {
    console.log(String(error));
  }
}
