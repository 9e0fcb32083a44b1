import http from "k6/http";
import { bounded, idle } from "./load.js";

export const options = bounded();

export default function () {
  if (!idle) http.get(`${__ENV.URL}/?ttft=0`);
}
