//! OpenAI's responses: named events for each item of an answer.

use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

use super::chunk::{OpenAiUsage, Text, bad_chunk, emit_error, said};
use super::{Auth, Decode, Kind, openai_chat};
use crate::llm::delta::{Delta, ToolPiece};
use crate::llm::request::{Message, Request};
use crate::net::{Event, Format};

pub const KIND: Kind = Kind {
    name: "openai-responses",
    path: "/v1/responses",
    auth: Auth::Bearer,
    headers: &[],
    format: Format::Sse,
    body,
    decoder: || Box::<Responses>::default(),
};

fn body(request: &Request, model: Option<&str>) -> Value {
    let mut body = Map::new();
    let mut put = |key: &str, value: Option<Value>| {
        if let Some(value) = value {
            body.insert(key.to_owned(), value);
        }
    };
    put("model", model.map(Value::from));
    put("instructions", request.system_text().map(Value::from));
    put("input", Some(request.conversation().map(|message| Message::to_json(&message)).collect()));
    put("stream", Some(true.into()));
    put("max_output_tokens", request.max_tokens.map(Value::from));
    put("temperature", request.temperature.map(|t| json!(t)));
    put("tools", request.tools.clone());
    put("user", request.user.as_deref().map(Value::from));
    put("previous_response_id", request.conversation_id.as_deref().map(Value::from));
    Value::Object(body)
}

#[derive(Deserialize)]
struct Chunk<'a> {
    #[serde(borrow, rename = "type")]
    kind: Option<Text<'a>>,
    /// A string in the events that matter.
    #[serde(borrow)]
    delta: Option<&'a RawValue>,
    output_index: Option<usize>,
    #[serde(borrow)]
    item: Option<Item<'a>>,
    #[serde(borrow)]
    response: Option<Response<'a>>,
    #[serde(borrow)]
    error: Option<&'a RawValue>,
    #[serde(borrow)]
    message: Option<Text<'a>>,
}

#[derive(Deserialize)]
struct Item<'a> {
    #[serde(borrow, rename = "type")]
    kind: Option<Text<'a>>,
    #[serde(borrow)]
    name: Option<Text<'a>>,
    #[serde(borrow)]
    call_id: Option<Text<'a>>,
}

#[derive(Deserialize)]
struct Response<'a> {
    #[serde(borrow)]
    id: Option<Text<'a>>,
    #[serde(borrow)]
    status: Option<Text<'a>>,
    usage: Option<OpenAiUsage>,
    #[serde(borrow)]
    incomplete_details: Option<Incomplete<'a>>,
    #[serde(borrow)]
    error: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Incomplete<'a> {
    #[serde(borrow)]
    reason: Option<Text<'a>>,
}

/// Which items of the output are calls of functions: these are numbered by themselves.
#[derive(Default)]
struct Responses {
    calls: Vec<usize>,
}

impl Responses {
    fn place(&mut self, item: Option<usize>) -> usize {
        let item = item.unwrap_or_default();
        if let Some(place) = self.calls.iter().position(|known| *known == item) {
            return place;
        }
        self.calls.push(item);
        self.calls.len() - 1
    }
}

impl Decode for Responses {
    fn decode(&mut self, event: &Event, out: &mut dyn FnMut(&Delta)) -> Result<(), String> {
        if event.data == openai_chat::DONE {
            out(&Delta::Done);
            return Ok(());
        }
        let bad = |error| bad_chunk(&event.data, &error);
        let chunk: Chunk = serde_json::from_str(&event.data).map_err(bad)?;
        let kind = chunk.kind.as_ref().map_or(event.name.as_str(), Text::as_str);
        let delta = || match chunk.delta {
            Some(raw) => serde_json::from_str::<Text>(raw.get()).map_err(bad),
            None => Ok(Text("".into())),
        };
        match kind {
            "response.output_text.delta" | "response.refusal.delta" => out(&Delta::Text(delta()?.as_str())),
            "response.reasoning_text.delta" | "response.reasoning_summary_text.delta" => {
                out(&Delta::Reasoning(delta()?.as_str()));
            }
            "response.function_call_arguments.delta" => {
                let (index, arguments) = (self.place(chunk.output_index), delta()?);
                out(&Delta::ToolCall(ToolPiece {
                    index,
                    id: None,
                    name: None,
                    arguments: arguments.as_str(),
                }));
            }
            "response.output_item.added" => {
                let Some(item) = &chunk.item else { return Ok(()) };
                if item.kind.as_ref().is_some_and(|kind| kind.as_str() == "function_call") {
                    let index = self.place(chunk.output_index);
                    let (id, name) = (said(&item.call_id), said(&item.name));
                    out(&Delta::ToolCall(ToolPiece { index, id, name, arguments: "" }));
                } else {
                    out(&Delta::Role);
                }
            }
            "response.created" => {
                if let Some(id) = chunk.response.as_ref().and_then(|response| said(&response.id)) {
                    out(&Delta::MessageId(id));
                }
            }
            "response.completed" | "response.incomplete" | "response.failed" => {
                if let Some(response) = &chunk.response {
                    response.end(out);
                }
                out(&Delta::Done);
            }
            "error" => match (chunk.error, said(&chunk.message)) {
                (Some(error), _) => emit_error(error, out),
                (None, message) => out(&Delta::Error(message.unwrap_or("error"))),
            },
            _ => {
                if let Some(error) = chunk.error {
                    emit_error(error, out);
                }
            }
        }
        Ok(())
    }
}

impl Response<'_> {
    fn end(&self, out: &mut dyn FnMut(&Delta)) {
        if let Some(usage) = &self.usage {
            out(&Delta::Usage(usage.read()));
        }
        if let Some(error) = self.error {
            emit_error(error, out);
        } else if self.status.as_ref().is_some_and(|status| status.as_str() == "failed") {
            out(&Delta::Error("the response failed"));
        }
        let reason = self.incomplete_details.as_ref().and_then(|details| said(&details.reason));
        if let Some(reason) = reason.or(said(&self.status)) {
            out(&Delta::Finish(reason));
        }
    }
}
