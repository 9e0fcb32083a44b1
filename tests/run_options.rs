//! `stopAfter`, `warmup`, `cooldown`, `waitFor` and `baseURL`, through the binary.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "support/binary.rs"]
mod binary;
#[path = "support/slow_server.rs"]
mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use binary::{Outcome, Run, ssek};
use serde_json::Value;
use support::{Server, respond};

fn run(flags: &[&str], script: &str) -> (Run, Outcome) {
    let mut args =
        vec!["run", "--log-format", "raw", "--out", "json=out.json", "--summary-export=figures.json"];
    args.extend(flags);
    args.push("script.js");
    let mut run = ssek(&args).file("script.js", script);
    let outcome = run.outcome();
    (run, outcome)
}

fn figures(run: &Run) -> Value {
    serde_json::from_str(&std::fs::read_to_string(run.folder.path().join("figures.json")).unwrap()).unwrap()
}

fn count(run: &Run, metric: &str) -> u64 {
    figures(run)["metrics"][metric]["count"].as_u64().unwrap_or(0)
}

#[test]
fn a_rule_stops_at_exactly_so_many_iterations() {
    let script = "
        export const options = { stopAfter: { iterations: 25 }, scenarios: {
          a: { executor: 'constant-vus', vus: 3, duration: '30s' },
          b: { executor: 'constant-arrival-rate', rate: 50, duration: '30s', preAllocatedVUs: 5 },
          late: { executor: 'constant-vus', startTime: '20s', duration: '10s' },
        } };
        export default function () {}
        export function teardown() { console.log('torn down') }";
    let (run, outcome) = run(&[], script);
    assert_eq!((outcome.exit, count(&run, "iterations")), (Some(0), 25), "{outcome:?}");
    assert!(
        outcome.stderr.contains("the test starts no more iterations: 25 have started"),
        "{}",
        outcome.stderr
    );
    assert!(outcome.stderr.contains("torn down") && !outcome.stdout.contains("dropped"), "{outcome:?}");
}

#[test]
fn a_rule_of_a_scenario_leaves_the_others_alone() {
    let script = "
        const stopAfter = { iterations: 7 };
        export const options = { scenarios: {
          rate: { executor: 'constant-arrival-rate', rate: 100, duration: '30s', preAllocatedVUs: 5, stopAfter },
          shared: { executor: 'shared-iterations', vus: 2, iterations: 50, stopAfter },
          paced: { executor: 'constant-vus', vus: 2, duration: '30s', pace: '10ms', stopAfter },
          free: { executor: 'per-vu-iterations', vus: 2, iterations: 10 },
        } };
        export default function () {}";
    let (run, outcome) = run(&[], script);
    assert_eq!((outcome.exit, count(&run, "iterations")), (Some(0), 41), "{outcome:?}");
    for scenario in ["rate", "shared", "paced"] {
        let text =
            format!("scenario '{scenario}' starts no more iterations: 7 have started (stopAfter.iterations)");
        assert!(outcome.stderr.contains(&text), "{}", outcome.stderr);
    }
}

#[test]
fn too_many_errors_end_a_test_with_a_code_of_their_own() {
    let throws = "export default function () { if (__ITER % 2) throw new Error('no') }";
    let requests = "import http from 'k6/http';
        export default function () { http.get(`${__ENV.SERVER_BENCH_URL}/models?status=503`) }";
    let streams = "import sse from 'k6/x/sse';
        export default function () { sse.open(`${__ENV.SERVER_BENCH_URL.replace('/v1', '')}/sse?fail_after=2`, {}, () => {}) }";
    for (rules, script, iterations, said) in [
        (
            "{ errors: 3 }",
            throws,
            6,
            "the test starts no more iterations: 3 iterations failed (stopAfter.errors)",
        ),
        ("{ errors: 2 }", streams, 2, "2 iterations failed (stopAfter.errors)"),
        (
            "{ errorRate: { rate: 0.8, last: 4 }, iterations: 50 }",
            requests,
            4,
            "100.00% of the last 4 iterations failed (stopAfter.errorRate)",
        ),
        ("{ errorRate: { rate: 0.8, last: 4 }, iterations: 50 }", throws, 50, "50 have started"),
    ] {
        let options = format!("export const options = {{ duration: '30s', stopAfter: {rules} }};");
        let (run, outcome) = run(&["--mock=ttft=1,itl=1,burst=1"], &format!("{options}{script}"));
        let exit = if iterations == 50 { 0 } else { 112 };
        assert_eq!(
            (outcome.exit, count(&run, "iterations")),
            (Some(exit), iterations),
            "{rules}: {outcome:?}"
        );
        assert!(outcome.stderr.contains(said), "{said}: {}", outcome.stderr);
    }
}

/// Milliseconds since the Unix epoch of `2026-01-02T03:04:05.678901Z`, within a day.
fn time_of_day(text: &str) -> f64 {
    let time = &text[text.find('T').unwrap() + 1..];
    let end = time.find(['Z', '+', '-']).unwrap();
    let parts: Vec<f64> = time[..end].split(':').map(|part| part.parse().unwrap()).collect();
    (parts[0] * 3600.0 + parts[1] * 60.0 + parts[2]) * 1e3
}

#[test]
fn windows_are_in_no_figure_and_no_output() {
    let script = "
        import exec from 'k6/execution';
        import { Counter } from 'k6/metrics';
        const marks = new Counter('marks');
        export const options = {
          cooldown: '1s',
          thresholds: { iterations: ['count<40'], marks: ['count==2'] },
          scenarios: { steady: { executor: 'constant-arrival-rate', rate: 20, duration: '3s', preAllocatedVUs: 5 } },
        };
        export function setup() { marks.add(1) }
        export default function () {
          if (exec.scenario.iterationInTest === 0) console.log(`begin ${new Date(exec.scenario.startTime).toISOString()}`);
        }
        export function teardown() { marks.add(1) }
        export function handleSummary(data) { return { stdout: JSON.stringify(data.state) } }";
    let (run, outcome) = run(&["--warmup", "1s"], script);
    assert_eq!(outcome.exit, Some(0), "{outcome:?}");
    let begin = outcome.stderr.lines().find_map(|line| line.strip_prefix("begin ")).unwrap();
    let text = std::fs::read_to_string(run.folder.path().join("out.json")).unwrap();
    let points = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let points: Vec<_> = points.filter(|point| point["type"] == "Point").collect();
    let of = |metric: &str| points.iter().filter(|point| point["metric"] == metric).count() as u64;
    assert_eq!((of("marks"), count(&run, "marks")), (2, 2), "setup and teardown are no part of the windows");
    assert_eq!(of("iterations"), count(&run, "iterations"));
    for point in points.iter().filter(|point| point["data"]["tags"]["scenario"] == "steady") {
        let since = time_of_day(point["data"]["time"].as_str().unwrap()) - time_of_day(begin);
        // At midnight the difference is off by a day; the start is cut to whole milliseconds.
        let since = since.rem_euclid(86_400_000.0);
        assert!((999.0..2001.0).contains(&since), "{since}: {point}");
    }
    let figures = figures(&run);
    let left_out = &figures["left_out"];
    assert_eq!(left_out["warmup"], 1000, "{figures}");
    assert!(left_out["cooldown"].as_f64().unwrap() >= 999.0, "{figures}");
    assert!(outcome.stdout.contains("\"leftOut\":{\"warmup\":1000,\"cooldown\":"), "{}", outcome.stdout);
}

#[test]
fn the_summary_says_what_is_missing() {
    let script = "export const options = { vus: 1, duration: '2s' };
        import { sleep } from 'k6'; export default function () { sleep(0.05) }";
    let (run, outcome) = run(&["--warmup=500ms"], script);
    assert_eq!(outcome.exit, Some(0), "{outcome:?}");
    assert!(outcome.stdout.contains("  not in these figures: 500ms of warm-up\n"), "{}", outcome.stdout);
    // Forty a run at most; a rate by the whole two seconds would be below what was counted.
    let iterations = &figures(&run)["metrics"]["iterations"];
    let (count, rate) = (iterations["count"].as_f64().unwrap(), iterations["rate"].as_f64().unwrap());
    assert!((1.0..=31.0).contains(&count) && count / rate < 1.9, "{iterations}");
}

#[test]
fn windows_must_leave_something() {
    for (options, flags, want) in [
        (
            "{ vus: 1, duration: '2s' }",
            &["--warmup=1s", "--cooldown=1s"][..],
            "leave nothing of the test's 2s",
        ),
        ("{ warmup: '-1s' }", &[], "warmup can't be negative, but is -1s"),
        ("{ iterations: 3 }", &["--cooldown=1s"], "scenario default ends when its iterations are done"),
        ("{ waitFor: 'localhost:80' }", &[], "waitFor must be a URL such as"),
        ("{}", &["--wait-for-timeout=1s"], "waitFor has no url"),
        ("{ stopAfter: {} }", &[], "stopAfter needs at least one of iterations, errors, errorRate"),
    ] {
        let script = format!("export const options = {options}; export default function () {{}}");
        let (_, outcome) = run(flags, &script);
        assert_eq!(outcome.exit, Some(104), "{outcome:?}");
        assert!(outcome.stderr.contains(want), "{want}: {}", outcome.stderr);
    }
}

#[test]
fn a_test_waits_for_its_server() {
    let asked = Arc::new(AtomicUsize::new(0));
    let count = asked.clone();
    let server = Server::new(move |_, stream| {
        let status = if count.fetch_add(1, Ordering::SeqCst) < 2 {
            "503 Service Unavailable"
        } else {
            "404 Not Found"
        };
        respond(stream, status, "", b"")
    });
    let url = format!("http://{}/health", server.addr);
    let script = "export function setup() { console.log('set up') } export default function () {}";
    let (run, outcome) = run(&["--wait-for", &url], script);
    assert_eq!(outcome.exit, Some(0), "{outcome:?}");
    assert!(outcome.stderr.contains("set up"), "{}", outcome.stderr);
    assert_eq!(asked.load(Ordering::SeqCst), 3);
    assert!(figures(&run)["metrics"]["http_reqs"].is_null(), "waiting is not measured");
    assert!(outcome.stdout.contains(&format!("waiting for {url}: status 503")), "{}", outcome.stdout);
}

#[test]
fn a_server_that_never_comes_is_told() {
    let script = "export const options = { waitFor: { url: 'http://127.0.0.1:1/', timeout: '700ms' } };
        export function setup() { console.log('set up') } export default function () {}";
    let (_, outcome) = run(&[], script);
    assert_eq!(outcome.exit, Some(102), "{outcome:?}");
    assert!(
        outcome.stderr.contains("http://127.0.0.1:1/ was not ready within 700ms: "),
        "{}",
        outcome.stderr
    );
    assert!(!outcome.stderr.contains("set up"), "{}", outcome.stderr);
}

#[test]
fn urls_that_begin_with_a_slash_go_to_the_base() {
    let server = Server::new(|request, stream| {
        let body = format!("data: {}\n\n", request.line.split(' ').nth(1).unwrap_or_default());
        respond(stream, "200 OK", "Content-Type: text/event-stream\r\n", body.as_bytes())
    });
    let script = "
        import http from 'k6/http';
        import sse from 'k6/x/sse';
        import { connect } from 'ssek/sse';
        export default async function () {
          const seen = [http.get('/a?b=1').body, http.get(http.url`/of/${7}`).body];
          seen.push(http.batch(['/batch'])[0].body);
          sse.open('/events', (client) => client.on('event', (event) => { if (event.data) seen.push(event.data); }));
          for await (const event of await connect('/async', {})) seen.push(event.data);
          console.log(seen.map((text) => text.replace('data: ', '').trim()).join(' '));
        }";
    let base = format!("http://{}/v1/", server.addr);
    let (run, outcome) = run(&["--base-url", &base], script);
    assert_eq!(outcome.exit, Some(0), "{outcome:?}");
    assert!(
        outcome.stderr.contains("/v1/a?b=1 /v1/of/7 /v1/batch /v1/events /v1/async"),
        "{}",
        outcome.stderr
    );
    let samples = std::fs::read_to_string(run.folder.path().join("out.json")).unwrap();
    assert!(samples.contains(&format!("\"name\":\"{base}of/${{}}\"")), "{samples}");
}

#[test]
fn a_base_must_be_one() {
    let (_, outcome) = run(&["--base-url", "localhost:80"], "export default function () {}");
    assert_eq!(outcome.exit, Some(104), "{outcome:?}");
    let error = "baseURL must be a URL such as http://localhost:8000/v1, but is 'localhost:80'";
    assert!(outcome.stderr.contains(error), "{}", outcome.stderr);
}
