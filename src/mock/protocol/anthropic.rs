//! Anthropic's messages: blocks of content, each of which starts, grows and stops.

use anyhow::{Context, Result};
use bytes::Bytes;
use http::Method;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{At, EVENT_STREAM, FAILURE, Part, Protocol, named};
use crate::mock::answer::{Answer, Ask, MODEL};
use crate::mock::settings::Finish;
use crate::mock::tools::{self, Tool};

pub(super) const PROTOCOL: Protocol = Protocol {
    name: "anthropic",
    route: "/v1/messages",
    serves: |method, path| method == Method::POST && path.ends_with("/messages"),
    read,
    content_type: EVENT_STREAM,
    parts,
    repeats_text: false,
    whole,
    failure: || named("error", &error(529, FAILURE).to_string()),
    error,
};

/// The fields of a request that change the answer.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Request {
    stream: Option<bool>,
    max_tokens: Option<u64>,
    tools: Option<Vec<Tool>>,
    tool_choice: Option<Value>,
}

fn read(body: &[u8], _: &str) -> Result<Ask> {
    let request: Request = serde_json::from_slice(body).context("the body is no request for a message")?;
    Ok(Ask {
        stream: request.stream.unwrap_or(false),
        max_tokens: request.max_tokens,
        usage: true,
        must_call: tools::demands_call(request.tool_choice.as_ref()),
        tool: tools::first_name(request.tools),
        ..Ask::default()
    })
}

fn parts(answer: &Answer) -> Vec<Part> {
    let mut parts = vec![Part::Opening(message_start)];
    if answer.reasoning > 0 {
        parts.extend([Part::Opening(thinking_start), Part::Opening(ping)]);
        parts.push(Part::Tokens(answer.reasoning, thinking_delta));
        parts.extend([Part::Closing(signature), Part::Closing(thinking_stop), Part::Closing(block_start)]);
    } else {
        parts.extend([Part::Opening(block_start), Part::Opening(ping)]);
    }
    parts.push(Part::Tokens(answer.tokens, block_delta));
    parts.extend([Part::Closing(block_stop), Part::Closing(message_delta), Part::Closing(message_stop)]);
    parts
}

const ID: &str = "msg_01XFDUDYJgAACzvnptvVoYEL";
const TOOL_ID: &str = "toolu_01T1x1fJ34qAmk2tNTrN7Up6";
const SIGNATURE: &str = "EqQBCgIYAhIM";

fn message_start(answer: &Answer, _: At) -> Bytes {
    let mut message = message(json!([]), Value::Null);
    if answer.tells_usage {
        message["usage"] = json!({"input_tokens": answer.prompt_tokens, "output_tokens": 1});
    }
    named("message_start", &json!({"type": "message_start", "message": message}).to_string())
}

fn ping(_: &Answer, _: At) -> Bytes {
    named("ping", r#"{"type":"ping"}"#)
}

fn thinking_start(_: &Answer, _: At) -> Bytes {
    start(0, &json!({"type": "thinking", "thinking": "", "signature": ""}))
}

fn thinking_delta(answer: &Answer, at: At) -> Bytes {
    delta(0, "thinking_delta", "thinking", &answer.thought(at.token))
}

fn signature(_: &Answer, _: At) -> Bytes {
    delta(0, "signature_delta", "signature", SIGNATURE)
}

fn thinking_stop(_: &Answer, _: At) -> Bytes {
    stop(0)
}

/// Where the answer's block stands: behind the thoughts.
fn index(answer: &Answer) -> u64 {
    u64::from(answer.reasoning > 0)
}

fn block_start(answer: &Answer, _: At) -> Bytes {
    let block = match &answer.tool {
        Some(name) => json!({"type": "tool_use", "id": TOOL_ID, "name": name, "input": {}}),
        None => json!({"type": "text", "text": ""}),
    };
    start(index(answer), &block)
}

fn block_delta(answer: &Answer, at: At) -> Bytes {
    let (kind, field) =
        if answer.tool.is_some() { ("input_json_delta", "partial_json") } else { ("text_delta", "text") };
    delta(index(answer), kind, field, &answer.piece(at.token))
}

fn block_stop(answer: &Answer, _: At) -> Bytes {
    stop(index(answer))
}

fn start(index: u64, block: &Value) -> Bytes {
    let json = format!(r#"{{"type":"content_block_start","index":{index},"content_block":{block}}}"#);
    named("content_block_start", &json)
}

/// A piece that is escaped already.
fn delta(index: u64, kind: &str, field: &str, piece: &str) -> Bytes {
    let json = format!(
        r#"{{"type":"content_block_delta","index":{index},"delta":{{"type":"{kind}","{field}":"{piece}"}}}}"#
    );
    named("content_block_delta", &json)
}

fn stop(index: u64) -> Bytes {
    named("content_block_stop", &format!(r#"{{"type":"content_block_stop","index":{index}}}"#))
}

fn message_delta(answer: &Answer, _: At) -> Bytes {
    let delta = json!({"stop_reason": reason(answer), "stop_sequence": null});
    let mut event = json!({"type": "message_delta", "delta": delta});
    if answer.tells_usage {
        event["usage"] = json!({"output_tokens": answer.completion_tokens()});
    }
    named("message_delta", &event.to_string())
}

fn message_stop(_: &Answer, _: At) -> Bytes {
    named("message_stop", r#"{"type":"message_stop"}"#)
}

fn reason(answer: &Answer) -> &'static str {
    match (answer.finish, &answer.tool) {
        (Finish::Length, _) => "max_tokens",
        (Finish::Stop, Some(_)) => "tool_use",
        (Finish::Stop, None) => "end_turn",
    }
}

fn message(content: Value, reason: Value) -> Value {
    json!({
        "id": ID, "type": "message", "role": "assistant", "content": content, "model": MODEL,
        "stop_reason": reason, "stop_sequence": null,
    })
}

fn whole(answer: &Answer) -> String {
    let mut content = Vec::new();
    if answer.reasoning > 0 {
        content.push(json!({"type": "thinking", "thinking": answer.thoughts(), "signature": SIGNATURE}));
    }
    content.push(match &answer.tool {
        Some(name) => {
            let input: Value = serde_json::from_str(&answer.arguments()).unwrap_or_else(|_| json!({}));
            json!({"type": "tool_use", "id": TOOL_ID, "name": name, "input": input})
        }
        None => json!({"type": "text", "text": answer.text()}),
    });
    let mut message = message(content.into(), reason(answer).into());
    if answer.tells_usage {
        message["usage"] =
            json!({"input_tokens": answer.prompt_tokens, "output_tokens": answer.completion_tokens()});
    }
    message.to_string()
}

fn error(status: u16, message: &str) -> Value {
    let kind = match status {
        400 => "invalid_request_error",
        401 => "authentication_error",
        404 => "not_found_error",
        429 => "rate_limit_error",
        529 => "overloaded_error",
        _ => "api_error",
    };
    json!({"type": "error", "error": {"type": kind, "message": message}})
}
