import { bounded } from "./load.js";

export const options = bounded();

export default function () {}
