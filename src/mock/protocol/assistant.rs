//! `/stream/assistant/{session}`: one message a request, the history is the server's, `[DONE]` ends the answer.

use anyhow::{Context, Result, ensure};
use bytes::Bytes;
use http::Method;

use super::{At, EVENT_STREAM, FAILURE, Part, Protocol, data, done, openai_error};
use crate::mock::answer::{Answer, Ask};
use crate::mock::sessions::{self, Message};

pub(super) const PROTOCOL: Protocol = Protocol {
    name: "assistant",
    route: "/stream/assistant/SESSION",
    serves: |method, path| method == Method::POST && sessions::session_of(path).is_some(),
    read,
    content_type: EVENT_STREAM,
    parts: |answer| vec![Part::Tokens(answer.tokens, token), Part::Closing(done)],
    // It is kept.
    repeats_text: true,
    whole: Answer::text,
    failure: || data(&openai_error(500, FAILURE).to_string()),
    error: openai_error,
};

fn read(body: &[u8], path: &str) -> Result<Ask> {
    let message: Message = serde_json::from_slice(body)
        .context("the body is no message: want {\"role\": \"user\", \"content\": \"…\"}")?;
    ensure!(!message.role.is_empty(), "the message has an empty role");
    let conversation = sessions::session_of(path).map(str::to_owned);
    Ok(Ask { stream: true, conversation, ..Ask::default() })
}

fn token(answer: &Answer, at: At) -> Bytes {
    data(&format!(r#"{{"role":"assistant","content":"{}"}}"#, answer.thought(at.token)))
}
