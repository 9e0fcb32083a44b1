//! Ollama's `/api/chat` and `/api/generate`: an answer of one JSON object a line.

use anyhow::{Context, Result};
use bytes::Bytes;
use http::Method;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{At, FAILURE, Part, Protocol};
use crate::mock::answer::{Answer, Ask, MODEL};
use crate::mock::tools::{self, Tool};

pub(super) const PROTOCOL: Protocol = Protocol {
    name: "ollama",
    route: "/api/chat",
    serves: |method, path| method == Method::POST && (path == "/api/chat" || path == "/api/generate"),
    read,
    content_type: "application/x-ndjson",
    parts,
    repeats_text: false,
    whole,
    failure: || line(&error(500, FAILURE)),
    error,
};

/// The fields of a request that change the answer.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Request {
    stream: Option<bool>,
    options: Option<ModelOptions>,
    tools: Option<Vec<Tool>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct ModelOptions {
    /// Negative: no limit.
    num_predict: Option<i64>,
}

fn read(body: &[u8], path: &str) -> Result<Ask> {
    let request: Request = serde_json::from_slice(body).context("the body is no Ollama request")?;
    let limit = request.options.and_then(|options| options.num_predict);
    Ok(Ask {
        // Ollama streams unless it is told not to.
        stream: request.stream.unwrap_or(true),
        max_tokens: limit.and_then(|limit| u64::try_from(limit).ok()),
        usage: true,
        tool: tools::first_name(request.tools),
        completion: path == "/api/generate",
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
        Some(_) if !answer.completion => Part::Tokens(1, call),
        _ => Part::Tokens(answer.tokens, token),
    });
    parts.push(Part::Closing(last));
    parts
}

/// Fixed, so that answers are the same in each run.
const CREATED_AT: &str = "2025-03-10T02:11:23Z";

fn token(answer: &Answer, at: At) -> Bytes {
    let text = answer.thought(at.token);
    unfinished(&match answer.completion {
        true => format!(r#""response":"{text}""#),
        false => format!(r#""message":{{"role":"assistant","content":"{text}"}}"#),
    })
}

fn thought(answer: &Answer, at: At) -> Bytes {
    let text = answer.thought(at.token);
    unfinished(&match answer.completion {
        true => format!(r#""response":"","thinking":"{text}""#),
        false => format!(r#""message":{{"role":"assistant","content":"","thinking":"{text}"}}"#),
    })
}

fn call(answer: &Answer, _: At) -> Bytes {
    let message = json!({"role": "assistant", "content": "", "tool_calls": [call_object(answer)]});
    unfinished(&format!(r#""message":{message}"#))
}

fn unfinished(what: &str) -> Bytes {
    format!("{{\"model\":\"{MODEL}\",\"created_at\":\"{CREATED_AT}\",{what},\"done\":false}}\n").into()
}

fn last(answer: &Answer, _: At) -> Bytes {
    line(&finished(answer, json!({"role": "assistant", "content": ""}), ""))
}

fn call_object(answer: &Answer) -> Value {
    let arguments: Value = serde_json::from_str(&answer.arguments()).unwrap_or_else(|_| json!({}));
    json!({"function": {"name": answer.tool, "arguments": arguments}})
}

fn whole(answer: &Answer) -> String {
    let text = answer.text();
    let mut message = json!({"role": "assistant", "content": text});
    if answer.reasoning > 0 {
        message["thinking"] = answer.thoughts().into();
    }
    if answer.tool.is_some() {
        message["tool_calls"] = json!([call_object(answer)]);
    }
    format!("{}\n", finished(answer, message, &text))
}

/// The object that ends an answer, with counts; the mock's model takes no time.
fn finished(answer: &Answer, message: Value, text: &str) -> Value {
    let mut object = json!({"model": MODEL, "created_at": CREATED_AT});
    if answer.completion {
        object["response"] = text.into();
    } else {
        object["message"] = message;
    }
    object["done_reason"] = answer.finish.name().into();
    object["done"] = true.into();
    object["total_duration"] = 0.into();
    object["load_duration"] = 0.into();
    if answer.tells_usage {
        object["prompt_eval_count"] = answer.prompt_tokens.into();
        object["prompt_eval_duration"] = 0.into();
        object["eval_count"] = answer.completion_tokens().into();
        object["eval_duration"] = 0.into();
    }
    object
}

fn line(object: &Value) -> Bytes {
    format!("{object}\n").into()
}

fn error(_: u16, message: &str) -> Value {
    json!({ "error": message })
}
