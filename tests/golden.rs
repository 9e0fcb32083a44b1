//! k6's own output for scripts that are kept beside the repository: which cases differ is written down
//! in `docs/compat.md`, and this holds that list true in both directions.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "support/binary.rs"]
mod binary;

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use binary::{beside_repository, in_repository};

/// The heading of the table in `docs/compat.md`.
const HEADING: &str = "## Golden cases that differ";

/// check.py masks times of day but for the first digit of the hour, which is a 0 in what k6 printed for this case.
const TELLS_THE_HOUR: &str = "console-json";

#[test]
fn the_cases_that_differ_from_k6_are_those_in_the_papers() {
    let Some(check) = beside_repository("golden/check.py") else {
        eprintln!("SKIPPED: there are no golden cases in ../shared/golden");
        return;
    };
    if Command::new("python3").arg("--version").output().is_err() {
        eprintln!("SKIPPED: the golden cases need python3");
        return;
    }
    let mut shown = run(&check, &[]);
    let mut differing = differing_of(&shown);
    let documented = documented();
    // A case whose lines depend on when a busy machine gets to them has another chance on its own.
    let surprising =
        differing.keys().filter(|case| !documented.contains_key(*case)).cloned().collect::<Vec<_>>();
    if !surprising.is_empty() {
        let again = run(&check, &surprising);
        let still = differing_of(&again);
        differing.retain(|case, _| !surprising.contains(case) || still.contains_key(case));
        shown = format!("{shown}\nagain:\n{again}");
    }
    if jiff::Zoned::now().hour() >= 10 {
        differing.remove(TELLS_THE_HOUR);
    }
    let mut wrong = Vec::new();
    for (case, exit) in &differing {
        match documented.get(case) {
            None => wrong.push(format!("{case} differs, which docs/compat.md does not say")),
            Some(known) if known != exit => wrong.push(format!(
                "{case}: {}, docs/compat.md says: {}",
                exit.as_deref().unwrap_or("right exit code"),
                known.as_deref().unwrap_or("right exit code")
            )),
            Some(_) => {}
        }
    }
    let mended = documented.keys().filter(|case| !differing.contains_key(*case));
    wrong.extend(mended.map(|case| format!("{case} is as k6 has it now: strike it off docs/compat.md")));
    assert!(wrong.is_empty(), "{}\n\ncheck.py said:\n{shown}", wrong.join("\n"));
}

/// What check.py prints for the cases with these names, or for all.
fn run(check: &Path, cases: &[String]) -> String {
    let mut command = Command::new("python3");
    command.arg(check).args(["--ssek", env!("CARGO_BIN_EXE_ssek")]).args(cases);
    let output = command.output().unwrap();
    let shown = String::from_utf8_lossy(&output.stdout).into_owned();
    let counted = shown.lines().any(|line| line.starts_with("exit codes right: "));
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(counted, "check.py did not finish:\n{shown}\n{complaint}");
    shown
}

/// The cases that check.py complains about, with what it says of their exit codes.
fn differing_of(shown: &str) -> BTreeMap<String, Option<String>> {
    let cases = shown.lines().filter_map(|line| line.split_once(": "));
    cases
        .filter(|(case, _)| !case.contains(' '))
        .map(|(case, aspects)| (case.to_owned(), aspects.starts_with("exit ").then(|| exit_code(aspects))))
        .collect()
}

/// `exit 0, not 105` of `exit 0, not 105, stdout`.
fn exit_code(aspects: &str) -> String {
    aspects.split(", ").take(2).collect::<Vec<_>>().join(", ")
}

/// The rows of the table: the case, and the exit code where it is not k6's.
fn documented() -> BTreeMap<String, Option<String>> {
    let text = std::fs::read_to_string(in_repository("docs/compat.md")).unwrap();
    let (_, section) = text.split_once(HEADING).expect("docs/compat.md has the table");
    let section = section.split("\n## ").next().unwrap_or(section);
    let rows =
        section.lines().filter_map(|line| line.strip_prefix("| `")).filter_map(|row| row.split_once("` |"));
    rows.map(|(case, rest)| {
        let first = rest.split('|').next().unwrap_or_default().trim();
        (case.to_owned(), first.starts_with("exit ").then(|| first.to_owned()))
    })
    .collect()
}

#[test]
fn what_check_py_says_is_understood() {
    let shown = "sse-drop: exit 0, not 105, stdout\nsse-get: stderr\n95 passed, 2 failed\nexit codes right: 96 of 97\n";
    let cases = differing_of(shown);
    assert_eq!(cases.len(), 2);
    assert_eq!(cases["sse-drop"].as_deref(), Some("exit 0, not 105"));
    assert_eq!(cases["sse-get"], None);
}
