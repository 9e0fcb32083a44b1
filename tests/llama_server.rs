//! A real server, llama.cpp's, with a tiny model: what scripts count is what the server counted.
//!
//! Installed on first use from what is kept beside the repository; skipped, loudly, where that fails.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "support/binary.rs"]
mod binary;
#[path = "support/llama.rs"]
mod llama;
#[path = "support/raw_http.rs"]
mod raw_http;

use binary::{Run, beside_repository, ssek};
use llama::Llama;
use serde_json::Value;

/// Runs to the end and reads the exported summary; the run must end well, with a check and no failed one.
fn summary(mut run: Run) -> Value {
    let outcome = run.outcome();
    assert_eq!(outcome.exit, Some(0), "{}\n{}", outcome.stdout, outcome.stderr);
    assert!(!outcome.stderr.contains("level=error"), "{}", outcome.stderr);
    let text = std::fs::read_to_string(run.folder.path().join("export.json")).unwrap();
    let summary: Value = serde_json::from_str(&text).unwrap();
    let checks = &summary["metrics"]["checks"];
    assert!(checks["passes"].as_u64() > Some(0) && checks["fails"] == 0, "{checks}\n{}", outcome.stdout);
    summary
}

#[test]
fn tokens_are_counted_as_the_server_counts_them() {
    let Some(script) = beside_repository("golden/llm/llm.js") else {
        return eprintln!("SKIPPED: there is no ../shared/golden/llm/llm.js");
    };
    let Some(data) = beside_repository("data/sharegpt-small.json") else {
        return eprintln!("SKIPPED: there is no ../shared/data/sharegpt-small.json");
    };
    let Some(llama) = Llama::start(&["-np", "8", "-c", "65536"]) else { return };
    let (prompt_before, completion_before) = llama.tokens();

    let run = ssek(&["run", "--vus", "8", "--duration", "8s", "--summary-export=export.json", "llm.js"])
        .file("llm.js", &std::fs::read_to_string(script).unwrap())
        .env("SERVER_BENCH_URL", &llama.url())
        .env("SERVER_BENCH_DATASET", data.canonicalize().unwrap().to_str().unwrap());
    let summary = summary(run);

    let (prompt_after, completion_after) = llama.tokens();
    let counted = |name: &str| summary["metrics"][name]["count"].as_f64().unwrap();
    assert!(completion_after > completion_before);
    assert_eq!(counted("llm_completion_tokens_total_counter"), completion_after - completion_before);
    assert_eq!(counted("llm_prompt_tokens_total_counter"), prompt_after - prompt_before);
}

/// A prompt that takes the server seconds to read, in which it sends pings.
const LONG_PROMPT: &str = r#"
import { check } from "k6";
import { Counter } from "k6/metrics";
import sse from "k6/x/sse";

const pings = new Counter("pings");
const messages = [{ role: "user", content: "go on then ".repeat(10600) }];
const body = JSON.stringify({ stream: true, max_tokens: 5, cache_prompt: false, messages });

export default function () {
  let first = null;
  sse.open(`${__ENV.URL}/chat/completions`, { method: "POST", body }, (client) => {
    client.on("comment", () => pings.add(1));
    client.on("event", (event) => { first = first || event.data; });
  });
  check(first, { "first event is a chunk": (data) => JSON.parse(data).choices.length > 0 });
}
"#;

#[test]
fn pings_before_the_first_token_are_no_events() {
    let Some(llama) = Llama::start(&["-np", "1", "-c", "32768", "--sse-ping-interval", "1"]) else { return };
    let run = ssek(&["run", "-i", "2", "--summary-export=export.json", "long-prompt.js"])
        .file("long-prompt.js", LONG_PROMPT)
        .env("URL", &llama.url());
    let summary = summary(run);
    if summary["metrics"]["pings"]["count"].as_u64().unwrap_or(0) == 0 {
        eprintln!("SKIPPED: the server answered before it sent a ping, so there was nothing to tell apart");
    }
}
