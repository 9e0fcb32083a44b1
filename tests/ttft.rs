//! The time to the first event, as a script sees it, against the clock of the server that sends it;
//! and the scripts of `scripts/bench`, which measure it at length.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "support/binary.rs"]
mod binary;

use binary::{in_repository, ssek};
use serde_json::Value;
use ssek::mock::Server;

const VUS: u64 = 50;
const WAVES: u64 = 3;
const TOKENS: u64 = 5;
/// The finish reason and `[DONE]`.
const CLOSING: u64 = 2;
/// Milliseconds: what two busy cores and a binary without optimisation may add on average.
const PATIENCE: f64 = 300.0;

/// Runs a script of `scripts/bench` with these variables to its end; returns the figures of its summary.
fn figures(script: &str, env: &[(&str, String)]) -> Value {
    let path = in_repository("scripts/bench.d/js").join(script);
    let mut run = ssek(&["run", "--quiet", "--summary-export=summary.json", path.to_str().unwrap()]);
    for (key, value) in env {
        run.command.args(["-e", &format!("{key}={value}")]);
    }
    let outcome = run.outcome();
    assert_eq!(outcome.exit, Some(0), "{script}: {}", outcome.stderr);
    assert!(!outcome.stderr.contains("level=error"), "{script}: {}", outcome.stderr);
    let text = std::fs::read_to_string(run.folder.path().join("summary.json")).unwrap();
    serde_json::from_str::<Value>(&text).unwrap()["metrics"].take()
}

fn mock(settings: &str) -> Server {
    Server::start(settings.parse().unwrap(), "127.0.0.1:0".parse().unwrap()).unwrap()
}

fn chat(server: &Server) -> (&'static str, String) {
    ("STREAM", format!("{}/chat/completions", server.base_url()))
}

fn set(key: &'static str, value: u64) -> (&'static str, String) {
    (key, value.to_string())
}

#[test]
fn streams_in_lockstep_are_all_counted_and_told_in_time() {
    let server = mock(&format!("ttft=400,itl=0,n={TOKENS},ts"));
    let env = [
        chat(&server),
        set("VUS", VUS),
        set("ITERATIONS", WAVES),
        set("TTFT", 400),
        set("PERIOD", 1500),
        set("TS", 1),
    ];
    let metrics = figures("ttft.js", &env);
    let events = VUS * WAVES * (TOKENS + CLOSING);
    assert_eq!(server.figures().events, events);
    assert_eq!(metrics["sse_event"]["count"].as_f64(), Some(events as f64));
    assert_eq!(server.figures().streams, VUS * WAVES);
    for (name, least) in [("ttft_error", -1.0), ("told_after_written", -1.0)] {
        let of = |stat: &str| metrics[name][stat].as_f64().unwrap();
        // `Date.now()` has whole milliseconds: a time may come out one too short, and never more.
        assert!(of("min") >= least, "{name}: told before it was sent: {}", metrics[name]);
        assert!(of("avg") < PATIENCE, "{name}: {}", metrics[name]);
    }
}

#[test]
fn the_scripts_of_the_benchmark_run() {
    let server = mock("ttft=1,itl=1,n=4");
    let data = r#"[{"conversations":[{"from":"human","value":"one two three four five"},
        {"from":"gpt","value":"six seven eight nine"}]},{"conversations":[]}]"#;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("conversations.json");
    std::fs::write(&file, data).unwrap();
    let env = [
        chat(&server),
        ("URL", format!("http://{}", server.addr())),
        ("DATASET", file.to_str().unwrap().to_owned()),
        set("VUS", 2),
        set("ITERATIONS", 2),
        set("SPREAD", 10),
    ];
    let counts = |metrics: &Value, name: &str| metrics[name]["count"].as_f64().unwrap_or_default();
    for (script, metric, want) in [
        ("empty.js", "iterations", 4.0),
        ("init.js", "iterations", 4.0),
        ("http-get.js", "http_reqs", 4.0),
        ("check.js", "iterations", 4.0),
        ("trend.js", "iterations", 4.0),
        ("stream.js", "sse_event", 4.0 * 6.0),
        ("llm.js", "sse_event", 4.0 * 7.0),
    ] {
        assert_eq!(counts(&figures(script, &env), metric), want, "{script}");
    }
    let idle: Vec<_> = env.iter().cloned().chain([set("IDLE", 1)]).collect();
    let metrics = figures("stream.js", &idle);
    assert_eq!((counts(&metrics, "iterations"), counts(&metrics, "sse_event")), (2.0, 0.0));
}
