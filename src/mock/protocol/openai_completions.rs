//! OpenAI's completions of a text.

use anyhow::{Context, Result};
use bytes::Bytes;
use http::Method;
use serde::Deserialize;
use serde_json::{Value, json};

use super::openai_chat::{StreamOptions, usage_object, wants_usage};
use super::{At, EVENT_STREAM, FAILURE, Part, Protocol, data, done, openai_error};
use crate::mock::answer::{Answer, Ask, CREATED, MODEL};

pub(super) const PROTOCOL: Protocol = Protocol {
    name: "openai-completions",
    route: "/v1/completions",
    serves: |method, path| method == Method::POST && path.ends_with("/completions"),
    read,
    content_type: EVENT_STREAM,
    parts,
    repeats_text: false,
    whole,
    failure: || data(&openai_error(500, FAILURE).to_string()),
    error: openai_error,
};

/// The fields of a request that change the answer.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Request {
    stream: Option<bool>,
    stream_options: Option<StreamOptions>,
    max_tokens: Option<u64>,
}

fn read(body: &[u8], _: &str) -> Result<Ask> {
    let request: Request = serde_json::from_slice(body).context("the body is no completion request")?;
    let stream = request.stream.unwrap_or(false);
    let usage = wants_usage(stream, request.stream_options.as_ref());
    Ok(Ask { stream, max_tokens: request.max_tokens, usage, ..Ask::default() })
}

fn parts(answer: &Answer) -> Vec<Part> {
    let mut parts = vec![Part::Tokens(answer.tokens, token), Part::Closing(finish)];
    if answer.tells_usage {
        parts.push(Part::Closing(usage));
    }
    parts.push(Part::Closing(done));
    parts
}

const ID: &str = "cmpl-B9MHDbslfkBeAs8l4bebGdFOJ6PeG";

fn token(answer: &Answer, at: At) -> Bytes {
    let text = answer.thought(at.token);
    data(&format!(
        r#"{{"id":"{ID}","object":"text_completion","created":{CREATED},"model":"{MODEL}","choices":[{{"index":0,"text":"{text}","logprobs":null,"finish_reason":null}}]}}"#
    ))
}

fn finish(answer: &Answer, _: At) -> Bytes {
    data(&object(&[choice(answer, "")]).to_string())
}

fn usage(answer: &Answer, _: At) -> Bytes {
    let mut object = object(&[]);
    object["usage"] = usage_object(answer);
    data(&object.to_string())
}

fn whole(answer: &Answer) -> String {
    let mut object = object(&[choice(answer, &answer.text())]);
    if answer.tells_usage {
        object["usage"] = usage_object(answer);
    }
    object.to_string()
}

fn choice(answer: &Answer, text: &str) -> Value {
    json!({"index": 0, "text": text, "logprobs": null, "finish_reason": answer.finish.name()})
}

fn object(choices: &[Value]) -> Value {
    json!({"id": ID, "object": "text_completion", "created": CREATED, "model": MODEL, "choices": choices})
}
