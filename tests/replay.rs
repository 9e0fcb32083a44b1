//! `ssek record` and `ssek mock --replay`: what is served again is what came, byte for byte, piece by piece, in its time.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "support/binary.rs"]
mod binary;
#[path = "support/raw_http.rs"]
mod raw_http;
#[path = "support/running.rs"]
mod running;

use std::fs;
use std::io::Read;
use std::net::SocketAddr;
use std::path::Path;
use std::time::{Duration, Instant};

use raw_http::{body, exchange, send};
use running::{Running, command};
use ssek::mock::recording::End;
use ssek::mock::{Recording, Replay, Server};

/// Pieces that cut events, lines and a character in two, with pauses.
const SCRIPT: &str = r#"[
    {"at": 30, "raw": ": ping\n\n"},
    {"at": 90, "raw": "data: {\"a\":"},
    {"at": 90, "base64": "IsM="},
    {"at": 150, "base64": "qSJ9Cgo="},
    {"at": 210, "raw": "data: [DONE]\n\n"},
    {"at": 240, "end": "END"}
]"#;

const TEXT: &str = ": ping\n\ndata: {\"a\":\"é\"}\n\ndata: [DONE]\n\n";

fn mock() -> Server {
    Server::start("".parse().unwrap(), "127.0.0.1:0".parse().unwrap()).unwrap()
}

fn replay(path: &Path, settings: &str) -> Server {
    let replay = Replay::open(path).unwrap();
    Server::replay(settings.parse().unwrap(), replay, "127.0.0.1:0".parse().unwrap()).unwrap()
}

/// Stores the script, which is played below this URL.
fn store(mock: &Server, name: &str, end: &str) -> String {
    let answer = exchange(mock.addr(), &format!("PUT /scripted/{name}"), &SCRIPT.replace("END", end));
    assert!(answer.contains("stored"), "{answer}");
    format!("http://{}/scripted/{name}", mock.addr())
}

/// Records a URL with the binary.
fn record(url: &str, more: &[&str]) -> (Recording, String) {
    let mut args = vec!["record", "-o", "x.ssestream", url];
    args.extend(more);
    let mut run = binary::ssek(&args);
    let outcome = run.outcome();
    assert_eq!(outcome.exit, Some(0), "{outcome:?}");
    let text = fs::read_to_string(run.folder.path().join("x.ssestream")).unwrap();
    (Recording::read(&text).unwrap(), text)
}

/// Where a process says that it listens.
fn address(running: &Running) -> SocketAddr {
    let text = running.wait_for("press Ctrl-C to stop", 1);
    text.split("http://").nth(1).unwrap().lines().next().unwrap().parse().unwrap()
}

#[test]
fn what_was_recorded_is_served_again() {
    let mock = mock();
    let url = store(&mock, "a", "complete");
    let (recording, text) = record(&format!("{url}/v1/chat/completions"), &["-d", r#"{"stream":true}"#]);
    assert_eq!((recording.end, recording.head.response.status), (End::Complete, 200));
    let request = recording.head.request.as_ref().unwrap();
    assert_eq!((request.method.as_str(), request.body.as_deref()), ("POST", Some(r#"{"stream":true}"#)));
    let pieces: Vec<_> = recording.chunks.iter().map(|(_, bytes)| bytes.len()).collect();
    assert_eq!(pieces, [8, 11, 2, 5, 14], "{text}");

    // Another server's times, with the lateness of this machine in them, are recorded and kept in turn.
    let file = tempfile::tempdir().unwrap().keep().join("a.ssestream");
    fs::write(&file, &text).unwrap();
    let again = replay(&file, "");
    let (second, _) = record(&format!("http://{}/anything", again.addr()), &[]);
    assert_eq!(
        second.chunks.iter().map(|(_, bytes)| bytes.clone()).collect::<Vec<_>>().concat(),
        TEXT.as_bytes()
    );
    assert_eq!(second.chunks.iter().map(|(_, bytes)| bytes.len()).collect::<Vec<_>>(), pieces);
    for ((first, _), (second, _)) in recording.chunks.iter().zip(&second.chunks) {
        // The client's clock starts a little before the server's.
        assert!(*second + Duration::from_millis(1) >= *first, "{first:?} {second:?}");
        assert!(*second < *first + Duration::from_millis(500), "{first:?} {second:?}");
    }
    let begun = Instant::now();
    exchange(replay(&file, "burst").addr(), "GET /", "");
    assert!(begun.elapsed() < recording.ended, "a burst does not wait");
}

#[test]
fn pieces_are_chunks_and_broken_streams_break_again() {
    let mock = mock();
    let (_, text) = record(&store(&mock, "b", "broken"), &[]);
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("b.ssestream"), text).unwrap();
    let again = replay(folder.path(), "speed=10");
    let mut answer = Vec::new();
    let _ = send(again.addr(), "GET /scripted/b", "").read_to_end(&mut answer);
    let chunks = b"\r\nB\r\ndata: {\"a\":\r\n2\r\n\"\xc3\r\n5\r\n\xa9\"}\n\n\r\n";
    assert!(answer.windows(chunks.len()).any(|window| window == chunks), "{}", answer.escape_ascii());
    assert!(!answer.ends_with(b"0\r\n\r\n"), "{}", answer.escape_ascii());
}

#[test]
fn secrets_are_not_recorded() {
    let mock = mock();
    let url = format!("http://user:pass@{}/sse?n=1&key=sk-query", mock.addr());
    let headers =
        ["-H", "Authorization: Bearer sk-header", "-H", "x-api-key: sk-other", "-H", "X-Tenant: blue"];
    let (recording, text) = record(&url, &headers);
    assert!(!text.contains("sk-") && !text.contains("pass"), "{text}");
    let request = recording.head.request.unwrap();
    assert!(request.headers.contains(&("authorization".into(), "Bearer ***".into())), "{text}");
    assert!(request.headers.contains(&("x-tenant".into(), "blue".into())), "{text}");
    assert!(request.url.ends_with("/sse?n=1&key=***"), "{text}");
}

#[test]
fn a_proxy_records_all_that_goes_through_it() {
    let mock = mock();
    let upstream = format!("http://{}/p/ttft=5,itl=1,n=2", mock.addr());
    let args = ["record", "--listen", "127.0.0.1:0", "--upstream", &upstream, "-o", "tapes", "--omit-bodies"];
    let mut proxy = Running::of(command(&args, ""));
    let addr = address(&proxy);
    let direct = exchange(mock.addr(), "POST /p/ttft=5,itl=1,n=2/v1/messages", r#"{"stream":true}"#);
    let through = exchange(addr, "POST /v1/messages", r#"{"stream":true}"#);
    assert_eq!(body(&through), body(&direct));
    assert!(through.contains("Content-Type: text/event-stream"), "{through}");
    assert!(exchange(addr, "GET /v1/models?x=1", "").contains("mock-model"));
    assert!(exchange(addr, "GET /sse?n=2&fail_after=1", "").contains("hello"));
    let mut left = send(addr, "GET /sse?n=100000&itl=5", "");
    left.read_exact(&mut [0; 200]).unwrap();
    drop(left);
    proxy.wait_for("broken off", 2);
    proxy.signal(libc::SIGTERM);
    let (code, said) = proxy.end();
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("POST /p/ttft=5,itl=1,n=2/v1/messages 200: "), "{said}");

    let folder = proxy.folder.path().join("tapes");
    let mut names: Vec<_> = fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(names.len(), 4, "{names:?}");
    assert_eq!(names[0], "0001-post-p-ttft-5-itl-1-n-2-v1-messages.ssestream");
    let first = Recording::read(&fs::read_to_string(folder.join(&names[0])).unwrap()).unwrap();
    assert_eq!((first.end, first.head.request.unwrap().body), (End::Complete, None));

    // All of them, by method and path.
    let served = command(
        &["mock", "--listen", "127.0.0.1:0", "--speed", "5", "--replay", folder.to_str().unwrap()],
        "",
    );
    let served = Running::of(served);
    let again = address(&served);
    let line = "POST /p/ttft=5,itl=1,n=2/v1/messages";
    assert_eq!(body(&exchange(again, line, "{}")), body(&direct));
    let missing = exchange(again, "GET /nowhere", "");
    assert!(
        missing.starts_with("HTTP/1.1 404") && missing.contains("no recording of GET /nowhere"),
        "{missing}"
    );
}

#[test]
fn what_cannot_be_recorded_is_said() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    for (args, said) in [
        (&["record", &format!("http://{free}/")][..], "connection refused"),
        (&["record", "ftp://a.test"], "want a URL of http or https"),
        (&["record"], "required"),
        (&["mock", "--replay", "nothing.ssestream"], "cannot replay nothing.ssestream"),
    ] {
        let outcome = binary::ssek(args).outcome();
        assert_ne!(outcome.exit, Some(0), "{args:?}");
        assert!(outcome.stderr.contains(said), "{args:?}: {}", outcome.stderr);
    }
}
