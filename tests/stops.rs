//! Every way in which a run ends: what was interrupted and what was dropped is counted to the last
//! iteration, `teardown()` runs, the exit code is right, and nothing hangs. Through the binary.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "support/running.rs"]
mod running;

use running::Running;
use serde_json::Value;

/// What a run counted.
#[derive(Debug, PartialEq)]
struct Counts {
    complete: u64,
    interrupted: u64,
    dropped: u64,
}

const fn counts(complete: u64, interrupted: u64, dropped: u64) -> Counts {
    Counts { complete, interrupted, dropped }
}

/// A script with these options and this body of its default function; it says that its teardown ran.
fn script(options: &str, body: &str) -> String {
    format!(
        "import {{ sleep }} from 'k6';\nimport exec from 'k6/execution';\nexport const options = {options};\n\
         export default function () {{ {body} }}\nexport function teardown() {{ console.log('torn down') }}\n"
    )
}

fn scenario(fields: &str) -> String {
    format!("{{ scenarios: {{ s: {{ {fields} }} }} }}")
}

/// Starts the script, with the figures in a file.
fn start(args: &[&str], script: &str) -> Running {
    let args: Vec<_> = ["--summary-export=figures.json"].iter().chain(args).copied().collect();
    Running::start(&args, script)
}

/// The end: exit code, output and counts.
fn end(mut run: Running) -> (Option<i32>, String, Counts) {
    let (code, text) = run.end();
    let figures = std::fs::read_to_string(run.folder.path().join("figures.json")).unwrap();
    let figures: Value = serde_json::from_str(&figures).unwrap();
    let count = |name: &str| figures["metrics"][name]["count"].as_f64().unwrap_or(0.0) as u64;
    let last = text.lines().rfind(|line| line.contains(" interrupted iterations")).unwrap();
    let words: Vec<_> = last.split(' ').collect();
    let before = |word: &str| words[words.iter().position(|w| *w == word).unwrap() - 1].parse().unwrap();
    // An iteration that ends the test itself is measured, as in k6, but not complete.
    let aborted = u64::from(text.contains("test aborted"));
    let measured = count("iterations");
    assert!((before("complete")..=before("complete") + aborted).contains(&measured), "{text}");
    let found = counts(before("complete"), before("interrupted"), count("dropped_iterations"));
    assert!(!text.contains("panicked"), "{text}");
    (code, text, found)
}

#[test]
fn deadlines_of_scenarios() {
    for (name, fields, body, want) in [
        (
            "gracefulStop: 0s",
            "executor: 'constant-vus', vus: 2, duration: '1s', gracefulStop: '0s'",
            "sleep(60)",
            counts(0, 2, 0),
        ),
        (
            "gracefulStop: 0s, without a wait",
            "executor: 'constant-vus', vus: 2, duration: '1s', gracefulStop: '0s'",
            "for (;;) {}",
            counts(0, 2, 0),
        ),
        (
            "time to finish",
            "executor: 'constant-vus', vus: 2, duration: '1s', gracefulStop: '50s'",
            "sleep(1.5)",
            counts(2, 0, 0),
        ),
        (
            "gracefulRampDown: 0s",
            "executor: 'ramping-vus', startVUs: 3, gracefulRampDown: '0s', gracefulStop: '50s', \
             stages: [{ duration: '1s', target: 3 }, { duration: '0s', target: 1 }, { duration: '500ms', target: 1 }]",
            "if (exec.vu.idInTest > 3 || exec.scenario.iterationInTest > 2) return sleep(0.1); sleep(2)",
            counts(1, 2, 0),
        ),
        (
            "maxDuration, shared",
            "executor: 'shared-iterations', vus: 2, iterations: 10, maxDuration: '1s', gracefulStop: '0s'",
            "sleep(60)",
            counts(0, 2, 8),
        ),
        (
            "maxDuration, per VU",
            "executor: 'per-vu-iterations', vus: 2, iterations: 5, maxDuration: '1s', gracefulStop: '0s'",
            "if (exec.vu.iterationInScenario > 1) sleep(60)",
            counts(4, 2, 4),
        ),
        (
            "no VU is free",
            "executor: 'constant-arrival-rate', rate: 10, duration: '1s', preAllocatedVUs: 2, gracefulStop: '0s'",
            "sleep(60)",
            counts(0, 2, 8),
        ),
    ] {
        let (code, text, found) = end(start(&[], &script(&scenario(fields), body)));
        assert_eq!((code, found), (Some(0), want), "{name}: {text}");
        assert_eq!(text.matches("torn down").count(), 1, "{name}: {text}");
    }
}

#[test]
fn a_start_that_a_vu_did_not_get_to_is_dropped() {
    // Two VUs on one thread: the first computes for ever, so the second, which is sent the start that is due
    // after half a second, cannot take it before both are cut off.
    let fields =
        "executor: 'constant-arrival-rate', rate: 2, duration: '1s', preAllocatedVUs: 2, gracefulStop: '0s'";
    let (code, text, found) = end(start(&["--threads=1"], &script(&scenario(fields), "for (;;) {}")));
    assert_eq!((code, found), (Some(0), counts(0, 1, 1)), "{text}");
}

#[test]
fn whatever_was_to_start_is_counted_once() {
    // Cut off in the middle of as much as the machine can do: nothing may be lost or counted twice.
    let cut_off = "duration: '1s', gracefulStop: '0s'";
    for (fields, total) in [
        (format!("executor: 'constant-arrival-rate', rate: 300, preAllocatedVUs: 3, maxVUs: 30, {cut_off}"), 300),
        (format!("executor: 'constant-arrival-rate', rate: 300, preAllocatedVUs: 0, maxVUs: 9, {cut_off}"), 300),
        ("executor: 'ramping-arrival-rate', startRate: 200, preAllocatedVUs: 3, maxVUs: 30, gracefulStop: '0s', \
          stages: [{ duration: '500ms', target: 200 }, { duration: '500ms', target: 200.0 }]"
            .to_owned(), 200),
        ("executor: 'shared-iterations', vus: 9, iterations: 100000, maxDuration: '1s', gracefulStop: '0s'".to_owned(), 100_000),
        ("executor: 'per-vu-iterations', vus: 5, iterations: 20000, maxDuration: '1s', gracefulStop: '0s'".to_owned(), 100_000),
    ] {
        for threads in ["--threads=1", "--threads=16"] {
            let (code, text, found) = end(start(&[threads], &script(&scenario(&fields), "sleep(0.02 * Math.random())")));
            let all = found.complete + found.interrupted + found.dropped;
            // The start that is due at the very end of a ramp may or may not be one of them.
            assert!(code == Some(0) && (all == total || fields.contains("ramping") && all + 1 == total), "{fields}, {threads}: {found:?}\n{text}");
        }
    }
}

#[test]
fn a_vu_that_comes_too_late_holds_nothing_up() {
    let fields = "executor: 'constant-arrival-rate', rate: 2, duration: '1s', preAllocatedVUs: 1, maxVUs: 2, gracefulStop: '0s'";
    let script = script(&scenario(fields), "sleep(60)") + "if (__VU === 2) for (;;) {}\n";
    let (code, text, found) = end(start(&[], &script));
    assert_eq!((code, found), (Some(0), counts(0, 1, 1)), "{text}");
    assert!(text.contains("torn down") && !text.contains("level=error"), "{text}");
}

#[test]
fn the_script_ends_or_fails_the_test() {
    let fields = "executor: 'per-vu-iterations', vus: 4, iterations: 2, maxDuration: '50s'";
    let body = "if (exec.vu.idInTest !== 2) return sleep(60); sleep(2); exec.test.abort('enough')";
    let (code, text, found) = end(start(&[], &script(&scenario(fields), body)));
    assert_eq!((code, found), (Some(108), counts(0, 4, 0)), "{text}");
    assert!(text.contains("test aborted: enough") && text.contains("torn down"), "{text}");

    let (code, text, found) = end(start(&[], &script(&scenario(fields), "exec.test.fail('bad')")));
    assert_eq!((code, found), (Some(110), counts(8, 0, 0)), "{text}");
    assert!(text.contains("test run was marked as failed") && text.contains("torn down"), "{text}");
}

#[test]
fn a_signal_interrupts_what_runs() {
    for (signal, name, fields) in [
        (libc::SIGINT, "interrupt", "executor: 'constant-vus', vus: 3, duration: '50s'"),
        (libc::SIGTERM, "terminated", "executor: 'shared-iterations', vus: 3, iterations: 9"),
        (
            libc::SIGINT,
            "interrupt",
            "executor: 'ramping-arrival-rate', startRate: 3, preAllocatedVUs: 3, stages: [{ duration: '1s', target: 3 }, \
             { duration: '50s', target: 0 }]",
        ),
    ] {
        let run = start(&[], &script(&scenario(fields), "console.log('begun'); sleep(60)"));
        run.wait_for("msg=begun", 3);
        run.signal(signal);
        let (code, text, found) = end(run);
        assert_eq!((code, found.complete, found.interrupted), (Some(105), 0, 3), "{fields}: {text}");
        let said = format!("test run was aborted because ssek received a '{name}' signal");
        assert!(text.contains(&said) && text.contains("torn down"), "{text}");
    }
}

#[test]
fn a_signal_ends_every_kind_of_wait() {
    let url = "const url = __ENV.SERVER_BENCH_URL + '/chat/completions', body = '{\"stream\":true}';";
    for (wait, imports) in [
        ("http.post(url, body)", "import http from 'k6/http';"),
        ("http.batch([['POST', url, body], ['POST', url, body]])", "import http from 'k6/http';"),
        ("await http.asyncRequest('POST', url, body)", "import http from 'k6/http';"),
        ("sse.open(url, { method: 'POST', body }, () => {})", "import sse from 'k6/x/sse';"),
        (
            "for await (const event of await connect(url, { method: 'POST', body })) console.log(event)",
            "import { connect } from 'ssek/sse';",
        ),
        ("await new Promise((done) => setTimeout(done, 60000))", ""),
        ("await new Promise(() => { setInterval(() => {}, 1) })", ""),
        ("'a'.repeat(10); for (;;) {}", ""),
    ] {
        let script = format!(
            "{imports}\n{url}\nexport default async function () {{ console.log('begun'); {wait} }}\n\
             export function teardown() {{ console.log('torn down') }}\n"
        );
        let run = start(&["--mock=ttft=60000", "--vus=2", "--duration=50s"], &script);
        run.wait_for("msg=begun", 2);
        // Let the requests get on their way: an interrupt is to find them waiting.
        std::thread::sleep(std::time::Duration::from_millis(200));
        run.signal(libc::SIGINT);
        let (code, text, found) = end(run);
        assert_eq!((code, found), (Some(105), counts(0, 2, 0)), "{wait}: {text}");
        assert!(text.contains("torn down"), "{wait}: {text}");
    }
}

#[test]
fn a_signal_ends_what_comes_before_the_scenarios() {
    for (name, args, text, shown) in [
        ("the first init code", &[][..], "console.log('begun'); for (;;) {}", "msg=begun"),
        ("the init code of VUs", &[], "if (__VU > 0) { console.log('begun'); for (;;) {} }", "msg=begun"),
        (
            "a start time",
            &[],
            "export const options = { scenarios: { s: { executor: 'constant-vus', startTime: '50s', duration: '1s' } } }",
            "running (0",
        ),
    ] {
        let script = format!("{text}\nexport default function () {{}}\n");
        let mut run = Running::start(args, &script);
        run.wait_for(shown, 1);
        run.signal(libc::SIGINT);
        let (code, text) = run.end();
        assert_eq!(code, Some(105), "{name}: {text}");
        assert!(!text.contains("panicked"), "{name}: {text}");
    }
}

#[test]
fn a_second_signal_ends_at_once() {
    let script = "import { sleep } from 'k6'; export default function () { console.log('begun'); sleep(60) }\n\
                  export function teardown() { console.log('tearing down'); for (;;) {} }";
    let mut run = Running::start(&["--duration=50s"], script);
    run.wait_for("msg=begun", 1);
    run.signal(libc::SIGTERM);
    run.wait_for("tearing down", 1);
    run.signal(libc::SIGTERM);
    let (code, text) = run.end();
    assert_eq!(code, Some(105), "{text}");
    assert!(text.contains("Aborting ssek in response to signal"), "{text}");
}

#[test]
fn a_signal_ends_setup_and_no_teardown_follows() {
    let script = script("{}", "") + "export function setup() { console.log('setting up'); sleep(60) }\n";
    let mut run = Running::start(&[], &script);
    run.wait_for("setting up", 1);
    run.signal(libc::SIGINT);
    let (code, text) = run.end();
    assert_eq!(code, Some(105), "{text}");
    assert!(!text.contains("torn down"), "{text}");
}

#[test]
fn lingering_ends_with_the_tests_own_code() {
    for (thresholds, want) in [("{}", 0), ("{ thresholds: { iterations: ['count>5'] } }", 99)] {
        let run = start(&["--linger"], &script(thresholds, ""));
        run.wait_for("torn down", 1);
        let before =
            run.wait_for("The test is done, but --linger was enabled, so ssek is waiting for Ctrl+C", 1);
        assert!(!before.contains("iterations..."), "{before}");
        run.signal(libc::SIGINT);
        let (code, text, found) = end(run);
        assert_eq!((code, found), (Some(want), counts(1, 0, 0)), "{text}");
        assert!(text.contains("iterations...") && !text.contains("signal"), "{text}");
    }
    let run = start(&["--linger"], &script("{ duration: '50s' }", "console.log('begun'); sleep(60)"));
    run.wait_for("msg=begun", 1);
    run.signal(libc::SIGINT);
    let (code, text, _) = end(run);
    assert_eq!(code, Some(105), "{text}");
    assert!(!text.contains("The test is done"), "{text}");
}
