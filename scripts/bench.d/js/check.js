import { check } from "k6";
import { bounded, idle } from "./load.js";

export const options = bounded();

export default function () {
  if (idle) return;
  for (let i = 0; i < 1000; i++) check(i, { "is a number": (n) => n >= 0 });
}
