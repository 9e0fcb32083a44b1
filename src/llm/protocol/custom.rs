//! A protocol that the user describes: where in an event's JSON the text, the error and so on stand.

use std::sync::Arc;

use serde_json::Value;

use super::chunk::read;
use super::{Decode, Decoder};
use crate::llm::delta::Delta;
use crate::llm::json_path::JsonPath;
use crate::llm::refusal;
use crate::llm::usage::Usage;
use crate::net::{Event, Format};

/// The description as users write it; all but `text` may be absent.
#[derive(Clone, Debug, Default)]
pub struct CustomPaths {
    /// Of requests, after the base URL.
    pub path: String,
    pub ndjson: bool,
    pub text: String,
    pub reasoning: Option<String>,
    pub finish: Option<String>,
    pub prompt_tokens: Option<String>,
    pub completion_tokens: Option<String>,
    pub error: Option<String>,
    pub message_id: Option<String>,
    pub conversation_id: Option<String>,
    /// The data that end a stream, such as `[DONE]`, or `place=value`: the event in which that stands there.
    pub done: Option<String>,
}

impl CustomPaths {
    /// The names of the fields as users write them.
    pub const KEYS: &[&str] = &[
        "path",
        "format",
        "text",
        "reasoning",
        "finish",
        "promptTokens",
        "completionTokens",
        "error",
        "messageId",
        "conversationId",
        "done",
    ];

    /// Sets a field by its name.
    ///
    /// # Errors
    ///
    /// There is no such field, or no such format.
    pub fn set(&mut self, key: &str, value: String) -> Result<(), String> {
        let field = match key {
            "path" => {
                self.path = value;
                return Ok(());
            }
            "format" => {
                self.ndjson = match value.as_str() {
                    "sse" => false,
                    "ndjson" => true,
                    _ => return Err(format!("format: {value:?}, allowed are: sse, ndjson")),
                };
                return Ok(());
            }
            "text" => {
                self.text = value;
                return Ok(());
            }
            "reasoning" => &mut self.reasoning,
            "finish" => &mut self.finish,
            "promptTokens" => &mut self.prompt_tokens,
            "completionTokens" => &mut self.completion_tokens,
            "error" => &mut self.error,
            "messageId" => &mut self.message_id,
            "conversationId" => &mut self.conversation_id,
            "done" => &mut self.done,
            _ => return Err(format!("unknown key '{key}', allowed are: {}", Self::KEYS.join(", "))),
        };
        *field = Some(value);
        Ok(())
    }
}

/// The description, read.
#[derive(Debug)]
pub struct Custom {
    path: String,
    format: Format,
    text: JsonPath,
    reasoning: Option<JsonPath>,
    finish: Option<JsonPath>,
    prompt_tokens: Option<JsonPath>,
    completion_tokens: Option<JsonPath>,
    error: Option<JsonPath>,
    message_id: Option<JsonPath>,
    conversation_id: Option<JsonPath>,
    done: Option<End>,
}

#[derive(Debug)]
enum End {
    Data(String),
    Field(JsonPath, String),
}

impl Custom {
    /// Reads a description.
    ///
    /// # Errors
    ///
    /// A sentence that names the field and what is wrong with it.
    pub fn read(paths: &CustomPaths) -> Result<Self, String> {
        let place =
            |name: &str, path: &str| JsonPath::parse(path).map_err(|error| format!("{name}: {error}"));
        let maybe =
            |name: &str, path: &Option<String>| path.as_deref().map(|path| place(name, path)).transpose();
        let done = match paths.done.as_deref() {
            Some(text) => Some(match text.split_once('=') {
                Some((path, value)) => End::Field(place("done", path)?, value.to_owned()),
                None => End::Data(text.to_owned()),
            }),
            None => None,
        };
        Ok(Self {
            path: paths.path.clone(),
            format: if paths.ndjson { Format::Ndjson } else { Format::Sse },
            text: place("text", &paths.text)?,
            reasoning: maybe("reasoning", &paths.reasoning)?,
            finish: maybe("finish", &paths.finish)?,
            prompt_tokens: maybe("promptTokens", &paths.prompt_tokens)?,
            completion_tokens: maybe("completionTokens", &paths.completion_tokens)?,
            error: maybe("error", &paths.error)?,
            message_id: maybe("messageId", &paths.message_id)?,
            conversation_id: maybe("conversationId", &paths.conversation_id)?,
            done,
        })
    }

    pub(super) fn path(&self) -> &str {
        if self.path.is_empty() { "/" } else { &self.path }
    }

    pub(super) fn format(&self) -> Format {
        self.format
    }

    pub(super) fn decoder(self: &Arc<Self>) -> Decoder {
        Box::new(Reader(self.clone()))
    }
}

struct Reader(Arc<Custom>);

impl Decode for Reader {
    fn decode(&mut self, event: &Event, out: &mut dyn FnMut(&Delta)) -> Result<(), String> {
        let custom = &*self.0;
        if let Some(End::Data(data)) = &custom.done
            && *data == event.data
        {
            out(&Delta::Done);
            return Ok(());
        }
        let value: Value = read(&event.data)?;
        let find = |path: &Option<JsonPath>| path.as_ref().and_then(|path| path.find(&value));
        let text = |path: &Option<JsonPath>| find(path).and_then(Value::as_str);
        if let Some(error) = find(&custom.error) {
            out(&Delta::Error(&refusal::message(error)));
        }
        if let Some(id) = text(&custom.message_id) {
            out(&Delta::MessageId(id));
        }
        if let Some(id) = text(&custom.conversation_id) {
            out(&Delta::ConversationId(id));
        }
        if let Some(reasoning) = text(&custom.reasoning) {
            out(&Delta::Reasoning(reasoning));
        }
        if let Some(said) = custom.text.find(&value).and_then(Value::as_str) {
            out(&Delta::Text(said));
        }
        let count = |path| find(path).and_then(Value::as_u64);
        let (prompt, completion) = (count(&custom.prompt_tokens), count(&custom.completion_tokens));
        let usage = Usage { prompt, completion, ..Usage::default() };
        if !usage.is_empty() {
            out(&Delta::Usage(usage));
        }
        if let Some(reason) = find(&custom.finish) {
            out(&Delta::Finish(&plain(reason)));
        }
        if let Some(End::Field(path, wanted)) = &custom.done
            && let Some(found) = path.find(&value)
            && plain(found) == *wanted
        {
            out(&Delta::Done);
        }
        Ok(())
    }
}

/// A string without its quotes, anything else as JSON.
fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
