//! Every stream of the corpora gives its events however it is cut.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use serde_json::Value;
use ssek::net::event_stream::{Limits, Parsed, Parser};

struct Case {
    name: String,
    stream: Vec<u8>,
    events: Vec<Value>,
}

fn cases(folder: &Path) -> Vec<Case> {
    let mut files: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|ext| ext == "sse"));
    files.sort();
    files
        .iter()
        .map(|path| Case {
            name: path.file_stem().unwrap().to_string_lossy().into_owned(),
            stream: fs::read(path).unwrap(),
            events: serde_json::from_slice(&fs::read(path.with_extension("json")).unwrap()).unwrap(),
        })
        .collect()
}

fn parse<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Vec<Parsed> {
    let mut parser = Parser::new(Limits::default(), false);
    let mut out = Vec::new();
    for piece in pieces {
        parser.feed(piece, &mut out).unwrap();
    }
    out
}

/// Compares with the expected events; `default_name` is what the corpus writes for an absent name.
fn check(case: &Case, parsed: &[Parsed], default_name: &str, cut: &str) {
    let found: Vec<_> =
        parsed.iter().filter_map(|p| if let Parsed::Event(e) = p { Some(e) } else { None }).collect();
    let context = || format!("{} {cut}: {found:#?}", case.name);
    assert_eq!(found.len(), case.events.len(), "{}", context());
    for (event, wanted) in found.iter().zip(&case.events) {
        let name = if event.name.is_empty() { default_name } else { &event.name };
        assert_eq!(Some(event.id.as_str()), wanted["id"].as_str(), "{}", context());
        assert_eq!(Some(name), wanted["event"].as_str(), "{}", context());
        assert_eq!(Some(event.data.as_str()), wanted["data"].as_str(), "{}", context());
        // A number of more than 64 bits is clamped.
        let retry = wanted.get("retry").map(|n| n.as_u64().unwrap_or(u64::MAX));
        assert_eq!(event.retry, retry, "{}", context());
        if default_name.is_empty() {
            let comment = wanted.get("comment").map_or("", |c| c.as_str().unwrap());
            assert_eq!(event.comment, comment, "{}", context());
        }
    }
}

/// Where to cut in two: everywhere in short streams; in long ones at the start and around line ends, a few
/// hundred places in all.
fn places(stream: &[u8]) -> Vec<usize> {
    if stream.len() <= 2500 {
        return (0..=stream.len()).collect();
    }
    let at_line_end = |at: &usize| {
        stream[at.saturating_sub(2)..(at + 1).min(stream.len())].iter().any(|b| matches!(b, b'\r' | b'\n'))
    };
    let ends: Vec<usize> = (0..=stream.len()).filter(at_line_end).collect();
    let wanted = (2_000_000 / stream.len()).max(8);
    let ends = ends.iter().copied().step_by((ends.len() / wanted).max(1));
    (0..16).chain(ends).chain((0..stream.len()).step_by(stream.len() / 8)).collect()
}

fn check_all(folder: &Path, default_name: &str) -> usize {
    let cases = cases(folder);
    for case in &cases {
        let whole = parse([&case.stream[..]]);
        check(case, &whole, default_name, "whole");
        assert!(parse(case.stream.chunks(1)) == whole, "{} byte by byte", case.name);
        for at in places(&case.stream) {
            let (a, b) = case.stream.split_at(at);
            assert!(parse([a, b]) == whole, "{} cut at {at}", case.name);
        }
    }
    cases.len()
}

#[test]
fn our_corpus_at_every_cut() {
    assert!(check_all(Path::new("tests/corpus"), "") >= 20);
}

#[test]
fn shared_corpus_at_every_cut() {
    let folder = Path::new("../shared/sse-corpus");
    if !folder.is_dir() {
        // Past the harness, which would swallow it.
        let _ = writeln!(
            std::io::stderr(),
            "SKIPPED: {} is not there; only our own corpus was checked",
            folder.display()
        );
        return;
    }
    assert!(check_all(folder, "message") >= 80);
}
