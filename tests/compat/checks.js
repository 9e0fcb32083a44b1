import { check } from "k6";

export default function () {
  const all = check(__ITER, {
    "is a number": (n) => typeof n === "number",
    "is the first": (n) => n === 0,
  });
  console.log(`iteration ${__ITER}: ${all}`);
}
