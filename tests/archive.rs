//! `ssek archive`, what runs an archive, and `ssek deps`, from outside.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "support/binary.rs"]
mod binary;

use std::fs;
use std::path::Path;

use binary::{Outcome, Run, ssek};
use serde_json::Value;
use tar::{Builder, Header};

const SCRIPT: &str = r#""use k6 >= 2";
import { greet } from "./lib/greet.js";
import { SharedArray } from "k6/data";
import exec from "k6/execution";
const words = new SharedArray("words", () => JSON.parse(open("./words.json")));
const bytes = open("big.bin", "b");
const old = require("./lib/old.js");
export const options = { vus: 2, iterations: 4, tags: { from: "script" } };
export default function () {
  const n: number = bytes.byteLength;
  if (exec.scenario.iterationInTest === 0) console.log(greet(words[1]), n, old.answer, __ENV.A, __ENV.B, __ENV.C);
}
"#;

/// A test of several files, in a folder of its own below that of `run`.
fn project(run: Run) -> Run {
    let folder = run.folder.path().join("test/lib");
    fs::create_dir_all(&folder).unwrap();
    // Large enough to be read where it lies.
    fs::write(run.folder.path().join("test/big.bin"), vec![7; 3 << 20]).unwrap();
    run.file("test/main.ts", SCRIPT)
        .file("test/words.json", r#"["a", "wörld"]"#)
        .file("test/lib/greet.js", "export const greet = (whom) => `hello ${whom}`")
        .file("test/lib/old.js", "module.exports = { answer: 42 }")
}

/// Runs another command in the folder of an earlier one.
fn then(earlier: &Run, args: &[&str]) -> Outcome {
    let mut run = ssek(args);
    run.command.current_dir(&earlier.folder);
    run.outcome()
}

fn said(outcome: &Outcome) -> &str {
    assert_eq!(outcome.exit, Some(0), "{outcome:?}");
    &outcome.stderr
}

#[test]
fn an_archive_runs_without_its_files() {
    let mut run = project(ssek(&["archive", "-e", "A=1", "-e", "B=2", "--vus", "3", "test/main.ts"]))
        .env("K6_USER_AGENT", "from-env")
        .env("C", "system");
    said(&run.outcome());
    fs::remove_dir_all(run.folder.path().join("test")).unwrap();

    let quiet = ["run", "-q", "--log-format=raw"];
    for args in [&["-e", "B=9", "archive.tar"][..], &["-e", "B=9", "-t", "archive", "archive.tar"]] {
        let outcome = then(&run, &[&quiet, args].concat());
        assert_eq!(said(&outcome), "hello wörld 3145728 42 1 9 undefined\n");
    }
    let mut piped = ssek(&[&quiet[..], &["-e", "B=9", "-"]].concat());
    piped.command.write_stdin(fs::read(run.folder.path().join("archive.tar")).unwrap());
    assert_eq!(said(&piped.outcome()), "hello wörld 3145728 42 1 9 undefined\n");

    let inspected = then(&run, &["inspect", "archive.tar"]);
    let options: Value = serde_json::from_str(&inspected.stdout).unwrap();
    assert_eq!((&options["vus"], &options["iterations"]), (&3.into(), &4.into()));
    assert_eq!(options["userAgent"], "from-env");
    assert_eq!(options["scenarios"], Value::Null, "shortcuts stay shortcuts");
    let needed = then(&run, &["inspect", "--execution-requirements", "archive.tar"]);
    let needed: Value = serde_json::from_str(&needed.stdout).unwrap();
    assert_eq!((&needed["maxVUs"], &needed["totalDuration"]), (&3.into(), &"10m30s".into()));

    // Stored options are the script's level: flags win, and clear the shape of the load.
    let outcome = then(&run, &["run", "archive.tar", "--duration", "1s", "-u", "1"]);
    assert!(outcome.stdout.contains("1 looping VUs for 1s"), "{}", outcome.stdout);
}

#[test]
fn the_same_test_makes_the_same_archive() {
    let mut run = project(ssek(&["archive", "test/main.ts", "-e", "A=1", "-O", "-"]));
    let first = run.command.output().unwrap().stdout;
    assert!(first.len() > 3 << 20);
    fs::write(run.folder.path().join("first.tar"), &first).unwrap();
    let mut again = ssek(&["archive", "first.tar", "-O", "-"]);
    assert!(again.command.current_dir(&run.folder).output().unwrap().stdout == first);

    let metadata = |args: &[&str]| {
        let mut out = ssek(&[&["archive", "-O", "-"], args].concat());
        let tar = out.command.env("HERE", "1").current_dir(&run.folder).output().unwrap().stdout;
        let mut tar = tar::Archive::new(tar.as_slice());
        let entry = tar.entries().unwrap().next().unwrap().unwrap();
        serde_json::from_reader::<_, Value>(entry).unwrap()
    };
    let shown = metadata(&["test/main.ts", "-e", "A=1"]);
    assert_eq!(shown["env"], serde_json::json!({"A": "1"}), "no variables of the system");
    assert_eq!(shown["dependencies"], serde_json::json!({"k6": ">=2"}));
    let keys: Vec<_> = shown.as_object().unwrap().keys().map(String::as_str).collect();
    let want = [
        "type",
        "options",
        "filename",
        "pwd",
        "env",
        "compatibilityMode",
        "k6version",
        "goos",
        "dependencies",
    ];
    assert_eq!(keys, want);
    assert_eq!(metadata(&["test/main.ts", "-e", "A=1", "--exclude-env-vars"])["env"], serde_json::json!({}));
    assert_eq!(metadata(&["test/main.ts", "--include-system-env-vars"])["env"]["HERE"], "1");
}

/// An archive as k6 lays it out, with a module from the web.
fn of_k6() -> Vec<u8> {
    let metadata = r#"{"type":"js","options":{"vus":null,"iterations":2,"tlsVersion":{"min":"","max":""},
        "dns":{"ttl":null,"select":null,"policy":null},"systemTags":["url","name"],"noSuchOptionYet":1},
        "filename":"file:///home/nobody/my%20tests/a.js","pwd":"file:///home/nobody/my%20tests/",
        "env":{"A":"1"},"compatibilityMode":"base","k6version":"2.2.0","goos":"linux"}"#;
    let main = "import { f } from 'https://jslib.k6.io/x/1.0/index.js'\nimport { g } from './g.js'\n\
                import '/home/alice/my tests/g.js'\nconst t = open('d.txt').trim()\n\
                try { open('/etc/hostname') } catch (e) { if (__VU === 0) console.log(String(e)) }\n\
                export default () => console.log(f(), g, t, __ENV.A, typeof global)";
    let mut tar = Builder::new(Vec::new());
    let mut put = |name: &str, text: &str| {
        tar.append_pax_extensions([("mtime", "1700000000.5".as_bytes())]).unwrap();
        let mut header = Header::new_ustar();
        header.set_size(text.len() as u64);
        header.set_mode(0o644);
        tar.append_data(&mut header, name, text.as_bytes()).unwrap();
    };
    put("metadata.json", metadata);
    put("data", main);
    put("file/home/nobody/my tests/d.txt", "data\n");
    put("file/home/nobody/my tests/g.js", "export const g = 'g'");
    put("https/jslib.k6.io/x/1.0/index.js", "export { f } from './lib/f.js'");
    put("https/jslib.k6.io/x/1.0/lib/f.js", "export const f = () => 'from the web'");
    let mut link = Header::new_ustar();
    link.set_entry_type(tar::EntryType::Link);
    link.set_size(0);
    tar.append_link(&mut link, "file/home/nobody/my tests/a.js", "data").unwrap();
    tar.into_inner().unwrap()
}

#[test]
fn an_archive_of_k6_runs() {
    let mut run = ssek(&["run", "-q", "--log-format=raw", "k6.tar"]);
    fs::write(run.folder.path().join("k6.tar"), of_k6()).unwrap();
    let outcome = run.outcome();
    let want = [
        "GoError: stat /etc/hostname: no such file in the archive, and archives can open no other files",
        "There were unknown fields in the options of the archive",
        "from the web g data 1 undefined",
        "from the web g data 1 undefined",
    ];
    assert_eq!(said(&outcome).lines().collect::<Vec<_>>(), want, "{outcome:?}");
}

#[test]
fn what_is_no_archive_is_said() {
    let whole = of_k6();
    for (bytes, args, word) in [
        (
            &b"export default () => 1"[..],
            &["-t", "archive"][..],
            "could not read the archive 'a.tar': it is no whole tar",
        ),
        (&whole[..900], &[], "it is no whole tar file"),
        (&whole[2048..], &[], "it has no entry 'metadata.json'"),
        (&whole, &["-t", "js"], "SyntaxError"),
    ] {
        let mut run = ssek(&[&["run", "a.tar"], args].concat());
        fs::write(run.folder.path().join("a.tar"), bytes).unwrap();
        let outcome = run.outcome();
        assert_ne!(outcome.exit, Some(0), "{outcome:?}");
        assert!(outcome.stderr.contains(word) || word == "SyntaxError", "{outcome:?}");
    }
    let outcome = ssek(&["archive", "nope.js"]).outcome();
    assert_eq!(outcome.exit, Some(255), "{outcome:?}");
    let mut run = ssek(&["archive", "a.js", "-O", "a.js"]).file("a.js", "export default () => 1");
    assert!(run.outcome().stderr.contains("would overwrite the script"));
    let mut run = ssek(&["archive", "a.js", "-O", "no/such/a.tar"]).file("a.js", "export default () => 1");
    assert!(run.outcome().stderr.contains("could not create the archive 'no/such/a.tar'"));
    assert!(!Path::new("archive.tar").exists());
}

#[test]
fn dependencies_are_listed_without_a_run() {
    let script = "import faker from 'k6/x/faker'\nimport sse from 'k6/x/sse'\nthrow new Error('it ran')";
    let mut run = ssek(&["deps", "a.js"]).file("a.js", script);
    let outcome = run.outcome();
    let url = format!("file://{}/a.js", run.folder.path().canonicalize().unwrap().display());
    let want = format!(
        "Build Dependencies:\n  k6/x/faker: *\n  k6/x/sse: *\n\nImports:\n  {url}\n  k6/x/faker\n  k6/x/sse\n\n\
         Custom Build Required: yes\n"
    );
    assert_eq!(outcome.stdout, want);
    assert!(outcome.stderr.contains(r#"ssek has no module \"k6/x/faker\""#), "{outcome:?}");
    let json = then(&run, &["deps", "--json", "a.js"]).stdout;
    let json: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["buildDependencies"], serde_json::json!({"k6/x/faker": "*", "k6/x/sse": "*"}));
    assert_eq!((&json["imports"][1], &json["customBuildRequired"]), (&"k6/x/faker".into(), &true.into()));

    let mut plain = ssek(&["deps", "-"]);
    plain.command.write_stdin("export default () => 1");
    let outcome = plain.outcome();
    assert!(
        outcome.stdout.starts_with("Build Dependencies:\n  (none)\n\nImports:\n  file://"),
        "{outcome:?}"
    );
    assert!(outcome.stdout.ends_with("\n\nCustom Build Required: no\n"));
}
