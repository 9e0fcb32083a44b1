//! The mock server, as a client sees it on the wire.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "support/raw_http.rs"]
mod raw_http;

use std::io::Read;
use std::time::{Duration, Instant};

use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use raw_http::{body, exchange, send};
use ssek::mock::{Server, Settings};

const CHAT: &str =
    r#"{"model":"m","stream":true,"stream_options":{"include_usage":true},"max_tokens":3,"n":1,"seed":1}"#;

fn start(settings: &str) -> Server {
    Server::start(settings.parse().unwrap(), "127.0.0.1:0".parse().unwrap()).unwrap()
}

#[test]
fn a_chat_stream_is_one_chunk_per_event() {
    let server = start("ttft=1,itl=1");
    let answer = exchange(server.addr(), "POST /v1/chat/completions?n=2", CHAT);
    let (head, chunks) = answer.split_once("\r\n\r\n").unwrap();
    assert_eq!(
        head.split("\r\n").collect::<Vec<_>>(),
        [
            "HTTP/1.1 200 OK",
            "Content-Type: text/event-stream; charset=utf-8",
            "Cache-Control: no-cache",
            "Connection: close",
            "Transfer-Encoding: chunked",
        ]
    );
    let sizes =
        chunks.trim_end().split("\r\n").step_by(2).map(|size| usize::from_str_radix(size, 16).unwrap());
    assert_eq!(sizes.count(), 6, "two tokens, finish, usage, done and the end: {chunks}");
    let text = body(&answer);
    let events: Vec<_> = text.split_terminator("\n\n").collect();
    assert!(events[0].contains(r#""delta":{"content":"the "},"logprobs":null,"finish_reason":null"#));
    assert!(events[1].contains(r#""delta":{"content":"of "}"#));
    assert!(events[2].contains(r#""delta":{},"logprobs":null,"finish_reason":"stop""#));
    let prompt = CHAT.len() / 5 + 1;
    let usage = format!(
        r#""choices":[],"usage":{{"prompt_tokens":{prompt},"completion_tokens":2,"total_tokens":{}}}"#,
        prompt + 2
    );
    assert!(events[3].contains(&usage), "{}", events[3]);
    assert_eq!(events[4], "data: [DONE]");
}

#[test]
fn an_ollama_chat_is_lines_of_json() {
    let server = start("ttft=1,itl=1,n=2");
    let answer = exchange(server.addr(), "POST /api/chat", "{}");
    assert!(answer.contains("Content-Type: application/x-ndjson\r\n"), "{answer}");
    let text = body(&answer);
    let lines: Vec<serde_json::Value> =
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let told = |line: &serde_json::Value| (line["message"]["content"].clone(), line["done"].clone());
    let expected =
        [("the ", false), ("of ", false), ("", true)].map(|(text, done)| (text.into(), done.into()));
    assert_eq!(lines.iter().map(told).collect::<Vec<_>>(), expected);
    let whole = body(&exchange(server.addr(), "POST /api/chat", r#"{"stream":false}"#));
    assert_eq!(serde_json::from_str::<serde_json::Value>(&whole).unwrap()["message"]["content"], "the of ");
}

#[test]
fn a_chat_that_does_not_stream_is_plain_json() {
    let server = start("ttft=1,itl=0,n=2");
    let answer = exchange(server.addr(), "POST /any/prefix/chat/completions?finish=length", "{}");
    let json: serde_json::Value = serde_json::from_str(&body(&answer)).unwrap();
    assert_eq!(json["object"], "chat.completion");
    assert_eq!(json["choices"][0]["message"]["content"], "the of ");
    assert_eq!(json["choices"][0]["finish_reason"], "length");
    assert_eq!(json["usage"]["completion_tokens"], 2);
}

#[test]
fn plain_events_end_with_a_comment() {
    let server = start("ttft=1");
    for method in ["GET", "POST"] {
        assert_eq!(
            body(&exchange(server.addr(), &format!("{method} /sse?n=2&itl=0.5"), "")),
            "id: 0\nevent: message\ndata: {\"n\":0,\"text\":\"hello\"}\n\n\
             id: 1\nevent: message\ndata: {\"n\":1,\"text\":\"hello\"}\n\n: end of stream\n\n"
        );
    }
}

#[test]
fn ordinary_routes() {
    let server = start("ttft=1");
    let ask = |line: &str, body: &str| exchange(server.addr(), line, body);
    assert_eq!(
        ask("GET /", ""),
        "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nConnection: close\r\nContent-Length: 3\r\n\r\nok\n"
    );
    assert_eq!(body(&ask("GET /?size=5", "")), "xxxxx");
    assert_eq!(
        body(&ask("POST /echo?x=1", r#"{"a":1}"#)),
        r#"{"body":"{\"a\":1}","method":"POST","path":"/echo","query":"x=1"}"#
    );
    assert!(body(&ask("GET /v1/models", "")).contains(r#""id":"mock-model""#));
    assert_eq!(
        body(&ask("GET /?status=500", "")),
        r#"{"error":{"message":"mock status 500","type":"mock_error","code":500}}"#
    );
    for (line, status, part) in [
        ("GET /nowhere", "404 Not Found", "no route GET /nowhere"),
        ("GET /v1/chat/completions", "404 Not Found", "no route"),
        ("POST /v1/chat/completions", "400 Bad Request", "no chat completion request"),
        ("GET /sse?itl=soon", "400 Bad Request", "setting itl=soon: want milliseconds"),
        ("GET /p/nope=1/sse", "400 Bad Request", "setting nope=1: no such setting"),
        ("GET /sse?status=404", "404 Not Found", "mock status 404"),
    ] {
        let answer = ask(line, "");
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}\r\n")) && answer.contains(part), "{answer}");
    }
}

#[test]
fn the_query_wins_over_the_prefix_and_the_prefix_over_the_flags() {
    let server = start("ttft=1,itl=0,finish=stop,n=9");
    let answer = exchange(server.addr(), "POST /p/finish=length,n=7/v1/chat/completions?n=1", CHAT);
    let text = body(&answer);
    assert!(
        text.contains(r#""finish_reason":"length""#) && text.contains(r#""completion_tokens":1,"#),
        "{text}"
    );
}

#[test]
fn a_stream_that_fails_breaks_off_after_whole_events() {
    let server = start("ttft=1,itl=1");
    for query in ["n=5&fail_after=2", "n=5&fail_after=2&burst=1", "n=5&fail_after=2&framing=event&burst=1"] {
        let answer = exchange(server.addr(), &format!("POST /v1/chat/completions?{query}"), CHAT);
        assert_eq!(answer.matches("data: ").count(), 2, "{query}: {answer}");
        assert!(!answer.ends_with("0\r\n\r\n"), "{query}: the last chunk must be missing: {answer}");
    }
}

#[test]
fn a_close_delimited_stream_has_no_chunks() {
    let server = start("ttft=1,itl=1,framing=close");
    let answer = exchange(server.addr(), "GET /sse?n=1", "");
    assert!(answer.starts_with("HTTP/1.0 200 OK\r\n"), "{answer}");
    assert!(!answer.to_lowercase().contains("transfer-encoding"), "{answer}");
    assert!(answer.ends_with("\"text\":\"hello\"}\n\n: end of stream\n\n"), "{answer}");
}

#[test]
fn bursts_come_in_large_chunks() {
    let server = start("burst");
    let answer = exchange(server.addr(), "POST /v1/chat/completions?n=1000", CHAT);
    assert_eq!(answer.matches("data: ").count(), 1003);
    let chunks = answer.split("\r\n").filter(|line| usize::from_str_radix(line, 16).is_ok()).count();
    assert!(chunks < 30, "{chunks} chunks");
}

#[test]
fn events_keep_their_due_times() {
    let server = start("ttft=40,itl=20,n=5,role");
    let begun = Instant::now();
    let mut stream = send(server.addr(), "POST /v1/chat/completions", CHAT);
    let mut read = Vec::new();
    let mut arrivals = Vec::new();
    let mut buffer = [0; 4096];
    while let Ok(n @ 1..) = stream.read(&mut buffer) {
        read.extend_from_slice(&buffer[..n]);
        let events = String::from_utf8_lossy(&read).matches("data: ").count();
        arrivals.resize(events, begun.elapsed());
    }
    assert_eq!(arrivals.len(), 9);
    // Never early; how late depends on the machine.
    for (arrival, due) in arrivals[1..].iter().zip([40, 60, 80, 100, 120, 120, 120, 120]) {
        assert!(*arrival >= Duration::from_millis(due), "{arrivals:?}");
    }
}

#[test]
fn stats_count_and_a_client_that_leaves_ends_its_stream() {
    let server = start("ttft=1,itl=1");
    exchange(server.addr(), "GET /sse?n=3", "");
    let mut stream = send(server.addr(), "GET /sse?n=100000&itl=2", "");
    stream.read_exact(&mut [0; 200]).unwrap(); // the head and an event
    drop(stream);
    let patience = Instant::now() + Duration::from_secs(20);
    while server.figures().open_streams > 0 && Instant::now() < patience {
        std::thread::sleep(Duration::from_millis(2));
    }
    let stats = body(&exchange(server.addr(), "GET /stats", ""));
    let stats: serde_json::Value = serde_json::from_str(&stats).unwrap();
    assert_eq!(stats["requests"], 3);
    assert_eq!(stats["connections"], 3);
    assert_eq!((&stats["streams"], &stats["open_streams"]), (&2.into(), &0.into()));
    assert_eq!(stats["aborted_streams"], 1);
    assert_eq!(stats["first_write_lateness_ms"]["count"], 2);
    assert_eq!(stats["last_write_lateness_ms"]["count"], 1);
    assert!(stats["events"].as_u64().unwrap() >= 5);
}

#[test]
fn many_streams_at_once_all_complete_over_both_protocols() {
    let server = start("ttft=100,itl=5,n=20");
    let url = format!("{}/chat/completions", server.base_url());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let h1 = Client::builder(TokioExecutor::new()).build_http();
        let h2 = Client::builder(TokioExecutor::new()).http2_only(true).build_http();
        let request = || http::Request::post(&url).body(Full::<bytes::Bytes>::from(CHAT)).unwrap();
        let requests = (0..400).map(|i| if i % 2 == 0 { &h1 } else { &h2 }.request(request()));
        let answers = futures_util::future::join_all(requests.map(|request| async {
            let body = request.await.unwrap().into_body().collect().await.unwrap().to_bytes();
            let text = String::from_utf8(body.into()).unwrap();
            assert_eq!(text.matches("data: ").count(), 23);
        }));
        answers.await;
    });
    assert_eq!((server.figures().streams, server.figures().aborted_streams), (400, 0));
}

#[test]
fn an_address_in_use_is_named() {
    let server = start("");
    let error = Server::start(Settings::default(), server.addr()).unwrap_err();
    let text = format!("{error:#}");
    assert!(
        text.contains(&format!("cannot listen on {}", server.addr())) && text.contains("in use"),
        "{text}"
    );
}
