//! Parts that the chunks of several protocols share; their texts are borrowed from the event where nothing is
//! escaped.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{self, Deserializer, IgnoredAny, SeqAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::llm::delta::Delta;
use crate::llm::refusal;
use crate::llm::usage::Usage;

/// A string of a chunk.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Text<'a>(#[serde(borrow)] pub Cow<'a, str>);

impl Text<'_> {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A string of a chunk, if it is one and not empty.
pub(super) fn said<'a>(text: &'a Option<Text>) -> Option<&'a str> {
    text.as_ref().map(Text::as_str).filter(|text| !text.is_empty())
}

/// Content of a message: a string, or parts of which some are thoughts.
#[derive(Debug)]
pub(super) enum Content<'a> {
    Text(Cow<'a, str>),
    Parts(Vec<Part<'a>>),
}

/// A part of a content.
#[derive(Debug, Deserialize)]
pub(super) struct Part<'a> {
    #[serde(borrow, default)]
    text: Option<Text<'a>>,
    #[serde(borrow, default)]
    thinking: Option<&'a RawValue>,
}

impl Content<'_> {
    /// Gives out its texts.
    pub fn emit(&self, out: &mut dyn FnMut(&Delta)) {
        match self {
            Self::Text(text) => out(&Delta::Text(text)),
            Self::Parts(parts) => {
                for part in parts {
                    if let Some(thinking) = part.thinking {
                        out(&Delta::Reasoning(&thought(thinking)));
                    }
                    if let Some(text) = &part.text {
                        out(&Delta::Text(text.as_str()));
                    }
                }
            }
        }
    }
}

/// A thought is a string, or a list of parts with text.
fn thought(raw: &RawValue) -> String {
    match serde_json::from_str(raw.get()) {
        Ok(Value::String(text)) => text,
        Ok(Value::Array(parts)) => {
            parts.iter().filter_map(|part| part.get("text").and_then(Value::as_str)).collect()
        }
        _ => String::new(),
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Content<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;
        impl<'de> Visitor<'de> for Either {
            type Value = Content<'de>;

            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str("a string or a list of parts")
            }

            fn visit_borrowed_str<E: de::Error>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Content::Text(Cow::Borrowed(text)))
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Content::Text(Cow::Owned(text.to_owned())))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut parts: A) -> Result<Self::Value, A::Error> {
                let mut all = Vec::new();
                while let Some(part) = parts.next_element()? {
                    all.push(part);
                }
                Ok(Content::Parts(all))
            }
        }
        deserializer.deserialize_any(Either)
    }
}

/// OpenAI's `usage`, of chats, completions and responses.
#[derive(Debug, Deserialize)]
pub(super) struct OpenAiUsage {
    #[serde(alias = "input_tokens")]
    prompt_tokens: Option<u64>,
    #[serde(alias = "output_tokens")]
    completion_tokens: Option<u64>,
    #[serde(alias = "input_tokens_details")]
    prompt_tokens_details: Option<PromptDetails>,
    #[serde(alias = "output_tokens_details")]
    completion_tokens_details: Option<CompletionDetails>,
}

#[derive(Debug, Deserialize)]
struct PromptDetails {
    cached_tokens: Option<u64>,
}

#[derive(Debug, Deserialize)]
struct CompletionDetails {
    reasoning_tokens: Option<u64>,
}

impl OpenAiUsage {
    pub fn read(&self) -> Usage {
        Usage {
            prompt: self.prompt_tokens,
            completion: self.completion_tokens,
            cached: self.prompt_tokens_details.as_ref().and_then(|details| details.cached_tokens),
            reasoning: self.completion_tokens_details.as_ref().and_then(|details| details.reasoning_tokens),
        }
    }
}

/// Gives out an error object, or an error that is a text.
pub(super) fn emit_error(error: &RawValue, out: &mut dyn FnMut(&Delta)) {
    let value = serde_json::from_str::<Value>(error.get()).unwrap_or_default();
    out(&Delta::Error(&refusal::message(&value)));
}

/// Reads an event's JSON; the error says what is wrong and shows the beginning of it.
pub(super) fn read<'a, T: Deserialize<'a>>(data: &'a str) -> Result<T, String> {
    serde_json::from_str(data).map_err(|error| bad_chunk(data, &error))
}

/// What is wrong with an event that could not be read.
pub(super) fn bad_chunk(data: &str, error: &serde_json::Error) -> String {
    const LONGEST: usize = 80;
    let shown = match data.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &data[..end]),
        None => data.to_owned(),
    };
    if serde_json::from_str::<IgnoredAny>(data).is_err() {
        return format!("an event is no JSON ({error}): {shown}");
    }
    format!("an event is none of the protocol's ({error}): {shown}")
}
