//! Who speaks how: the protocols, one file each and one line in [`KINDS`].
//!
//! A protocol says where a request goes, what its body is, and what each event of the answer carries. It never
//! sees a socket or a clock.

mod anthropic;
mod append;
mod assistant;
mod chunk; // texts borrowed from an event
mod custom;
mod detect; // which protocol an event belongs to
mod dify;
mod gemini;
mod llamacpp;
mod ollama;
mod openai_chat;
mod openai_completions;
mod openai_responses;
#[cfg(test)]
mod tests;
mod tgi;

use std::fmt;
use std::sync::Arc;

use serde_json::{Map, Value};

pub use custom::{Custom, CustomPaths};

use super::delta::Delta;
use super::request::Request;
use crate::net::{Event, Format};

/// How the key of an API is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Auth {
    /// `Authorization: Bearer …`
    Bearer,
    /// A header of this name, with nothing but the key.
    Header(&'static str),
}

/// What a protocol is made of.
pub struct Kind {
    /// As users write it.
    pub name: &'static str,
    /// May hold `{model}` and `{session_id}`.
    pub path: &'static str,
    pub auth: Auth,
    /// Beside `Content-Type` and `Accept`.
    pub headers: &'static [(&'static str, &'static str)],
    pub format: Format,
    /// The body of a request, to which the model is sent where the protocol has a place for it.
    pub body: fn(&Request, Option<&str>) -> Value,
    /// A decoder for one answer.
    pub decoder: fn() -> Decoder,
}

/// Reads the events of one answer.
pub trait Decode: Send {
    /// Gives out what an event with data carries, in its order.
    ///
    /// # Errors
    ///
    /// The event is none of the protocol's, and why.
    fn decode(&mut self, event: &Event, out: &mut dyn FnMut(&Delta)) -> Result<(), String>;

    /// The protocol, once it is known.
    fn name(&self) -> Option<&'static str> {
        None
    }
}

pub type Decoder = Box<dyn Decode>;

/// All protocols that have a name.
pub const KINDS: &[&Kind] = &[
    &openai_chat::KIND,
    &openai_completions::KIND,
    &openai_responses::KIND,
    &anthropic::KIND,
    &gemini::KIND,
    &ollama::KIND,
    &tgi::KIND,
    &dify::KIND,
    &append::KIND,
    &assistant::KIND,
    &llamacpp::KIND,
];

/// The protocol of a target.
#[derive(Clone)]
pub enum Protocol {
    Known(&'static Kind),
    /// Asked as the kind says; the answer's protocol is told from its first event.
    Auto(&'static Kind),
    /// Described by places in JSON.
    Custom(Arc<Custom>),
}

impl Protocol {
    /// The protocol of that name; `auto` is one.
    ///
    /// # Errors
    ///
    /// A sentence with the names that there are.
    pub fn named(name: &str) -> Result<Self, String> {
        if name == "auto" {
            return Ok(Self::Auto(&openai_chat::KIND));
        }
        if name == "custom" {
            return Err(format!(
                "a custom one is described by an object, such as {{\"text\": \"delta.text\", \"done\": \"[DONE]\"}}, with \
                 some of the keys {}",
                CustomPaths::KEYS.join(", ")
            ));
        }
        let found = KINDS.iter().find(|kind| kind.name == name);
        found.map(|kind| Self::Known(kind)).ok_or_else(|| {
            let names: Vec<_> = KINDS.iter().map(|kind| kind.name).collect();
            format!("there is no protocol {name:?}; there are {}, custom, auto", names.join(", "))
        })
    }

    /// `auto`, which asks as this protocol where the URL's path does not say how.
    #[must_use]
    pub fn or_by_answer(self) -> Self {
        match self {
            Self::Known(kind) => Self::Auto(kind),
            other => other,
        }
    }

    /// The name of how requests are put: that of a protocol for `auto`, too.
    pub fn asks_as(&self) -> &'static str {
        match self {
            Self::Known(kind) | Self::Auto(kind) => kind.name,
            Self::Custom(_) => "custom",
        }
    }

    /// The same, with how `auto` asks, or a protocol of several paths such as Dify's, decided by where it asks.
    pub fn for_url(self, base: &str, path: Option<&str>) -> Self {
        let found = detect::by_path(path.unwrap_or(base));
        match self {
            Self::Auto(usual) => Self::Auto(found.unwrap_or(usual)),
            Self::Known(kind) => Self::Known(found.filter(|found| found.name == kind.name).unwrap_or(kind)),
            custom @ Self::Custom(_) => custom,
        }
    }

    /// A protocol that a JSON text describes: an object with the keys of [`CustomPaths`].
    ///
    /// # Errors
    ///
    /// What is wrong with the text.
    pub fn described(json: &str) -> Result<Self, String> {
        let fields: Map<String, Value> = serde_json::from_str(json).map_err(|error| error.to_string())?;
        let mut paths = CustomPaths::default();
        for (key, value) in fields {
            let text = value.as_str().ok_or_else(|| format!("{key}: {value} is no string"))?;
            paths.set(&key, text.to_owned())?;
        }
        Ok(Self::Custom(Arc::new(Custom::read(&paths)?)))
    }

    /// As users write it.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Known(kind) => kind.name,
            Self::Auto(_) => "auto",
            Self::Custom(_) => "custom",
        }
    }

    /// The path of requests after a base URL.
    pub fn path(&self) -> &str {
        match self {
            Self::Known(kind) | Self::Auto(kind) => kind.path,
            Self::Custom(custom) => custom.path(),
        }
    }

    /// What bodies are read as.
    pub fn format(&self) -> Format {
        match self {
            Self::Known(kind) => kind.format,
            Self::Auto(_) => Format::Auto,
            Self::Custom(custom) => custom.format(),
        }
    }

    /// The body of a request, unless it brings its own.
    pub fn body(&self, request: &Request, model: Option<&str>) -> Value {
        let mut body = match self {
            Self::Known(kind) | Self::Auto(kind) => (kind.body)(request, model),
            Self::Custom(_) => openai_chat::body(request, model),
        };
        if let Value::Object(fields) = &mut body {
            for (key, value) in request.extra.clone() {
                match (fields.get_mut(&key), value) {
                    // Dify's own inputs stay beside those that are given.
                    (Some(Value::Object(own)), Value::Object(given)) if key == "inputs" => own.extend(given),
                    (_, value) => drop(fields.insert(key, value)),
                }
            }
        }
        body
    }

    /// The protocol's headers, with the key.
    pub fn headers(&self, key: Option<&str>) -> Vec<(String, String)> {
        let (auth, own): (_, &[_]) = match self {
            Self::Known(kind) | Self::Auto(kind) => (kind.auth, kind.headers),
            Self::Custom(_) => (Auth::Bearer, &[]),
        };
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let mut headers =
            vec![pair("Content-Type", "application/json"), pair("Accept", self.format().accept())];
        headers.extend(own.iter().map(|(name, value)| pair(name, value)));
        if let Some(key) = key {
            headers.push(match auth {
                Auth::Bearer => pair("Authorization", &format!("Bearer {key}")),
                Auth::Header(name) => pair(name, key),
            });
        }
        headers
    }

    /// A decoder for one answer.
    pub fn decoder(&self) -> Decoder {
        match self {
            Self::Known(kind) => (kind.decoder)(),
            Self::Auto(_) => Box::new(detect::Auto::default()),
            Self::Custom(custom) => custom.decoder(),
        }
    }
}

impl fmt::Debug for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Protocol").field(&self.name()).finish()
    }
}

/// Whether an event is a sign of life and nothing else: it has no data, or is named so.
pub fn is_ping(event: &Event) -> bool {
    event.data.is_empty()
        || matches!(event.name.as_str(), "ping" | "heartbeat" | "keepalive" | "keep-alive")
        || (event.name.is_empty() && event.data.len() < 20 && is_bare_ping(&event.data))
}

/// `{"type":"ping"}` without a name, as gateways send it.
fn is_bare_ping(data: &str) -> bool {
    let mut plain = data.bytes().filter(|byte| !byte.is_ascii_whitespace());
    br#"{"type":"ping"}"#.iter().all(|byte| plain.next() == Some(*byte)) && plain.next().is_none()
}
