//! Events of the types `append`, `close` and `error`, as locust-sse reads them.

use bytes::Bytes;
use http::Method;
use serde_json::json;

use super::{At, EVENT_STREAM, FAILURE, Part, Protocol, data, openai_error};
use crate::mock::answer::{Answer, Ask};

pub(super) const PROTOCOL: Protocol = Protocol {
    name: "append",
    route: "/append",
    serves: |method, path| method == Method::POST && path.ends_with("/append"),
    read: |_, _| Ok(Ask { stream: true, ..Ask::default() }),
    content_type: EVENT_STREAM,
    parts: |answer| vec![Part::Tokens(answer.tokens, append), Part::Closing(close)],
    repeats_text: false,
    whole: Answer::text,
    failure: || data(&json!({"type": "error", "message": FAILURE}).to_string()),
    error: openai_error,
};

fn append(answer: &Answer, at: At) -> Bytes {
    data(&format!(r#"{{"type":"append","text":"{}"}}"#, answer.thought(at.token)))
}

fn close(_: &Answer, _: At) -> Bytes {
    Bytes::from_static(b"data: {\"type\":\"close\"}\n\n")
}
