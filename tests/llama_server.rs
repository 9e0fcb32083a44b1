//! A real server, llama.cpp's, with a tiny model: what scripts count is what the server counted.
//!
//! Installed on first use from what is kept beside the repository; skipped, loudly, where that fails.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "support/binary.rs"]
mod binary;
#[path = "support/raw_http.rs"]
mod raw_http;

use std::collections::HashMap;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use binary::{Run, beside_repository, ssek};
use serde_json::Value;

/// How long the server may take to answer after its start.
const PATIENCE: Duration = Duration::from_secs(60);

/// A running llama-server; it is killed when this is dropped.
struct Llama {
    child: Child,
    addr: SocketAddr,
}

impl Drop for Llama {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Llama {
    /// Starts the server with more arguments; `None`, with a word on stderr, where it is not to be had.
    fn start(args: &[&str]) -> Option<Self> {
        let installed = install().inspect_err(|why| eprintln!("SKIPPED: no llama-server: {why}")).ok()?;
        let addr = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let child = Command::new(installed.join("llama-server.sh"))
            .arg(installed.join("tiny-bigram.gguf"))
            .arg(addr.port().to_string())
            .args(args)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let llama = Self { child, addr };
        let begun = Instant::now();
        while TcpStream::connect(addr).is_err() || !llama.get("/health").starts_with("HTTP/1.1 200") {
            assert!(begun.elapsed() < PATIENCE, "llama-server does not get ready");
            std::thread::sleep(Duration::from_millis(50));
        }
        Some(llama)
    }

    fn get(&self, path: &str) -> String {
        raw_http::exchange(self.addr, &format!("GET {path}"), "")
    }

    /// The server's counters, once it has nothing left to do.
    fn metrics(&self) -> HashMap<String, f64> {
        let begun = Instant::now();
        loop {
            let text = raw_http::body(&self.get("/metrics"));
            let lines =
                text.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.rsplit_once(' '));
            let metrics: HashMap<_, _> =
                lines.filter_map(|(name, value)| Some((name.to_owned(), value.parse().ok()?))).collect();
            if metrics["llamacpp:requests_processing"] == 0.0 {
                return metrics;
            }
            assert!(begun.elapsed() < PATIENCE, "llama-server does not come to rest");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Tokens of prompts (those from the cache included) and of completions so far.
    fn tokens(&self) -> (f64, f64) {
        let metrics = self.metrics();
        let prompt = metrics["llamacpp:prompt_tokens_total"] + metrics["llamacpp:prompt_tokens_cached_total"];
        (prompt, metrics["llamacpp:tokens_predicted_total"])
    }

    fn url(&self) -> String {
        format!("http://{}/v1", self.addr)
    }
}

/// The folder of an installed server, which outlives the test; the error says why there is none.
fn install() -> Result<PathBuf, String> {
    let setup =
        beside_repository("servers/setup_min.sh").ok_or("there is no ../shared/servers/setup_min.sh")?;
    let cache = Path::new(env!("CARGO_TARGET_TMPDIR")).join("llama-server");
    if cache.join("llama-server.sh").exists() {
        return Ok(cache);
    }
    // Built beside its place and renamed, so that a half-made one is never found.
    let making = cache.with_extension(std::process::id().to_string());
    let output = Command::new("bash").arg(setup).arg(&making).output().map_err(|e| format!("bash: {e}"))?;
    if !output.status.success() {
        let _ = std::fs::remove_dir_all(&making);
        return Err(format!("setup_min.sh failed: {}", String::from_utf8_lossy(&output.stderr)));
    }
    if std::fs::rename(&making, &cache).is_err() {
        // Another test was faster.
        let _ = std::fs::remove_dir_all(&making);
    }
    Ok(cache)
}

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
