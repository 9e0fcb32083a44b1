//! The outputs that send somewhere or report at the end, through the binary, against servers that say no, are slow or
//! are not there. Every decoder here is strict: what it reads and writes again must be the same bytes.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "../support/binary.rs"]
mod binary;
#[path = "../support/raw_http.rs"]
mod raw_http;
#[path = "../support/slow_server.rs"]
mod slow_server;

mod influxdb;
mod opentelemetry;
mod prometheus;
mod real_prometheus;
mod reports;
mod statsd;
mod trouble;

use binary::{Outcome, Run, ssek};
use serde_json::Value;

/// Counts, gauges, rates and times that are known: 40 iterations of two VUs.
pub const SCRIPT: &str = "
    import { check } from 'k6';
    import exec from 'k6/execution';
    import { Counter, Gauge, Rate, Trend } from 'k6/metrics';
    const counter = new Counter('my_count'), gauge = new Gauge('my_gauge'), rate = new Rate('my_rate');
    const time = new Trend('my_time', true), size = new Trend('my_size');
    export const options = {
        vus: 2,
        iterations: 40,
        thresholds: { my_count: ['count == 100'], 'my_time{zone:a}': ['p(95) < 5000'] },
    };
    export default function () {
        const number = exec.scenario.iterationInTest, zone = number % 2 ? 'a' : 'b, \"c\"=d';
        counter.add(2.5, { zone });
        gauge.add(7);
        rate.add(number % 4 === 0);
        time.add(100 * (number + 1), { zone });
        size.add(number, { zone, empty: '' });
        check(number, { 'is a number': (n) => n >= 0, 'is small | odd': (n) => n < 30 });
    }
    export const handleSummary = (data) => ({ 'figures.json': JSON.stringify(data.metrics), stdout: '' });
";

/// `ssek run` with these outputs and variables.
pub fn run(outputs: &[&str], variables: &[(&str, &str)]) -> Run {
    let outputs: Vec<_> = outputs.iter().map(|output| format!("--out={output}")).collect();
    let args: Vec<_> =
        ["run"].into_iter().chain(outputs.iter().map(String::as_str)).chain(["script.js"]).collect();
    let run = ssek(&args).file("script.js", SCRIPT);
    variables.iter().fold(run, |run, (name, value)| run.env(name, value))
}

/// Runs to the end, which must be a good one; returns the figures of the summary, too.
pub fn finish(run: &mut Run) -> (Outcome, Value) {
    let outcome = run.outcome();
    assert_eq!(outcome.exit, Some(0), "{outcome:?}");
    let figures = std::fs::read_to_string(run.folder.path().join("figures.json")).unwrap();
    (outcome, serde_json::from_str(&figures).unwrap())
}

/// A figure of the summary: `my_count`, `count`.
pub fn figure(figures: &Value, metric: &str, name: &str) -> f64 {
    figures[metric]["values"][name].as_f64().unwrap_or_else(|| panic!("{metric} {name} in {figures}"))
}

/// An address where nobody listens.
pub fn nobody() -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().to_string()
}
