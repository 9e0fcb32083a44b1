import { Trend } from "k6/metrics";
import { bounded, idle } from "./load.js";

export const options = bounded();

const trend = new Trend("values");

export default function () {
  if (idle) return;
  for (let i = 0; i < 1000; i++) trend.add(i);
}
