//! Hugging Face's text-generation-inference: `/generate_stream`.

use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

use super::chunk::{Text, emit_error, read, said};
use super::{Auth, Decode, Kind};
use crate::llm::delta::Delta;
use crate::llm::request::Request;
use crate::llm::usage::Usage;
use crate::net::{Event, Format};

pub const KIND: Kind = Kind {
    name: "tgi",
    path: "/generate_stream",
    auth: Auth::Bearer,
    headers: &[],
    format: Format::Sse,
    body: |request, _| body(request),
    decoder: || Box::new(Tgi),
};

fn body(request: &Request) -> Value {
    let mut parameters = Map::new();
    // Else the last event does not say how many tokens there were.
    parameters.insert("details".to_owned(), true.into());
    if let Some(tokens) = request.max_tokens {
        parameters.insert("max_new_tokens".to_owned(), tokens.into());
    }
    if let Some(temperature) = request.temperature {
        parameters.insert("temperature".to_owned(), json!(temperature));
    }
    json!({"inputs": request.plain_text(), "parameters": parameters, "stream": true})
}

#[derive(Deserialize)]
struct Chunk<'a> {
    #[serde(borrow)]
    token: Option<Token<'a>>,
    /// In the last event.
    #[serde(borrow)]
    generated_text: Option<Text<'a>>,
    #[serde(borrow)]
    details: Option<Details<'a>>,
    #[serde(borrow)]
    error: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Token<'a> {
    #[serde(borrow)]
    text: Text<'a>,
    /// Such as the one that ends an answer: generated, but no text.
    special: Option<bool>,
}

#[derive(Deserialize)]
struct Details<'a> {
    #[serde(borrow)]
    finish_reason: Option<Text<'a>>,
    generated_tokens: Option<u64>,
    input_length: Option<u64>,
}

struct Tgi;

impl Decode for Tgi {
    fn decode(&mut self, event: &Event, out: &mut dyn FnMut(&Delta)) -> Result<(), String> {
        let chunk: Chunk = read(&event.data)?;
        if let Some(error) = chunk.error {
            emit_error(error, out);
        }
        if let Some(token) = chunk.token.as_ref().filter(|token| token.special != Some(true)) {
            out(&Delta::Text(token.text.as_str()));
        }
        if let Some(details) = &chunk.details {
            let (prompt, completion) = (details.input_length, details.generated_tokens);
            out(&Delta::Usage(Usage { prompt, completion, ..Usage::default() }));
            if let Some(reason) = said(&details.finish_reason) {
                out(&Delta::Finish(reason));
            }
        }
        if chunk.generated_text.is_some() {
            out(&Delta::Done);
        }
        Ok(())
    }
}
