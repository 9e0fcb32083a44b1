// The init code of llm.js alone, so that a k6 without k6/x/sse can run it. Says when the first
// iteration began.
import { prompts } from "./prompts.js";
import { bounded } from "./load.js";

export const options = bounded();

export default function () {
  console.log(`first iteration at ${Date.now()} ms with ${prompts.length} prompts`);
}
