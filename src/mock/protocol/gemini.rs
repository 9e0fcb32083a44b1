//! Gemini's `generateContent` and `streamGenerateContent`; a stream is always an event stream, as with `alt=sse`.

use anyhow::{Context, Result};
use bytes::Bytes;
use http::Method;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{At, EVENT_STREAM, FAILURE, Part, Protocol, data};
use crate::mock::answer::{Answer, Ask, MODEL};
use crate::mock::settings::Finish;
use crate::mock::tools::{self, Tool};

pub(super) const PROTOCOL: Protocol = Protocol {
    name: "gemini",
    route: "/v1beta/models/MODEL:streamGenerateContent",
    serves: |method, path| {
        method == Method::POST
            && (path.ends_with(":streamGenerateContent") || path.ends_with(":generateContent"))
    },
    read,
    content_type: EVENT_STREAM,
    parts,
    repeats_text: false,
    whole,
    failure: || data(&error(503, FAILURE).to_string()),
    error,
};

/// The fields of a request that change the answer.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Request {
    #[serde(rename = "generationConfig", alias = "generation_config")]
    generation: Option<Generation>,
    tools: Option<Vec<Tool>>,
    #[serde(rename = "toolConfig", alias = "tool_config")]
    tool_config: Option<Value>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Generation {
    #[serde(rename = "maxOutputTokens", alias = "max_output_tokens")]
    max_tokens: Option<u64>,
}

fn read(body: &[u8], path: &str) -> Result<Ask> {
    let request: Request = serde_json::from_slice(body).context("the body is no request for content")?;
    let mode =
        request.tool_config.as_ref().and_then(|config| config["functionCallingConfig"]["mode"].as_str());
    Ok(Ask {
        stream: path.ends_with(":streamGenerateContent"),
        max_tokens: request.generation.and_then(|generation| generation.max_tokens),
        usage: true,
        must_call: mode == Some("ANY"),
        tool: tools::first_name(request.tools),
        ..Ask::default()
    })
}

fn parts(answer: &Answer) -> Vec<Part> {
    let mut parts = Vec::with_capacity(3);
    if answer.reasoning > 0 {
        parts.push(Part::Tokens(answer.reasoning, thought));
    }
    // A call comes whole.
    parts.push(match answer.tool {
        Some(_) => Part::Tokens(1, call),
        None => Part::Tokens(answer.tokens, token),
    });
    parts.push(Part::Closing(last));
    parts
}

fn token(answer: &Answer, at: At) -> Bytes {
    chunk(&format!(r#"{{"text":"{}"}}"#, answer.piece(at.token)))
}

fn thought(answer: &Answer, at: At) -> Bytes {
    chunk(&format!(r#"{{"text":"{}","thought":true}}"#, answer.thought(at.token)))
}

fn call(answer: &Answer, _: At) -> Bytes {
    chunk(&call_part(answer).to_string())
}

fn chunk(part: &str) -> Bytes {
    data(&format!(
        r#"{{"candidates":[{{"content":{{"role":"model","parts":[{part}]}},"index":0}}],"modelVersion":"{MODEL}"}}"#
    ))
}

fn last(answer: &Answer, _: At) -> Bytes {
    data(&object(answer, json!([{"text": ""}])).to_string())
}

fn call_part(answer: &Answer) -> Value {
    let arguments: Value = serde_json::from_str(&answer.arguments()).unwrap_or_else(|_| json!({}));
    json!({"functionCall": {"name": answer.tool, "args": arguments}})
}

fn whole(answer: &Answer) -> String {
    let mut parts = Vec::new();
    if answer.reasoning > 0 {
        parts.push(json!({"text": answer.thoughts(), "thought": true}));
    }
    parts.push(if answer.tool.is_some() { call_part(answer) } else { json!({"text": answer.text()}) });
    object(answer, parts.into()).to_string()
}

/// Content with its end.
fn object(answer: &Answer, parts: Value) -> Value {
    let reason = if answer.finish == Finish::Length { "MAX_TOKENS" } else { "STOP" };
    let content = json!({"role": "model", "parts": parts});
    let mut object = json!({"candidates": [{"content": content, "finishReason": reason, "index": 0}]});
    if answer.tells_usage {
        let mut usage =
            json!({"promptTokenCount": answer.prompt_tokens, "candidatesTokenCount": answer.tokens});
        if answer.reasoning > 0 {
            usage["thoughtsTokenCount"] = answer.reasoning.into();
        }
        usage["totalTokenCount"] = answer.total_tokens().into();
        object["usageMetadata"] = usage;
    }
    object["modelVersion"] = MODEL.into();
    object
}

fn error(status: u16, message: &str) -> Value {
    let name = match status {
        400 => "INVALID_ARGUMENT",
        401 => "UNAUTHENTICATED",
        403 => "PERMISSION_DENIED",
        404 => "NOT_FOUND",
        429 => "RESOURCE_EXHAUSTED",
        503 => "UNAVAILABLE",
        _ => "INTERNAL",
    };
    json!({"error": {"code": status, "message": message, "status": name}})
}
