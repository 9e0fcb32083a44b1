//! Google's `streamGenerateContent`.

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
    name: "gemini",
    path: "/v1beta/models/{model}:streamGenerateContent?alt=sse",
    auth: Auth::Header("x-goog-api-key"),
    headers: &[],
    format: Format::Sse,
    body: |request, _| body(request),
    decoder: || Box::<Gemini>::default(),
};

fn body(request: &Request) -> Value {
    let mut body = Map::new();
    let contents: Vec<_> = request.conversation().map(|message| content(&message)).collect();
    body.insert("contents".to_owned(), contents.into());
    if let Some(system) = request.system_text() {
        body.insert("systemInstruction".to_owned(), json!({"parts": [{"text": system}]}));
    }
    let mut settings = Map::new();
    if let Some(tokens) = request.max_tokens {
        settings.insert("maxOutputTokens".to_owned(), tokens.into());
    }
    if let Some(temperature) = request.temperature {
        settings.insert("temperature".to_owned(), json!(temperature));
    }
    if !settings.is_empty() {
        body.insert("generationConfig".to_owned(), settings.into());
    }
    if let Some(tools) = &request.tools {
        body.insert("tools".to_owned(), tools.clone());
    }
    Value::Object(body)
}

/// A message with `parts` of its own keeps them.
fn content(message: &Message) -> Value {
    let role = if message.role == "assistant" { "model" } else { message.role.as_str() };
    match message.rest.get("parts") {
        Some(parts) => json!({"role": role, "parts": parts}),
        None => json!({"role": role, "parts": [{"text": message.text()}]}),
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Chunk<'a> {
    #[serde(borrow)]
    candidates: Option<Vec<Candidate<'a>>>,
    usage_metadata: Option<Counts>,
    #[serde(borrow)]
    prompt_feedback: Option<Feedback<'a>>,
    #[serde(borrow)]
    response_id: Option<Text<'a>>,
    #[serde(borrow)]
    error: Option<&'a RawValue>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Candidate<'a> {
    #[serde(borrow)]
    content: Option<Content<'a>>,
    #[serde(borrow)]
    finish_reason: Option<Text<'a>>,
}

#[derive(Deserialize)]
struct Content<'a> {
    #[serde(borrow)]
    parts: Option<Vec<Part<'a>>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Part<'a> {
    #[serde(borrow)]
    text: Option<Text<'a>>,
    thought: Option<bool>,
    #[serde(borrow)]
    function_call: Option<Call<'a>>,
}

#[derive(Deserialize)]
struct Call<'a> {
    #[serde(borrow)]
    id: Option<Text<'a>>,
    #[serde(borrow)]
    name: Option<Text<'a>>,
    #[serde(borrow)]
    args: Option<&'a RawValue>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Feedback<'a> {
    #[serde(borrow)]
    block_reason: Option<Text<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Counts {
    prompt_token_count: Option<u64>,
    candidates_token_count: Option<u64>,
    thoughts_token_count: Option<u64>,
    cached_content_token_count: Option<u64>,
}

/// Calls of functions come whole; how many there were.
#[derive(Default)]
struct Gemini {
    calls: usize,
}

impl Decode for Gemini {
    fn decode(&mut self, event: &Event, out: &mut dyn FnMut(&Delta)) -> Result<(), String> {
        let chunk: Chunk = read(&event.data)?;
        if let Some(error) = chunk.error {
            emit_error(error, out);
        }
        if let Some(id) = said(&chunk.response_id) {
            out(&Delta::MessageId(id));
        }
        for candidate in chunk.candidates.iter().flatten() {
            let parts = candidate.content.iter().flat_map(|content| content.parts.iter().flatten());
            for part in parts {
                self.part(part, out);
            }
            if let Some(reason) = said(&candidate.finish_reason) {
                out(&Delta::Finish(reason));
            }
        }
        if let Some(reason) = chunk.prompt_feedback.as_ref().and_then(|feedback| said(&feedback.block_reason))
        {
            out(&Delta::Finish(reason));
        }
        if let Some(counts) = &chunk.usage_metadata {
            let thoughts = counts.thoughts_token_count;
            out(&Delta::Usage(Usage {
                prompt: counts.prompt_token_count,
                completion: counts.candidates_token_count.map(|n| n.saturating_add(thoughts.unwrap_or(0))),
                cached: counts.cached_content_token_count,
                reasoning: thoughts,
            }));
        }
        Ok(())
    }
}

impl Gemini {
    fn part(&mut self, part: &Part, out: &mut dyn FnMut(&Delta)) {
        if let Some(text) = &part.text {
            let text = text.as_str();
            out(&if part.thought == Some(true) { Delta::Reasoning(text) } else { Delta::Text(text) });
        }
        if let Some(call) = &part.function_call {
            let arguments = call.args.map_or("{}", RawValue::get);
            let (id, name) = (said(&call.id), said(&call.name));
            out(&Delta::ToolCall(ToolPiece { index: self.calls, id, name, arguments }));
            self.calls += 1;
        }
    }
}
