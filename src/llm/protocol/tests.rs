//! What the decoders make of events: a small answer of each protocol, written by hand after its documentation.

use serde_json::json;

use super::*;
use crate::llm::reply::Reply;
use crate::llm::request::Message;
use crate::llm::usage::Usage;

/// What came of a stream.
#[derive(Debug, Default)]
struct Seen {
    reply: Reply,
    usage: Usage,
    error: Option<String>,
    done: bool,
    bad: Vec<String>,
    /// Events with content.
    content: usize,
}

/// Decodes events, a line each: the data, or `name|data`.
fn decode(protocol: &Protocol, events: &str) -> Seen {
    let mut seen = Seen::default();
    let mut decoder = protocol.decoder();
    for line in events.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let (name, data) = match line.split_once('|') {
            Some((name, data)) if !name.contains(['{', '"']) => (name, data),
            _ => ("", line),
        };
        let event = Event { name: name.into(), data: data.into(), ..Event::default() };
        let mut content = false;
        let Seen { reply, usage, error, done, .. } = &mut seen;
        let decoded = decoder.decode(&event, &mut |delta| {
            content |= delta.is_content();
            match delta {
                Delta::Usage(counts) => usage.merge(*counts),
                Delta::Error(text) => *error = Some((*text).to_owned()),
                Delta::Done => *done = true,
                _ => {}
            }
            reply.take(delta, true);
        });
        seen.content += usize::from(content);
        seen.bad.extend(decoded.err());
    }
    seen
}

fn named(name: &str) -> Protocol {
    Protocol::named(name).unwrap()
}

/// Protocol, events, text, reasoning, tool calls (name and arguments), finish, usage (prompt, completion, cached,
/// reasoning), whether it is done, events with content.
type Case = (
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    &'static [(&'static str, &'static str)],
    Option<&'static str>,
    [Option<u64>; 4],
    bool,
    usize,
);

const CASES: &[Case] = &[
    (
        "openai-chat",
        r#"{"id":"c1","choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}]}
        {"id":"c1","choices":[{"index":0,"delta":{"reasoning_content":"let me \"think\""}}]}
        {"id":"c1","choices":[{"index":0,"delta":{"content":"a\nb"}}],"usage":null}
        {"id":"c1","choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"t","function":{"name":"f","arguments":""}}]}}]}
        {"id":"c1","choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":"{}"}}]}}]}
        {"id":"c1","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}
        {"id":"c1","choices":[],"usage":{"prompt_tokens":7,"completion_tokens":5,"prompt_tokens_details":{"cached_tokens":4},"completion_tokens_details":{"reasoning_tokens":2}}}
        [DONE]"#,
        "a\nb",
        "let me \"think\"",
        &[("f", "{}")],
        Some("stop"),
        [Some(7), Some(5), Some(4), Some(2)],
        true,
        3,
    ),
    (
        "openai-completions",
        r#"{"id":"c2","object":"text_completion","choices":[{"text":"Hel","index":0,"finish_reason":null}]}
        {"id":"c2","choices":[{"text":"lo","finish_reason":"length"}]}
        {"id":"c2","choices":[],"usage":{"prompt_tokens":3,"completion_tokens":2}}
        [DONE]"#,
        "Hello",
        "",
        &[],
        Some("length"),
        [Some(3), Some(2), None, None],
        true,
        2,
    ),
    (
        "openai-responses",
        r#"response.created|{"type":"response.created","response":{"id":"r1","status":"in_progress"}}
        response.output_item.added|{"type":"response.output_item.added","output_index":0,"item":{"type":"message"}}
        response.reasoning_summary_text.delta|{"type":"response.reasoning_summary_text.delta","delta":"hm"}
        response.output_text.delta|{"type":"response.output_text.delta","delta":"Yes"}
        response.output_item.added|{"type":"response.output_item.added","output_index":1,"item":{"type":"function_call","call_id":"k","name":"g"}}
        response.function_call_arguments.delta|{"type":"response.function_call_arguments.delta","output_index":1,"delta":"{\"x\":1}"}
        response.output_text.done|{"type":"response.output_text.done","text":"Yes"}
        response.incomplete|{"type":"response.incomplete","response":{"id":"r1","status":"incomplete","incomplete_details":{"reason":"max_output_tokens"},"usage":{"input_tokens":9,"output_tokens":4,"input_tokens_details":{"cached_tokens":0},"output_tokens_details":{"reasoning_tokens":1}}}}"#,
        "Yes",
        "hm",
        &[("g", r#"{"x":1}"#)],
        Some("max_output_tokens"),
        [Some(9), Some(4), Some(0), Some(1)],
        true,
        3,
    ),
    (
        "anthropic",
        r#"message_start|{"type":"message_start","message":{"id":"m1","role":"assistant","content":[],"usage":{"input_tokens":10,"cache_read_input_tokens":5,"cache_creation_input_tokens":2,"output_tokens":1}}}
        content_block_start|{"type":"content_block_start","index":0,"content_block":{"type":"thinking","thinking":""}}
        content_block_delta|{"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"so"}}
        content_block_delta|{"type":"content_block_delta","index":0,"delta":{"type":"signature_delta","signature":"x"}}
        content_block_delta|{"type":"content_block_delta","index":1,"delta":{"type":"text_delta","text":"Hi"}}
        content_block_start|{"type":"content_block_start","index":2,"content_block":{"type":"tool_use","id":"u","name":"h","input":{}}}
        content_block_delta|{"type":"content_block_delta","index":2,"delta":{"type":"input_json_delta","partial_json":""}}
        content_block_delta|{"type":"content_block_delta","index":2,"delta":{"type":"input_json_delta","partial_json":"{}"}}
        message_delta|{"type":"message_delta","delta":{"stop_reason":"tool_use"},"usage":{"output_tokens":12}}
        message_stop|{"type":"message_stop"}"#,
        "Hi",
        "so",
        &[("h", "{}")],
        Some("tool_use"),
        [Some(17), Some(12), Some(5), None],
        true,
        3,
    ),
    (
        "gemini",
        r#"{"candidates":[{"content":{"parts":[{"text":"hm","thought":true}],"role":"model"}}],"responseId":"g1"}
        {"candidates":[{"content":{"parts":[{"text":"Yes"},{"functionCall":{"name":"f","args":{"a":1}}}]}}]}
        {"candidates":[{"content":{"parts":[{"text":""}]},"finishReason":"STOP"}],"usageMetadata":{"promptTokenCount":4,"candidatesTokenCount":3,"thoughtsTokenCount":2}}"#,
        "Yes",
        "hm",
        &[("f", r#"{"a":1}"#)],
        Some("STOP"),
        [Some(4), Some(5), None, Some(2)],
        false,
        2,
    ),
    (
        "ollama",
        r#"{"model":"m","message":{"role":"assistant","content":"","thinking":"hm"},"done":false}
        {"model":"m","message":{"role":"assistant","content":"Yes"},"done":false}
        {"model":"m","message":{"role":"assistant","content":"","tool_calls":[{"function":{"name":"f","arguments":{"a":1}}}]},"done":false}
        {"model":"m","message":{"role":"assistant","content":""},"done":true,"done_reason":"stop","prompt_eval_count":8,"eval_count":6}"#,
        "Yes",
        "hm",
        &[("f", r#"{"a":1}"#)],
        Some("stop"),
        [Some(8), Some(6), None, None],
        true,
        3,
    ),
    (
        "tgi",
        r#"{"index":1,"token":{"id":5,"text":"Hi","logprob":-0.1,"special":false},"generated_text":null,"details":null}
        {"index":2,"token":{"id":2,"text":"</s>","special":true},"generated_text":"Hi","details":{"finish_reason":"eos_token","generated_tokens":2,"input_length":6}}"#,
        "Hi",
        "",
        &[],
        Some("eos_token"),
        [Some(6), Some(2), None, None],
        true,
        1,
    ),
    (
        "dify",
        r#"{"event":"workflow_started","conversation_id":"v","message_id":"m"}
        {"event":"message","conversation_id":"v","message_id":"m","answer":"He"}
        {"event":"agent_message","conversation_id":"v","message_id":"m","answer":"y"}
        {"event":"workflow_finished","data":{"status":"succeeded","error":null}}
        {"event":"message_end","conversation_id":"v","message_id":"m","metadata":{"usage":{"prompt_tokens":11,"completion_tokens":2,"total_price":"0.1"}}}"#,
        "Hey",
        "",
        &[],
        Some("succeeded"),
        [Some(11), Some(2), None, None],
        true,
        2,
    ),
    (
        "append",
        r#"{"type":"append","text":"He"}
        {"type":"status","text":"not this"}
        {"type":"append","text":"y"}
        {"type":"close"}"#,
        "Hey",
        "",
        &[],
        None,
        [None; 4],
        true,
        2,
    ),
    (
        "assistant",
        r#"{"role":"assistant","content":"He"}
        plain
        "quoted"
        {"choices":[{"delta":{"content":"!"}}]}
        [DONE]"#,
        "Heplainquoted!",
        "",
        &[],
        None,
        [None; 4],
        true,
        4,
    ),
    (
        "llamacpp",
        r#"{"index":0,"content":"He","tokens":[1],"stop":false,"tokens_predicted":1,"tokens_evaluated":4}
        {"index":0,"content":"y","stop":false,"tokens_predicted":2,"tokens_evaluated":4}
        {"index":0,"content":"","stop":true,"stop_type":"limit","tokens_predicted":2,"tokens_evaluated":4}"#,
        "Hey",
        "",
        &[],
        Some("limit"),
        [Some(4), Some(2), None, None],
        true,
        2,
    ),
];

#[test]
fn each_protocol_is_read_by_name_and_told_by_auto() {
    for (name, events, text, reasoning, tools, finish, counts, done, content) in CASES {
        for protocol in [named(name), named("auto")] {
            let seen = decode(&protocol, events);
            let about = format!("{name} as {}: {seen:?}", protocol.name());
            assert!(seen.bad.is_empty() && seen.error.is_none(), "{about}");
            assert_eq!(
                (seen.reply.text.as_str(), seen.reply.reasoning.as_str()),
                (*text, *reasoning),
                "{about}"
            );
            let calls: Vec<_> = seen
                .reply
                .tool_calls
                .iter()
                .map(|call| (call.name.as_str(), call.arguments.as_str()))
                .collect();
            assert_eq!(calls, *tools, "{about}");
            assert_eq!(seen.reply.finish_reason.as_deref(), *finish, "{about}");
            let usage = seen.usage;
            assert_eq!([usage.prompt, usage.completion, usage.cached, usage.reasoning], *counts, "{about}");
            assert_eq!((seen.done, seen.content), (*done, *content), "{about}");
        }
    }
}

#[test]
fn errors_in_streams_are_found() {
    for (name, events, wanted) in [
        ("openai-chat", r#"{"error":{"message":"overloaded","code":503}}"#, "overloaded"),
        ("openai-completions", r#"{"error":"no"}"#, "no"),
        ("openai-responses", r#"error|{"type":"error","code":"x","message":"bad input"}"#, "bad input"),
        (
            "openai-responses",
            r#"{"type":"response.failed","response":{"status":"failed","error":{"message":"lost"}}}"#,
            "lost",
        ),
        (
            "anthropic",
            r#"error|{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#,
            { "Overloaded" },
        ),
        ("gemini", r#"{"error":{"code":429,"message":"quota"}}"#, "quota"),
        ("ollama", r#"{"error":"model runner has crashed"}"#, "model runner has crashed"),
        ("tgi", r#"{"error":"Request failed","error_type":"generation"}"#, "Request failed"),
        (
            "dify",
            r#"{"event":"error","code":"provider_quota_exceeded","message":"quota","status":400}"#,
            "quota",
        ),
        ("append", r#"{"type":"error","message":"gone"}"#, "gone"),
        ("assistant", r#"{"error":"no session"}"#, "no session"),
        ("auto", r#"{"error":{"message":"overloaded"}}"#, "overloaded"),
    ] {
        assert_eq!(decode(&named(name), events).error.as_deref(), Some(wanted), "{name}");
    }
}

#[test]
fn broken_chunks_are_told_of() {
    for name in KINDS.iter().map(|kind| kind.name).chain(["auto"]) {
        let seen = decode(&named(name), r#"{"choices":[{"delta":"#);
        assert_eq!(seen.bad.len(), 1, "{name}: {seen:?}");
    }
    let seen = decode(&named("openai-chat"), r#"{"choices":"none"}"#);
    assert!(seen.bad[0].contains("none of the protocol's"), "{seen:?}");
}

#[test]
fn described_protocols() {
    let custom = Custom::read(&CustomPaths {
        path: "/ask".into(),
        text: "out[0].piece".into(),
        finish: Some("why".into()),
        completion_tokens: Some("n.out".into()),
        error: Some("failure".into()),
        done: Some("state=over".into()),
        ..CustomPaths::default()
    });
    let custom = Protocol::Custom(Arc::new(custom.unwrap()));
    let seen = decode(
        &custom,
        r#"{"out":[{"piece":"a"}],"state":"on"}
        {"out":[{"piece":"b"}],"why":"full"}
        {"n":{"out":2},"state":"over"}"#,
    );
    assert_eq!((seen.reply.text.as_str(), seen.reply.finish_reason.as_deref()), ("ab", Some("full")));
    assert_eq!((seen.usage.completion, seen.done), (Some(2), true));
    assert_eq!(decode(&custom, r#"{"failure":{"message":"x"}}"#).error.as_deref(), Some("x"));
    let error = Custom::read(&CustomPaths { text: "a[".into(), ..CustomPaths::default() }).unwrap_err();
    assert!(error.starts_with("text: "), "{error}");
}

#[test]
fn bodies_hold_what_was_asked() {
    let request = Request {
        system: Some("S".into()),
        messages: vec![Message::new("user", "a"), Message::new("assistant", "b")],
        max_tokens: Some(5),
        temperature: Some(0.5),
        extra: json!({"seed": 1}).as_object().unwrap().clone(),
        ..Request::prompt("c")
    };
    let turns = json!([{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"},
        {"role": "user", "content": "c"}]);
    for (name, wanted) in [
        (
            "openai-completions",
            json!({"model": "m", "stream": true, "stream_options": {"include_usage": true},
            "max_tokens": 5, "temperature": 0.5, "prompt": "S\n\na\n\nb\n\nc", "seed": 1}),
        ),
        (
            "openai-responses",
            json!({"model": "m", "instructions": "S", "input": turns, "stream": true,
            "max_output_tokens": 5, "temperature": 0.5, "seed": 1}),
        ),
        (
            "anthropic",
            json!({"model": "m", "max_tokens": 5, "stream": true, "system": "S", "messages": turns,
            "temperature": 0.5, "seed": 1}),
        ),
        (
            "gemini",
            json!({"contents": [{"role": "user", "parts": [{"text": "a"}]},
            {"role": "model", "parts": [{"text": "b"}]}, {"role": "user", "parts": [{"text": "c"}]}],
            "systemInstruction": {"parts": [{"text": "S"}]},
            "generationConfig": {"maxOutputTokens": 5, "temperature": 0.5}, "seed": 1}),
        ),
        (
            "tgi",
            json!({"inputs": "S\n\na\n\nb\n\nc", "stream": true,
            "parameters": {"details": true, "max_new_tokens": 5, "temperature": 0.5}, "seed": 1}),
        ),
        (
            "dify",
            json!({"inputs": {}, "query": "c", "response_mode": "streaming", "conversation_id": "",
            "user": "ssek", "seed": 1}),
        ),
        ("assistant", json!({"role": "user", "content": "c", "seed": 1})),
        (
            "llamacpp",
            json!({"prompt": "S\n\na\n\nb\n\nc", "stream": true, "n_predict": 5, "temperature": 0.5,
            "seed": 1}),
        ),
    ] {
        assert_eq!(named(name).body(&request, Some("m")), wanted, "{name}");
    }
    let chat = named("openai-chat").body(&request, Some("m"));
    assert_eq!(
        (chat["messages"].as_array().map(Vec::len), &chat["messages"][3]["content"]),
        (Some(4), &json!("c"))
    );
    let ollama = named("ollama").body(&request, Some("m"));
    assert_eq!(ollama["options"], json!({"num_predict": 5, "temperature": 0.5}));
    let generate = named("auto").for_url("http://h/api/generate", None).body(&request, None);
    assert_eq!(generate["prompt"], json!("S\n\na\n\nb\n\nc"));
}

#[test]
fn keys_go_where_each_protocol_wants_them() {
    for (name, header) in [
        ("openai-chat", ("Authorization", "Bearer k")),
        ("anthropic", ("x-api-key", "k")),
        ("gemini", ("x-goog-api-key", "k")),
    ] {
        let headers = named(name).headers(Some("k"));
        assert!(headers.contains(&(header.0.into(), header.1.into())), "{name}: {headers:?}");
    }
    assert!(Protocol::named("smoke").unwrap_err().contains("openai-chat"));
}

#[test]
fn pings_are_signs_of_life_only() {
    for (name, data, wanted) in [
        ("ping", "{}", true),
        ("", "", true),
        ("", r#"{"type": "ping"}"#, true),
        ("message", r#"{"type":"ping"}"#, false),
        ("", "ping", false),
    ] {
        let event = Event { name: name.into(), data: data.into(), ..Event::default() };
        assert_eq!(is_ping(&event), wanted, "{name} {data}");
    }
}
