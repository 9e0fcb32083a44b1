//! Gatling's shapes, `pace` and `rampUp`, through the binary: what starts, and not before its time.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "support/binary.rs"]
mod binary;

use std::collections::BTreeMap;

use binary::{Outcome, Run, ssek};
use serde_json::Value;

/// Every open shape, and the closed ones with VUs that have one iteration each.
const SHAPES: &str = r#"
    const long = { pace: '1m', gracefulStop: '0s' };
    export const options = { scenarios: {
      once: { executor: 'at-once-users', users: 10 },
      ramp: { executor: 'ramp-users', users: 20, duration: '1s' },
      rate: { executor: 'constant-users-per-sec', rate: 4.5, duration: '2s' },
      up: { executor: 'ramp-users-per-sec', from: 0, to: 10, duration: '2s' },
      peak: { executor: 'stress-peak-users', users: 30, duration: '1s' },
      levels: { executor: 'increment-users-per-sec', increment: 5, times: 2, eachLevelLasting: '1s', startingFrom: 5 },
      chain: { executor: 'inject-open', steps: [
        { shape: 'at-once-users', users: 2 }, { shape: 'nothing-for', duration: '500ms' },
        { shape: 'ramp-users', users: 7, duration: '500ms' } ] },
      same: { executor: 'constant-concurrent-users', users: 6, duration: '1s', ...long },
      rising: { executor: 'ramp-concurrent-users', from: 1, to: 5, duration: '2s', ...long },
      stairs: { executor: 'increment-concurrent-users', increment: 2, times: 2, eachLevelLasting: '1s',
        startingFrom: 1, ...long },
      both: { executor: 'inject-closed', ...long, steps: [
        { shape: 'constant-concurrent-users', users: 1, duration: '500ms' },
        { shape: 'ramp-concurrent-users', from: 4, to: 4, duration: '500ms' } ] },
    } };
    export default function () {}
"#;

const STARTED: [(&str, u64); 11] = [
    ("both", 4),
    ("chain", 9),
    ("levels", 15),
    ("once", 10),
    ("peak", 30),
    ("ramp", 20),
    ("rate", 9),
    // The fifth VU would start at the very end.
    ("rising", 4),
    ("same", 6),
    ("stairs", 3),
    ("up", 10),
];

fn run(flags: &[&str], script: &str) -> (Run, Outcome) {
    let mut args = vec!["run", "--log-format", "raw", "--out", "json=out.json"];
    args.extend(flags);
    args.push("script.js");
    let mut run = ssek(&args).file("script.js", script);
    let outcome = run.outcome();
    (run, outcome)
}

/// How many iterations ended in each scenario.
fn iterations(run: &Run) -> BTreeMap<String, u64> {
    let text = std::fs::read_to_string(run.folder.path().join("out.json")).unwrap();
    let mut counts = BTreeMap::new();
    for line in text.lines() {
        let point: Value = serde_json::from_str(line).unwrap();
        if point["type"] == "Point" && point["metric"] == "iterations" {
            *counts.entry(point["data"]["tags"]["scenario"].as_str().unwrap().to_owned()).or_default() += 1;
        }
    }
    counts
}

#[test]
fn every_user_of_every_shape_comes() {
    let (run, outcome) = run(&[], SHAPES);
    assert_eq!(outcome.exit, Some(0), "{outcome:?}");
    let want: BTreeMap<_, _> = STARTED.map(|(name, count)| (name.to_owned(), count)).into();
    assert_eq!(iterations(&run), want, "{}", outcome.stdout);
    assert!(!outcome.stdout.contains("dropped_iterations"), "{}", outcome.stdout);
    for text in [
        "11 scenarios",
        "* once: 10 users at once (maxVUs: 10, gracefulStop: 30s)",
        "* peak: 30 users in a peak over 1s (maxVUs: 30, gracefulStop: 30s)",
        "* rising: 1 to 5 concurrent users over 2s (gracefulRampDown: 30s, pace: 1m0s)",
        "10/10 users",
        "and 0 interrupted iterations",
    ] {
        assert!(outcome.stdout.contains(text), "{text}: {}", outcome.stdout);
    }
}

#[test]
fn segments_make_up_the_whole() {
    let mut sum: BTreeMap<String, u64> = BTreeMap::new();
    for segment in ["0:1/3", "1/3:2/3", "2/3:1"] {
        let flags = ["--execution-segment", segment, "--execution-segment-sequence", "0,1/3,2/3,1"];
        let (run, outcome) = run(&flags, SHAPES);
        assert_eq!(outcome.exit, Some(0), "{outcome:?}");
        iterations(&run).into_iter().for_each(|(name, count)| *sum.entry(name).or_default() += count);
    }
    assert_eq!(sum, STARTED.map(|(name, count)| (name.to_owned(), count)).into());
}

/// Logs when iterations begin, in milliseconds since the scenario's start: `SCENARIO VU MS`.
const STAMP: &str = "
    import exec from 'k6/execution';
    export default function () {
      const at = Date.now() - exec.scenario.startTime;
      console.log(`at ${exec.scenario.name} ${exec.vu.idInTest} ${at}`);
    }
";

/// The stamps of a scenario by VU.
fn stamps(outcome: &Outcome, scenario: &str) -> BTreeMap<u64, Vec<f64>> {
    let mut by_vu: BTreeMap<u64, Vec<f64>> = BTreeMap::new();
    for line in outcome.stderr.lines() {
        if let ["at", name, vu, at] = line.split(' ').collect::<Vec<_>>()[..]
            && name == scenario
        {
            by_vu.entry(vu.parse().unwrap()).or_default().push(at.parse().unwrap());
        }
    }
    by_vu
}

#[test]
fn users_take_over_virtual_users_and_are_lost_without_any() {
    let script = "
        import { sleep } from 'k6';
        export const options = { scenarios: {
          first: { executor: 'constant-vus', vus: 5, duration: '1s', gracefulStop: '0s' },
          relay: { executor: 'at-once-users', users: 5, startTime: '1s', exec: 'short' },
          crowd: { executor: 'at-once-users', users: 5, maxVUs: 2, startTime: '1s', gracefulStop: '1s' },
        } };
        export default function () { sleep(30) }
        export function short() {}";
    let (run, outcome) = run(&[], script);
    assert_eq!(outcome.exit, Some(0), "{outcome:?}");
    let counts = iterations(&run);
    assert_eq!((counts["relay"], counts.get("crowd")), (5, None), "{}", outcome.stdout);
    let text = std::fs::read_to_string(run.folder.path().join("out.json")).unwrap();
    let lost = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let lost = lost.filter(|point| point["type"] == "Point" && point["metric"] == "dropped_iterations");
    assert_eq!(lost.map(|point| point["data"]["value"].as_f64().unwrap()).sum::<f64>(), 3.0);
    assert!(outcome.stderr.contains("Insufficient VUs, reached 2 active VUs"), "{}", outcome.stderr);
}

#[test]
fn iterations_keep_the_pace_and_no_longer_than_needed() {
    let options = "export const options = { scenarios: {
        each: { executor: 'per-vu-iterations', vus: 2, iterations: 4, pace: '150ms' },
        shared: { executor: 'shared-iterations', vus: 2, iterations: 5, pace: '100ms', maxDuration: '1m' },
        // Ends in time, with virtual users that would wait for an hour.
        waiting: { executor: 'ramping-vus', pace: '1h', startVUs: 3,
          stages: [{ duration: '600ms', target: 3 }, { duration: '0s', target: 1 }, { duration: '400ms', target: 1 }] },
    } };";
    let (run, outcome) = run(&[], &format!("{options}{STAMP}"));
    assert_eq!(outcome.exit, Some(0), "{outcome:?}");
    assert!(outcome.stdout.contains("16 complete and 0 interrupted iterations"), "{}", outcome.stdout);
    let counts = iterations(&run);
    assert_eq!((counts["each"], counts["shared"], counts["waiting"]), (8, 5, 3));
    for (scenario, pace) in [("each", 150.0), ("shared", 100.0)] {
        for (vu, starts) in stamps(&outcome, scenario) {
            for (number, at) in starts.iter().enumerate() {
                // Clocks are read after the start and in whole milliseconds: later, or a little earlier.
                let due = starts[0] + pace * number as f64;
                assert!(at - due > -pace / 2.0, "{scenario}, VU {vu}: {starts:?}");
            }
        }
    }
}

#[test]
fn virtual_users_start_one_after_the_other() {
    let options = "export const options = { scenarios: {
        looping: { executor: 'constant-vus', vus: 4, duration: '2s', rampUp: '1s', pace: '1h' },
        counted: { executor: 'per-vu-iterations', vus: 5, iterations: 1, rampUp: '1s' },
    } };";
    let (run, outcome) = run(&[], &format!("{options}{STAMP}"));
    assert_eq!(outcome.exit, Some(0), "{outcome:?}");
    let counts = iterations(&run);
    assert_eq!((counts["looping"], counts["counted"]), (4, 5));
    for (scenario, step) in [("looping", 250.0), ("counted", 200.0)] {
        let mut starts: Vec<f64> = stamps(&outcome, scenario).into_values().flatten().collect();
        starts.sort_by(f64::total_cmp);
        for (number, at) in starts.iter().enumerate() {
            assert!(at - step * number as f64 > -2.0, "{scenario}: {starts:?}");
        }
    }
}

#[test]
fn what_is_wrong_with_a_shape_is_said() {
    for (scenario, want) in [
        ("{ executor: 'at-once-users', users: 1, pace: '1s' }", "json: unknown field \"pace\""),
        (
            "{ executor: 'ramp-users', users: -1 }",
            "scenario a has configuration errors: the number of users can't be negative, the duration is unspecified",
        ),
        (
            "{ executor: 'constant-vus', duration: '2s', rampUp: '3s' }",
            "the rampUp (3s) must be shorter than the scenario's 2s",
        ),
        (
            "{ executor: 'inject-open', steps: [{ shape: 'x' }] }",
            "a.steps.0 has the unknown shape 'x': allowed are nothing-for, at-once-users",
        ),
        (
            "{ executor: 'constant-vus', duration: '2s', stopAfter: { error: 3 } }",
            "a.stopAfter has an unknown field 'error': allowed are iterations, errors, errorRate",
        ),
    ] {
        let script = format!(
            "export const options = {{ scenarios: {{ a: {scenario} }} }}; export default function () {{}}"
        );
        let (_, outcome) = run(&[], &script);
        assert_eq!(outcome.exit, Some(104), "{outcome:?}");
        assert!(outcome.stderr.contains(want), "{want}: {}", outcome.stderr);
    }
}
