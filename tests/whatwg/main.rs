//! `fetch`, `URL`, `AbortController` and the other globals of the web, against Node's and against a server.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "../support/binary.rs"]
mod binary;
#[path = "../support/http_script.rs"]
mod script;
#[path = "../support/slow_server.rs"]
mod support;

use std::fs;
use std::process::Command;

use binary::{in_repository, ssek};
use script::{log, path, run, samples, tag};
use support::{Request, Server, Stream, Then, respond};

/// What Node 20 says: `node node.mjs > node.out`.
const BY_NODE: &str = include_str!("node.out");

#[test]
fn the_same_as_node() {
    let cases = fs::read_to_string(in_repository("tests/whatwg/cases.js")).unwrap();
    let mut run = ssek(&["run", "-q", "--log-format", "raw", "main.js"])
        .file("main.js", include_str!("main.js"))
        .file("cases.js", &cases);
    let outcome = run.outcome();
    let ours: Vec<&str> = outcome.stderr.lines().collect();
    let theirs: Vec<&str> = BY_NODE.lines().collect();
    let differing: Vec<_> =
        ours.iter().zip(&theirs).filter(|(a, b)| a != b).map(|(a, b)| format!("{a}\n{b}\n")).collect();
    assert!(differing.is_empty(), "{} differ:\n{}", differing.len(), differing.join("\n"));
    assert_eq!(ours.len(), theirs.len(), "{:?}", ours.last());
}

#[test]
fn node_still_says_so() {
    let node = Command::new("node").arg(in_repository("tests/whatwg/node.mjs")).output();
    let Ok(output) = node else { return };
    let shown = String::from_utf8_lossy(&output.stdout).into_owned();
    let version = Command::new("node").arg("--version").output().unwrap().stdout;
    if String::from_utf8_lossy(&version).starts_with("v20.") {
        assert_eq!(shown, BY_NODE);
    }
}

fn answer(request: &Request, stream: &mut dyn Stream) -> Then {
    match path(request) {
        "/json" => {
            let headers = "Content-Type: application/json\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\n";
            respond(stream, "201 Created", headers, b"{\"x\":[1,2]}")
        }
        "/away" => respond(stream, "302 Found", "Location: /json\r\n", b""),
        "/round" => respond(stream, "302 Found", "Location: /round\r\n", b""),
        "/empty" => respond(stream, "204 No Content", "", b""),
        "/missing" => respond(stream, "404 Not Found", "", b"gone"),
        "/slow" => {
            std::thread::sleep(std::time::Duration::from_secs(20));
            Then::Close
        }
        _ => {
            let kind = request.header("content-type").unwrap_or("-").to_owned();
            let kind = kind.split(" boundary").next().unwrap().to_owned();
            let method = request.line.split(' ').next().unwrap().to_owned();
            let headers = format!("X-Kind: {kind}\r\nX-Method: {method}\r\nX-Own: {}\r\n", {
                request.header("x-own").unwrap_or("-")
            });
            respond(stream, "200 OK", &headers, &request.body)
        }
    }
}

#[test]
fn answers_are_read() {
    let server = Server::new(answer);
    let script = "export default async function () {
        const r = await fetch(U + '/json')
        console.log(r.status, r.ok, r.statusText, r.url === U + '/json', r.redirected, r.type, r.headers.get('content-type'),
            r.headers.getSetCookie().length, r.bodyUsed, (await r.json()).x[1], r.bodyUsed, r instanceof Response)
        const away = await fetch(U + '/away')
        console.log(away.redirected, away.url.replace(U, ''), (await away.text()).length)
        const kept = await fetch(U + '/away', { redirect: 'manual' })
        console.log(kept.status, kept.headers.get('location'))
        for (const [to, redirect] of [['/away', 'error'], ['/round', 'follow']]) {
            await fetch(U + to, { redirect }).catch((e) => console.log(e.name, e.message.replaceAll(U, '')))
        }
        const none = await fetch(U + '/empty')
        console.log(none.status, none.body, (await none.text()).length)
        const gone = await fetch(new URL('/missing', U))
        console.log(gone.ok, (await gone.arrayBuffer()).byteLength)
        const all = await Promise.all([1, 2, 3].map((n) => fetch(`${U}/echo`, { method: 'put', body: String(n) })))
        console.log((await Promise.all(all.map((r) => r.text()))).join())
        try { gone.body } catch (e) { console.log(e.message.slice(0, 30)) }
    }";
    assert_eq!(
        log(&server, script),
        [
            "201 true Created true false basic application/json 2 false 2 true true",
            "true /json 11",
            "302 /json",
            "TypeError fetch failed: /away redirects",
            "TypeError fetch failed: /round redirects too often",
            "204 null 0",
            "false 4",
            "1,2,3",
            "a body is read as a whole here",
        ]
    );
}

#[test]
fn requests_are_sent() {
    let server = Server::new(answer);
    let script = "import { Blob } from 'k6/websockets'
    export default async function () {
        const say = async (init, input = U + '/echo') => {
            const r = await fetch(input, { method: 'POST', ...init })
            const text = await r.text()
            console.log(r.headers.get('x-method'), r.headers.get('x-kind'), r.headers.get('x-own'),
                text.length > 40 ? text.replace(/[0-9a-f]{60}/g, 'B').replace(/\\r\\n/g, '|') : text)
        }
        await say({ body: 'ü' })
        await say({ body: new URLSearchParams({ a: 'b c' }) })
        await say({ body: new Uint8Array([104, 105]) })
        await say({ body: '{}', headers: { 'Content-Type': 'application/json', 'X-Own': 'me' } })
        await say({ body: new Blob(['bl', 'ob'], { type: 'x/y' }) })
        await say({ method: 'GET', headers: [['x-own', 'a'], ['X-Own', 'b']] })
        await say({}, new Request(U + '/echo', { method: 'PATCH', body: 'p', headers: { 'X-Own': 'r' } }))
        const form = new FormData()
        form.append('a', 1); form.append('a', '2'); form.append('f', http.file('data', 'n.txt', 'text/plain'))
        await say({ body: form })
        await fetch(U, { method: 'POST', body: { a: 1 } }).catch((e) => console.log(e.message.slice(-26)))
    }";
    let lines = log(&server, script);
    let plain = [
        "POST text/plain;charset=UTF-8 - ü",
        "POST application/x-www-form-urlencoded;charset=UTF-8 - a=b+c",
        "POST - - hi",
        "POST application/json me {}",
        "POST x/y - blob",
        "GET - a, b ",
        "POST text/plain;charset=UTF-8 r p",
    ];
    assert_eq!(lines[..plain.len()], plain);
    let part = "--B|Content-Disposition: form-data; name=";
    let form = format!(
        "POST multipart/form-data; - {part}\"a\"||1|{part}\"a\"||2|{part}\"f\"; filename=\"n.txt\"|Content-Type: \
         text/plain||data|--B--|"
    );
    assert_eq!(lines[plain.len()], form);
    assert_eq!(lines[plain.len() + 1], " use JSON.stringify(value)");
}

#[test]
fn failures_reject_and_are_counted() {
    let server = Server::new(answer);
    let script = "export default async function () {
        const c = new AbortController()
        setTimeout(() => c.abort(), 50)
        await fetch(U + '/slow', { signal: c.signal, tags: { own: 'x' } }).catch((e) => console.log(e.name, e.code))
        await fetch(U + '/slow', { signal: AbortSignal.timeout(50) }).catch((e) => console.log(e.name, e.code))
        await fetch(U + '/slow', { signal: AbortSignal.abort('early') }).catch((e) => console.log(e))
        await fetch(U + '/slow', { timeout: 50 }).catch((e) => console.log(e.name, e.message, e.cause.name))
        await fetch('http://127.0.0.1:1/').catch((e) => console.log(e.name, e.message.includes('refused')))
        await fetch('nowhere').catch((e) => console.log(e.name, e.message))
        await fetch(http.url`${U}/json`)
        const late = AbortSignal.timeout(60_000)
        late.addEventListener('abort', () => console.log('too late'))
    }";
    let (run, outcome) = run(&server, &["-i", "1"], script);
    let lines: Vec<_> =
        outcome.stderr.lines().map(|line| line.replace(&server.addr.to_string(), "HOST")).collect();
    assert_eq!(
        lines,
        [
            "AbortError 20",
            "TimeoutError 23",
            "early",
            "TypeError fetch failed: Get \"http://HOST/slow\": request timeout GoError",
            "TypeError true",
            "TypeError Invalid URL: nowhere",
        ]
    );
    let failed = samples(&run, "http_req_failed");
    assert_eq!(failed.iter().map(|(value, _)| *value).collect::<Vec<_>>(), [1.0, 1.0, 1.0, 1.0, 0.0]);
    assert_eq!(tag(&failed, "error_code"), ["1000", "1000", "1050", "1212", "-"]);
    assert_eq!(tag(&failed, "error")[0], "request aborted");
    assert_eq!(tag(&failed, "own")[0], "x");
    assert_eq!(tag(&failed, "name")[4], "${}/json");
    let waited = samples(&run, "http_req_duration");
    assert!(waited[0].0 > 0.0);
}

/// Without `k6/http`, in realms that VUs share and in realms of their own.
#[test]
fn fetch_needs_no_import() {
    let server = Server::new(answer);
    let script = "export const options = { vus: 20, iterations: 40, thresholds: { http_reqs: ['count==40'], checks: ['rate==1'] } }
        import { check } from 'k6'
        let own
        export default async function () {
            own ??= new URLSearchParams({ vu: __VU })
            const r = await fetch(`${__ENV.U}/echo`, { method: 'POST', body: own })
            check(await r.text(), { mine: (text) => text === `vu=${__VU}` })
        }";
    for share in ["--share-realm=true", "--share-realm=false"] {
        let url = format!("U=http://{}", server.addr);
        let outcome = ssek(&["run", "-q", "-v", "--threads=2", share, "-e", &url, "s.js"])
            .file("s.js", script)
            .outcome();
        assert_eq!(outcome.exit, Some(0), "{}", outcome.stderr);
        assert!(!outcome.stderr.contains("realm of its own"), "{}", outcome.stderr);
    }
}

/// What a script calls by the same names is its own; what is not there says what to do.
#[test]
fn names_are_the_scripts() {
    let script = "import { URL as Other } from './lib.js'
        const URL = 5
        class Response {}
        function fetch() { return 'mine' }
        globalThis.atob = (x) => 'own ' + x
        export default function () {
            const late = globalThis.btoa
            globalThis.btoa = () => 'changed'
            console.log(URL, Other, fetch(), new Response().status, atob('x'), late('x'), btoa('x'), typeof Intl,
                Object.keys(globalThis).includes('fetch'), new Date(2024, 0, 9, 5, 4, 3).toLocaleString())
            const before = performance.now()
            console.log(before > 0, performance.now() >= before, Math.abs(performance.timeOrigin + before - Date.now()) < 5000)
            new Intl.NumberFormat()
        }";
    let outcome = ssek(&["run", "-q", "--log-format", "raw", "s.js"])
        .file("s.js", script)
        .file("lib.js", "export const URL = 'theirs'")
        .outcome();
    let lines: Vec<&str> = outcome.stderr.lines().collect();
    assert_eq!(lines[0], "5 theirs mine undefined own x eA== changed undefined false 01/09/2024, 05:04:03");
    assert_eq!(lines[1], "true true true");
    assert!(
        lines[2].starts_with("ReferenceError: Intl is not defined: the engine knows no languages"),
        "{}",
        lines[2]
    );
}
