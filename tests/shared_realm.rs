//! VUs that share a thread and a realm must not see each other.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::path::Path;

use assert_cmd::Command;
use tempfile::TempDir;

/// Checks that fail if one VU sees another's module variables, closures, globals, tags or settings.
const MAIN: &str = r#"
import { check, sleep } from 'k6'
import exec from 'k6/execution'
import http, { setResponseCallback, expectedStatuses } from 'k6/http'
import { Counter } from 'k6/metrics'
import { count, Tally } from './lib.js'

export const options = { thresholds: { checks: ['rate==1'], own: ['count==40'] } }
const own = new Counter('own')
const tally = new Tally()
let iterations = 0
const seen = []

export default function () {
  const vu = __VU
  check(null, {
    'module variables are my own': () => iterations === __ITER && seen.every((id) => id === vu),
    'so are an imported module\'s': () => count() === __ITER + 1 && tally.add() === __ITER + 1,
    'and __ENV': () => __ENV.MINE === undefined || __ENV.MINE === String(vu),
    'and tags': () => exec.vu.tags.mine === undefined || exec.vu.tags.mine === String(vu),
    'and the number of the VU': () => exec.vu.idInTest === vu,
  })
  iterations++
  seen.push(vu)
  __ENV.MINE = String(vu)
  exec.vu.tags.mine = String(vu)
  own.add(1)
  if (vu % 2) setResponseCallback(expectedStatuses(200))
  else setResponseCallback(expectedStatuses({ min: 400, max: 499 }))
  sleep(0.02)
  check(vu, {
    'after others had their turn': (id) => id === __VU && __ENV.MINE === String(__VU),
    'cookies are my own': () => {
      const jar = http.cookieJar()
      const before = jar.cookiesForURL('http://a.test').id
      jar.set('http://a.test', 'id', String(vu))
      return before === undefined || before[0] === String(vu)
    },
  })
}
"#;

const LIB: &str = r#"
let calls = 0
export function count() { return ++calls }
export class Tally {
  #sum = 0
  add() { return ++this.#sum }
}
"#;

/// Changes what VUs would share: each must get a realm of its own.
const UNSHAREABLE: &str = r#"
import { check, sleep } from 'k6'
export const options = { thresholds: { checks: ['rate==1'] } }
Math.calls = 0
export default function () {
  check(null, { 'a property of Math is my own': () => Math.calls++ === __ITER })
  sleep(0.02)
}
"#;

fn run(folder: &Path, script: &str, args: &[&str]) -> (bool, String) {
    let mut command = Command::cargo_bin("ssek").unwrap();
    command.current_dir(folder).args(["run", "--vus", "8", "--iterations", "40", "--threads", "1", "-v"]);
    let output = command.args(args).arg(script).timeout(std::time::Duration::from_secs(60)).output().unwrap();
    let text =
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    (output.status.success(), text)
}

fn scripts() -> TempDir {
    let folder = TempDir::new().unwrap();
    for (name, text) in [("main.js", MAIN), ("lib.js", LIB), ("unshareable.js", UNSHAREABLE)] {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    folder
}

#[test]
fn vus_of_a_realm_do_not_see_each_other() {
    let folder = scripts();
    for args in [&[][..], &["--share-realm=false"]] {
        let (passed, text) = run(folder.path(), "main.js", args);
        assert!(passed, "{args:?}: {text}");
        assert!(!text.contains("a realm and a thread of its own"), "{text}");
    }
}

#[test]
fn scripts_that_could_tell_do_not_share() {
    let folder = scripts();
    let (passed, text) = run(folder.path(), "unshareable.js", &[]);
    assert!(passed, "{text}");
    assert!(text.contains("a realm and a thread of its own: assignment to Math.calls"), "{text}");
}
