//! llama.cpp's server with a tiny model, installed on first use from what is kept beside the repository.

#![allow(dead_code, reason = "each test uses a part of it")]

use std::collections::HashMap;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::binary::beside_repository;
use crate::raw_http;

/// How long the server may take to answer after its start.
const PATIENCE: Duration = Duration::from_secs(60);

/// A running llama-server; it is killed when this is dropped.
pub struct Llama {
    child: Child,
    pub addr: SocketAddr,
}

impl Drop for Llama {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Llama {
    /// Starts the server with more arguments; `None`, with a word on stderr, where it is not to be had.
    pub fn start(args: &[&str]) -> Option<Self> {
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
    pub fn tokens(&self) -> (f64, f64) {
        let metrics = self.metrics();
        let prompt = metrics["llamacpp:prompt_tokens_total"] + metrics["llamacpp:prompt_tokens_cached_total"];
        (prompt, metrics["llamacpp:tokens_predicted_total"])
    }

    pub fn url(&self) -> String {
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
