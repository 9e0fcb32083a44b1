//! `k6/ws` through the binary, and what both modules of WebSockets have in common.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "support/binary.rs"]
mod binary;
#[path = "support/ws_raw.rs"]
mod ws_raw;
#[path = "support/ws_script.rs"]
mod ws_script;
#[path = "support/ws_server.rs"]
mod ws_server;

use std::sync::mpsc;

use binary::ssek;
use ws_script::{log, run, samples};
use ws_server::serve;

const HEAD: &str = "import ws from 'k6/ws'
import http from 'k6/http'
import exec from 'k6/execution'
const noted = (s, ...more) => {
    for (const name of ['open', 'message', 'ping', 'pong', 'close', ...more]) s.on(name, (x) => console.log(name, x))
    s.on('binaryMessage', (x) => console.log('binary', new Uint8Array(x).join()))
    s.on('error', (e) => console.log('error', e.error()))
}
";

#[test]
fn a_conversation() {
    let server = serve(None);
    let lines = log(&server, HEAD, "const res = ws.connect(`${U}/echo`, { headers: { 'X-Own': 1 } }, (s) => {
            noted(s)
            s.on('open', () => { s.send('hello'); s.sendBinary(new Uint8Array([1, 2]).buffer) })
            s.on('binaryMessage', () => { s.close(); s.close(3000); s.send('late') })
            s.on('nothing', 5)
            console.log('set up')
        })
        console.log(res.url === `${U}/echo`, res.status, res.headers['Upgrade'], res.body === '', res.error === '')");
    let expected = [
        "set up",
        "open undefined",
        "message hello",
        "binary 1,2",
        "close 1001",
        "error websocket: close sent",
        "true 101 websocket true true",
    ];
    assert_eq!(lines, expected);
    assert_eq!(server.goodbyes(1), 1);
}

#[test]
fn the_server_ends_it() {
    let server = serve(None);
    let lines = log(&server, HEAD, "for (const path of ['/bye', '/normal', '/silent', '/cut']) {
            console.log(path, ws.connect(`${U}${path}`, (s) => noted(s)).status)
        }
        let res = ws.connect(`${U}/refused`, null, () => console.log('never'))
        console.log(JSON.stringify(res.url), res.status, res.headers['X-Why'], res.body, JSON.stringify(res.error))
        res = ws.connect('ws://127.0.0.1:1', () => console.log('never'))
        console.log(res.status, JSON.stringify(res.headers), res.error)
        console.log(ws.connect('http://a.test', () => 1).error)");
    let expected = [
        "open undefined",
        "error websocket: close 4000: enough",
        "close 4000",
        "/bye 101",
        "open undefined",
        "close 1000",
        "/normal 101",
        "open undefined",
        "error websocket: close 1005 (no status)",
        "close 1005",
        "/silent 101",
        "open undefined",
        "message last words",
        "error websocket: close 1006 (abnormal closure): unexpected EOF",
        "close 1006",
        "/cut 101",
        "\"\" 404 because go away \"\"",
        "0 {} dial tcp 127.0.0.1:1: connect: connection refused",
        "malformed ws or wss URL",
    ];
    assert_eq!(lines, expected);
}

#[test]
fn arguments_and_exceptions() {
    let server = serve(None);
    let lines = log(&server, HEAD, "const fails = (f) => { try { f() } catch (e) { console.log(e.name, e.message) } }
        fails(() => ws.connect(U))
        fails(() => ws.connect(U, {}, 5))
        fails(() => ws.connect(U, { compression: 'zip' }, () => 1))
        fails(() => ws.connect(U, { tags: { a: [] } }, () => 1))
        fails(() => ws.connect(`${U}/echo`, { compression: '', unknown: 1 }, (s) => {
            s.on('close', (code) => console.log('close', code))
            for (const bad of [() => s.setTimeout(() => 1, 0), () => s.setInterval(() => 1, -1.5), () => s.setTimeout(1, 1),
                () => s.sendBinary(), () => s.sendBinary(null), () => s.sendBinary(new Uint8Array(1))]) fails(bad)
            throw new TypeError('mine')
        }))
        fails(() => ws.connect(`${U}/flood`, (s) => s.on('message', (m) => { if (m === '5') throw new Error('five') })))
        fails(() => ws.connect(`${U}/echo`, (s) => s.setTimeout(() => { throw 'late' }, 1)))
        fails(() => ws.connect(`${U}/echo`, (s) => {
            const deeper = () => deeper() + 1
            s.on('open', () => deeper())
        }))");
    let expected = [
        "GoError invalid number of arguments to ws.connect",
        "GoError last argument to ws.connect must be a function",
        "GoError unsupported compression algorithm 'zip', supported algorithm is 'deflate'",
        "GoError invalid ws.connect() metric tags: invalid value for metric tag 'a': only String, Boolean and Number \
         types are accepted as a metric tag values",
        "GoError setTimeout requires a >0 timeout parameter, received 0.00",
        "GoError setInterval requires a >0 timeout parameter, received -1.50",
        "GoError setTimeout's callback isn't a callable function",
        "GoError missing argument, expected ArrayBuffer",
        "GoError expected ArrayBuffer as argument, received: null",
        "GoError expected ArrayBuffer as argument, received: Uint8Array",
        "close 1001",
        "TypeError mine",
        "Error five",
        "undefined undefined",
        "RangeError Maximum call stack size exceeded",
    ];
    assert_eq!(lines, expected);

    let script = "export const options = { throw: true }
        export default function () {
            try { ws.connect('ws://127.0.0.1:1', () => 1) } catch (e) { console.log(String(e)) }
            try { ws.connect(`${U}/refused`, () => 1) } catch (e) { console.log(String(e)) }
        }";
    let (_run, outcome) = run(&server, HEAD, &[], script);
    let expected =
        "GoError: dial tcp 127.0.0.1:1: connect: connection refused\nGoError: websocket: bad handshake\n";
    assert_eq!(outcome.stderr, expected);

    let script = "ws.connect('ws://127.0.0.1:1', () => 1); export default function () {}";
    let (_run, outcome) = run(&server, HEAD, &[], script);
    assert!(outcome.stderr.contains("using websockets in the init context is not supported"));
}

#[test]
fn timers_pings_and_metrics() {
    let server = serve(None);
    let (run, outcome) = run(
        &server,
        HEAD,
        &[],
        "export default function () {
            ws.connect(`${U}/ping`, { tags: { own: 't' } }, (s) => {
                let ticks = 0
                s.setInterval(() => { if (++ticks === 3) s.ping() }, 5)
                s.setTimeout(() => console.log('never'), 60000)
                s.on('ping', () => console.log('ping'))
                s.on('message', (m) => { console.log(m); s.send('x') })
                s.on('pong', () => s.setTimeout(() => { console.log(ticks >= 3); s.close() }, 30))
            })
            ws.connect(`${U}/refused`, () => 1)
            http.get('http://127.0.0.1:1')
        }",
    );
    assert_eq!(outcome.exit, Some(0), "{}", outcome.stderr);
    let lines: Vec<_> = outcome.stderr.lines().filter(|line| !line.contains("Request Failed")).collect();
    assert_eq!(&lines[..2], ["ping", "pong are you there"]);
    assert!(lines.contains(&"x") && lines.contains(&"true") && !lines.contains(&"never"), "{lines:?}");
    let sessions = samples(&run, "ws_sessions");
    assert_eq!(
        (sessions.len(), &sessions[0].1["status"], &sessions[1].1["status"]),
        (2, &"101".into(), &"404".into())
    );
    assert_eq!(sessions[0].1["url"], server.url("/ping"));
    assert_eq!((&sessions[0].1["own"], sessions[0].1.get("name")), (&"t".into(), None));
    let count = |metric| samples(&run, metric).len();
    assert_eq!(["ws_connecting", "ws_session_duration", "ws_ping"].map(count), [2, 2, 1]);
    assert!(count("ws_msgs_sent") > 1 && count("ws_msgs_sent") <= count("ws_msgs_received"));
}

#[test]
fn the_end_of_the_test_is_theirs() {
    let server = serve(None);
    let (_run, outcome) = run(
        &server,
        HEAD,
        &[],
        "
        export const options = { scenarios: { s: { executor: 'constant-vus', vus: 2, duration: '1s',
            gracefulStop: '100ms' } } }
        export default function () {
            try { ws.connect(`${U}/echo`, (s) => { s.on('close', () => console.log('never')) }) }
            catch (e) { console.log('never') }
            finally { console.log('never') }
        }",
    );
    assert_eq!(outcome.exit, Some(0), "{}", outcome.stderr);
    assert!(
        outcome.stdout.contains("ws_sessions") && !outcome.stderr.contains("never"),
        "{}",
        outcome.stderr
    );
    assert_eq!(server.goodbyes(2), 2);
}

#[test]
fn packed_messages() {
    let extension = "Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover; client_no_context_takeover\r\n";
    for module in ["ws", "websockets"] {
        let (say, said) = mpsc::channel();
        let addr = ws_raw::serve(extension, move |peer| {
            say.send(peer.frame()).unwrap();
            // RFC 7692, 7.2.3.1: "Hello".
            peer.write(&[0xC1, 0x07, 0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00]);
            say.send(peer.frame()).unwrap();
            peer.write(b"\x88\x02\x03\xE8");
            peer.drain();
        });
        let script = match module {
            "ws" => {
                "import ws from 'k6/ws'
                export default () => ws.connect(__ENV.WS, { compression: ' deflate ' }, (s) => {
                    s.on('open', () => s.send('a'.repeat(1000)))
                    s.on('message', (m) => { console.log(m); s.close(3000) })
                }) && undefined"
            }
            _ => {
                "import { WebSocket } from 'k6/websockets'
                export default () => {
                    const s = new WebSocket(__ENV.WS, null, { compression: 'deflate' })
                    s.onopen = () => s.send('a'.repeat(1000))
                    s.onmessage = (e) => { console.log(e.data, s.extensions.length); s.close(3000) }
                }"
            }
        };
        let args = ["run", "-q", "--log-format", "raw", "script.js"];
        let outcome = ssek(&args).file("script.js", script).env("WS", &format!("ws://{addr}")).outcome();
        assert_eq!(outcome.stderr.trim(), if module == "ws" { "Hello" } else { "Hello 1" });
        let (first, packed) = said.recv().unwrap();
        assert_eq!(first, 0xC1);
        let mut text = Vec::with_capacity(2000);
        let mut inflate = flate2::Decompress::new(false);
        inflate.decompress_vec(&packed, &mut text, flate2::FlushDecompress::Sync).unwrap();
        assert_eq!(text, [b'a'; 1000]);
        assert_eq!(said.recv().unwrap(), (0x88, vec![0x0B, 0xB8]));
    }
}

#[test]
fn servers_that_break_the_protocol_and_proxies() {
    let (say, said) = mpsc::channel();
    let addr = ws_raw::serve("", move |peer| {
        peer.write(b"\xB1\x00");
        say.send(peer.frame()).unwrap();
        peer.drain();
    });
    let script = "import { WebSocket } from 'k6/websockets'
        export default () => {
            const s = new WebSocket(__ENV.WS)
            s.onclose = (e) => console.log('close', e.code)
        }";
    let args = ["run", "-q", "--log-format", "raw", "script.js"];
    let outcome = ssek(&args).file("script.js", script).env("WS", &format!("ws://{addr}")).outcome();
    assert_eq!(outcome.stderr.trim(), "close undefined");
    assert_eq!(said.recv().unwrap(), (0x88, b"\x03\xEARSV2 set, RSV3 set".to_vec()));

    let addr = ws_raw::serve("", |peer| {
        peer.write(b"\x81\x02hi\x88\x02\x03\xE8");
        peer.drain();
    });
    let script = "import ws from 'k6/ws'
        export default () => { ws.connect('ws://ws.test/x', (s) => s.on('message', (m) => console.log(m))) }";
    let outcome = ssek(&args).file("script.js", script).env("HTTP_PROXY", &addr.to_string()).outcome();
    assert_eq!(outcome.stderr.trim(), "hi");
}
