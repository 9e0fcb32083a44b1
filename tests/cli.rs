//! The command line, from outside.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "support/binary.rs"]
mod binary;
#[path = "support/raw_http.rs"]
mod raw_http;

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use binary::{in_repository, ssek};
use raw_http::exchange;

#[test]
fn what_cannot_be_run_is_said() {
    for (args, exit, said) in [
        (&["run", "nope.js"][..], 255, "The moduleSpecifier \\\"nope.js\\\" couldn't be found on local disk"),
        (&["run", "--bogus", "x.js"], 255, "unknown flag: --bogus"),
        (&["run"], 255, "accepts 1 arg(s), received 0"),
        (&["mock", "--ttft", "soon"], 255, "want milliseconds"),
    ] {
        let outcome = ssek(args).outcome();
        assert_eq!(outcome.exit, Some(exit), "{args:?}: {outcome:?}");
        assert!(outcome.stderr.contains(said), "{args:?}: {}", outcome.stderr);
    }
}

#[test]
fn new_writes_a_script_once() {
    let mut run = ssek(&["new", "first.js"]);
    assert_eq!(run.outcome().exit, Some(0));
    assert!(run.folder.path().join("first.js").exists());
    assert_ne!(run.outcome().exit, Some(0), "an existing file must not be overwritten");
}

#[test]
fn a_script_comes_from_stdin() {
    let mut run = ssek(&["run", "-"]);
    run.command.write_stdin("export default function () { console.log('piped in') }");
    let outcome = run.outcome();
    assert!(outcome.stderr.contains(r#"msg="piped in" source=console"#), "{outcome:?}");
    assert_eq!(outcome.exit, Some(0));
}

#[test]
fn every_example_runs_against_the_mock_in_the_process() {
    for (example, shown) in [
        ("llm.js", "chat_first_token"),
        ("chat.js", "llm_time_to_first_token"),
        ("sse.js", "event_gap"),
        ("sse-post.js", "status is 200"),
        ("sse-async.js", "event_gap"),
        ("ndjson.js", "ollama_first_token"),
        ("http.js", "body came back"),
        ("html.js", "the order has all fields"),
        ("thresholds.js", "first_event"),
        ("load-shapes.js", "something came"),
        ("arrivals.js", "schedule_delay"),
    ] {
        let path = in_repository("examples").join(example);
        let mut args = vec!["run", "--mock=ttft=20,itl=2", path.to_str().unwrap()];
        if matches!(example, "llm.js" | "chat.js") {
            args.extend(["--vus", "2", "--duration", "2s"]);
        }
        let outcome = ssek(&args).outcome();
        assert_eq!(outcome.exit, Some(0), "{example}: {}\n{}", outcome.stdout, outcome.stderr);
        assert!(outcome.stdout.contains(shown), "{example}: {}", outcome.stdout);
        assert!(!outcome.stderr.contains("level=error"), "{example}: {}", outcome.stderr);
    }
}

#[test]
fn a_slow_server_crosses_the_thresholds_of_the_example() {
    let path = in_repository("examples/thresholds.js");
    let outcome = ssek(&["run", "--mock=ttft=800", path.to_str().unwrap()]).outcome();
    assert_eq!(outcome.exit, Some(99), "{}\n{}", outcome.stdout, outcome.stderr);
}

#[test]
fn mock_serves_until_it_is_told_to_stop() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_ssek"))
        .args(["mock", "--listen", "127.0.0.1:0", "--ttft", "1ms"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut first = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut first).unwrap();
    let addr = first.trim().rsplit('/').next().unwrap().parse().unwrap();
    assert!(exchange(addr, "GET /", "").ends_with("ok\n"));
    let pid = libc::pid_t::try_from(child.id()).unwrap();
    // SAFETY: signals a child that was not waited for, so the id is still its own.
    unsafe { libc::kill(pid, libc::SIGTERM) };
    assert_eq!(child.wait().unwrap().code(), Some(0));
}
