//! Dify's `/v1/chat-messages` and `/v1/completion-messages`.

use anyhow::{Context, Result};
use bytes::Bytes;
use http::Method;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{At, EVENT_STREAM, FAILURE, Part, Protocol, data};
use crate::mock::answer::{Answer, Ask, CREATED};

pub(super) const PROTOCOL: Protocol = Protocol {
    name: "dify",
    route: "/v1/chat-messages",
    serves: |method, path| {
        method == Method::POST && (path.ends_with("/chat-messages") || path.ends_with("/completion-messages"))
    },
    read,
    content_type: EVENT_STREAM,
    parts: |answer| vec![Part::Tokens(answer.tokens, message), Part::Closing(message_end)],
    repeats_text: false,
    whole,
    failure,
    error,
};

/// The fields of a request that change the answer.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Request {
    response_mode: Option<String>,
    conversation_id: Option<String>,
}

fn read(body: &[u8], _: &str) -> Result<Ask> {
    let request: Request =
        serde_json::from_slice(body).context("the body is no request for a chat message")?;
    Ok(Ask {
        stream: request.response_mode.as_deref() == Some("streaming"),
        usage: true,
        conversation: request.conversation_id.filter(|id| !id.is_empty()),
        ..Ask::default()
    })
}

fn message(answer: &Answer, at: At) -> Bytes {
    let id = answer.id();
    data(&format!(
        r#"{{"event":"message","conversation_id":{},"message_id":"{id}","created_at":{CREATED},"task_id":"{id}","id":"{id}","answer":"{}","from_variable_selector":null}}"#,
        Value::from(answer.conversation.as_str()),
        answer.thought(at.token)
    ))
}

fn message_end(answer: &Answer, _: At) -> Bytes {
    let mut end = identity(answer, "message_end");
    end["metadata"] = metadata(answer);
    end["files"] = Value::Null;
    data(&end.to_string())
}

fn identity(answer: &Answer, event: &str) -> Value {
    let id = answer.id();
    json!({
        "event": event, "conversation_id": answer.conversation, "message_id": id, "created_at": CREATED,
        "task_id": id, "id": id,
    })
}

fn metadata(answer: &Answer) -> Value {
    let mut metadata = json!({});
    if answer.tells_usage {
        metadata["usage"] = json!({
            "prompt_tokens": answer.prompt_tokens,
            "completion_tokens": answer.tokens,
            "total_tokens": answer.prompt_tokens + answer.tokens,
            "prompt_unit_price": "0",
            "prompt_price_unit": "0.001",
            "prompt_price": "0",
            "completion_unit_price": "0",
            "completion_price_unit": "0.001",
            "completion_price": "0",
            "total_price": "0",
            "currency": "USD",
            "latency": answer.settings.due(answer.tokens.saturating_sub(1)).as_secs_f64(),
        });
    }
    metadata
}

fn whole(answer: &Answer) -> String {
    let mut message = identity(answer, "message");
    message["mode"] = "chat".into();
    message["answer"] = answer.text().into();
    message["metadata"] = metadata(answer);
    message.to_string()
}

fn failure() -> Bytes {
    let event =
        json!({"event": "error", "status": 500, "code": "completion_request_error", "message": FAILURE});
    data(&event.to_string())
}

fn error(status: u16, message: &str) -> Value {
    let code = match status {
        400 => "invalid_param",
        401 => "unauthorized",
        404 => "not_found",
        429 => "too_many_requests",
        _ => "internal_server_error",
    };
    json!({"code": code, "message": message, "status": status})
}
