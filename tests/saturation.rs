//! What ssek says about itself: `client_lag`, the verdict, its exit code, `ssek calibrate`.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "support/binary.rs"]
mod binary;

use binary::{Outcome, Run, ssek};
use serde_json::Value;

/// One stream after the other for a second and a half, with a wait of a timer behind each.
const STREAMS: &str = r#"
    import sse from "k6/x/sse";
    import { sleep } from "k6";
    export const options = { vus: 2, duration: "1500ms" };
    export default function () {
      sse.open(`${__ENV.SERVER_BENCH_URL}/chat/completions`, { method: "POST", body: '{"stream":true}' }, (client) => {
        client.on("event", () => {});
      });
      sleep(0.01);
    }
"#;

fn run(flags: &[&str]) -> Run {
    let mut args = vec!["run", "--quiet", "--mock=ttft=20,itl=2,n=20", "--summary-export=figures.json"];
    args.extend(flags);
    args.push("streams.js");
    ssek(&args).file("streams.js", STREAMS)
}

fn figures(run: &Run) -> Value {
    serde_json::from_str(&std::fs::read_to_string(run.folder.path().join("figures.json")).unwrap()).unwrap()
}

fn has_line(outcome: &Outcome) -> bool {
    outcome.stdout.contains("client: CPU peak ")
}

#[test]
fn lateness_is_measured_and_short_runs_are_not_judged() {
    let mut run = run(&["--fail-on-saturation", "--saturation=lag=1ns,cpu=0%", "--out", "json=samples.json"]);
    let outcome = run.outcome();
    assert_eq!(outcome.exit, Some(0), "{outcome:?}");
    assert!(!has_line(&outcome) && outcome.stderr.is_empty(), "{outcome:?}");
    let figures = figures(&run);
    let client = &figures["client"];
    assert_eq!(
        (&client["verdict"], &figures["metrics"]["client_lag"]),
        (&Value::from("too short"), &Value::Null)
    );
    assert!(client["lag_max"].as_f64() > client["lag_p99"].as_f64(), "{client}");
    assert!(
        client["cpu_peak"].as_f64().unwrap() > 0.0 && client["cores"].as_f64().unwrap() > 0.0,
        "{client}"
    );
    let samples = std::fs::read_to_string(run.folder.path().join("samples.json")).unwrap();
    let of_lag = samples.lines().filter(|line| line.contains(r#""metric":"client_lag","type":"Point""#));
    assert!(of_lag.count() > 100, "a hundred a second");
}

#[test]
fn thresholds_and_a_flag_show_the_lag() {
    let script = STREAMS.replace("duration:", "thresholds: { client_lag: ['p(99)>=0', 'max<0'] }, duration:");
    let mut judged = run(&[]).file("streams.js", &script);
    let outcome = judged.outcome();
    assert_eq!(outcome.exit, Some(99), "{outcome:?}");
    for text in ["✓ 'p(99)>=0' p(99)=", "✗ 'max<0' max=", "    client_lag..", "→ too short to judge"] {
        assert!(outcome.stdout.contains(text), "{text}: {}", outcome.stdout);
    }
    let lag = &figures(&judged)["metrics"]["client_lag"];
    assert!(lag["avg"].as_f64().unwrap() > 0.0 && lag["max"].as_f64() > lag["min"].as_f64(), "{lag}");

    let outcome = run(&["--streaming=on"]).outcome();
    assert!(outcome.stdout.contains("    client_lag..") && has_line(&outcome), "{}", outcome.stdout);
    let limits = "--saturation=lag=1ns,after=1s";
    let outcome = run(&["--streaming=off", limits]).outcome();
    assert!(!outcome.stdout.contains("client_lag") && !has_line(&outcome), "{}", outcome.stdout);
    assert!(outcome.stderr.contains("ssek was too busy"), "{}", outcome.stderr);
}

#[test]
fn limits_decide_on_the_exit_code() {
    let mut suspect = run(&["--fail-on-saturation", "--saturation=lag=1ns,after=1s"]);
    let outcome = suspect.outcome();
    assert_eq!(outcome.exit, Some(111), "{outcome:?}");
    assert!(outcome.stdout.contains("→ suspect: lag p99 is above"), "{}", outcome.stdout);
    assert!(outcome.stderr.contains("level=warning msg=\"ssek was too busy"), "{}", outcome.stderr);
    assert!(outcome.stderr.contains("--fail-on-saturation"), "{}", outcome.stderr);
    assert_eq!(figures(&suspect)["client"]["verdict"], "suspect");

    // The same without the flag, set by the environment: told, and no failure.
    let outcome = run(&[]).env("SSEK_SATURATION", "lag=1ns,after=1s").outcome();
    assert_eq!(outcome.exit, Some(0), "{outcome:?}");
    assert!(has_line(&outcome) && outcome.stderr.contains("ssek was too busy"), "{outcome:?}");

    let flags = ["--fail-on-saturation", "--saturation=lag=1h,ttfe=100%,cpu=100%,after=1s"];
    let outcome = run(&flags).outcome();
    // A machine that is busy enough is over the share of the time to first event all the same.
    if !outcome.stdout.contains("time to first event") {
        assert_eq!(outcome.exit, Some(0), "{outcome:?}");
        assert!(outcome.stdout.contains("→ trustworthy") && outcome.stderr.is_empty(), "{outcome:?}");
    }
}

#[test]
fn scripts_without_streams_are_not_watched() {
    let script = "export default function () {}\nexport function handleSummary(data) {
        return { stdout: [data.metrics.client_lag, data.client].join() } }";
    let outcome = ssek(&["run", "--quiet", "plain.js"]).file("plain.js", script).outcome();
    assert_eq!((outcome.exit, outcome.stdout.as_str()), (Some(0), ","), "{outcome:?}");

    let script = "import { Counter } from 'k6/metrics'; import 'k6/x/sse';
        const own = new Counter('client_lag'); export default function () { own.add(1) }";
    let outcome = ssek(&["run", "--quiet", "own.js"]).file("own.js", script).outcome();
    assert_eq!(outcome.exit, Some(0), "{outcome:?}");
    assert!(outcome.stderr.contains("'client_lag' of another kind"), "{}", outcome.stderr);

    let outcome = ssek(&["run", "--saturation=cpu=2", "x.js"]).outcome();
    assert!(
        outcome.exit == Some(255) && outcome.stderr.contains("want a share from 0% to 100%"),
        "{outcome:?}"
    );
}

#[test]
fn calibrate_finds_loads_that_rise_with_the_lag() {
    let args = ["calibrate", "--quick", "--json", "--max-streams", "64"];
    let outcome = ssek(&args).outcome();
    assert_eq!(outcome.exit, Some(0), "{outcome:?}");
    let result: Value = serde_json::from_str(&outcome.stdout).unwrap();
    let steps = result["steps"].as_array().unwrap();
    assert!(!steps.is_empty() && outcome.stderr.lines().count() > steps.len(), "{outcome:?}");
    for step in steps.iter().filter(|step| step["lag_p99"].is_f64()) {
        let figure = |name: &str| step[name].as_f64().unwrap();
        assert!(figure("lag_p99") > 0.0 && figure("cpu") > 0.0, "{step}");
        // 50 tokens and two closing events a second; a busy machine falls behind.
        let each = figure("events_per_second") / figure("streams");
        assert!((5.0..90.0).contains(&each), "{step}");
    }
    let limits = result["limits"].as_array().unwrap();
    let streams: Vec<_> = limits.iter().map(|row| row["streams"].as_u64().unwrap_or(0)).collect();
    assert!(streams.len() == 3 && streams.is_sorted(), "{streams:?}");
    let finite = steps.iter().any(|step| step["lag_p99"].as_f64().is_some_and(|lag| lag <= 20.0));
    assert_eq!(streams[2] > 0, finite, "{result}");
}
