//! Ollama's chats and completions: one JSON object a line.

use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

use super::chunk::{Text, emit_error, read, said};
use super::{Auth, Decode, Kind};
use crate::llm::delta::{Delta, ToolPiece};
use crate::llm::request::Request;
use crate::llm::usage::Usage;
use crate::net::{Event, Format};

pub const KIND: Kind = Kind {
    name: "ollama",
    path: "/api/chat",
    auth: Auth::Bearer,
    headers: &[],
    format: Format::Ndjson,
    body,
    decoder: || Box::<Ollama>::default(),
};

/// For `/api/generate`, which wants a prompt and no messages.
pub(super) const GENERATE: Kind = Kind { path: "/api/generate", body: generate_body, ..KIND };

fn body(request: &Request, model: Option<&str>) -> Value {
    let mut body = settings(request, model);
    body.insert("messages".to_owned(), request.chat_messages().into());
    Value::Object(body)
}

fn generate_body(request: &Request, model: Option<&str>) -> Value {
    let mut body = settings(request, model);
    body.insert("prompt".to_owned(), request.plain_text().into());
    Value::Object(body)
}

fn settings(request: &Request, model: Option<&str>) -> Map<String, Value> {
    let mut body = Map::new();
    if let Some(model) = model {
        body.insert("model".to_owned(), model.into());
    }
    body.insert("stream".to_owned(), true.into());
    let mut options = Map::new();
    if let Some(tokens) = request.max_tokens {
        options.insert("num_predict".to_owned(), tokens.into());
    }
    if let Some(temperature) = request.temperature {
        options.insert("temperature".to_owned(), json!(temperature));
    }
    if !options.is_empty() {
        body.insert("options".to_owned(), options.into());
    }
    if let Some(tools) = &request.tools {
        body.insert("tools".to_owned(), tools.clone());
    }
    body
}

#[derive(Deserialize)]
struct Chunk<'a> {
    #[serde(borrow)]
    message: Option<Message<'a>>,
    /// Of `/api/generate`.
    #[serde(borrow)]
    response: Option<Text<'a>>,
    #[serde(borrow)]
    thinking: Option<Text<'a>>,
    done: Option<bool>,
    #[serde(borrow)]
    done_reason: Option<Text<'a>>,
    prompt_eval_count: Option<u64>,
    eval_count: Option<u64>,
    #[serde(borrow)]
    error: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Message<'a> {
    #[serde(borrow)]
    content: Option<Text<'a>>,
    #[serde(borrow)]
    thinking: Option<Text<'a>>,
    #[serde(borrow)]
    tool_calls: Option<Vec<Call<'a>>>,
}

#[derive(Deserialize)]
struct Call<'a> {
    #[serde(borrow)]
    id: Option<Text<'a>>,
    #[serde(borrow)]
    function: Function<'a>,
}

#[derive(Deserialize)]
struct Function<'a> {
    #[serde(borrow)]
    name: Option<Text<'a>>,
    #[serde(borrow)]
    arguments: Option<&'a RawValue>,
}

/// Calls of tools come whole; how many there were.
#[derive(Default)]
struct Ollama {
    calls: usize,
}

impl Decode for Ollama {
    fn decode(&mut self, event: &Event, out: &mut dyn FnMut(&Delta)) -> Result<(), String> {
        let chunk: Chunk = read(&event.data)?;
        if let Some(error) = chunk.error {
            emit_error(error, out);
        }
        if let Some(text) = said(&chunk.thinking) {
            out(&Delta::Reasoning(text));
        }
        if let Some(text) = &chunk.response {
            out(&Delta::Text(text.as_str()));
        }
        if let Some(message) = &chunk.message {
            self.message(message, out);
        }
        if chunk.done == Some(true) {
            let (prompt, completion) = (chunk.prompt_eval_count, chunk.eval_count);
            out(&Delta::Usage(Usage { prompt, completion, ..Usage::default() }));
            if let Some(reason) = said(&chunk.done_reason) {
                out(&Delta::Finish(reason));
            }
            out(&Delta::Done);
        }
        Ok(())
    }
}

impl Ollama {
    fn message(&mut self, message: &Message, out: &mut dyn FnMut(&Delta)) {
        if let Some(text) = said(&message.thinking) {
            out(&Delta::Reasoning(text));
        }
        if let Some(text) = &message.content {
            out(&Delta::Text(text.as_str()));
        }
        for call in message.tool_calls.iter().flatten() {
            let arguments = call.function.arguments.map_or("{}", RawValue::get);
            let (id, name) = (said(&call.id), said(&call.function.name));
            out(&Delta::ToolCall(ToolPiece { index: self.calls, id, name, arguments }));
            self.calls += 1;
        }
    }
}
