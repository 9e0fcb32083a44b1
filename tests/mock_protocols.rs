//! The protocols of the mock server on the wire, and the faults that they share.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "support/raw_http.rs"]
mod raw_http;

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use raw_http::{body, exchange};
use serde_json::{Value, json};
use ssek::mock::Server;

const GEMINI: &str = "POST /v1beta/models/m:streamGenerateContent?alt=sse&";

fn start(settings: &str) -> Server {
    Server::start(settings.parse().unwrap(), "127.0.0.1:0".parse().unwrap()).unwrap()
}

/// The events of a stream: their names, and their data as JSON where it is.
fn events(addr: SocketAddr, line: &str, request: &str) -> Vec<(String, Value)> {
    let answer = exchange(addr, line, request);
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream"), "{answer}");
    let event = |text: &str| {
        let (mut name, mut data) = (String::new(), Value::Null);
        for field in text.lines() {
            if let Some(value) = field.strip_prefix("event: ") {
                name = value.to_owned();
            } else if let Some(value) = field.strip_prefix("data:") {
                data = serde_json::from_str(value).unwrap_or_else(|_| value.trim().into());
            }
        }
        (name, data)
    };
    body(&answer).split_terminator("\n\n").map(event).collect()
}

/// What the events say at a path, those that say nothing left out.
fn told(events: &[(String, Value)], path: &str) -> Vec<Value> {
    events
        .iter()
        .filter_map(|(_, data)| data.pointer(path).cloned())
        .filter(|value| !value.is_null())
        .collect()
}

fn names(events: &[(String, Value)]) -> Vec<&str> {
    events.iter().map(|(name, _)| name.as_str()).collect()
}

fn joined(pieces: &[Value]) -> String {
    pieces.iter().map(|piece| piece.as_str().unwrap()).collect()
}

#[test]
fn chats_think_and_call_tools() {
    let server = start("ttft=1,itl=0,n=3");
    let tools = r#"{"stream":true,"stream_options":{"include_usage":true},"tool_choice":"required",
        "tools":[{"type":"function","function":{"name":"sum"}}]}"#;
    let call = events(server.addr(), "POST /v1/chat/completions?reasoning=2", tools);
    assert_eq!(told(&call, "/choices/0/delta/reasoning_content"), ["the ", "of "]);
    assert_eq!(told(&call, "/choices/0/delta/tool_calls/0/function/name"), ["sum"]);
    let arguments = joined(&told(&call, "/choices/0/delta/tool_calls/0/function/arguments"));
    assert_eq!(serde_json::from_str::<Value>(&arguments).unwrap(), json!({"text": "the "}));
    assert_eq!(told(&call, "/choices/0/finish_reason"), ["tool_calls"]);
    assert_eq!(told(&call, "/usage/completion_tokens"), [5]);
    assert_eq!(told(&call, "/usage/completion_tokens_details/reasoning_tokens"), [2]);
    assert_eq!(call.last().unwrap().1, "[DONE]");
    let whole = body(&exchange(server.addr(), "POST /v1/chat/completions?reasoning=1&tool_call", "{}"));
    let whole: Value = serde_json::from_str(&whole).unwrap();
    assert_eq!(
        whole["choices"][0]["message"]["tool_calls"][0]["function"]["arguments"],
        r#"{"text":"the "}"#
    );
    assert_eq!(whole["choices"][0]["message"]["reasoning_content"], "the ");
}

#[test]
fn completions_are_texts() {
    let server = start("ttft=1,itl=0,n=2,finish=length");
    let request = r#"{"prompt":"a","stream":true,"stream_options":{"include_usage":true}}"#;
    let events = events(server.addr(), "POST /v1/completions", request);
    assert_eq!(told(&events, "/choices/0/text"), ["the ", "of ", ""]);
    assert_eq!(told(&events, "/choices/0/finish_reason"), ["length"]);
    assert_eq!(told(&events, "/object")[0], "text_completion");
    assert_eq!(told(&events, "/usage/completion_tokens"), [2]);
    assert_eq!(events.last().unwrap().1, "[DONE]");
}

#[test]
fn responses_are_items_that_begin_and_end() {
    let server = start("ttft=1,itl=0,n=2");
    let request = r#"{"input":"a","stream":true}"#;
    let plain = events(server.addr(), "POST /v1/responses", request);
    assert_eq!(
        names(&plain),
        [
            "response.created",
            "response.in_progress",
            "response.output_item.added",
            "response.content_part.added",
            "response.output_text.delta",
            "response.output_text.delta",
            "response.output_text.done",
            "response.content_part.done",
            "response.output_item.done",
            "response.completed",
        ]
    );
    let numbers: Vec<_> = (0..10).map(Value::from).collect();
    assert_eq!(told(&plain, "/sequence_number"), numbers);
    assert_eq!(told(&plain, "/delta"), ["the ", "of "]);
    assert_eq!(told(&plain, "/text"), ["the of "]);
    assert_eq!(told(&plain, "/response/usage/output_tokens"), [2]);
    assert_eq!(plain[9].1["response"]["output"][0]["content"][0]["text"], "the of ");
    assert!(plain.iter().all(|(name, data)| data["type"] == *name));

    let call = events(server.addr(), "POST /v1/responses?tool_call&reasoning=1&finish=length", request);
    assert_eq!(names(&call)[4], "response.reasoning_summary_text.delta");
    assert_eq!(joined(&told(&call, "/delta")[1..]), r#"{"text":""}"#);
    assert_eq!(told(&call, "/arguments"), [r#"{"text":""}"#]);
    assert_eq!(call.last().unwrap().0, "response.incomplete");
    assert_eq!(told(&call, "/response/incomplete_details/reason"), ["max_output_tokens"]);
}

#[test]
fn messages_are_blocks_that_start_and_stop() {
    let server = start("ttft=1,itl=0,n=2");
    let request = r#"{"max_tokens":9,"stream":true,"messages":[]}"#;
    let plain = events(server.addr(), "POST /v1/messages", request);
    assert_eq!(
        names(&plain),
        [
            "message_start",
            "content_block_start",
            "ping",
            "content_block_delta",
            "content_block_delta",
            "content_block_stop",
            "message_delta",
            "message_stop",
        ]
    );
    assert!(plain.iter().all(|(name, data)| data["type"] == *name));
    assert_eq!(told(&plain, "/delta/text"), ["the ", "of "]);
    assert_eq!(told(&plain, "/message/usage/input_tokens"), [request.len() / 5 + 1]);
    assert_eq!(told(&plain, "/usage"), [json!({"output_tokens": 2})]);
    assert_eq!(told(&plain, "/delta/stop_reason"), ["end_turn"]);

    let call = events(server.addr(), "POST /v1/messages?reasoning=2&tool_call", request);
    assert_eq!(told(&call, "/delta/thinking"), ["the ", "of "]);
    assert_eq!(told(&call, "/content_block/type"), ["thinking", "tool_use"]);
    assert_eq!(joined(&told(&call, "/delta/partial_json")), r#"{"text":""}"#);
    assert_eq!(told(&call, "/delta/stop_reason"), ["tool_use"]);
    let whole: Value =
        serde_json::from_str(&body(&exchange(server.addr(), "POST /v1/messages?tool_call", "{}"))).unwrap();
    assert_eq!(whole["content"][0]["input"], json!({"text": ""}));
}

#[test]
fn gemini_ends_with_its_last_chunk() {
    let server = start("ttft=1,itl=0,n=2");
    let text = events(server.addr(), &format!("{GEMINI}reasoning=1"), "{}");
    assert_eq!(told(&text, "/candidates/0/content/parts/0/text"), ["the ", "the ", "of ", ""]);
    assert_eq!(told(&text, "/candidates/0/content/parts/0/thought"), [true]);
    assert_eq!(told(&text, "/candidates/0/finishReason"), ["STOP"]);
    assert_eq!(told(&text, "/usageMetadata/candidatesTokenCount"), [2]);
    assert_eq!(told(&text, "/usageMetadata/thoughtsTokenCount"), [1]);
    let call = events(server.addr(), &format!("{GEMINI}tool_call"), "{}");
    assert_eq!(told(&call, "/candidates/0/content/parts/0/functionCall/args"), [json!({"text": ""})]);
    let whole = body(&exchange(server.addr(), "POST /v1beta/models/m:generateContent", "{}"));
    assert!(whole.contains(r#""text":"the of ""#), "{whole}");
}

#[test]
fn the_last_token_of_tgi_carries_the_whole() {
    let server = start("ttft=1,itl=0,n=2");
    let events = events(server.addr(), "POST /generate_stream", r#"{"inputs":"a"}"#);
    assert_eq!(told(&events, "/token/text"), ["the ", "of "]);
    assert_eq!(told(&events, "/index"), [1, 2]);
    assert_eq!(told(&events, "/generated_text"), ["the of "]);
    assert_eq!(told(&events, "/details/finish_reason"), ["eos_token"]);
    assert_eq!(told(&events, "/details/generated_tokens"), [2]);
    assert!(body(&exchange(server.addr(), "POST /generate_stream?n=1", "{}")).starts_with("data:{"));
}

#[test]
fn dify_tells_conversation_and_message() {
    let server = start("ttft=1,itl=0,n=2");
    let line = "POST /v1/chat-messages";
    let first =
        events(server.addr(), line, r#"{"query":"a","response_mode":"streaming","conversation_id":""}"#);
    assert_eq!(told(&first, "/event"), ["message", "message", "message_end"]);
    assert_eq!(told(&first, "/answer"), ["the ", "of "]);
    assert_eq!(told(&first, "/metadata/usage/completion_tokens"), [2]);
    let id = first[0].1["conversation_id"].as_str().unwrap();
    let request = format!(r#"{{"query":"b","response_mode":"streaming","conversation_id":"{id}"}}"#);
    let second = events(server.addr(), line, &request);
    assert_eq!(told(&second, "/conversation_id"), [id, id, id]);
    assert_ne!(first[0].1["message_id"], second[0].1["message_id"]);
    assert!(body(&exchange(server.addr(), line, r#"{"query":"a"}"#)).contains(r#""answer":"the of ""#));
}

#[test]
fn ollama_generates_too() {
    let server = start("ttft=1,itl=0,n=2,reasoning=1");
    let lines = body(&exchange(server.addr(), "POST /api/generate", "{}"));
    let lines: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let field = |name: &str| lines.iter().map(|line| line[name].clone()).collect::<Vec<_>>();
    assert_eq!(field("response"), ["", "the ", "of ", ""]);
    assert_eq!(field("done"), [false, false, false, true]);
    assert_eq!((&lines[0]["thinking"], &lines[3]["eval_count"]), (&json!("the "), &json!(3)));
    let call = body(&exchange(server.addr(), "POST /api/chat?tool_call&reasoning=0", "{}"));
    assert!(
        call.contains(r#""tool_calls":[{"function":{"name":"look_up","arguments":{"text":""}}}]"#),
        "{call}"
    );
}

#[test]
fn append_and_assistant() {
    let server = start("ttft=1,itl=0,n=2");
    let append = events(server.addr(), "POST /append", "{}");
    assert_eq!(told(&append, "/type"), ["append", "append", "close"]);
    assert_eq!(told(&append, "/text"), ["the ", "of "]);
    let say = |text: &str| format!(r#"{{"role":"user","content":"{text}"}}"#);
    for text in ["Hello", "Explain"] {
        let turn = events(server.addr(), "POST /stream/assistant/s1", &say(text));
        assert_eq!(told(&turn, "/content"), ["the ", "of "]);
        assert_eq!(turn.last().unwrap().1, "[DONE]");
    }
    let history = body(&exchange(server.addr(), "GET /stream/assistant/s1", ""));
    let history: Value = serde_json::from_str(&history).unwrap();
    let roles: Vec<_> = history.as_array().unwrap().iter().map(|message| message["role"].clone()).collect();
    assert_eq!(roles, ["user", "assistant", "user", "assistant"]);
    assert_eq!(history[2]["content"], "Explain");
    let wrong = exchange(server.addr(), "POST /stream/assistant/s1", r#"{"content":"x"}"#);
    assert!(wrong.starts_with("HTTP/1.1 400") && wrong.contains("the body is no message"), "{wrong}");
}

#[test]
fn errors_have_the_shape_of_their_protocol() {
    let server = start("ttft=1,itl=0,n=3,error_after=1");
    for (line, path) in [
        ("POST /v1/chat/completions", "/error/message"),
        ("POST /v1/messages?n=0", "/error/message"),
        (GEMINI, "/error/status"),
        ("POST /generate_stream", "/error_type"),
        ("POST /append", "/message"),
    ] {
        let events = events(server.addr(), line, r#"{"stream":true}"#);
        assert_eq!(told(&events, path).len(), 1, "{line}: {events:?}");
        assert_eq!(events.len(), 2, "{line}");
    }
    for (line, want) in [
        (
            "POST /v1/messages",
            r#"{"type":"error","error":{"type":"overloaded_error","message":"mock status 529"}}"#,
        ),
        ("POST /api/chat", r#"{"error":"mock status 529"}"#),
        (
            "POST /v1/chat-messages",
            r#"{"code":"internal_server_error","message":"mock status 529","status":529}"#,
        ),
    ] {
        assert_eq!(body(&exchange(server.addr(), &format!("{line}?status=529"), "{}")), want);
    }
}

#[test]
fn the_first_requests_to_a_url_are_rejected() {
    let server = start("ttft=1,itl=0,n=1");
    let line = "POST /v1/chat/completions?reject=2&retry_after=1.2s";
    for _ in 0..2 {
        let answer = exchange(server.addr(), line, "{}");
        assert!(answer.starts_with("HTTP/1.1 429 "), "{answer}");
        assert!(answer.contains("\r\nRetry-After: 2\r\n"), "{answer}");
    }
    assert!(exchange(server.addr(), line, "{}").starts_with("HTTP/1.1 200 "));
    let other = exchange(server.addr(), "POST /v1/chat/completions?reject=1&status=503", "{}");
    assert!(other.starts_with("HTTP/1.1 503 ") && other.contains("\r\nRetry-After: 1\r\n"), "{other}");
    assert_eq!(server.figures().rejected, 3);
}

#[test]
fn requests_above_the_slots_wait() {
    let server = start("ttft=60,itl=0,n=1,slots=1");
    let addr = server.addr();
    let begun = Instant::now();
    let clients: Vec<_> = (0..3)
        .map(|_| {
            std::thread::spawn(move || exchange(addr, "POST /v1/chat/completions", r#"{"stream":true}"#))
        })
        .collect();
    assert!(clients.into_iter().all(|client| client.join().unwrap().contains("[DONE]")));
    assert!(begun.elapsed() >= Duration::from_millis(180), "{:?}", begun.elapsed());
}

#[test]
fn a_stream_can_be_cut_in_good_order_and_stall() {
    let server = start("ttft=1,itl=0,n=3");
    let request = r#"{"stream":true}"#;
    let answer = exchange(server.addr(), "POST /v1/chat/completions?cut_after=2", request);
    assert!(answer.ends_with("0\r\n\r\n") && !answer.contains("[DONE]"), "{answer}");
    let begun = Instant::now();
    exchange(server.addr(), "POST /v1/chat/completions?stall_after=2&stall=80ms", request);
    assert!(begun.elapsed() >= Duration::from_millis(80));
}

#[test]
fn scripts_are_played_at_once_or_by_name() {
    let server = start("");
    let script =
        r#"[{"at":5,"raw":": ping\n\n"},{"at":20,"raw":"data: a\n"},{"at":20,"raw":"\ndata: b\n\n"}]"#;
    let begun = Instant::now();
    let answer = exchange(server.addr(), "POST /scripted", script);
    assert!(begun.elapsed() >= Duration::from_millis(20));
    assert!(answer.contains("\r\n8\r\ndata: a\n\r\n"), "a chunk a piece: {answer}");
    assert_eq!(body(&answer), ": ping\n\ndata: a\n\ndata: b\n\n");
    assert_eq!(
        body(&exchange(
            server.addr(),
            "PUT /scripted/broken",
            r#"[{"at":1,"raw":"x"},{"at":2,"end":"broken"}]"#
        )),
        "stored\n"
    );
    let broken = exchange(server.addr(), "POST /scripted/broken/v1/chat/completions", "{}");
    assert!(broken.contains("\r\n1\r\nx\r\n") && !broken.ends_with("0\r\n\r\n"), "{broken}");
    for (line, sent, want) in [
        ("POST /scripted", "{", "want a list"),
        ("POST /scripted/none", "", "no script none: send it first with PUT /scripted/none"),
    ] {
        assert!(exchange(server.addr(), line, sent).contains(want), "{line}");
    }
}
