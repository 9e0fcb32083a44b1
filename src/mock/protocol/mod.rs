//! The protocols that the mock speaks: one file each, and a line in [`PROTOCOLS`].

mod anthropic;
mod append;
mod assistant;
mod dify;
mod gemini;
mod llamacpp;
mod ollama;
mod openai_chat;
mod openai_completions;
mod openai_responses;
mod plain;
mod tgi;

use anyhow::Result;
use bytes::Bytes;
use http::Method;
use serde_json::{Value, json};

use super::answer::{Answer, Ask};

/// All of them. The first that serves a path gets it.
const PROTOCOLS: &[&Protocol] = &[
    &openai_chat::PROTOCOL,
    &openai_completions::PROTOCOL,
    &openai_responses::PROTOCOL,
    &anthropic::PROTOCOL,
    &gemini::PROTOCOL,
    &ollama::PROTOCOL,
    &tgi::PROTOCOL,
    &dify::PROTOCOL,
    &append::PROTOCOL,
    &assistant::PROTOCOL,
    &llamacpp::PROTOCOL,
    &plain::PROTOCOL,
];

/// How answers look on the wire.
pub(super) struct Protocol {
    /// The name that `ssek/llm` has for it; `events` has none there.
    pub name: &'static str,
    /// Where it is spoken, for people.
    pub route: &'static str,
    /// Whether a request is one of its own.
    pub serves: fn(&Method, &str) -> bool,
    /// Reads the body of a request to a path.
    pub read: fn(&[u8], &str) -> Result<Ask>,
    /// What a streamed answer says it is.
    pub content_type: &'static str,
    /// A streamed answer.
    pub parts: fn(&Answer) -> Vec<Part>,
    /// The streamed answer repeats its text as a whole, which limits its length.
    pub repeats_text: bool,
    /// An answer in one piece, as JSON.
    pub whole: fn(&Answer) -> String,
    /// The event that reports an error inside a stream.
    pub failure: fn() -> Bytes,
    /// The body of an answer with an error's status.
    pub error: fn(u16, &str) -> Value,
}

impl std::fmt::Debug for Protocol {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

/// A stretch of a stream.
pub(super) enum Part {
    /// An event before the first token.
    Opening(Make),
    /// So many tokens, an event each.
    Tokens(u64, Make),
    /// An event that goes out together with the token before it.
    Closing(Make),
}

/// Makes the bytes of an event.
pub(super) type Make = fn(&Answer, At) -> Bytes;

/// Where an event stands.
#[derive(Clone, Copy, Debug)]
pub(super) struct At {
    /// The number of the token in its part; 0 for what is none.
    pub token: u64,
    /// The number of the event in the stream.
    pub event: u64,
}

/// The content type of event streams.
const EVENT_STREAM: &str = "text/event-stream; charset=utf-8";

/// What an error that the mock makes up says of itself.
const FAILURE: &str = "the mock fails as it was asked to";

/// The protocol that answers a request, if any does.
pub(super) fn of(method: &Method, path: &str) -> Option<&'static Protocol> {
    PROTOCOLS.iter().find(|protocol| (protocol.serves)(method, path)).copied()
}

/// The names of all of them.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    PROTOCOLS.iter().map(|protocol| protocol.name)
}

/// The protocol of that name.
pub(super) fn by_name(name: &str) -> Option<&'static Protocol> {
    PROTOCOLS.iter().find(|protocol| protocol.name == name).copied()
}

/// Where each is spoken, for people.
pub(super) fn routes() -> impl Iterator<Item = &'static str> {
    PROTOCOLS.iter().map(|protocol| protocol.route)
}

/// An error in OpenAI's shape.
pub(super) fn openai_error(status: u16, message: &str) -> Value {
    json!({"error": {"message": message, "type": "mock_error", "code": status}})
}

/// An event of that JSON.
fn data(json: &str) -> Bytes {
    format!("data: {json}\n\n").into()
}

/// An event with a name.
fn named(name: &str, json: &str) -> Bytes {
    format!("event: {name}\ndata: {json}\n\n").into()
}

/// The event that ends OpenAI's streams.
fn done(_: &Answer, _: At) -> Bytes {
    Bytes::from_static(b"data: [DONE]\n\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_path_has_its_protocol() {
        for (path, name) in [
            ("/v1/chat/completions", "openai-chat"),
            ("/openai/deployments/x/chat/completions", "openai-chat"),
            ("/v1/completions", "openai-completions"),
            ("/v1/responses", "openai-responses"),
            ("/v1/messages", "anthropic"),
            ("/v1beta/models/gemini-x:streamGenerateContent", "gemini"),
            ("/v1beta/models/gemini-x:generateContent", "gemini"),
            ("/api/chat", "ollama"),
            ("/api/generate", "ollama"),
            ("/generate_stream", "tgi"),
            ("/generate", "tgi"),
            ("/v1/chat-messages", "dify"),
            ("/append", "append"),
            ("/completion", "llamacpp"),
            ("/stream/assistant/17", "assistant"),
            ("/sse", "events"),
        ] {
            assert_eq!(of(&Method::POST, path).map(|protocol| protocol.name), Some(name), "{path}");
            assert_eq!(of(&Method::GET, path).is_some(), name == "events", "{path}");
        }
        assert!(of(&Method::POST, "/v1/embeddings").is_none());
        assert_eq!(routes().count(), PROTOCOLS.len());
    }
}
