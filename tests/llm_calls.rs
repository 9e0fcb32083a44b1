//! Calls of models against a server that says which bytes go out and when.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "support/slow_server.rs"]
mod slow_server;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use slow_server::{Server, Then, block_on, chunk, respond, send, stream_head};
use ssek::llm::keys::Policy;
use ssek::llm::{Delta, Keys, Protocol, Report, Request, Retry, Slo, Source, Target, Tokenizer, call};
use ssek::net::client::Shared;
use ssek::net::{Client, Config, Outcome, Timeouts};

const ROLE: &str = r#"data: {"choices":[{"delta":{"role":"assistant"}}]}"#;
const EMPTY: &str = r#"data: {"choices":[{"delta":{"content":""}}]}"#;
const THOUGHT: &str = r#"data: {"choices":[{"delta":{"reasoning_content":"hm"}}]}"#;
const FIVE_WORDS: &str = r#"data: {"choices":[{"delta":{"content":"one two three four five"}}]}"#;
const FINISH: &str = r#"data: {"choices":[{"delta":{},"finish_reason":"stop"}]}"#;
const USAGE: &str = r#"data: {"choices":[],"usage":{"prompt_tokens":3,"completion_tokens":6}}"#;
const DONE: &str = "data: [DONE]";

/// A server of one event stream, each event so many milliseconds after the head; the body ends after the last.
fn streaming(events: &'static [(u64, &'static str)]) -> Server {
    Server::new(move |_, stream| {
        let begun = Instant::now();
        stream_head(stream, "");
        for (at, event) in events {
            thread::sleep(Duration::from_millis(*at).saturating_sub(begun.elapsed()));
            send(stream, chunk(format!("{event}\n\n")));
        }
        send(stream, chunk(""));
        Then::KeepAlive
    })
}

fn target(server: &Server) -> Target {
    Target::new(&format!("http://{}/v1", server.addr), None, Protocol::named("openai-chat").unwrap()).unwrap()
}

fn ask_for(target: &Target, request: &Request, on: &mut impl FnMut(&Delta, Instant)) -> Report {
    let shared = Shared::new(Config::default()).unwrap();
    block_on(async { call(&Client::new(&shared, 1), target, request, on).await })
}

fn ask(target: &Target) -> Report {
    ask_for(target, &Request::prompt("Hi"), &mut |_, _| {})
}

#[test]
fn the_marks_of_a_whole_answer() {
    let server = streaming(&[
        (20, "event: ping\ndata: {}"),
        (100, ROLE),
        (200, EMPTY),
        (400, THOUGHT),
        (600, FIVE_WORDS),
        (800, FINISH),
        (900, USAGE),
        (1000, DONE),
    ]);
    let mut role = None;
    let (mut thought, mut words, mut finish) = (None, None, None);
    let mut target = target(&server);
    target.slo = Some(Arc::new(Slo::parse("ttft<390ms").unwrap()));
    let report = ask_for(&target, &Request::prompt("Hi"), &mut |delta: &Delta, at: Instant| match delta {
        Delta::Role => role = Some(at),
        Delta::Reasoning(_) => thought = Some(at),
        Delta::Text(text) if !text.is_empty() => words = Some(at),
        Delta::Finish(_) => finish = Some(at),
        _ => {}
    });
    let marks = report.marks;
    assert_eq!((report.outcome, report.error.as_str(), report.status), (Outcome::Ok, "", 200));
    // Each mark is the very instant of one event.
    assert_eq!((marks.first_event, marks.first_token), (role, thought));
    assert_eq!((marks.first_visible, marks.last_token), (words, words));
    assert!(marks.start <= marks.headers.unwrap() && marks.headers <= marks.first_byte);
    assert!(marks.first_byte < marks.first_event && finish.unwrap() < marks.end);
    // What comes later than it was sent may be ssek's fault; what comes earlier is not.
    let since = |mark| marks.since_start(mark).unwrap().as_millis();
    for (mark, at) in [(role, 100), (thought, 400), (words, 600), (finish, 800), (Some(marks.end), 1000)] {
        assert!((at - 5..at + 190).contains(&since(mark)), "{at}: {}", since(mark));
    }
    let of_five = marks.last_token.unwrap().duration_since(thought.unwrap());
    let off = (marks.time_per_output_token(6).unwrap() * 5).abs_diff(of_five);
    assert!(off < Duration::from_nanos(10), "{off:?}");
    assert_eq!((report.events, report.arrivals.len(), report.terminated), (7, 2, true));
    let completion = report.tokens.completion;
    assert_eq!((report.tokens.prompt.count, completion.count, completion.source), (3, 6, Source::Usage));
    assert_eq!(report.reply.text, "one two three four five");
    assert_eq!((report.reply.reasoning.as_str(), report.finish_reason()), ("hm", "stop"));
    assert_eq!(report.good, Some(false));
}

#[test]
fn how_answers_end() {
    const BAD: &str = r#"data: {"choices":[{"delta":{"content":"on"#;
    const ERROR: &str = r#"data: {"error":{"message":"overloaded"}}"#;
    for (events, outcome, error) in [
        (&[(0, FIVE_WORDS), (0, FINISH), (0, DONE)][..], Outcome::Ok, ""),
        (&[(0, FIVE_WORDS), (0, FINISH)], Outcome::Ok, ""),
        (&[(0, FIVE_WORDS), (0, DONE)], Outcome::Ok, ""),
        (&[(0, ROLE), (0, FIVE_WORDS)], Outcome::Truncated, "neither a finish reason nor the terminator"),
        (&[(0, FIVE_WORDS), (0, ERROR)], Outcome::StreamError, "overloaded"),
        (&[(0, ERROR), (0, DONE)], Outcome::StreamError, "overloaded"),
        (&[(0, "event: error\ndata: gone"), (0, DONE)], Outcome::StreamError, "gone"),
        (&[(0, BAD), (0, FINISH), (0, DONE)], Outcome::ProtocolError, "an event is no JSON"),
        (&[(0, BAD)], Outcome::Truncated, "neither"),
        (&[], Outcome::Truncated, "neither"),
    ] {
        let events: &'static [(u64, &'static str)] = events.to_vec().leak();
        let report = ask(&target(&streaming(events)));
        assert_eq!(report.outcome, outcome, "{events:?} {}", report.error);
        assert!(
            report.error.contains(error) && report.error.is_empty() == error.is_empty(),
            "{}",
            report.error
        );
        assert_eq!(report.good, None);
    }
}

#[test]
fn connections_that_break_and_answers_of_other_kinds() {
    let html = |stream: &mut dyn slow_server::Stream| {
        respond(stream, "200 OK", "Content-Type: text/html\r\n", b"<html>\n<p>Hello</p>\n</html>\n")
    };
    let cut = |stream: &mut dyn slow_server::Stream| {
        stream_head(stream, "");
        send(stream, chunk(format!("{FIVE_WORDS}\n\n")));
        Then::Close
    };
    let error = |stream: &mut dyn slow_server::Stream| {
        let body = br#"{"error":{"message":"no such model"}}"#;
        respond(
            stream,
            "200 OK",
            "Content-Type: application/json\r\n",
            [body, &b"\n"[..]].concat().as_slice(),
        )
    };
    let refused = |stream: &mut dyn slow_server::Stream| {
        let body = br#"{"error":{"message":"slow down","type":"rate_limit"}}"#;
        respond(stream, "429 Too Many Requests", "Content-Type: application/json\r\n", body)
    };
    type Answer = fn(&mut dyn slow_server::Stream) -> Then;
    let table: [(Answer, Outcome, u16, &str); 4] = [
        (html, Outcome::ProtocolError, 200, "no event stream"),
        (cut, Outcome::Truncated, 200, "unexpected EOF"),
        (error, Outcome::StreamError, 200, "no such model"),
        (refused, Outcome::HttpError, 429, "status 429: slow down"),
    ];
    for (answer, outcome, status, text) in table {
        let report = ask(&target(&Server::new(move |_, stream| answer(stream))));
        assert_eq!((report.outcome, report.status), (outcome, status), "{}", report.error);
        assert!(report.error.contains(text), "{}", report.error);
    }
    let nobody = Target::new("http://127.0.0.1:1", None, Protocol::named("auto").unwrap()).unwrap();
    let report = ask(&nobody);
    assert_eq!((report.outcome, report.status, report.retries()), (Outcome::ConnectError, 0, 0));
    assert!(report.error.contains("connection refused"), "{}", report.error);
}

#[test]
fn limits_of_time() {
    for (events, timeouts, outcome) in [
        (
            &[(0, ": on it"), (3000, DONE)][..],
            Timeouts { first_event: Some(Duration::from_millis(300)), ..Timeouts::default() },
            Outcome::TimeoutFirstEvent,
        ),
        (
            &[(0, FIVE_WORDS), (3000, DONE)],
            Timeouts { idle: Some(Duration::from_millis(300)), ..Timeouts::default() },
            Outcome::TimeoutIdle,
        ),
        (
            &[(0, FIVE_WORDS), (3000, DONE)],
            Timeouts { total: Some(Duration::from_millis(300)), ..Timeouts::default() },
            Outcome::TimeoutTotal,
        ),
    ] {
        let events: &'static [(u64, &'static str)] = events.to_vec().leak();
        let server = streaming(events);
        let report = ask(&Target { timeouts, ..target(&server) });
        assert_eq!(report.outcome, outcome, "{}", report.error);
        assert!(
            !report.error.is_empty() && report.marks.tail().is_none_or(|tail| tail < Duration::from_secs(3))
        );
    }
}

#[test]
fn refused_requests_are_sent_again_and_shown() {
    let count = AtomicUsize::new(0);
    let server = Server::new(move |_, stream| {
        if count.fetch_add(1, Ordering::SeqCst) < 2 {
            return respond(stream, "503 Service Unavailable", "Retry-After: 0.1\r\n", b"busy");
        }
        stream_head(stream, "");
        send(stream, [chunk(format!("{FIVE_WORDS}\n\n{DONE}\n\n")), chunk("")].concat());
        Then::KeepAlive
    });
    let mut target = target(&server);
    target.retry = Some(Arc::new(Retry::new(2, 0.0)));
    let report = ask(&target);
    assert_eq!((report.outcome, report.retries(), server.requests().len()), (Outcome::Ok, 2, 3));
    let shown: Vec<_> =
        report.attempts.iter().map(|attempt| (attempt.status, attempt.error.as_str())).collect();
    assert_eq!(shown, [(503, "status 503: busy"), (503, "status 503: busy"), (200, "")]);
    assert_eq!(report.attempts[0].waited, Some(Duration::from_millis(100)));
    // Who waits for the answer waits for all attempts.
    assert!(report.marks.time_to_first_token().unwrap() >= Duration::from_millis(200));
    assert_eq!(server.connections(), 1);

    let never =
        Server::new(|_, stream| respond(stream, "503 Service Unavailable", "Retry-After: 9\r\n", b""));
    let mut target = self::target(&never);
    target.retry = Some(Arc::new(Retry::new(5, 1.0)));
    target.timeouts.total = Some(Duration::from_secs(2));
    let report = ask(&target);
    // The wait would be longer than the time that is left.
    assert_eq!((report.outcome, report.retries()), (Outcome::HttpError, 0));
}

#[test]
fn what_goes_over_the_wire() {
    let server = streaming(&[(0, FIVE_WORDS), (0, DONE)]);
    let mut target = target(&server);
    target.keys = Arc::new(Keys::new(["key-of-one", "Bearer key-of-two"], Policy::RoundRobin));
    target.model = Some("m".into());
    target.headers = vec![("X-Own".into(), "1".into())];
    let mut request = Request { max_tokens: Some(9), ..Request::prompt("Hi") };
    request.extra.insert("top_p".into(), json!(0.5));
    for _ in 0..2 {
        ask_for(&target, &request, &mut |_, _| {});
    }
    let raw = Request { body: Some("{\"raw\":1}".into()), ..Request::default() };
    ask_for(&target, &raw, &mut |_, _| {});
    let requests = server.requests();
    assert_eq!(requests[0].line, "POST /v1/chat/completions HTTP/1.1");
    assert_eq!(
        (requests[0].header("accept"), requests[0].header("x-own")),
        (Some("text/event-stream"), Some("1"))
    );
    assert_eq!(requests[0].header("authorization"), Some("Bearer key-of-one"));
    assert_eq!(requests[1].header("authorization"), Some("Bearer key-of-two"));
    let body: Value = serde_json::from_slice(&requests[0].body).unwrap();
    let wanted = json!({"model": "m", "stream": true, "stream_options": {"include_usage": true}, "max_tokens": 9,
        "messages": [{"role": "user", "content": "Hi"}], "top_p": 0.5});
    assert_eq!(body, wanted);
    assert_eq!(requests[2].body, b"{\"raw\":1}");
}

#[test]
fn tokens_without_usage() {
    let server = streaming(&[(0, FIVE_WORDS), (0, DONE)]);
    for (tokenizer, keep_text, count, source) in [
        (Tokenizer::Off, false, 6, Source::Estimate),
        (Tokenizer::O200k, false, 5, Source::Tokenizer),
        (Tokenizer::O200k, true, 5, Source::Tokenizer),
    ] {
        let report = ask(&Target { tokenizer, keep_text, ..target(&server) });
        let completion = report.tokens.completion;
        assert_eq!((completion.count, completion.source), (count, source));
        assert_eq!(report.reply.text.is_empty(), !keep_text);
        assert_eq!(report.reply.bytes, 23);
    }
}

#[test]
fn lines_of_json_and_protocols_that_are_told_from_the_answer() {
    let server = Server::new(|_, stream| {
        let body = "{\"message\":{\"content\":\"Yes\"},\"done\":false}\n{\"message\":{\"content\":\"\"},\"done\":true,\
                    \"done_reason\":\"stop\",\"prompt_eval_count\":4,\"eval_count\":2}";
        respond(stream, "200 OK", "Content-Type: application/x-ndjson\r\n", body.as_bytes())
    });
    for protocol in ["ollama", "auto"] {
        let base = format!("http://{}/api/chat", server.addr);
        let report = ask(&Target::new(&base, None, Protocol::named(protocol).unwrap()).unwrap());
        assert_eq!((report.outcome, report.protocol), (Outcome::Ok, "ollama"), "{}", report.error);
        assert_eq!((report.reply.text.as_str(), report.tokens.completion.count), ("Yes", 2));
    }
    assert_eq!(server.requests()[0].line, "POST /api/chat HTTP/1.1");
}
