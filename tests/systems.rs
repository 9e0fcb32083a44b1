//! The examples for those who come from other tools, each against the mock server in the process.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "support/binary.rs"]
mod binary;

use binary::{in_repository, ssek};

/// Runs an example; its output.
fn run(mock: &str, example: &str, flags: &[&str]) -> String {
    let path = in_repository("examples/systems").join(example);
    let mut args = vec!["run", mock, path.to_str().unwrap()];
    args.extend(flags);
    let outcome = ssek(&args).outcome();
    assert_eq!(outcome.exit, Some(0), "{example}: {}\n{}", outcome.stdout, outcome.stderr);
    assert!(!outcome.stderr.contains("level=error"), "{example}: {}", outcome.stderr);
    assert!(outcome.stdout.contains("checks_failed......: 0.00%"), "{example}: {}", outcome.stdout);
    outcome.stdout
}

#[test]
fn gatling() {
    let shown = run("--mock=ttft=20,itl=1", "gatling/simulation.js", &["--streaming=on"]);
    assert!(shown.contains("checks_succeeded...: 100.00% 20 out of 20"), "{shown}");
}

#[test]
fn locust_sse() {
    let shown = run("--mock=ttft=20,itl=1,n=8,protocol=append", "locust-sse/append.js", &[]);
    assert!(shown.contains("checks_succeeded...: 100.00% 18 out of 18"), "{shown}");
    assert!(shown.contains("chat_completion_ttft"), "{shown}");
}

#[test]
fn xk6_sse() {
    let shown = run("--mock=ttft=20,itl=1,n=8", "xk6-sse/llm.js", &["--vus", "2", "--iterations", "4"]);
    assert!(shown.contains("checks_succeeded...: 100.00% 4 out of 4"), "{shown}");
    assert!(shown.contains("llm_completion_tokens_total_counter...: 32 "), "{shown}");
    assert!(shown.contains("✓ 'rate < 0.8' rate=0.00%"), "{shown}");
}

#[test]
fn every_example_is_explained() {
    for entry in std::fs::read_dir(in_repository("examples/systems")).unwrap() {
        let folder = entry.unwrap().path();
        assert!(folder.join("README.md").exists(), "{}", folder.display());
    }
}
