//! `ssek sweep`, through the binary, against a server with a known knee.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "support/binary.rs"]
mod binary;
#[path = "support/running.rs"]
mod running;

use binary::ssek;
use running::{Running, command};
use serde_json::Value;

#[test]
fn the_knee_of_a_server_with_slots_is_found() {
    // Four streams of 200 ms at once: the fifth waits for a slot.
    let mut run = ssek(&[
        "sweep",
        "--mock=ttft=100,itl=20,n=6,slots=4",
        "--slo",
        "ttft<180ms",
        "--step",
        "2s",
        "--warmup",
        "300ms",
        "--settle",
        "0",
        "--repeats",
        "2",
        "--attain",
        "80%",
        "--to",
        "64",
        "--json",
        "--plot",
        "plot.svg",
    ]);
    let outcome = run.outcome();
    assert_eq!(outcome.exit, Some(0), "{outcome:?}");
    let result: Value = serde_json::from_str(&outcome.stdout).unwrap();
    let answer = result["answer"].as_f64().unwrap();
    assert!((3.0..=6.0).contains(&answer), "{answer}: {result}");
    let levels = result["levels"].as_array().unwrap();
    let loads: Vec<_> = levels.iter().map(|level| level["load"].as_f64().unwrap()).collect();
    assert!(loads.is_sorted() && loads.contains(&8.0) && !loads.contains(&64.0), "{loads:?}");
    assert!(levels.iter().any(|level| level["verdict"] != "meets"), "{result}");
    let drawing = std::fs::read_to_string(run.folder.path().join("plot.svg")).unwrap();
    assert_eq!(drawing.matches("<circle").count(), loads.len());
    assert!(outcome.stderr.contains("users:") && outcome.stderr.contains("meets"), "{}", outcome.stderr);
}

#[test]
fn rates_have_a_knee_too() {
    // Two slots of 50 ms each make forty requests a second.
    let outcome = ssek(&[
        "sweep",
        "--mock=ttft=40,itl=10,n=2,slots=2",
        "--by",
        "rate",
        "--from",
        "8",
        "--to",
        "512",
        "--slo",
        "ttft<400ms",
        "--step",
        "2s",
        "--warmup",
        "200ms",
        "--settle",
        "0",
        "--repeats",
        "1",
        "--resolution",
        "30%",
    ])
    .outcome();
    assert_eq!(outcome.exit, Some(0), "{outcome:?}");
    let last = outcome.stdout.lines().rev().find(|line| !line.is_empty()).unwrap();
    let rate: f64 = last.split(' ').next().unwrap().parse().unwrap();
    assert!((16.0..=64.0).contains(&rate), "{last}");
    for text in ["LOADS", "95 % interval", "AGAINST THROUGHPUT", "● keeps the objectives"] {
        assert!(outcome.stdout.contains(text), "{text}: {}", outcome.stdout);
    }
}

#[test]
fn what_cannot_be_is_told() {
    let never = [
        "sweep",
        "--mock=ttft=30,n=2",
        "--slo",
        "ttft<1ms",
        "--step",
        "1s",
        "--warmup",
        "0",
        "--repeats",
        "1",
        "-q",
    ];
    let outcome = ssek(&never).outcome();
    assert_eq!(outcome.exit, Some(99), "{outcome:?}");
    assert!(outcome.stderr.contains("no load keeps the objectives"), "{outcome:?}");
    let refused = ssek(&["sweep", "http://127.0.0.1:1", "--step", "1s", "--warmup", "0", "-q"]).outcome();
    assert_eq!(refused.exit, Some(110), "{refused:?}");
    for bad in
        [&["--from", "5", "--to", "2"][..], &["--from", "1.5"], &["--warmup", "10s"], &["--attain", "200%"]]
    {
        let outcome = ssek(&[&["sweep", "http://127.0.0.1:1"], bad].concat()).outcome();
        assert_eq!(outcome.exit, Some(104), "{bad:?}: {outcome:?}");
    }
}

#[test]
fn ctrl_c_between_two_steps_ends_it_with_its_table() {
    let args = ["sweep", "--mock=ttft=2,itl=1,n=2", "--step", "1s", "--warmup", "100ms", "--settle", "5m"];
    let mut run = Running::of(command(&args, ""));
    // The line of a step comes before the wait for the next one.
    run.wait_for("meets", 1);
    run.signal(libc::SIGINT);
    let (code, text) = run.end();
    assert_eq!(code, Some(105), "{text}");
    assert!(text.contains("LOADS"), "{text}");
}
