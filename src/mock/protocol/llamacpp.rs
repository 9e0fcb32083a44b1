//! llama.cpp's own `/completion`.

use anyhow::{Context, Result};
use bytes::Bytes;
use http::Method;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{At, EVENT_STREAM, FAILURE, Part, Protocol, data, openai_error};
use crate::mock::answer::{Answer, Ask, MODEL};
use crate::mock::settings::Finish;

pub(super) const PROTOCOL: Protocol = Protocol {
    name: "llamacpp",
    route: "/completion",
    serves: |method, path| method == Method::POST && path.ends_with("/completion"),
    read,
    content_type: EVENT_STREAM,
    parts: |answer| vec![Part::Tokens(answer.tokens, token), Part::Closing(last)],
    repeats_text: false,
    whole: |answer| stopped(answer, &answer.text()).to_string(),
    failure: || data(&openai_error(500, FAILURE).to_string()),
    error: openai_error,
};

/// The fields of a request that change the answer.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Request {
    stream: Option<bool>,
    /// Negative: no limit.
    n_predict: Option<i64>,
}

fn read(body: &[u8], _: &str) -> Result<Ask> {
    let request: Request = serde_json::from_slice(body).context("the body is no request for a completion")?;
    let max_tokens = request.n_predict.and_then(|limit| u64::try_from(limit).ok());
    Ok(Ask { stream: request.stream.unwrap_or(false), max_tokens, usage: true, ..Ask::default() })
}

fn token(answer: &Answer, at: At) -> Bytes {
    let (text, id) = (answer.thought(at.token), 1000 + at.token % 26);
    let counts = match answer.tells_usage {
        true => {
            format!(r#","tokens_predicted":{},"tokens_evaluated":{}"#, at.token + 1, answer.prompt_tokens)
        }
        false => String::new(),
    };
    data(&format!(r#"{{"index":0,"content":"{text}","tokens":[{id}],"stop":false,"id_slot":-1{counts}}}"#))
}

fn last(answer: &Answer, _: At) -> Bytes {
    data(&stopped(answer, "").to_string())
}

fn stopped(answer: &Answer, text: &str) -> Value {
    let mut object =
        json!({"index": 0, "content": text, "tokens": [], "id_slot": 0, "stop": true, "model": MODEL});
    if answer.tells_usage {
        object["tokens_predicted"] = answer.tokens.into();
        object["tokens_evaluated"] = answer.prompt_tokens.into();
    }
    object["stop_type"] = if answer.finish == Finish::Length { "limit" } else { "eos" }.into();
    object
}
