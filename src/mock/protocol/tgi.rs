//! Hugging Face's text-generation-inference: `/generate_stream` and `/generate`.

use anyhow::{Context, Result};
use bytes::Bytes;
use http::Method;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{At, EVENT_STREAM, FAILURE, Part, Protocol};
use crate::mock::answer::{Answer, Ask};
use crate::mock::settings::Finish;

pub(super) const PROTOCOL: Protocol = Protocol {
    name: "tgi",
    route: "/generate_stream",
    serves: |method, path| method == Method::POST && (path == "/generate_stream" || path == "/generate"),
    read,
    content_type: EVENT_STREAM,
    parts: |answer| vec![Part::Tokens(answer.tokens, token)],
    repeats_text: true,
    whole: |answer| json!({"generated_text": answer.text(), "details": details(answer)}).to_string(),
    failure: || format!("data:{}\n\n", error(500, FAILURE)).into(),
    error,
};

/// The fields of a request that change the answer.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Request {
    parameters: Option<Parameters>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Parameters {
    max_new_tokens: Option<u64>,
}

fn read(body: &[u8], path: &str) -> Result<Ask> {
    let request: Request =
        serde_json::from_slice(body).context("the body is no request for generated text")?;
    Ok(Ask {
        stream: path == "/generate_stream",
        max_tokens: request.parameters.and_then(|parameters| parameters.max_new_tokens),
        usage: true,
        ..Ask::default()
    })
}

/// The last token carries the whole text and why it ended.
fn token(answer: &Answer, at: At) -> Bytes {
    let mut token = String::new();
    crate::mock::words::push_token(&mut token, at.token, answer.settings.size);
    let (index, id) = (at.token + 1, 1000 + at.token % 26);
    let end = if index < answer.tokens {
        r#""generated_text":null,"details":null"#.to_owned()
    } else {
        format!(r#""generated_text":{},"details":{}"#, Value::from(answer.text()), details(answer))
    };
    format!(
        "data:{{\"index\":{index},\"token\":{{\"id\":{id},\"text\":\"{token}\",\"logprob\":-0.25,\"special\":false}},{end}}}\n\n"
    )
    .into()
}

fn details(answer: &Answer) -> Value {
    let reason = if answer.finish == Finish::Length { "length" } else { "eos_token" };
    let mut details = json!({ "finish_reason": reason });
    if answer.tells_usage {
        details["generated_tokens"] = answer.tokens.into();
        details["seed"] = Value::Null;
        details["input_length"] = answer.prompt_tokens.into();
    }
    details
}

fn error(status: u16, message: &str) -> Value {
    let kind = match status {
        400 | 422 => "validation",
        429 => "overloaded",
        _ => "generation",
    };
    json!({"error": message, "error_type": kind})
}
