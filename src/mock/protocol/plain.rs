//! A plain event stream, `/sse`, of events with an id and a number.

use std::fmt::Write;

use bytes::Bytes;
use http::Method;
use serde_json::json;

use super::{At, EVENT_STREAM, FAILURE, Part, Protocol, named, openai_error};
use crate::mock::answer::{Answer, Ask};
use crate::mock::words;

pub(super) const PROTOCOL: Protocol = Protocol {
    name: "events",
    route: "/sse",
    serves: |method, path| path == "/sse" && matches!(*method, Method::GET | Method::POST),
    read: |_, _| Ok(Ask { stream: true, ..Ask::default() }),
    content_type: EVENT_STREAM,
    parts: |answer| vec![Part::Tokens(answer.tokens, event), Part::Closing(end)],
    repeats_text: false,
    whole: Answer::text,
    failure: || named("error", &json!({ "message": FAILURE }).to_string()),
    error: openai_error,
};

fn event(answer: &Answer, at: At) -> Bytes {
    let size = answer.settings.size;
    let mut event = String::with_capacity(64 + size.unwrap_or(0));
    let _ = write!(event, "id: {0}\nevent: message\ndata: {{\"n\":{0},\"text\":\"", at.token);
    match size {
        Some(size) => words::push_filler(&mut event, size),
        None => event.push_str("hello"),
    }
    event.push_str("\"}\n\n");
    event.into()
}

fn end(_: &Answer, _: At) -> Bytes {
    Bytes::from_static(b": end of stream\n\n")
}
