//! OpenAI's older completions: a prompt that is gone on with.

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::chunk::{OpenAiUsage, Text, emit_error, read, said};
use super::{Auth, Decode, Kind, openai_chat};
use crate::llm::delta::Delta;
use crate::llm::request::Request;
use crate::net::{Event, Format};

pub const KIND: Kind = Kind {
    name: "openai-completions",
    path: "/v1/completions",
    auth: Auth::Bearer,
    headers: &[],
    format: Format::Sse,
    body,
    decoder: || Box::new(Completions),
};

fn body(request: &Request, model: Option<&str>) -> Value {
    let mut body = openai_chat::common(request, model);
    body["prompt"] = request.plain_text().into();
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
    #[serde(borrow)]
    text: Option<Text<'a>>,
    #[serde(borrow)]
    finish_reason: Option<Text<'a>>,
}

struct Completions;

impl Decode for Completions {
    fn decode(&mut self, event: &Event, out: &mut dyn FnMut(&Delta)) -> Result<(), String> {
        if event.data == openai_chat::DONE {
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
            if let Some(text) = &choice.text {
                out(&Delta::Text(text.as_str()));
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
}
