//! An assistant that holds the conversation: each turn is POSTed to `/stream/assistant/{session_id}`, the answer
//! ends with `[DONE]`.

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::chunk::{Content, Text, emit_error, read, said};
use super::{Auth, Decode, Kind, openai_chat};
use crate::llm::delta::Delta;
use crate::llm::request::{Message, Request};
use crate::net::{Event, Format};

pub const KIND: Kind = Kind {
    name: "assistant",
    path: "/stream/assistant/{session_id}",
    auth: Auth::Bearer,
    headers: &[],
    format: Format::Sse,
    body: |request, _| body(request),
    decoder: || Box::new(Assistant),
};

/// The turn alone: `{role, content}`.
fn body(request: &Request) -> Value {
    let turn = request.conversation().last();
    turn.unwrap_or_else(|| Message::new("user", "")).to_json()
}

#[derive(Deserialize)]
struct Chunk<'a> {
    #[serde(borrow)]
    content: Option<Content<'a>>,
    #[serde(borrow)]
    text: Option<Text<'a>>,
    #[serde(borrow)]
    delta: Option<&'a RawValue>,
    #[serde(borrow)]
    choices: Option<&'a RawValue>,
    #[serde(borrow)]
    error: Option<&'a RawValue>,
}

struct Assistant;

impl Decode for Assistant {
    fn decode(&mut self, event: &Event, out: &mut dyn FnMut(&Delta)) -> Result<(), String> {
        let data = event.data.as_str();
        if data == openai_chat::DONE {
            out(&Delta::Done);
            return Ok(());
        }
        if event.name == "error" {
            out(&Delta::Error(data));
            return Ok(());
        }
        if !data.starts_with('{') {
            // The text itself, or a JSON string of it.
            let quoted = serde_json::from_str::<Text>(data);
            out(&Delta::Text(quoted.as_ref().map_or(data, Text::as_str)));
            return Ok(());
        }
        let chunk: Chunk = read(data)?;
        if chunk.choices.is_some() {
            return openai_chat::decode(event, out);
        }
        if let Some(error) = chunk.error {
            emit_error(error, out);
        }
        if let Some(content) = &chunk.content {
            content.emit(out);
        }
        if let Some(text) = said(&chunk.text) {
            out(&Delta::Text(text));
        }
        if let Some(Ok(text)) = chunk.delta.map(|raw| serde_json::from_str::<Text>(raw.get())) {
            out(&Delta::Text(text.as_str()));
        }
        Ok(())
    }
}
