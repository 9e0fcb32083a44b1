//! `k6/websockets` through the binary, against a server that is not ours.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "support/binary.rs"]
mod binary;
#[path = "support/tls.rs"]
mod tls;
#[path = "support/ws_script.rs"]
mod ws_script;
#[path = "support/ws_server.rs"]
mod ws_server;

use ws_script::{log, run, samples};
use ws_server::serve;

const HEAD: &str = "import { WebSocket, Blob } from 'k6/websockets'
import { sleep } from 'k6'
import http from 'k6/http'
import exec from 'k6/execution'
";

#[test]
fn texts_there_and_back() {
    let server = serve(None);
    let lines = log(
        &server,
        HEAD,
        "const ws = new WebSocket(`${U}/echo`)
        console.log(ws.url === `${U}/echo`, ws.readyState, ws.protocol === '', ws.bufferedAmount)
        try { ws.send('early') } catch (e) { console.log(e.name, e.message) }
        ws.onopen = (e) => {
            console.log(e.type, e.target === ws, Math.abs(e.timestamp - Date.now()) < 60000, ws.readyState)
            ws.send('héllo')
            ws.send('2')
            console.log('buffered', ws.bufferedAmount)
        }
        let n = 0
        ws.addEventListener('message', (e) => {
            console.log(e.type, e.data, e.origin === `${U}/echo`, ws.bufferedAmount)
            if (++n === 2) { ws.close(3001, 'bye'); console.log(ws.readyState); ws.close() }
        })
        ws.onmessage = (e) => console.log('first', e.data)
        ws.onerror = (e) => console.log(e.type, e.error)
        ws.onclose = (e) => console.log(e.type, e.code, e.reason, ws.readyState)
        console.log('end of function')",
    );
    let expected = [
        "true 0 true 0",
        "GoError InvalidStateError",
        "end of function",
        "open true true 1",
        "buffered 7",
        "first héllo",
        "message héllo true 0",
        "first 2",
        "message 2 true 0",
        "2",
        "error websocket: close 3001: bye",
        "close 3001 bye 3",
    ];
    assert_eq!(lines, expected);
    assert_eq!(server.goodbyes(1), 1);
}

#[test]
fn binary_messages() {
    let server = serve(None);
    let lines = log(&server, HEAD, "const ws = new WebSocket(`${U}/echo`)
        const sent = [new Uint8Array([1, 2, 3]), new Uint8Array([0, 9, 8, 7]).subarray(1, 3),
            new Uint16Array([513]).buffer, new DataView(new ArrayBuffer(2), 1), new Blob(['a', new Uint8Array([98])])]
        console.log(ws.binaryType)
        try { ws.binaryType = 'text' } catch (e) { console.log(e.message) }
        ws.onopen = () => {
            for (const bad of [1, {}, null]) try { ws.send(bad) } catch (e) { console.log(e.message) }
            sent.forEach((data) => ws.send(data))
            ws.send('x'.repeat(70000))
        }
        let n = 0
        ws.onmessage = async (e) => {
            const number = n++
            if (number === 0) {
                ws.binaryType = 'arraybuffer'
                console.log(e.data instanceof Blob, e.data.size, JSON.stringify(await e.data.bytes()))
            } else if (number < sent.length) {
                console.log(e.data instanceof ArrayBuffer, JSON.stringify(Array.from(new Uint8Array(e.data))))
            } else {
                console.log(e.data.length)
                ws.close()
            }
        }
        const blob = new Blob(['hello ', new Blob(['wörld'])], { type: 'text/plain' })
        console.log(blob.size, blob.type, await blob.text(), await blob.slice(-3, -1, 'x').text(), String(blob))
        try { new Blob('text') } catch (e) { console.log(e.message) }");
    let expected = [
        "blob",
        "unknown binaryType text, the supported ones are \"blob\" and \"arraybuffer\"",
        "12 text/plain hello wörld rl [object Blob]",
        "failed to process [blobParts]: it must be an array",
        "unsupported send type number",
        "unsupported send type object",
        "unsupported send type object",
        "true 3 {\"0\":1,\"1\":2,\"2\":3}",
        "true [9,8]",
        "true [1,2]",
        "true [0]",
        "true [97,98]",
        "70000",
    ];
    assert_eq!(lines, expected);
}

#[test]
fn the_server_ends_it() {
    let server = serve(None);
    let lines = log(&server, HEAD, "const ends = (path) => new Promise((done) => {
            const ws = new WebSocket(`${U}${path}`)
            const seen = []
            for (const kind of ['open', 'message', 'error', 'close']) {
                ws.addEventListener(kind, (e) => {
                    seen.push([kind, e.data, e.error, e.code, e.reason].filter((x) => x !== undefined).join(' '))
                    if (kind === 'close') done(seen.join(', '))
                })
            }
        })
        for (const path of ['/bye', '/normal', '/silent', '/cut', '/refused']) console.log(await ends(path))
        const ws = new WebSocket('ws://127.0.0.1:1/')
        ws.onerror = (e) => console.log(e.error)
        ws.onclose = (e) => console.log('code' in e, e.reason === '')");
    let expected = [
        "open, error websocket: close 4000: enough, close 4000 enough",
        "open, close 1000 ",
        "open, error websocket: close 1005 (no status), close 1005 ",
        "open, message last words, error websocket: close 1006 (abnormal closure): unexpected EOF, \
         close 1006 unexpected EOF",
        "error websocket: bad handshake, close ",
        "dial tcp 127.0.0.1:1: connect: connection refused",
        "false true",
    ];
    assert_eq!(lines, expected);
}

#[test]
fn arguments() {
    let server = serve(None);
    let lines = log(
        &server,
        HEAD,
        "const fails = (...args) => {
            try { new WebSocket(...args) } catch (e) { console.log(e.message) }
        }
        fails()
        fails('http://a.test')
        fails('ws://a.test/#x')
        fails('a b')
        fails(U, null, { nonsense: 1 })
        fails(U, null, { compression: 'gzip' })
        fails(U, null, { tags: { a: {} } })
        try { WebSocket(U) } catch (e) { console.log(e.name) }
        console.log(WebSocket.CONNECTING, WebSocket.OPEN, WebSocket.CLOSING, WebSocket.CLOSED)
        const ws = new WebSocket(`${U}/echo`)
        console.log(ws.OPEN, ws instanceof WebSocket, ws.onopen)
        for (const bad of [() => ws.close(1001), () => ws.close(3000, 'x'.repeat(124)), () => ws.onopen = 1,
            () => ws.addEventListener('open', null), () => ws.addEventListener('nothing', () => 1)]) {
            try { bad() } catch (e) { console.log(e.message) }
        }
        ws.onopen = () => console.log('never')
        ws.close()
        ws.onclose = (e) => console.log(e.code)
        ws.onerror = (e) => console.log(e.error)
        const user = new WebSocket(U.replace('ws://', 'ws://u:p@'))
        user.onerror = (e) => console.log(e.error)
        const twice = new WebSocket(U, [], { headers: { upgrade: 'x' } })
        twice.onerror = (e) => console.log(e.error)",
    );
    let expected = [
        "WebSocket requires a url",
        "WebSocket requires url with scheme ws or wss, but got \"http\"",
        "WebSocket requires no url fragment, but got \"x\"",
        "WebSocket requires valid url, but got \"a b\" which resulted in parse \"a b\": relative URL without a base",
        "unknown WebSocket's option nonsense",
        "unsupported compression algorithm 'gzip', supported algorithm is 'deflate'",
        "invalid WebSocket tags option: invalid value for metric tag 'a': only String, Boolean and Number types are \
         accepted as a metric tag values",
        "TypeError",
        "0 1 2 3",
        "1 true null",
        "InvalidAccessError: Failed to execute 'close' on 'WebSocket': The close code must be either 1000, or \
         between 3000 and 4999. 1001 is neither",
        "SyntaxError: Failed to execute 'close' on 'WebSocket': The message must not be greater than 123 bytes",
        "a value for 'onopen' should be callable",
        "handler for event type \"open\" isn't a callable function",
        "can't add event handler: unknown event type: nothing",
    ];
    assert_eq!(lines[..expected.len()], expected);
    let mut rest = lines[expected.len()..].to_vec();
    rest.sort();
    let expected = ["1000", "malformed ws or wss URL", "websocket: duplicate header not allowed: Upgrade"];
    assert_eq!(rest, expected);
}

#[test]
fn headers_cookies_and_protocols() {
    let server = serve(None);
    let lines = log(&server, HEAD, "const jar = http.cookieJar()
        const H = U.replace('ws:', 'http:')
        jar.set(H, 'mine', '1')
        const seen = (params, protocols) => new Promise((done) => {
            const ws = new WebSocket(`${U}/headers`, protocols, params)
            ws.onmessage = (e) => { done(`${e.data} ${ws.protocol}`); ws.close() }
        })
        console.log(await seen())
        console.log(JSON.stringify(jar.cookiesForURL(H)))
        console.log(await seen({ headers: { 'X-Own': 'x', 'User-Agent': 'other' }, jar: new http.CookieJar() }, ['one', 'two']))
        console.log(await seen({ headers: { Cookie: 'a=b' } }, 'two'))");
    assert!(lines[0].starts_with("ssek/") && lines[0].ends_with(" mine=1 - "), "{}", lines[0]);
    assert_eq!(lines[1], "{\"mine\":[\"1\"],\"visited\":[\"yes\"]}");
    assert_eq!(lines[2], "other - x two");
    assert!(lines[3].ends_with(" a=b; mine=1; visited=yes - two"), "{}", lines[3]);
}

#[test]
fn pings_and_metrics() {
    let server = serve(None);
    let (run, outcome) = run(
        &server,
        HEAD,
        &["--system-tags", "url,name,status,subproto,group,ip"],
        "
        export default function () {
            exec.vu.metrics.tags.phase = 'one'
            const ws = new WebSocket(`${U}/ping`, 'two', { tags: { own: 't' } })
            exec.vu.metrics.tags.phase = 'two'
            ws.onopen = () => { ws.ping(); ws.send('hello') }
            let left = 3
            const tell = (text) => { console.log(text); if (--left === 0) ws.close() }
            ws.onping = () => console.log('ping')
            ws.onpong = (e) => tell(e.type)
            ws.onmessage = (e) => tell(e.data)
            const named = new WebSocket(`${U}/normal`, null, { tags: { name: 'short' } })
            const refused = new WebSocket(`${U}/refused`)
        }",
    );
    assert_eq!(outcome.exit, Some(0), "{}", outcome.stderr);
    let mut lines: Vec<_> = outcome.stderr.lines().collect();
    lines.sort_unstable();
    assert_eq!(lines, ["hello", "ping", "pong", "pong are you there"]);

    let sessions = samples(&run, "ws_sessions");
    let tag = |index: usize, name: &str| sessions[index].1[name].as_str().map(str::to_owned);
    let by_status = |status: &str| {
        sessions.iter().position(|(_, tags)| tags["url"].as_str().unwrap().ends_with(status)).unwrap()
    };
    let (ping, named, refused) = (by_status("/ping"), by_status("short"), by_status("/refused"));
    assert_eq!(sessions.len(), 3);
    let expected =
        [("status", "101"), ("subproto", "two"), ("ip", "127.0.0.1"), ("own", "t"), ("phase", "one")];
    for (name, value) in expected {
        assert_eq!(tag(ping, name).as_deref(), Some(value), "{name}");
    }
    assert_eq!(tag(ping, "name"), Some(server.url("/ping")));
    assert_eq!(tag(named, "name").as_deref(), Some("short"));
    assert_eq!(tag(refused, "status").as_deref(), Some("404"));
    let count = |metric| samples(&run, metric).len();
    assert_eq!(["ws_connecting", "ws_session_duration", "ws_ping"].map(count), [3, 2, 1]);
    // A ping, a text and a goodbye.
    assert_eq!(["ws_msgs_sent", "ws_msgs_received"].map(count), [3, 2]);
    let bytes = |metric| samples(&run, metric).iter().map(|(value, _)| value).sum::<f64>();
    assert!(bytes("data_sent") > 300.0 && bytes("data_received") > 300.0);
    assert!(
        outcome.stdout.contains("WEBSOCKET") && outcome.stdout.contains("ws_msgs_received"),
        "{}",
        outcome.stdout
    );
}

#[test]
fn many_beside_each_other_and_while_the_script_waits() {
    let server = serve(None);
    let lines = log(&server, HEAD, "let open = 0, got = 0
        const sockets = Array.from({ length: 50 }, (_, n) => {
            const ws = new WebSocket(`${U}/echo`)
            ws.onopen = () => { open++; ws.send(String(n)) }
            ws.onmessage = (e) => { if (e.data === String(n)) got++; setTimeout(() => ws.close(), 5) }
            return ws
        })
        const flood = new WebSocket(`${U}/flood`)
        let inOrder = 0
        flood.onmessage = (e) => { if (Number(e.data) === inOrder) inOrder++; if (inOrder === 1000) flood.close() }
        sleep(0.2)
        console.log(open, got)
        const waited = new Promise((done) => setTimeout(done, 1))
        await waited
        await new Promise((done) => { flood.onclose = done })
        setTimeout(() => console.log(open, got, inOrder, sockets.every((ws) => ws.readyState >= 1)), 20)");
    assert_eq!(lines, ["0 0", "50 50 1000 true"]);
}

#[test]
fn exceptions_of_listeners_end_the_iteration() {
    let server = serve(None);
    let (_run, outcome) = run(
        &server,
        HEAD,
        &["-i", "2"],
        "export default function () {
            const ws = new WebSocket(`${U}/echo`)
            ws.onopen = () => { if (exec.vu.iterationInInstance === 0) throw new Error('mine'); ws.close() }
            ws.onerror = (e) => console.log('told', e.error)
            ws.onclose = () => console.log('closed')
        }",
    );
    assert_eq!(outcome.exit, Some(0), "{}", outcome.stderr);
    let lines: Vec<_> =
        outcome.stderr.lines().filter(|line| !line.trim().is_empty() && !line.contains("at ")).collect();
    assert_eq!(lines, ["told Error: mine", "closed", "Error: mine", "closed"]);
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
            const ws = new WebSocket(`${U}/echo`)
            ws.onopen = () => ws.send('x')
            ws.onclose = () => console.log('never')
        }",
    );
    assert!(outcome.stdout.contains("ws_sessions"), "{}", outcome.stderr);
    assert!(!outcome.stderr.contains("never"), "{}", outcome.stderr);
    assert_eq!(server.goodbyes(2), 2);
}

#[test]
fn not_in_init_and_the_former_name() {
    let server = serve(None);
    let (_run, outcome) =
        run(&server, HEAD, &[], "new WebSocket('ws://127.0.0.1:1'); export default function () {}");
    assert_eq!(outcome.exit, Some(107));
    assert!(outcome.stderr.contains("using websockets in the init context is not supported"));

    let head = "import { WebSocket } from 'k6/experimental/websockets'\n";
    let (_run, outcome) = run(
        &server,
        head,
        &["--vus", "3", "-i", "3"],
        "export default function () {
            const ws = new WebSocket(`${U}/normal`)
        }",
    );
    assert_eq!(outcome.exit, Some(0), "{}", outcome.stderr);
    assert_eq!(outcome.stderr.matches("k6/experimental/websockets is deprecated").count(), 1);
    assert!(outcome.stderr.contains("Please use k6/websockets instead."), "{}", outcome.stderr);
}

#[test]
fn over_tls_and_with_hosts() {
    let server = serve(Some(tls::server_config()));
    let options =
        "export const options = { insecureSkipTLSVerify: true, hosts: { 'ws.test:443': `${__ENV.ADDR}` } }\n";
    let body = "export default function () {
            const ws = new WebSocket('wss://ws.test/echo')
            ws.onopen = () => ws.send('secret')
            ws.onmessage = (e) => { console.log(e.data); ws.close() }
            ws.onerror = (e) => console.log(e.error)
        }";
    let (_run, outcome) = run(&server, HEAD, &[], &format!("{options}{body}"));
    assert_eq!(outcome.stderr.trim(), "secret");
    let (_run, outcome) =
        run(&server, HEAD, &[], &format!("{options}{body}").replace("insecureSkipTLSVerify: true,", ""));
    assert!(outcome.stderr.contains("x509: "), "{}", outcome.stderr);
    let blocked = "export const options = { blockHostnames: ['*.test'] }\n";
    let (_run, outcome) = run(&server, HEAD, &[], &format!("{blocked}{body}"));
    assert!(
        outcome.stderr.contains("hostname (ws.test) is in a blocked pattern (*.test)"),
        "{}",
        outcome.stderr
    );
}

#[test]
fn the_example() {
    let server = serve(None);
    let path = binary::in_repository("examples/websockets.js");
    let args = ["run", "-q", path.to_str().unwrap()];
    let outcome = binary::ssek(&args).env("WS_URL", &server.url("/echo")).outcome();
    assert_eq!((outcome.exit, outcome.stderr.as_str()), (Some(0), ""), "{}", outcome.stdout);
    assert!(outcome.stdout.contains("our own words") && outcome.stdout.contains("round_trip"));
}
