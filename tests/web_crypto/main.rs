//! `crypto.subtle` against Node's: keys in every form, and what is made with them, both ways.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "../support/binary.rs"]
mod binary;

use std::fs;
use std::io::Write;
use std::process::{Command, Stdio};

use binary::{Outcome, in_repository, ssek};

/// What Node 20 made with `node node.mjs make`.
const BY_NODE: &str = include_str!("node.json");

const SCRIPT: &str = r#"
import { check, make } from './interop.mjs'
const { subtle } = crypto
const rsa = { name: 'RSA-PSS', hash: 'SHA-1', modulusLength: 512, publicExponent: new Uint8Array([3]) }
// Keys can be made in the init phase, too.
const early = await subtle.generateKey(rsa, true, ['sign', 'verify'])
const given = JSON.parse(open('made.json'))
export default async function () {
  if (early.privateKey.type !== 'private') throw new Error('no key')
  if (__ENV.MAKE) console.log(JSON.stringify(await make(subtle)))
  else console.log((await check(subtle, given)).join('\n') || 'fine')
}
"#;

fn run(made: &str, environment: &[(&str, &str)]) -> Outcome {
    let interop = fs::read_to_string(in_repository("tests/web_crypto/interop.mjs")).unwrap();
    let mut run = ssek(&["run", "-v", "-i", "1", "--log-format", "raw", "script.js"])
        .file("script.js", SCRIPT)
        .file("interop.mjs", &interop)
        .file("made.json", made);
    for (name, value) in environment {
        run = run.env(name, value);
    }
    run.outcome()
}

/// What the script logged.
fn logged(outcome: &Outcome) -> &str {
    assert_eq!(outcome.exit, Some(0), "{}", outcome.stderr);
    let is_answer = |line: &&str| line.starts_with("{\"cases\"") || *line == "fine";
    outcome.stderr.lines().find(is_answer).unwrap_or_else(|| panic!("{}", outcome.stderr))
}

#[test]
fn what_node_made() {
    assert_eq!(logged(&run(BY_NODE, &[])), "fine");
}

#[test]
fn node_understands_what_we_make() {
    let outcome = run("{}", &[("MAKE", "1")]);
    let made = logged(&outcome);
    let node = Command::new("node")
        .args(["node.mjs", "check"])
        .current_dir(in_repository("tests/web_crypto"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn();
    let Ok(mut node) = node else {
        eprintln!("SKIPPED: node is not installed; what ssek makes was only checked by ssek");
        assert_eq!(logged(&run(made, &[])), "fine");
        return;
    };
    node.stdin.take().unwrap().write_all(made.as_bytes()).unwrap();
    let answer = node.wait_with_output().unwrap();
    assert_eq!(String::from_utf8_lossy(&answer.stdout).trim(), "fine");
}

/// Keys are made off the thread of the VUs, and scripts with `crypto.subtle` share it.
#[test]
fn other_users_go_on_meanwhile() {
    let script = r#"
import { check } from 'k6'
export const options = { vus: 8, iterations: 8, thresholds: { checks: ['rate==1'] } }
const ec = { name: 'ECDSA', namedCurve: 'P-256' }
let ready
export default async function () {
  const { subtle } = crypto
  const rsa = { name: 'RSA-PSS', hash: 'SHA-256', modulusLength: 1024, publicExponent: new Uint8Array([3]) }
  ready = ready || (await subtle.generateKey(ec, true, ['sign', 'verify']))
  const ticks = []
  const timer = setInterval(() => ticks.push(Date.now()), 1)
  const { privateKey, publicKey } = await subtle.generateKey(rsa, false, ['sign', 'verify'])
  clearInterval(timer)
  const use = { name: 'RSA-PSS', saltLength: 20 }
  const data = new TextEncoder().encode(`of ${__VU}`)
  const signature = await subtle.sign(use, privateKey, data)
  const fine = await subtle.verify(use, publicKey, signature, data)
  const own = await subtle.sign({ name: 'ECDSA', hash: 'SHA-256' }, ready.privateKey, data)
  check(privateKey, {
    'the signature is right': () => fine && signature.byteLength === 128 && own.byteLength === 64,
    'timers fired meanwhile': () => ticks.length > 0,
    'it is a key': (key) => key instanceof crypto.CryptoKey && key.algorithm.publicExponent[0] === 3,
  })
}
"#;
    let outcome = ssek(&["run", "-v", "--threads", "1", "script.js"]).file("script.js", script).outcome();
    assert_eq!(outcome.exit, Some(0), "{}", outcome.stderr);
    assert!(!outcome.stderr.contains("each VU gets a realm"), "{}", outcome.stderr);
}
