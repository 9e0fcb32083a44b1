//! OpenAI's chat completions.

use anyhow::{Context, Result};
use bytes::Bytes;
use http::Method;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{At, EVENT_STREAM, FAILURE, Part, Protocol, data, done, openai_error};
use crate::mock::answer::{Answer, Ask};
use crate::mock::settings::Finish;
use crate::mock::tools::{self, Tool};
use crate::mock::words::{self, each_word};

pub(super) const PROTOCOL: Protocol = Protocol {
    name: "openai-chat",
    route: "/v1/chat/completions",
    serves: |method, path| method == Method::POST && path.ends_with("/chat/completions"),
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
    max_completion_tokens: Option<u64>,
    tools: Option<Vec<Tool>>,
    tool_choice: Option<Value>,
}

/// Of a request for a stream.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct StreamOptions {
    include_usage: Option<bool>,
}

/// Whether token counts are wanted: they are where nothing is streamed, else on request.
pub(super) fn wants_usage(stream: bool, options: Option<&StreamOptions>) -> bool {
    !stream || options.and_then(|options| options.include_usage).unwrap_or(false)
}

fn read(body: &[u8], _: &str) -> Result<Ask> {
    let request: Request = serde_json::from_slice(body).context("the body is no chat completion request")?;
    let stream = request.stream.unwrap_or(false);
    Ok(Ask {
        stream,
        max_tokens: request.max_completion_tokens.or(request.max_tokens),
        usage: wants_usage(stream, request.stream_options.as_ref()),
        must_call: tools::demands_call(request.tool_choice.as_ref()),
        tool: tools::first_name(request.tools),
        ..Ask::default()
    })
}

fn parts(answer: &Answer) -> Vec<Part> {
    let mut parts = Vec::with_capacity(7);
    if answer.settings.role {
        parts.push(Part::Opening(role));
    }
    if answer.reasoning > 0 {
        parts.push(Part::Tokens(answer.reasoning, thought));
    }
    if answer.tool.is_some() {
        parts.extend([Part::Closing(call), Part::Tokens(answer.tokens, arguments)]);
    } else {
        parts.push(Part::Tokens(answer.tokens, token));
    }
    parts.push(Part::Closing(finish));
    if answer.tells_usage {
        parts.push(Part::Closing(usage));
    }
    parts.push(Part::Closing(done));
    parts
}

/// The identity that every completion carries; fixed, so that answers are the same in each run.
macro_rules! identity {
    ($object:literal) => {
        concat!(
            r#"{"id":"chatcmpl-B9MHDbslfkBeAs8l4bebGdFOJ6PeG","object":""#,
            $object,
            r#"","created":1741570283,"model":"mock-model","system_fingerprint":"fp_44709d6fcb","choices":["#
        )
    };
}
macro_rules! chunk_head {
    () => {
        concat!("data: ", identity!("chat.completion.chunk"))
    };
}
macro_rules! delta_head {
    () => {
        concat!(chunk_head!(), r#"{"index":0,"delta":{"content":""#)
    };
}
macro_rules! delta_tail {
    () => {
        concat!(r#""},"logprobs":null,"finish_reason":null}]}"#, "\n\n")
    };
}
macro_rules! tokens {
    ($($word:literal)*) => {
        /// The whole event of each word.
        const TOKENS: &[&str] = &[$(concat!(delta_head!(), $word, delta_tail!())),*];
    };
}
each_word!(tokens);

fn token(answer: &Answer, at: At) -> Bytes {
    let Some(size) = answer.settings.size else {
        return Bytes::from_static(TOKENS[(at.token % TOKENS.len() as u64) as usize].as_bytes());
    };
    let sized = || {
        let mut event = String::with_capacity(size + 512);
        event.push_str(delta_head!());
        words::push_filler(&mut event, size);
        event.push_str(delta_tail!());
        event.into()
    };
    answer.sized.get_or_init(sized).clone()
}

fn role(_: &Answer, _: At) -> Bytes {
    delta(r#"{"role":"assistant","content":""}"#)
}

fn thought(answer: &Answer, at: At) -> Bytes {
    delta(&format!(r#"{{"reasoning_content":"{}"}}"#, answer.thought(at.token)))
}

/// The event that names the function, before its arguments.
fn call(answer: &Answer, _: At) -> Bytes {
    let mut call = call_object(answer, "");
    call["index"] = json!(0);
    delta(&json!({"tool_calls": [call]}).to_string())
}

fn arguments(answer: &Answer, at: At) -> Bytes {
    let piece = answer.piece(at.token);
    delta(&format!(r#"{{"tool_calls":[{{"index":0,"function":{{"arguments":"{piece}"}}}}]}}"#))
}

fn delta(delta: &str) -> Bytes {
    format!(
        "{}{{\"index\":0,\"delta\":{delta},\"logprobs\":null,\"finish_reason\":null}}]}}\n\n",
        chunk_head!()
    )
    .into()
}

fn finish(answer: &Answer, _: At) -> Bytes {
    let head = concat!(chunk_head!(), r#"{"index":0,"delta":{},"logprobs":null,"finish_reason":""#);
    format!("{head}{}\"}}]}}\n\n", reason(answer)).into()
}

fn usage(answer: &Answer, _: At) -> Bytes {
    format!("{}],\"usage\":{}}}\n\n", chunk_head!(), usage_object(answer)).into()
}

fn reason(answer: &Answer) -> &'static str {
    match (answer.finish, &answer.tool) {
        (Finish::Stop, Some(_)) => "tool_calls",
        (finish, _) => finish.name(),
    }
}

fn call_object(answer: &Answer, arguments: &str) -> Value {
    let function = json!({"name": answer.tool, "arguments": arguments});
    json!({"id": "call_B9MHDbslfkBeAs8l", "type": "function", "function": function})
}

/// Token counts as OpenAI's chats and completions have them.
pub(super) fn usage_object(answer: &Answer) -> Value {
    let mut usage = json!({
        "prompt_tokens": answer.prompt_tokens,
        "completion_tokens": answer.completion_tokens(),
        "total_tokens": answer.total_tokens(),
    });
    if answer.reasoning > 0 {
        usage["completion_tokens_details"] = json!({"reasoning_tokens": answer.reasoning});
    }
    usage
}

fn whole(answer: &Answer) -> String {
    let mut message = json!({"role": "assistant", "content": answer.text()});
    if answer.reasoning > 0 {
        message["reasoning_content"] = answer.thoughts().into();
    }
    if answer.tool.is_some() {
        message["tool_calls"] = json!([call_object(answer, &answer.arguments())]);
    }
    let head = concat!(identity!("chat.completion"), r#"{"index":0,"message":"#);
    let mut body = format!(r#"{head}{message},"logprobs":null,"finish_reason":"{}"}}]"#, reason(answer));
    if answer.tells_usage {
        body += &format!(r#","usage":{}"#, usage_object(answer));
    }
    body.push('}');
    body
}
