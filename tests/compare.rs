//! `ssek compare`: finds what changed, and does not find what did not.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "support/binary.rs"]
mod binary;
#[path = "support/made_record.rs"]
mod made_record;

use binary::ssek;
use made_record::{Made, made};
use ssek::record::compare::{Bound, Comparison, Settings, Verdict, compare};
use ssek::record::file;

fn compared(seed: u64, head_ttft: f64, seconds: i64) -> Comparison {
    let run = |seed, ttft| made(&Made { seed, seconds, rate: 25, ttft }).0;
    let (base, head) = (run(2 * seed, 200.0), run(2 * seed + 1, head_ttft));
    let bounds: Vec<Bound> = vec!["p50(llm_time_to_first_token)>+2%".parse().unwrap()];
    compare(("base", &base), ("head", &head), &bounds, &Settings::default()).unwrap()
}

fn verdict(comparison: &Comparison, metric: &str, figure: &str) -> Verdict {
    let mut rows = comparison.rows.iter();
    rows.find(|row| row.metric == metric && row.figure.to_string() == figure).unwrap().verdict
}

#[test]
fn a_tenth_more_is_found_each_time() {
    for seed in 100..120 {
        let comparison = compared(seed, 220.0, 60);
        let found = verdict(&comparison, "llm_time_to_first_token", "p50");
        assert_eq!((found, comparison.failed()), (Verdict::Worse, true), "seed {seed}: {comparison:#?}");
        assert_eq!(verdict(&comparison, "llm_inter_token_latency", "p50"), Verdict::Same);
    }
}

#[test]
fn equal_runs_cry_no_wolf() {
    for seconds in [8, 60] {
        let alarms = (200..220).filter(|seed| {
            let comparison = compared(*seed, 200.0, seconds);
            comparison.failed() || comparison.counts() != (0, 0)
        });
        let alarms = alarms.count();
        assert!(alarms <= 1, "{alarms} of 20 with {seconds} seconds");
    }
}

#[test]
fn a_record_is_equal_to_itself() {
    let (record, _) = made(&Made { seed: 1, seconds: 5, rate: 10, ttft: 50.0 });
    let comparison = compare(("a", &record), ("a", &record), &[], &Settings::default()).unwrap();
    assert!(comparison.rows.iter().all(|row| row.p == 1.0 && row.verdict == Verdict::Same));
}

#[test]
fn the_command_says_what_changed_and_exits_with_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    for (name, seed, ttft) in [("base.ssek", 1, 100.0), ("head.ssek", 2, 130.0), ("same.ssek", 3, 100.0)] {
        let (record, _) = made(&Made { seed, seconds: 40, rate: 25, ttft });
        file::write(&record, &folder.path().join(name)).unwrap();
    }
    let (base, head, same) = (path("base.ssek"), path("head.ssek"), path("same.ssek"));
    let bound = "p99(llm_time_to_first_token)>+10%";
    let (html, junit) = (path("c.html"), path("c.xml"));
    let args = ["compare", &base, &head, "--fail-on", bound, "--html", &html, "--junit", &junit];
    let outcome = ssek(&args).outcome();
    assert_eq!(outcome.exit, Some(99), "{}{}", outcome.stdout, outcome.stderr);
    assert!(
        outcome.stdout.contains("WORSE") && outcome.stdout.contains(&format!("✗ {bound}")),
        "{}",
        outcome.stdout
    );
    assert!(outcome.stderr.contains(bound));
    let page = std::fs::read_to_string(&html).unwrap();
    assert!(
        page.contains("llm_time_to_first_token") && page.contains("&gt;+10%") && !page.contains("http://")
    );
    let cases = std::fs::read_to_string(&junit).unwrap();
    let mut reader = quick_xml::Reader::from_str(&cases);
    while !matches!(reader.read_event().unwrap(), quick_xml::events::Event::Eof) {}
    assert!(cases.contains("tests=\"1\" failures=\"1\"") && cases.contains("<failure message="), "{cases}");

    let outcome = ssek(&["compare", &base, &same, "--fail-on", bound, "--json"]).outcome();
    assert_eq!(outcome.exit, Some(0), "{}", outcome.stdout);
    let json: serde_json::Value = serde_json::from_str(&outcome.stdout).unwrap();
    assert_eq!((&json["bounds"][0]["failed"], &json["bounds"][0]["source"]), (&false.into(), &bound.into()));
    // The order of the flags' meaning: significant, but within the bound.
    let outcome =
        ssek(&["compare", &base, &head, "--fail-on", "p50(llm_time_to_first_token)>+80%"]).outcome();
    assert_eq!(outcome.exit, Some(0));

    for (flag, want) in [
        ("p99(nothing)>+10%", "the metric 'nothing' is not in"),
        ("p99(checks)>+10%", "checks is a rate, which has no p99"),
        ("p99>+10%", "cannot read --fail-on 'p99>+10%'"),
    ] {
        let outcome = ssek(&["compare", &base, &head, "--fail-on", flag]).outcome();
        assert_eq!(outcome.exit, Some(255));
        assert!(outcome.stderr.contains(want), "{}", outcome.stderr);
    }
}

/// Twice the same against the mock, and once with a slower first token.
#[test]
fn runs_against_a_server_are_told_apart() {
    let script = r#"
import sse from "k6/x/sse";
export const options = { vus: 4, duration: "4s" };
export default function () {
  sse.open(`${__ENV.SERVER_BENCH_URL}/chat/completions`, { method: "POST", body: '{"stream":true,"messages":[]}',
    headers: { "Content-Type": "application/json" } }, (client) => client.on("event", () => {}));
}
"#;
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    for (name, ttft) in [("base.ssek", "200ms"), ("head.ssek", "240ms")] {
        let (mock, out) = (format!("--mock=ttft={ttft},itl=1ms,tokens=5"), format!("ssek={}", path(name)));
        let outcome =
            ssek(&["run", "--quiet", &mock, "--out", &out, "script.js"]).file("script.js", script).outcome();
        assert_eq!(outcome.exit, Some(0), "{}", outcome.stderr);
    }
    let (base, head) = (path("base.ssek"), path("head.ssek"));
    let args = ["compare", &base, &head, "--fail-on", "p50(sse_time_to_first_event)>+10%"];
    let outcome = ssek(&args).outcome();
    assert_eq!(outcome.exit, Some(99), "{}", outcome.stdout);
}
