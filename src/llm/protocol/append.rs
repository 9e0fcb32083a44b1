//! Events whose data say `{"type": "append" | "close" | "error"}`, as locust-sse expects them.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::chunk::{Text, emit_error, read, said};
use super::{Auth, Decode, Kind, openai_chat};
use crate::llm::delta::Delta;
use crate::net::{Event, Format};

pub const KIND: Kind = Kind {
    name: "append",
    path: "/chat/completions",
    auth: Auth::Bearer,
    headers: &[],
    format: Format::Sse,
    body: openai_chat::body,
    decoder: || Box::new(Append),
};

#[derive(Deserialize)]
struct Chunk<'a> {
    #[serde(borrow, rename = "type")]
    kind: Option<Text<'a>>,
    #[serde(borrow)]
    text: Option<Text<'a>>,
    #[serde(borrow)]
    message: Option<Text<'a>>,
    #[serde(borrow)]
    error: Option<&'a RawValue>,
}

struct Append;

impl Decode for Append {
    fn decode(&mut self, event: &Event, out: &mut dyn FnMut(&Delta)) -> Result<(), String> {
        if event.data == openai_chat::DONE {
            out(&Delta::Done);
            return Ok(());
        }
        let chunk: Chunk = read(&event.data)?;
        match chunk.kind.as_ref().map_or(event.name.as_str(), Text::as_str) {
            "append" => {
                if let Some(text) = &chunk.text {
                    out(&Delta::Text(text.as_str()));
                }
            }
            "close" => out(&Delta::Done),
            "error" => match chunk.error {
                Some(error) => emit_error(error, out),
                None => {
                    let text = said(&chunk.message).or(said(&chunk.text)).unwrap_or("error");
                    out(&Delta::Error(text));
                }
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
