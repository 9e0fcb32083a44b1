//! Anthropic's messages.

use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

use super::chunk::{Text, emit_error, read, said};
use super::{Auth, Decode, Kind};
use crate::llm::delta::{Delta, ToolPiece};
use crate::llm::request::{Message, Request};
use crate::llm::usage::Usage;
use crate::net::{Event, Format};

pub const KIND: Kind = Kind {
    name: "anthropic",
    path: "/v1/messages",
    auth: Auth::Header("x-api-key"),
    headers: &[("anthropic-version", "2023-06-01")],
    format: Format::Sse,
    body,
    decoder: || Box::<Messages>::default(),
};

/// The API asks for a limit; this is what is sent where the user has none.
const MAX_TOKENS: u64 = 1024;

fn body(request: &Request, model: Option<&str>) -> Value {
    let mut body = Map::new();
    let mut put = |key: &str, value: Option<Value>| {
        if let Some(value) = value {
            body.insert(key.to_owned(), value);
        }
    };
    put("model", model.map(Value::from));
    put("max_tokens", Some(request.max_tokens.unwrap_or(MAX_TOKENS).into()));
    put("stream", Some(true.into()));
    put("system", request.system_text().map(Value::from));
    put("messages", Some(request.conversation().map(|message| Message::to_json(&message)).collect()));
    put("temperature", request.temperature.map(|t| json!(t)));
    put("tools", request.tools.clone());
    put("metadata", request.user.as_deref().map(|user| json!({"user_id": user})));
    Value::Object(body)
}

#[derive(Deserialize)]
struct Chunk<'a> {
    #[serde(borrow, rename = "type")]
    kind: Option<Text<'a>>,
    index: Option<usize>,
    #[serde(borrow)]
    message: Option<Start<'a>>,
    #[serde(borrow)]
    content_block: Option<Block<'a>>,
    #[serde(borrow)]
    delta: Option<Piece<'a>>,
    usage: Option<Counts>,
    #[serde(borrow)]
    error: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Start<'a> {
    #[serde(borrow)]
    id: Option<Text<'a>>,
    usage: Option<Counts>,
}

#[derive(Deserialize)]
struct Block<'a> {
    #[serde(borrow, rename = "type")]
    kind: Option<Text<'a>>,
    #[serde(borrow)]
    id: Option<Text<'a>>,
    #[serde(borrow)]
    name: Option<Text<'a>>,
    #[serde(borrow)]
    text: Option<Text<'a>>,
    #[serde(borrow)]
    thinking: Option<Text<'a>>,
}

#[derive(Deserialize)]
struct Piece<'a> {
    #[serde(borrow)]
    text: Option<Text<'a>>,
    #[serde(borrow)]
    thinking: Option<Text<'a>>,
    #[serde(borrow)]
    partial_json: Option<Text<'a>>,
    #[serde(borrow)]
    stop_reason: Option<Text<'a>>,
}

#[derive(Default, Deserialize)]
struct Counts {
    input_tokens: Option<u64>,
    output_tokens: Option<u64>,
    cache_creation_input_tokens: Option<u64>,
    cache_read_input_tokens: Option<u64>,
}

/// What later events count on: `input_tokens` leaves out what went to or came from a cache, and the parts come in
/// different events.
#[derive(Default)]
struct Messages {
    counts: Counts,
    /// Which blocks of the content are calls of tools.
    tools: Vec<usize>,
}

impl Messages {
    fn count(&mut self, new: &Counts) -> Usage {
        let known = &mut self.counts;
        known.input_tokens = new.input_tokens.or(known.input_tokens);
        known.output_tokens = new.output_tokens.or(known.output_tokens);
        known.cache_creation_input_tokens =
            new.cache_creation_input_tokens.or(known.cache_creation_input_tokens);
        known.cache_read_input_tokens = new.cache_read_input_tokens.or(known.cache_read_input_tokens);
        let cached = known.cache_read_input_tokens;
        let beside = known.cache_creation_input_tokens.unwrap_or(0).saturating_add(cached.unwrap_or(0));
        let prompt = known.input_tokens.map(|tokens| tokens.saturating_add(beside));
        Usage { prompt, completion: known.output_tokens, cached, reasoning: None }
    }

    fn place(&mut self, block: Option<usize>) -> usize {
        let block = block.unwrap_or_default();
        if let Some(place) = self.tools.iter().position(|known| *known == block) {
            return place;
        }
        self.tools.push(block);
        self.tools.len() - 1
    }

    fn begin_block(&mut self, at: Option<usize>, block: &Block, out: &mut dyn FnMut(&Delta)) {
        if block.kind.as_ref().is_some_and(|kind| kind.as_str() == "tool_use") {
            let index = self.place(at);
            let (id, name) = (said(&block.id), said(&block.name));
            out(&Delta::ToolCall(ToolPiece { index, id, name, arguments: "" }));
        }
        if let Some(text) = said(&block.thinking) {
            out(&Delta::Reasoning(text));
        }
        if let Some(text) = said(&block.text) {
            out(&Delta::Text(text));
        }
    }
}

impl Decode for Messages {
    fn decode(&mut self, event: &Event, out: &mut dyn FnMut(&Delta)) -> Result<(), String> {
        let chunk: Chunk = read(&event.data)?;
        let kind = chunk.kind.as_ref().map_or(event.name.as_str(), Text::as_str);
        if let Some(error) = chunk.error {
            emit_error(error, out);
        } else if kind == "error" {
            out(&Delta::Error("error"));
        }
        if let Some(message) = &chunk.message {
            out(&Delta::Role);
            if let Some(id) = said(&message.id) {
                out(&Delta::MessageId(id));
            }
            if let Some(counts) = &message.usage {
                out(&Delta::Usage(self.count(counts)));
            }
        }
        if let Some(block) = &chunk.content_block {
            self.begin_block(chunk.index, block, out);
        }
        if let Some(piece) = &chunk.delta {
            if let Some(text) = &piece.thinking {
                out(&Delta::Reasoning(text.as_str()));
            }
            if let Some(text) = &piece.text {
                out(&Delta::Text(text.as_str()));
            }
            if let Some(json) = said(&piece.partial_json) {
                let index = self.place(chunk.index);
                out(&Delta::ToolCall(ToolPiece { index, id: None, name: None, arguments: json }));
            }
            if let Some(reason) = said(&piece.stop_reason) {
                out(&Delta::Finish(reason));
            }
        }
        if let Some(counts) = &chunk.usage {
            out(&Delta::Usage(self.count(counts)));
        }
        if kind == "message_stop" {
            out(&Delta::Done);
        }
        Ok(())
    }
}
