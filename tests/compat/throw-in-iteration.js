import { fail } from "k6";

export default function () {
  if (__ITER === 0) {
    throw new Error("no luck");
  }
  fail("gave up");
}
