//! Readers that went away and disks that are full: the test runs to its end, and what is lost is said.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "support/binary.rs"]
mod binary;
#[path = "support/running.rs"]
mod running;

use std::process::Stdio;

use binary::ssek;
use serde_json::Value;

const SCRIPT: &str = "import { sleep } from 'k6';
    export const options = { vus: 2, iterations: 300 };
    export default function () { console.log('x'.repeat(200)); sleep(0.01) }
    export function teardown() { console.log('torn down') }";

fn iterations(folder: &tempfile::TempDir) -> Value {
    let figures = std::fs::read_to_string(folder.path().join("figures.json")).unwrap();
    serde_json::from_str::<Value>(&figures).unwrap()["metrics"]["iterations"]["count"].clone()
}

#[test]
fn nobody_reads_what_is_printed() {
    for args in [&["--out=csv=samples.csv"][..], &["--out=json", "--log-output=stdout"], &["-v"]] {
        let mut all = vec!["run", "--summary-export=figures.json"];
        all.extend(args.iter().chain(&["script.js"]));
        let (mut command, folder) = running::command(&all, SCRIPT);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop((child.stdout.take(), child.stderr.take()));
        assert_eq!(running::wait(&mut child), Some(0), "{args:?}");
        assert_eq!(iterations(&folder), 300, "{args:?}");
    }
}

#[test]
fn the_disk_is_full() {
    for (flag, said) in [
        ("--out=json=/dev/full", "Writing to the output json (/dev/full) failed"),
        ("--out=csv=/dev/full", "Writing to the output csv (/dev/full) failed"),
        ("--summary-export=/dev/full", "error saving summary to '/dev/full'"),
        ("--console-output=/dev/full", "could not write to /dev/full, lines are missing from it"),
        ("--log-output=file=/dev/full", "could not write to /dev/full, lines are missing from it"),
    ] {
        let mut run = ssek(&["run", "--summary-export=figures.json", flag, "script.js"]);
        if flag.starts_with("--summary") {
            run = ssek(&["run", flag, "script.js"]);
        }
        let mut run = run.file("script.js", SCRIPT);
        let outcome = run.outcome();
        assert_eq!(outcome.exit, Some(0), "{flag}: {outcome:?}");
        assert_eq!(outcome.stderr.matches(said).count(), 1, "{flag}: {}", outcome.stderr);
        assert!(outcome.stdout.contains("300 complete and 0 interrupted"), "{flag}: {}", outcome.stdout);
        if !flag.starts_with("--summary") {
            assert_eq!(iterations(&run.folder), 300, "{flag}");
        }
    }
}

#[test]
fn files_of_handle_summary_that_cannot_be_written_are_named() {
    let script = "export default function () {}\n\
                  export function handleSummary() { return { '/dev/full': 'x', 'no/such': 'y', 'there': 'z' } }";
    let mut run = ssek(&["run", "--quiet", "script.js"]).file("script.js", script);
    let outcome = run.outcome();
    assert_eq!(outcome.exit, Some(0), "{outcome:?}");
    for said in ["error saving summary to '/dev/full'", "could not open 'no/such'"] {
        assert!(outcome.stderr.contains(said), "{said}: {}", outcome.stderr);
    }
    assert_eq!(std::fs::read_to_string(run.folder.path().join("there")).unwrap(), "z");
}
