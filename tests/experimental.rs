//! `k6/experimental/*` from outside: files in parts, CSV, streams, and what an import of other modules says.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "support/binary.rs"]
mod binary;

use std::fmt::Write as _;
use std::fs;

use binary::{Outcome, Run, ssek};

const QUIET: [&str; 3] = ["run", "-q", "--log-format=raw"];

fn run(args: &[&str], script: &str) -> Run {
    let args = [&QUIET, args, &["script.js"]].concat();
    ssek(&args).file("script.js", script).file("data.csv", "name,n\nx,0\ny,1\n\"z, \"\"z\"\"\",2\n")
}

fn said(outcome: &Outcome) -> &str {
    assert_eq!(outcome.exit, Some(0), "{outcome:?}");
    &outcome.stderr
}

#[test]
fn files_are_read_in_parts() {
    let script = r#"
import { open, SeekMode } from 'k6/experimental/fs'
const file = await open('./data.csv')
const failed = []
for (const path of ['none.csv', '.', '', undefined]) {
  await open(path).catch((e) => failed.push(e.name))
}
export default async function () {
  const { name, size } = await file.stat()
  const into = new Uint8Array(4)
  const n = await file.read(into)
  console.log(name, size, n, String.fromCharCode(...into), file.path.endsWith('/data.csv'), failed.join())
  await file.seek(-3, SeekMode.End)
  console.log(await file.read(into), String.fromCharCode(...into), await file.read(into))
  const view = into.subarray(1, 3)
  console.log(await file.seek(0, SeekMode.Start), await file.read(view), into.join())
  console.log(await file.seek(1, SeekMode.Current))
  for (const args of [[99, SeekMode.Start], [1, 7], ['1', 0], [null, 0]]) {
    await file.seek(...args).catch((e) => console.log(e.name, e.message))
  }
  await file.read([]).catch((e) => console.log(e.name, e.message))
  await open('data.csv').catch((e) => console.log(e.name, e.message))
}
"#;
    // What could not be opened for the first user is not there for the others.
    let want = "data.csv 28 4 name true NotFoundError,NotFoundError,TypeError,TypeError\n4 \",2\n null\n0 2 34,110,97,10\n3\n\
                TypeError seeking beyond end of file\n\
                TypeError seek() failed; reason: the whence argument must be a SeekMode\n\
                TypeError seek() failed; reason: the offset argument must be a number\n\
                TypeError seek() failed; reason: the offset argument cannot be null or undefined\n\
                TypeError read() failed; reason: into argument must be a Uint8Array\n\
                ForbiddenError open() failed; reason: opening a file is allowed only in the Init context\n";
    assert_eq!(said(&run(&[], script).outcome()), want);
}

#[test]
fn each_virtual_user_has_its_place_in_a_large_file() {
    let script = r#"
import { check } from 'k6'
import { open } from 'k6/experimental/fs'
export const options = { vus: 4, iterations: 8, thresholds: { checks: ['rate==1'] } }
const file = await open('big.bin')
const into = new Uint8Array(1 << 20)
export default async function () {
  let sum = 0
  await file.seek(0, 0)
  for (let n; (n = await file.read(into)) !== null; ) sum += n
  check(sum, { 'all of it': (sum) => sum === 3 << 20 })
}
"#;
    let mut run = run(&[], script);
    fs::write(run.folder.path().join("big.bin"), vec![7; 3 << 20]).unwrap();
    said(&run.outcome());
}

#[test]
fn records_of_a_file() {
    let script = r#"
import { open } from 'k6/experimental/fs'
import csv from 'k6/experimental/csv'
const rows = await csv.parse(await open('data.csv'), { skipFirstLine: true })
const objects = await csv.parse(await open('data.csv'), { asObjects: true, toLine: 2 })
const parser = new csv.Parser(await open('data.csv'), { fromLine: 2 })
const failed = []
await csv.parse('data.csv').catch((e) => failed.push(e.message))
await csv.parse(await open('data.csv'), { fromLine: 2, toLine: 2 }).catch((e) => failed.push(e.message))
try { new csv.Parser() } catch (e) { failed.push(e.message) }
try { new csv.Parser(await open('data.csv'), { delimiter: ';;' }) } catch (e) { failed.push(e.message) }
export default async function () {
  console.log(rows.length, Array.isArray(rows), JSON.stringify(rows), JSON.stringify(objects))
  for (;;) {
    const { done, value } = await parser.next()
    console.log(done, JSON.stringify(value))
    if (done) break
  }
  failed.forEach((text) => console.log(text))
  try { new csv.Parser(1) } catch (e) { console.log(e.message) }
}
"#;
    let want = r#"3 true [["x","0"],["y","1"],["z, \"z\"","2"]] [{"n":"0","name":"x"},{"n":"1","name":"y"}]
false ["y","1"]
false ["z, \"z\"","2"]
true []
first argument expected to be a fs.File instance, got string instead
failed to interpret the provided Parser options; reason: fromLine must be less than or equal to toLine
csv Parser constructor takes at least one non-nil source argument
encountered an error while interpreting Parser options; reason: delimiter must be a single character
csv Parser constructor must be called in the init context
"#;
    assert_eq!(said(&run(&[], script).outcome()), want);
}

#[test]
fn a_large_table_for_many_virtual_users_and_in_an_archive() {
    let script = r#"
import { check } from 'k6'
import exec from 'k6/execution'
import { open } from 'k6/experimental/fs'
import csv from 'k6/experimental/csv'
export const options = { vus: 3, iterations: 6, thresholds: { checks: ['rate==1'] } }
const rows = await csv.parse(await open('big.csv'), { asObjects: true })
const parser = new csv.Parser(await open('big.csv'), { skipFirstLine: true })
export default async function () {
  const row = rows[59_000 + exec.scenario.iterationInTest]
  const next = await parser.next()
  check(row, {
    'all rows': () => rows.length === 60_000,
    'this one': ({ id, text }) => id === String(59_000 + exec.scenario.iterationInTest) && text.length === 20,
    'each has a parser': () => next.value[0] === String(exec.vu.iterationInInstance),
  })
}
"#;
    let mut table = String::from("id,text\n");
    for id in 0..60_000 {
        writeln!(table, "{id},{id:020}").unwrap();
    }
    let mut first = run(&[], script).file("big.csv", &table);
    said(&first.outcome());
    let then = |args: &[&str]| {
        let mut run = ssek(args);
        run.command.current_dir(&first.folder);
        run.outcome()
    };
    said(&then(&["archive", "script.js"]));
    fs::remove_file(first.folder.path().join("big.csv")).unwrap();
    said(&then(&[&QUIET[..], &["archive.tar"]].concat()));
}

#[test]
fn streams_of_many_virtual_users() {
    let script = r#"
import { check } from 'k6'
import { ReadableStream, WritableStream, CountQueuingStrategy } from 'k6/experimental/streams'
export const options = { vus: 20, iterations: 60, thresholds: { checks: ['rate==1'] } }
export default async function () {
  let n = 0
  const source = new ReadableStream({
    async pull(controller) {
      await new Promise((resolve) => setTimeout(resolve, 1))
      controller.enqueue(__VU * 100 + n++)
      if (n === 5) controller.close()
    },
  }, new CountQueuingStrategy({ highWaterMark: 2 }))
  const kept = []
  const writer = new WritableStream({ write: (chunk) => void kept.push(chunk) }).getWriter()
  const reader = source.getReader()
  for (;;) {
    const { done, value } = await reader.read()
    if (done) break
    await writer.ready
    writer.write(value)
  }
  await writer.close()
  check(kept, { 'all of it, in order': (kept) => kept.join() === [0, 1, 2, 3, 4].map((n) => __VU * 100 + n).join() })
}
"#;
    let mut run = run(&["-v"], script);
    let outcome = run.outcome();
    assert_eq!(outcome.exit, Some(0), "{outcome:?}");
    assert!(!outcome.stderr.contains("a realm and a thread of its own"), "{outcome:?}");
}

#[test]
fn an_endless_source_is_cut_off() {
    let script = r#"
import { ReadableStream } from 'k6/experimental/streams'
export const options = { scenarios: { s: { executor: 'constant-vus', vus: 1, duration: '1s', gracefulStop: '0s' } } }
export default async function () {
  const reader = new ReadableStream({ pull(controller) { controller.enqueue(1) } }).getReader()
  while (!(await reader.read()).done);
}
"#;
    said(&run(&[], script).outcome());
}

#[test]
fn modules_that_are_not_there() {
    for (import, word) in [
        (
            "k6/experimental/redis",
            "the module k6/experimental/redis has been removed from k6; use the extension",
        ),
        ("k6/experimental/timers", "use k6/timers"),
        ("k6/browser", "ssek drives no browser"),
        ("k6/x/faker", "of the extensions it has k6/x/sse"),
        ("k6/experimental/nope", "unknown modules ["),
    ] {
        for script in [format!("import x from '{import}'"), format!("const x = require('{import}')")] {
            let outcome = run(&[], &format!("{script}\nexports.default = () => {{}}")).outcome();
            assert_eq!(outcome.exit, Some(107), "{outcome:?}");
            assert!(outcome.stderr.contains(word), "{script}: {outcome:?}");
        }
    }
}
