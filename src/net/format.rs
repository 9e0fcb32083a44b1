//! In which form a body carries its events.

use crate::net::event_stream::{self, Limits, ParseError, Parsed};
use crate::net::ndjson;

/// What a stream's body is read as.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// `text/event-stream`, whatever the response says it is.
    #[default]
    Sse,
    /// One JSON text a line.
    Ndjson,
    /// What the content type says: NDJSON for `application/x-ndjson`, `application/jsonl` and their kin, else SSE.
    Auto,
}

impl Format {
    /// The `Accept` header of a request for such a stream.
    pub fn accept(self) -> &'static str {
        match self {
            Self::Sse => "text/event-stream",
            Self::Ndjson => "application/x-ndjson",
            Self::Auto => "text/event-stream, application/x-ndjson",
        }
    }

    /// Whether a body of this content type is lines of JSON.
    fn is_ndjson(self, content_type: Option<&str>) -> bool {
        match self {
            Self::Sse => false,
            Self::Ndjson => true,
            Self::Auto => content_type.is_some_and(says_ndjson),
        }
    }
}

/// Whether a `Content-Type` is one of those in use for lines of JSON.
fn says_ndjson(content_type: &str) -> bool {
    ["application/x-ndjson", "application/ndjson", "application/jsonl", "application/x-jsonlines"]
        .iter()
        .any(|known| media_type(content_type, known))
}

fn says_sse(content_type: &str) -> bool {
    media_type(content_type, "text/event-stream")
}

/// Whether a `Content-Type` has this media type, parameters left aside.
fn media_type(header: &str, expected: &str) -> bool {
    header.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case(expected)
}

/// The parser of a body.
pub(super) enum Parser {
    /// Boxed, for it is ten times as large and rarely moved.
    Sse(Box<event_stream::Parser>),
    Ndjson(ndjson::Parser),
}

impl Parser {
    /// The parser for a response with this content type.
    pub fn new(format: Format, content_type: Option<&str>, limits: Limits) -> Self {
        if format.is_ndjson(content_type) {
            return Self::Ndjson(ndjson::Parser::new(limits));
        }
        let declared = content_type.is_some_and(says_sse);
        Self::Sse(Box::new(event_stream::Parser::new(limits, !declared)))
    }

    /// Whether a content type is that of what the parser reads. Servers also send lines of JSON as
    /// `application/json`.
    pub fn is_declared(&self, content_type: Option<&str>) -> bool {
        content_type.is_some_and(|given| match self {
            Self::Sse(_) => says_sse(given),
            Self::Ndjson(_) => says_ndjson(given) || media_type(given, "application/json"),
        })
    }

    pub fn feed(&mut self, bytes: &[u8], out: &mut Vec<Parsed>) -> Result<(), ParseError> {
        match self {
            Self::Sse(parser) => parser.feed(bytes, out),
            Self::Ndjson(parser) => parser.feed(bytes, out),
        }
    }

    /// Takes what the end of the body completes.
    pub fn finish(&mut self, out: &mut Vec<Parsed>) -> Result<(), ParseError> {
        match self {
            Self::Sse(_) => Ok(()),
            Self::Ndjson(parser) => parser.finish(out),
        }
    }

    pub fn is_mid_event(&self) -> bool {
        match self {
            Self::Sse(parser) => parser.is_mid_event(),
            Self::Ndjson(parser) => parser.is_mid_event(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn auto_goes_by_the_content_type() {
        for (content_type, ndjson) in [
            (Some("application/x-ndjson"), true),
            (Some(" Application/JSONL ; charset=utf-8"), true),
            (Some("text/event-stream"), false),
            (Some("application/json"), false),
            (None, false),
        ] {
            assert_eq!(Format::Auto.is_ndjson(content_type), ndjson, "{content_type:?}");
            assert!(Format::Ndjson.is_ndjson(content_type) && !Format::Sse.is_ndjson(content_type));
        }
    }
}
