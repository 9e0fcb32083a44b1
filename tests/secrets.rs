//! `k6/secrets`: where values come from, and that nothing shows them.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "support/binary.rs"]
mod binary;
#[path = "support/slow_server.rs"]
mod support;

use std::fs;
use std::sync::atomic::{AtomicUsize, Ordering};

use binary::{Outcome, Run, ssek};
use support::{Server, respond};

const MARK: &str = "***SECRET_REDACTED***";

fn run(args: &[&str], script: &str) -> Run {
    let args = [&["run", "-q", "--log-format=raw"], args, &["script.js"]].concat();
    ssek(&args).file("script.js", script).file("secrets.txt", "# two\ncool=so me\"1\nelse=a=b&c\n")
}

fn said(outcome: &Outcome) -> &str {
    assert_eq!(outcome.exit, Some(0), "{outcome:?}");
    &outcome.stderr
}

#[test]
fn sources_and_their_errors() {
    let script = r#"
import secrets from 'k6/secrets'
const early = (await secrets.get('cool')).length
export default async function () {
  const cool = await secrets.get('cool')
  const { get } = secrets.source('other')
  console.log(early, cool.split('').join('.'), (await get('else')).split('').join('.'))
  await secrets.get('none').catch((e) => console.log(String(e)))
  await secrets.source('third').get('cool').catch((e) => console.log(e.message))
}
"#;
    let flags = ["--secret-source=file=secrets.txt,default", "--secret-source", "mock=name=other,else=xyz"];
    let want = "7 s.o. .m.e.\".1 x.y.z\n\
                GoError: the secret source \"file\" gave no secret for the key \"none\": it has none\n\
                there is no secret source named \"third\"\n";
    assert_eq!(said(&run(&flags, script).outcome()), want);

    let script = "import s from 'k6/secrets'\nexport default () => s.get('a').then(console.log, (e) => console.log(e.message, [...e.message].length))";
    assert_eq!(said(&run(&[], script).outcome()), "no secret sources are configured 32\n");
    let mut from_env = run(&[], script).env("K6_SECRET_SOURCE", "mock=a=1234x");
    assert_eq!(said(&from_env.outcome()), format!("{MARK}\n"));
    let outcome = run(&["--secret-source=file=none.txt"], script).outcome();
    assert_eq!(outcome.exit, Some(255));
    assert!(outcome.stderr.contains("could not read 'none.txt'"), "{outcome:?}");
}

#[test]
fn nothing_shows_a_secret() {
    let server = Server::new(|_, stream| respond(stream, "200 OK", "", b"ok"));
    let script = r#"
import { check, group } from 'k6'
import http from 'k6/http'
import secrets from 'k6/secrets'
import { Trend } from 'k6/metrics'
import exec from 'k6/execution'
const own = new Trend('own')
export const options = {
  tags: { run: await secrets.get('cool') },
  thresholds: { [`own{is:${await secrets.get('cool')}}`]: ['max<5'] },
}
export function setup() { return secrets.get('else').then((it) => ({ it })) }
export default async function (data) {
  const cool = await secrets.get('cool')
  console.log('log', cool, { cool }, JSON.stringify({ cool }), encodeURIComponent(cool))
  const { status } = http.get(`${__ENV.U}/?q=${cool}&r=${encodeURIComponent(data.it)}`, { tags: { t: cool } })
  group(`g ${cool}`, () => check(status, { [`c ${cool}`]: (s) => s === 200 }))
  own.add(1, { is: cool })
  exec.vu.metrics.metadata.m = cool
  own.add(2)
  throw new Error(`thrown ${cool}`)
}
export function handleSummary(data) {
  return { 'own.json': JSON.stringify(data), stdout: `summary ${JSON.stringify(data.setup_data)}\n` }
}
"#;
    let url = format!("U=http://{}", server.addr);
    let flags = [
        "--secret-source=file=secrets.txt",
        "--out=json=out.json",
        "--out=csv=out.csv",
        "--summary-export=export.json",
        "--http-debug=full",
        "-e",
        &url,
    ];
    let shows = |text: &str| {
        ["so me\"1", "so me\\\"1", "so+me%221", "so%20me", "a=b&c", "a%3Db%26c", "a=b\\u0026c"]
            .into_iter()
            .find(|way| text.contains(way))
    };
    for more in [&["--log-format=json", "--console-output=console.txt"][..], &[], &["--summary-mode=full"]] {
        let mut run = run(&[&flags, more].concat(), script);
        let outcome = run.outcome();
        assert_eq!(outcome.exit, Some(0), "{outcome:?}");
        let mut texts = vec![outcome.stdout, outcome.stderr];
        for name in ["out.json", "out.csv", "export.json", "own.json", "console.txt"] {
            texts.extend(fs::read_to_string(run.folder.path().join(name)));
        }
        assert!(texts.len() >= 6);
        for text in &texts {
            assert_eq!(shows(text), None, "{text}");
            assert!(text.contains(MARK), "{text}");
        }
        let own: serde_json::Value =
            serde_json::from_str(&fs::read_to_string(run.folder.path().join("own.json")).unwrap()).unwrap();
        assert_eq!(own["setup_data"]["it"], MARK);
    }
    // The server was told.
    let asked = &server.requests()[0].line;
    assert!(asked.contains("r=a%3Db%26c"), "{asked}");

    let script = "import s from 'k6/secrets'\nexport const options = { tags: { it: await s.get('cool') } }\nexport default () => {}";
    let mut inspected = ssek(&["inspect", "--secret-source=mock=cool=abcd", "s.js"]).file("s.js", script);
    assert!(inspected.outcome().stdout.contains(&format!("\"it\": \"{MARK}\"")));
}

#[test]
fn a_server_is_asked_once_for_each_key() {
    static FAILED: AtomicUsize = AtomicUsize::new(0);
    let server = Server::new(|request, stream| {
        let path = request.line.split(' ').nth(1).unwrap();
        match (path, request.header("X-Token")) {
            (_, None) => respond(stream, "401 Unauthorized", "", b"who are you?"),
            ("/s/flaky", _) if FAILED.fetch_add(1, Ordering::Relaxed) == 0 => {
                respond(stream, "503 Busy", "", b"")
            }
            ("/s/none", _) => respond(stream, "404 Not Found", "", b""),
            ("/s/number", _) => respond(stream, "200 OK", "", br#"{"data":{"value":5}}"#),
            _ => {
                let body = format!(r#"{{"data":{{"value":"value of {path}"}}}}"#);
                respond(stream, "200 OK", "", body.as_bytes())
            }
        }
    });
    let script = r#"
import { check } from 'k6'
import secrets from 'k6/secrets'
export const options = { vus: 8, iterations: 16, thresholds: { checks: ['rate==1'] } }
export default async function () {
  const all = await Promise.all(['a', 'flaky'].map((key) => secrets.get(key)))
  check(all, { 'both': ([a, b]) => a === 'value of /s/a' && b === 'value of /s/flaky' })
}
export async function teardown() {
  console.log(await secrets.get('a'))
  for (const key of ['none', 'number']) await secrets.get(key).catch((e) => console.log(e.message))
}
"#;
    let source = format!(
        "--secret-source=url=urlTemplate=http://{}/s/{{key}},headers.X-Token=t0ken,responsePath=data.value,retryBackoff=10ms",
        server.addr
    );
    let want = format!(
        "{MARK}\n\
         the secret source \"url\" gave no secret for the key \"none\": the server answered with status code 404\n\
         the secret source \"url\" gave no secret for the key \"number\": what the answer has at responsePath \
         \"data.value\" is no string\n"
    );
    assert_eq!(said(&run(&[&source], script).outcome()), want);
    let lines: Vec<_> = server.requests().into_iter().map(|request| request.line).collect();
    let count = |key: &str| lines.iter().filter(|line| line.contains(key)).count();
    assert_eq!((count("/s/a "), count("/s/flaky "), count("/s/none ")), (1, 2, 1), "{lines:?}");

    let early =
        "import s from 'k6/secrets'\nconst a = await s.get('a')\nexport default () => console.log(a.length)";
    assert_eq!(said(&run(&[&source], early).outcome()), "13\n");
}
