//! `ssek/llm` on a real server, llama.cpp's: our tokens are the server's, over each API that it speaks.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "support/binary.rs"]
mod binary;
#[path = "support/llama.rs"]
mod llama;
#[path = "support/raw_http.rs"]
mod raw_http;

use binary::ssek;
use llama::Llama;
use serde_json::Value;

const SCRIPT: &str = r#"
import { check } from 'k6'
import llm from 'ssek/llm'

const client = new llm.Client({ baseURL: __ENV.URL, protocol: __ENV.PROTOCOL, model: 'my-model' })

// The server at times closes a kept connection in place of an answer.
export const options = { vus: 4, iterations: 16, noConnectionReuse: true }

export default function () {
  const prompt = `Once upon a time there were ${__VU} little servers`
  const answer = client.chat({ prompt, maxTokens: 10 + __ITER })
  check(answer, {
    'is whole': (a) => a.ok && a.terminated,
    'tokens are the server\'s': (a) => a.tokens.source === 'usage' && a.tokens.promptSource === 'usage',
    'marks are in order': ({ marks: m }) => 0 < m.headers && m.headers <= m.firstByte && m.firstByte <= m.firstToken
      && m.firstToken <= m.lastToken && m.lastToken <= m.end,
  })
}
"#;

#[test]
fn tokens_are_the_servers_over_each_api() {
    let Some(llama) = Llama::start(&["-np", "4", "-c", "16384"]) else { return };
    let base = format!("http://{}", llama.addr);
    for protocol in ["openai-chat", "openai-completions", "openai-responses", "anthropic", "llamacpp", "auto"]
    {
        let (prompt_before, completion_before) = llama.tokens();
        let mut run = ssek(&["run", "-q", "--summary-export=export.json", "live.js"])
            .file("live.js", SCRIPT)
            .env("URL", &base)
            .env("PROTOCOL", protocol);
        let outcome = run.outcome();
        assert_eq!(outcome.exit, Some(0), "{}\n{}", outcome.stdout, outcome.stderr);
        let export = std::fs::read_to_string(run.folder.path().join("export.json")).unwrap();
        let metrics = serde_json::from_str::<Value>(&export).unwrap()["metrics"].take();
        assert_eq!(metrics["checks"]["fails"], 0, "{protocol}: {}", outcome.stdout);
        let (prompt_after, completion_after) = llama.tokens();
        let counted = |name: &str| metrics[name]["count"].as_f64().unwrap();
        assert_eq!(
            counted("llm_completion_tokens_total"),
            completion_after - completion_before,
            "{protocol}"
        );
        assert_eq!(counted("llm_prompt_tokens_total"), prompt_after - prompt_before, "{protocol}");
        assert_eq!(counted("llm_requests"), 16.0, "{protocol}");
    }
}
