//! `k6/x/sse` beyond k6: how each stream ended, time-outs, `until`, reconnection, and the metrics of all that.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "support/binary.rs"]
mod binary;
#[path = "support/http_script.rs"]
mod script;
#[path = "support/slow_server.rs"]
mod support;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};

use script::{log, path, run, samples, tag};
use support::{Request, Server, Stream, Then, Transport, chunk, respond, send, stream_head};

/// Longer than any limit in here, by far.
const FOR_EVER: Duration = Duration::from_secs(50);

fn event(stream: &mut dyn Stream, data: &str) {
    send(stream, chunk(format!("data: {data}\n\n")));
}

/// Streams that end in each way that a server can choose.
fn serve(request: &Request, stream: &mut dyn Stream) -> Then {
    match path(request) {
        "/late" => {
            sleep(FOR_EVER);
            return Then::Close;
        }
        "/unavailable" => return respond(stream, "503 Down", "", b"data: no\n\n"),
        "/missing" => return respond(stream, "404 No", "Content-Type: text/event-stream\r\n", b""),
        "/nothing" => return respond(stream, "204 No Content", "", b""),
        "/json" => return respond(stream, "200 OK", "Content-Type: application/json\r\n", b"{\"a\":1}"),
        _ => stream_head(stream, ""),
    }
    if path(request) == "/pings" {
        // Signs of life, but no event.
        for _ in 0..500 {
            send(stream, chunk(": ping\n\n"));
            sleep(Duration::from_millis(20));
        }
    }
    event(stream, "1");
    match path(request) {
        "/stall" => sleep(FOR_EVER),
        "/drip" => {
            for n in 0..500 {
                event(stream, &n.to_string());
                sleep(Duration::from_millis(20));
            }
        }
        "/named" => send(stream, chunk("event: error\ndata: overloaded\n\n")),
        "/object" => event(stream, r#"{"error":{"message":"overloaded"}}"#),
        "/null" => event(stream, r#"{"error":null}"#),
        "/cut" => send(stream, "20\r\ndata: cut"),
        "/between" => {}
        "/chunk" => send(stream, "zz\r\ndata: 2\n\n\r\n"),
        "/mid" => send(stream, chunk("data: 2\n")),
        "/done" => event(stream, "[DONE]"),
        "/on" => {
            event(stream, "[DONE]");
            sleep(FOR_EVER);
        }
        _ => {}
    }
    if ["/cut", "/between", "/chunk"].contains(&path(request)) {
        return Then::Close;
    }
    // The body's end in a segment of its own, as servers send it.
    sleep(Duration::from_millis(1));
    send(stream, chunk(""));
    Then::KeepAlive
}

/// A function `go(path, params)` for scripts, which prints how the stream ended.
const GO: &str = "
    function go(path, params, onEvent = () => {}) {
        const url = path.includes('//') ? path : U + path
        let events = 0, errors = []
        const r = sse.open(url, params, (client) => {
            client.on('event', (e) => { events += 1; onEvent(e, client) })
            client.on('error', (e) => errors.push(e.error()))
        })
        const told = errors.length === 0 ? '-' : errors.join() === r.error ? 'told' : errors.join()
        console.log([path.replace(/.*\\//, '/'), r.outcome, events, told, r.error].join(' '))
        return r
    }
";

#[test]
fn every_way_to_end_has_its_name() {
    let server = Server::new(serve);
    let tls = Server::with(Transport { tls: true, ..Transport::default() }, serve);
    let slow = Server::with(Transport { tls: true, handshake: FOR_EVER, ..Transport::default() }, serve);
    let script = format!(
        "export const options = {{ insecureSkipTLSVerify: false, thresholds: {{ 'sse_streams{{outcome:ok}}': ['count==6'] }} }}
        {GO}
        export default function () {{
            go('/')
            go('/null')
            go('/nothing')
            go('/done', {{ until: '[DONE]' }})
            go('/on', {{ until: (e) => e.data === '[DONE]' }})
            go('http://127.0.0.1:1/refused')
            go('{tls}')
            go('/unavailable', {{ until: 'x' }})
            go('{slow}', {{ timeouts: {{ connect: 200, firstEvent: 10 }} }})
            go('/late', {{ timeouts: {{ firstEvent: '200ms', idle: 10 }} }})
            go('/pings', {{ timeouts: {{ firstEvent: '200ms', idle: '10s' }} }})
            go('/stall', {{ timeouts: {{ firstEvent: 20000, idle: 200 }} }})
            go('/drip', {{ timeouts: {{ idle: '10s', total: '0.2s' }} }})
            go('/drip', {{ timeout: '200ms' }})
            go('/named')
            go('/object')
            go('/cut')
            go('/between')
            go('/mid')
            go('/', {{ until: '[DONE]' }})
            go('/json')
            go('/chunk')
            go('/drip', {{}}, (e, client) => client.close())
            go('/', {{ until: '1' }}, (e, client) => client.close())
        }}",
        tls = tls.https("/untrusted"),
        slow = slow.https("/handshake"),
    );
    let (run, outcome) = run(&server, &["-i", "1", "--streaming=on"], &script);
    let dial = "dial tcp 127.0.0.1:1: connect: connection refused";
    let untrusted = "tls: failed to verify certificate: x509: certificate signed by unknown authority";
    let get = |url: String, text: &str| format!("Get \"{url}\": {text}");
    let whole = "context deadline exceeded (Client.Timeout or context cancellation while reading body)";
    let wanted: Vec<(&str, &str, &str, String)> = vec![
        ("/", "ok", "1 -", String::new()),
        ("/null", "ok", "2 -", String::new()),
        ("/nothing", "ok", "0 -", String::new()),
        ("/done", "ok", "2 -", String::new()),
        ("/on", "ok", "2 -", String::new()),
        ("/refused", "connect_error", "0 -", get("http://127.0.0.1:1/refused".into(), dial)),
        ("/untrusted", "tls_error", "0 -", get(tls.https("/untrusted").into(), untrusted)),
        ("/unavailable", "http_error", "1 -", String::new()),
        ("/handshake", "timeout_connect", "0 -", {
            get(slow.https("/handshake").into(), "no connection within 200ms (timeouts.connect)")
        }),
        ("/late", "timeout_first_event", "0 -", {
            get(server.url("/late").into(), "no event within 200ms (timeouts.firstEvent)")
        }),
        ("/pings", "timeout_first_event", "0 told", "no event within 200ms (timeouts.firstEvent)".into()),
        ("/stall", "timeout_idle", "1 told", "no data within 200ms (timeouts.idle)".into()),
        ("/drip", "timeout_total", "", "no end of the stream within 200ms (timeouts.total)".into()),
        ("/drip", "timeout_total", "", whole.into()),
        ("/named", "stream_error", "2 -", String::new()),
        ("/object", "stream_error", "2 -", String::new()),
        ("/cut", "truncated", "1 told", "unexpected EOF".into()),
        ("/between", "truncated", "1 told", "unexpected EOF".into()),
        ("/mid", "truncated", "1 -", String::new()),
        ("/", "truncated", "1 told", "the stream ended before the event that `until` waits for".into()),
        ("/json", "protocol_error", "0 -", String::new()),
        ("/chunk", "protocol_error", "1 told", String::new()),
        ("/drip", "aborted", "1 -", String::new()),
        ("/", "ok", "1 -", String::new()),
    ];
    let lines: Vec<&str> = outcome.stderr.lines().collect();
    assert_eq!((outcome.exit, lines.len()), (Some(0), wanted.len()), "{}", outcome.stderr);
    for (line, (path, name, counts, text)) in lines.iter().zip(&wanted) {
        assert!(line.starts_with(&format!("{path} {name} {counts}")) && line.ends_with(text), "{line}");
    }
    let counted = tag(&samples(&run, "sse_streams"), "outcome");
    assert_eq!(counted, wanted.iter().map(|(_, name, ..)| *name).collect::<Vec<_>>());
    for figure in ["STREAMING", "sse_streams", "{ outcome:timeout_idle }", "sse_time_to_first_event"] {
        assert!(outcome.stdout.contains(figure), "{figure}");
    }
}

#[test]
fn the_end_of_the_test_interrupts_streams() {
    let server = Server::new(serve);
    let script = format!(
        "export const options = {{
            scenarios: {{ a: {{ executor: 'constant-vus', duration: '1s', gracefulStop: '0s', exec: 'a' }},
                         b: {{ executor: 'constant-vus', duration: '1s', gracefulStop: '0s', exec: 'b' }} }} }}
        {GO}
        export function a() {{ go('/drip') }}
        export function b() {{ go('/late') }}"
    );
    let (run, outcome) = run(&server, &[], &script);
    assert_eq!(outcome.exit, Some(0), "{}", outcome.stderr);
    assert_eq!(tag(&samples(&run, "sse_streams"), "outcome"), ["interrupted"; 2]);
    assert_eq!(samples(&run, "http_reqs").len(), 0);
}

#[test]
fn a_stream_that_is_complete_keeps_its_connection_and_waits_for_nothing() {
    let server = Server::new(serve);
    let begun = Instant::now();
    let lines = log(
        &server,
        &format!(
            "{GO}
        export default function () {{
            for (let n = 0; n < 3; n++) go('/done', {{ until: '[DONE]' }})
            go('/on', {{ until: '[DONE]' }})
        }}"
        ),
    );
    assert_eq!(lines, ["/done ok 2 - ", "/done ok 2 - ", "/done ok 2 - ", "/on ok 2 - "]);
    assert_eq!(server.connections(), 1);
    assert!(begun.elapsed() < FOR_EVER / 2);
}

#[test]
fn events_know_when_they_were_read() {
    let server = Server::new(|_, stream| {
        stream_head(stream, "");
        event(stream, "first");
        sleep(Duration::from_millis(120));
        send(stream, [chunk("data: second\n\n"), chunk(": ping\n\n"), chunk("data: third\n\n")].concat());
        send(stream, chunk(""));
        Then::KeepAlive
    });
    let script = format!(
        "export const options = {{ thresholds: {{ sse_event_gap: ['max>=100', 'min==0'], sse_stalls: ['count==1'] }} }}
        {GO}
        export default function () {{
            const at = []
            const before = Date.now()
            go('/', {{ stallThreshold: '100ms' }}, (e) => {{
                for (const end = Date.now() + 20; Date.now() < end;) {{}}
                at.push(e.timestamp)
                console.log(JSON.stringify(e), Object.keys(e).length, {{ ...e }}.timestamp)
                e.timestamp = 'mine'
                console.log(e.timestamp, Object.keys(e).length)
            }})
            console.log(at[0] >= before - 1, at[0] < Date.now() - 100, at[1] - at[0] >= 100, at[1] === at[2])
        }}"
    );
    let (run, outcome) = run(&server, &["-i", "1"], &script);
    assert_eq!(outcome.exit, Some(0), "{}", outcome.stderr);
    let lines: Vec<&str> = outcome.stderr.lines().collect();
    assert_eq!(lines[..2], [r#"{"id":"","comment":"","name":"","data":"first"} 4 undefined"#, "mine 5"]);
    assert_eq!(lines.last(), Some(&"true true true true"));
    assert!(outcome.stdout.contains("STREAMING"), "a threshold asks for the section");
    let values = |metric| samples(&run, metric).into_iter().map(|(value, _)| value).collect::<Vec<_>>();
    let (gaps, first) = (values("sse_event_gap"), values("sse_time_to_first_event"));
    assert_eq!((gaps.len(), gaps[1], values("sse_stalls")), (2, 0.0, vec![1.0]));
    let duration = values("sse_stream_duration");
    assert!(first[0] > 0.0 && first[0] + gaps[0] <= duration[0], "{first:?} {gaps:?} {duration:?}");
}

#[test]
fn a_stream_may_be_opened_again() {
    let opened = AtomicUsize::new(0);
    let server = Server::new(move |request, stream| {
        if path(request) == "/gone" {
            return respond(stream, "404 Gone", "", b"");
        }
        stream_head(stream, "");
        match opened.fetch_add(1, Ordering::SeqCst) {
            0 => {
                send(stream, chunk("retry: 30\nid: 7\ndata: a\n\n"));
                Then::Close
            }
            1 => {
                send(stream, chunk("data: b\n\n"));
                send(stream, chunk(""));
                Then::KeepAlive
            }
            _ => {
                send(stream, chunk("data: c\n\n"));
                sleep(FOR_EVER);
                Then::Close
            }
        }
    });
    let script = format!(
        "{GO}
        export default function () {{
            go('/', {{ reconnect: {{ max: 5, delay: '20s' }}, until: 'c' }})
            go('/gone', {{ reconnect: true }})
            go('http://127.0.0.1:1/refused', {{ reconnect: {{ max: 2, delay: 5 }} }})
            go('http://127.0.0.1:1/refused', {{ reconnect: true, timeouts: {{ total: '500ms' }} }})
        }}"
    );
    let (run, outcome) = run(&server, &["-i", "1"], &script);
    assert_eq!(outcome.exit, Some(0), "{}", outcome.stderr);
    let lines: Vec<&str> = outcome.stderr.lines().collect();
    // The handlers were told of the break, and that the second stream ended too early.
    assert_eq!(lines[0], "/ ok 3 unexpected EOF,the stream ended before the event that `until` waits for ");
    assert!(lines[1].starts_with("/gone http_error"), "{}", outcome.stderr);
    let ids: Vec<_> =
        server.requests().iter().map(|r| r.header("last-event-id").map(str::to_owned)).collect();
    assert_eq!(ids, [None, Some("7".into()), Some("7".into()), None]);
    let mut outcomes = vec!["truncated", "truncated", "ok", "http_error"];
    outcomes.extend(["connect_error"; 4]);
    assert_eq!(tag(&samples(&run, "sse_streams"), "outcome"), outcomes);
    assert_eq!(samples(&run, "http_reqs").len(), outcomes.len());
}

#[test]
fn the_summary_is_k6s_unless_asked() {
    let server = Server::new(serve);
    let script = format!("{GO}\nexport default function () {{ go('/done') }}");
    for (args, wanted) in [
        (&["-i", "1", "--summary-export", "x.json"][..], false),
        (&["-i", "1", "--summary-export", "x.json", "--streaming", "on"], true),
        (&["-i", "1", "--summary-export", "x.json", "--summary-mode", "full"], true),
        (&["-i", "1", "--summary-export", "x.json", "--summary-mode", "full", "--streaming", "off"], false),
    ] {
        let (run, outcome) = run(&server, args, &script);
        let exported = std::fs::read_to_string(run.folder.path().join("x.json")).unwrap();
        for name in ["sse_event_gap", "sse_stalls", "sse_streams"] {
            let has = (outcome.stdout.contains(name), exported.contains(name));
            assert_eq!(has, (wanted, wanted), "{args:?} {name}");
            // The output of `run` is there in each case.
            assert_eq!(samples(&run, name).len(), 1);
        }
    }
}

#[test]
fn wrong_parameters_say_what_is_right() {
    let server = Server::new(serve);
    let lines = log(&server, "
        export default function () {
            for (const params of [
                { timeouts: { first: 1 } }, { timeouts: 5 }, { timeouts: { idle: 0 } }, { timeouts: { idle: 'soon' } },
                { until: 5 }, { reconnect: 'yes' }, { reconnect: { times: 1 } }, { reconnect: { max: -1 } },
                { stallThreshold: '-1s' },
            ]) {
                try { sse.open(U, params, () => {}); console.log('opened') } catch (e) { console.log(String(e)) }
            }
            sse.open(U, { timeouts: { idle: undefined }, until: null, reconnect: false, stallThreshold: null }, () => {})
        }");
    let wanted = [
        "timeouts: unknown key 'first', allowed are: connect, firstEvent, idle, total",
        "timeouts: it must be an object with some of the keys connect, firstEvent, idle, total",
        "timeouts.idle: 0 is not above zero; leave the key out for no limit",
        "timeouts.idle: time: invalid duration \"soon\"",
        "until: it must be a string (the data of the last event) or a function that gets each event",
        "reconnect: it must be an object with some of the keys max, delay",
        "reconnect: unknown key 'times', allowed are: max, delay",
        "reconnect.max: '-1' is not a whole number from 0 on",
        "stallThreshold: -1s is not above zero; leave the key out for no limit",
    ];
    assert_eq!(lines, wanted.map(|text| format!("GoError: invalid sse.open() {text}")));
}
