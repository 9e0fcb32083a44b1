//! llama.cpp's own `/completion`.

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::chunk::{Text, emit_error, read, said};
use super::{Auth, Decode, Kind, openai_chat};
use crate::llm::delta::Delta;
use crate::llm::request::Request;
use crate::llm::usage::Usage;
use crate::net::{Event, Format};

pub const KIND: Kind = Kind {
    name: "llamacpp",
    path: "/completion",
    auth: Auth::Bearer,
    headers: &[],
    format: Format::Sse,
    body: |request, _| body(request),
    decoder: || Box::new(Completion),
};

fn body(request: &Request) -> Value {
    let mut body = serde_json::Map::new();
    body.insert("prompt".to_owned(), request.plain_text().into());
    body.insert("stream".to_owned(), true.into());
    if let Some(tokens) = request.max_tokens {
        body.insert("n_predict".to_owned(), tokens.into());
    }
    if let Some(temperature) = request.temperature {
        body.insert("temperature".to_owned(), serde_json::json!(temperature));
    }
    Value::Object(body)
}

#[derive(Deserialize)]
struct Chunk<'a> {
    #[serde(borrow)]
    content: Option<Text<'a>>,
    stop: Option<bool>,
    #[serde(borrow)]
    stop_type: Option<Text<'a>>,
    tokens_predicted: Option<u64>,
    tokens_evaluated: Option<u64>,
    #[serde(borrow)]
    error: Option<&'a RawValue>,
}

struct Completion;

impl Decode for Completion {
    fn decode(&mut self, event: &Event, out: &mut dyn FnMut(&Delta)) -> Result<(), String> {
        if event.data == openai_chat::DONE {
            out(&Delta::Done);
            return Ok(());
        }
        let chunk: Chunk = read(&event.data)?;
        if let Some(error) = chunk.error {
            emit_error(error, out);
        }
        if let Some(text) = &chunk.content {
            out(&Delta::Text(text.as_str()));
        }
        let (prompt, completion) = (chunk.tokens_evaluated, chunk.tokens_predicted);
        out(&Delta::Usage(Usage { prompt, completion, ..Usage::default() }));
        if chunk.stop == Some(true) {
            out(&Delta::Finish(said(&chunk.stop_type).unwrap_or("stop")));
            out(&Delta::Done);
        }
        Ok(())
    }
}
