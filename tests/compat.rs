//! The scripts of `tests/compat/`, each with what it must print beside it.
//!
//! `NAME.out` holds lines `KEY: TEXT`: `args`, `exit`, and pieces of `stdout` and `stderr` that must
//! appear in this order; `no stdout` and `no stderr` must not appear. Scripts find the mock server's
//! root in `__ENV.MOCK` and its OpenAI URL in `__ENV.SERVER_BENCH_URL`.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "support/binary.rs"]
mod binary;

use std::fs;
use std::path::Path;

use binary::{Outcome, in_repository, ssek};
use ssek::mock::Server;

#[test]
fn scripts_print_what_k6_would() {
    let server = Server::start("ttft=20,itl=2".parse().unwrap(), "127.0.0.1:0".parse().unwrap()).unwrap();
    let folder = in_repository("tests/compat");
    let mut cases: Vec<_> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    cases.retain(|path| path.extension().is_some_and(|extension| extension == "out"));
    cases.sort();
    assert!(!cases.is_empty());
    let failures: Vec<String> = cases.iter().filter_map(|case| run(case, &folder, &server).err()).collect();
    assert!(failures.is_empty(), "{} of {}:\n\n{}", failures.len(), cases.len(), failures.join("\n\n"));
}

/// Runs one case; the error says what was missing and shows what was there.
fn run(case: &Path, folder: &Path, server: &Server) -> Result<(), String> {
    let expected = fs::read_to_string(case).unwrap();
    let lines: Vec<(&str, &str)> = expected
        .lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| line.split_once(": ").unwrap())
        .collect();
    let of = |key: &str| lines.iter().filter(|(k, _)| *k == key).map(|(_, text)| *text).collect::<Vec<_>>();

    let args: Vec<&str> = of("args")[0].split(' ').collect();
    let mut run = ssek(&args).env("MOCK", &format!("http://{}", server.addr()));
    run = run.env("SERVER_BENCH_URL", &server.base_url());
    copy(folder, run.folder.path());
    let outcome = run.outcome();

    let mut wrong = Vec::new();
    if outcome.exit != of("exit")[0].parse().ok() {
        wrong.push(format!("exit code {:?}, not {}", outcome.exit, of("exit")[0]));
    }
    for (stream, shown) in [("stdout", &outcome.stdout), ("stderr", &outcome.stderr)] {
        wrong.extend(
            missing(shown, &of(stream)).map(|piece| format!("{stream} lacks, or has too early: {piece}")),
        );
        let unwanted = of(&format!("no {stream}"));
        wrong.extend(
            unwanted.iter().filter(|piece| shown.contains(**piece)).map(|p| format!("{stream} has: {p}")),
        );
    }
    if wrong.is_empty() { Ok(()) } else { Err(report(case, &wrong, &outcome)) }
}

/// The first piece that does not follow the ones before it.
fn missing(mut shown: &str, pieces: &[&str]) -> Option<String> {
    for piece in pieces {
        match shown.split_once(piece) {
            Some((_, rest)) => shown = rest,
            None => return Some((*piece).to_owned()),
        }
    }
    None
}

fn report(case: &Path, wrong: &[String], outcome: &Outcome) -> String {
    let name = case.file_stem().unwrap().to_string_lossy();
    format!("== {name}\n{}\n-- stdout\n{}\n-- stderr\n{}", wrong.join("\n"), outcome.stdout, outcome.stderr)
}

fn copy(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            fs::create_dir(&target).unwrap();
            copy(&path, &target);
        } else {
            fs::copy(&path, target).unwrap();
        }
    }
}
