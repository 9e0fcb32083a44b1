//! OpenAI's chat completions, as OpenAI, vLLM, llama.cpp, LiteLLM and many others speak them.

use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::chunk::{Content, OpenAiUsage, Text, emit_error, read, said};
use super::{Auth, Decode, Kind};
use crate::llm::delta::{Delta, ToolPiece};
use crate::llm::request::Request;
use crate::net::{Event, Format};

pub const KIND: Kind = Kind {
    name: "openai-chat",
    path: "/v1/chat/completions",
    auth: Auth::Bearer,
    headers: &[],
    format: Format::Sse,
    body,
    decoder: || Box::new(Chat),
};

/// The data of the event that ends a stream.
pub(super) const DONE: &str = "[DONE]";

/// The body of a request; other protocols that take OpenAI's share it.
pub(super) fn body(request: &Request, model: Option<&str>) -> Value {
    let mut body = common(request, model);
    body["messages"] = request.chat_messages().into();
    body
}

/// What bodies of chats and completions have in common.
pub(super) fn common(request: &Request, model: Option<&str>) -> Value {
    let mut body = json!({});
    if let Some(model) = model {
        body["model"] = model.into();
    }
    body["stream"] = true.into();
    body["stream_options"] = json!({"include_usage": true});
    if let Some(tokens) = request.max_tokens {
        body["max_tokens"] = tokens.into();
    }
    if let Some(temperature) = request.temperature {
        body["temperature"] = temperature.into();
    }
    if let Some(tools) = &request.tools {
        body["tools"] = tools.clone();
    }
    if let Some(user) = &request.user {
        body["user"] = user.as_str().into();
    }
    body
}

#[derive(Deserialize)]
struct Chunk<'a> {
    #[serde(borrow)]
    id: Option<Text<'a>>,
    #[serde(borrow)]
    choices: Option<Vec<Choice<'a>>>,
    usage: Option<OpenAiUsage>,
    #[serde(borrow)]
    error: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Choice<'a> {
    /// `message` of servers that answer a request for a stream in one piece.
    #[serde(borrow, alias = "message")]
    delta: Option<Message<'a>>,
    #[serde(borrow)]
    finish_reason: Option<Text<'a>>,
}

#[derive(Deserialize)]
struct Message<'a> {
    #[serde(borrow)]
    role: Option<Text<'a>>,
    #[serde(borrow)]
    content: Option<Content<'a>>,
    /// DeepSeek's, llama.cpp's and vLLM's name.
    #[serde(borrow)]
    reasoning_content: Option<Text<'a>>,
    /// OpenRouter's and newer vLLM's; servers that send both send the same.
    #[serde(borrow)]
    reasoning: Option<Text<'a>>,
    #[serde(borrow)]
    refusal: Option<Text<'a>>,
    #[serde(borrow)]
    tool_calls: Option<Vec<ToolDelta<'a>>>,
}

#[derive(Deserialize)]
struct ToolDelta<'a> {
    index: Option<usize>,
    #[serde(borrow)]
    id: Option<Text<'a>>,
    #[serde(borrow)]
    function: Option<Function<'a>>,
}

#[derive(Deserialize)]
struct Function<'a> {
    #[serde(borrow)]
    name: Option<Text<'a>>,
    #[serde(borrow)]
    arguments: Option<Text<'a>>,
}

/// Needs to remember nothing.
struct Chat;

impl Decode for Chat {
    fn decode(&mut self, event: &Event, out: &mut dyn FnMut(&Delta)) -> Result<(), String> {
        decode(event, out)
    }
}

/// Reads one chunk.
pub(super) fn decode(event: &Event, out: &mut dyn FnMut(&Delta)) -> Result<(), String> {
    if event.data == DONE {
        out(&Delta::Done);
        return Ok(());
    }
    let chunk: Chunk = read(&event.data)?;
    if let Some(error) = chunk.error {
        emit_error(error, out);
    }
    if let Some(id) = said(&chunk.id) {
        out(&Delta::MessageId(id));
    }
    for choice in chunk.choices.iter().flatten() {
        if let Some(message) = &choice.delta {
            message.emit(out);
        }
        if let Some(reason) = said(&choice.finish_reason) {
            out(&Delta::Finish(reason));
        }
    }
    if let Some(usage) = &chunk.usage {
        out(&Delta::Usage(usage.read()));
    }
    Ok(())
}

impl Message<'_> {
    fn emit(&self, out: &mut dyn FnMut(&Delta)) {
        if self.role.is_some() {
            out(&Delta::Role);
        }
        if let Some(reasoning) = said(&self.reasoning_content).or(said(&self.reasoning)) {
            out(&Delta::Reasoning(reasoning));
        }
        if let Some(content) = &self.content {
            content.emit(out);
        }
        if let Some(refusal) = said(&self.refusal) {
            out(&Delta::Text(refusal));
        }
        for (place, tool) in self.tool_calls.iter().flatten().enumerate() {
            let function = tool.function.as_ref();
            out(&Delta::ToolCall(ToolPiece {
                index: tool.index.unwrap_or(place),
                id: said(&tool.id),
                name: function.and_then(|function| said(&function.name)),
                arguments: function.and_then(|function| said(&function.arguments)).unwrap_or_default(),
            }));
        }
    }
}
