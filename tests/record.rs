//! Run records: what `--out ssek` writes, what is read from it, and what becomes of files that are none.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "support/binary.rs"]
mod binary;
#[path = "support/made_record.rs"]
mod made_record;
#[path = "support/running.rs"]
mod running;

use std::fs;
use std::path::Path;

use binary::ssek;
use made_record::{Made, made};
use running::Running;
use ssek::record::{Of, Record, file};

const SCRIPT: &str = r#"
import { check, group } from "k6";
import http from "k6/http";
import { Trend } from "k6/metrics";
import sse from "k6/x/sse";

const root = __ENV.SERVER_BENCH_URL.replace(/\/v1$/, "");
const own = new Trend("own_time", true);

export const options = {
  scenarios: {
    one: { executor: "per-vu-iterations", vus: 2, iterations: 3 },
    two: { executor: "per-vu-iterations", vus: 1, iterations: 2, exec: "two" },
  },
  thresholds: { checks: ["rate>0.99"], "http_reqs{kind:plain}": ["count==6"], own_time: ["p(95)<1"] },
  summaryTrendStats: ["avg", "p(99)", "max"],
};

export default function () {
  group("reading", () => {
    sse.open(`${root}/sse?n=8&itl=3`, { tags: { name: "feed", model: "m1" } }, (client) => client.on("event", () => {}));
    check(__ITER, { "is a number": (i) => i >= 0 });
  });
  http.get(`${root}/stats?key=${__ENV.API_KEY}`, { tags: { kind: "plain" } });
}

export function two() {
  own.add(5.25);
  http.get(`${root}/nothing-here`, { tags: { name: "missing" } });
}
"#;

fn unpacked(path: &Path) -> String {
    String::from_utf8(zstd::decode_all(fs::File::open(path).unwrap()).unwrap()).unwrap()
}

#[test]
fn a_run_leaves_a_record_that_tells_the_same() {
    let args = "run --quiet --mock -e API_KEY=hunter2secret --out ssek=run.ssek script.js";
    let args: Vec<_> = args.split(' ').collect();
    let mut run =
        ssek(&args).file("script.js", SCRIPT).env("SSEK_STREAMING", "on").env("K6_TOKEN", "tok-abcdef");
    let outcome = run.outcome();
    assert_eq!(outcome.exit, Some(99), "{}", outcome.stderr);
    let path = run.folder.path().join("run.ssek");
    let record = file::read(&path).unwrap();

    // The figures are the summary's, digit for digit.
    let mut again = ssek(&["summary", path.to_str().unwrap()]);
    let again = again.outcome();
    assert_eq!((again.exit, again.stdout), (Some(0), outcome.stdout));

    assert!(record.complete && record.exit_code == 99 && record.step == 1);
    assert_eq!((&*record.meta.name, record.meta.models.as_slice()), ("script", &["m1".to_owned()][..]));
    assert_eq!(record.meta.env["SSEK_STREAMING"], "on");
    let count = |name: &str, of: Of| {
        let series = record.series.iter().find(|series| series.metric == name && series.of == of);
        let series = series.unwrap_or_else(|| panic!("{name} {of:?}"));
        let points: u64 = series.points.iter().map(|point| point.value.count()).sum();
        assert_eq!(points, series.total.count(), "{name}");
        points
    };
    assert_eq!(count("sse_event", Of::All), 48);
    assert_eq!(count("http_reqs", Of::All), 14);
    assert_eq!(count("http_reqs", Of::Scenario("two".to_owned())), 2);
    assert_eq!(count("http_reqs", Of::Selector("kind:plain".to_owned())), 6);
    let by = |metric: &str, tag: &str| -> Vec<(String, u64)> {
        let mut found: Vec<_> = record.by(metric, tag).map(|b| (b.value.clone(), b.total.count())).collect();
        found.sort();
        found
    };
    assert_eq!(by("http_reqs", "status"), [("200".to_owned(), 12), ("404".to_owned(), 2)]);
    assert_eq!(by("sse_streams", "outcome"), [("ok".to_owned(), 6)]);
    assert_eq!(by("sse_event", "group"), [("::reading".to_owned(), 48)]);

    // Every request is in the sample of so few.
    assert_eq!((record.requests.len(), record.request_count), (14, 14));
    let stream = record.requests.iter().find(|request| request.name == "feed").unwrap();
    assert_eq!((&*stream.outcome, stream.status, stream.events.len()), ("ok", 200, 8));
    assert_eq!((&*stream.scenario, stream.event_count), ("one", 8));
    assert!(stream.events.is_sorted() && stream.marks.first_event.unwrap() <= stream.marks.end);
    let missing = record.requests.iter().find(|request| request.name == "missing").unwrap();
    assert_eq!((&*missing.outcome, missing.status), ("http_error", 404));

    // Of checks and thresholds, too.
    assert_eq!(record.snapshot.checks[0].passes, 6);
    let text = unpacked(&path);
    assert!(!text.contains("hunter2secret") && !text.contains("tok-abcdef"), "a secret is in the record");
    assert!(text.contains("API_KEY=***"));
}

#[test]
fn a_run_that_is_stopped_leaves_its_record() {
    let script = "export const options = { vus: 1, duration: '1m' };
        import { sleep } from 'k6';
        export default function () { console.log('here'); sleep(0.01) }";
    let mut running = Running::start(&["--out", "ssek=run.ssek"], script);
    running.wait_for("here", 3);
    running.signal(libc::SIGINT);
    let (code, shown) = running.end();
    assert_eq!(code, Some(105), "{shown}");
    let record = file::read(&running.folder.path().join("run.ssek")).unwrap();
    assert!(record.complete && record.exit_code == 105);
    assert!(record.whole("iterations").unwrap().total.count() >= 2);
}

#[test]
fn merged_records_have_the_percentiles_of_the_whole() {
    let folder = tempfile::tempdir().unwrap();
    let mut all = Vec::new();
    let mut args = vec!["merge".to_owned()];
    for seed in 0..10 {
        let (record, values) = made(&Made { seed, seconds: 20, rate: 40, ttft: 50.0 + 30.0 * seed as f64 });
        let path = folder.path().join(format!("{seed}.ssek"));
        file::write(&record, &path).unwrap();
        all.extend(values);
        args.push(path.to_str().unwrap().to_owned());
    }
    let whole = folder.path().join("whole.ssek");
    args.extend(["-o".to_owned(), whole.to_str().unwrap().to_owned()]);
    let outcome = ssek(&args.iter().map(String::as_str).collect::<Vec<_>>()).outcome();
    assert_eq!(outcome.exit, Some(0), "{}", outcome.stderr);

    all.sort_by(f64::total_cmp);
    let merged: Record = file::read(&whole).unwrap();
    let series = merged.whole("llm_time_to_first_token").unwrap();
    let trend = series.total.trend().unwrap();
    assert_eq!((trend.count(), trend.min(), trend.max()), (8000, all[0], all[7999]));
    for p in [0.1, 1.0, 10.0, 50.0, 90.0, 95.0, 99.0, 99.9, 99.99] {
        let position: f64 = p / 100.0 * 7999.0;
        let (low, high) = (all[position as usize], all[(position as usize + 1).min(7999)]);
        let exact = low + (high - low) * position.fract();
        let off = (trend.percentile(p) / exact - 1.0).abs();
        assert!(off < 0.001, "p{p} is off by {off}");
    }
    let requests = merged.whole("llm_requests").unwrap();
    assert_eq!((requests.points.len(), requests.total.count(), merged.meta.runs), (20, 8000, 10));
    // What is read and written again stays the same.
    let again = folder.path().join("again.ssek");
    file::write(&merged, &again).unwrap();
    assert_eq!(unpacked(&whole), unpacked(&again));
}

#[test]
fn files_that_are_no_records_are_explained() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let (record, _) = made(&Made { seed: 1, seconds: 5, rate: 20, ttft: 60.0 });
    file::write(&record, &path("good")).unwrap();
    let good = fs::read(path("good")).unwrap();
    let text = unpacked(&path("good"));
    let packed = |text: &str| zstd::encode_all(text.as_bytes(), 1).unwrap();
    let mut flipped = good.clone();
    let middle = flipped.len() / 2;
    flipped[middle] ^= 0x40;
    let newer = text.replacen("\"ssek_record\":1", "\"ssek_record\":7", 1);
    let last = text.trim_end().rfind('\n').unwrap();
    let second = text.find('\n').unwrap() + 1;
    let third = second + text[second..].find('\n').unwrap() + 1;
    let lacks_one = format!("{}{}", &text[..second], &text[third..]);
    for (name, content, want) in [
        ("text", b"just text".to_vec(), "is no run record"),
        ("empty", Vec::new(), "is no run record"),
        ("json", packed("{\"a\":1}\n"), "is no run record"),
        ("head", good[..3].to_vec(), "is cut off"),
        ("half", good[..middle].to_vec(), "is cut off"),
        ("no-end", packed(&text[..=last]), "is cut off"),
        ("flipped", flipped, "the run record"),
        ("newer", packed(&newer), "is a run record of version 7"),
        ("lacks-one", packed(&lacks_one), "lines before the last"),
        ("bad-number", packed(&text.replacen("[[0,", "[[-1,", 1)), "is damaged in line"),
    ] {
        fs::write(path(name), content).unwrap();
        let error = file::read(&path(name)).unwrap_err().to_string();
        assert!(error.contains(want), "{name}: {error}");
    }
    // No byte of it can be changed unseen, and none makes the reader panic.
    for at in (0..good.len()).step_by(7) {
        let mut bytes = good.clone();
        bytes[at] ^= 0x21;
        fs::write(path("changed"), bytes).unwrap();
        let read = file::read(&path("changed")).map(|read| unpacked_equal(&read, &text, folder.path()));
        assert!(read.unwrap_or(true), "byte {at}");
    }
    let missing = ssek(&["summary", "nowhere.ssek"]).outcome();
    assert_eq!(missing.exit, Some(255));
    assert!(missing.stderr.contains("cannot read nowhere.ssek"), "{}", missing.stderr);
}

fn unpacked_equal(record: &Record, text: &str, folder: &Path) -> bool {
    file::write(record, &folder.join("again")).unwrap();
    unpacked(&folder.join("again")) == text
}

#[test]
fn a_record_that_cannot_be_written_is_told_before_the_run() {
    let script = "export default function () { console.log('ran') }";
    for (place, want) in [
        (
            "nowhere/run.ssek",
            "could not open nowhere/run.ssek for the ssek output: there is no folder nowhere",
        ),
        (".", "it is a folder"),
    ] {
        let spec = format!("ssek={place}");
        let outcome = ssek(&["run", "--out", &spec, "script.js"]).file("script.js", script).outcome();
        assert_ne!(outcome.exit, Some(0));
        assert!(outcome.stderr.contains(want) && !outcome.stderr.contains("ran"), "{}", outcome.stderr);
    }
}

#[test]
fn the_llm_summary_begins_with_a_table() {
    let args = [
        "run",
        "--quiet",
        "--mock",
        "--summary-mode=llm",
        "--out",
        "ssek",
        "-e",
        "API_KEY=none-at-all",
        "script.js",
    ];
    let mut run = ssek(&args).file("script.js", SCRIPT);
    let outcome = run.outcome();
    let table = outcome.stdout.split_once("THRESHOLDS").unwrap().0;
    for piece in ["█ LLM", "requests  6 (", "/s): 6 ok", "p99.9", "sse_time_to_first_event", "sse_event_gap"]
    {
        assert!(table.contains(piece), "no {piece} in:\n{table}");
    }
    let path = run.folder.path().join("run.ssek");
    let again = ssek(&["summary", "--summary-mode", "llm", path.to_str().unwrap()]).outcome();
    assert_eq!(again.stdout, outcome.stdout);
    let full = ssek(&["summary", "--summary-mode=full", path.to_str().unwrap()]).outcome().stdout;
    assert!(full.contains("SCENARIO: two") && full.contains("GROUP: reading"), "{full}");
    let refused = ssek(&["summary", "--summary-mode=loud", path.to_str().unwrap()]).outcome();
    assert!(refused.stderr.contains("invalid summary mode 'loud', allowed are: compact, full, llm"));
}
