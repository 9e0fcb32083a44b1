//! Names of metrics and sub-metrics: `http_req_duration`, `http_req_duration{status:200,method:GET}`.

use std::sync::Arc;

use super::TagSet;
use crate::k6::quote::quote;

/// The sub-metric that is there without being asked for, while its system tag is on.
pub const EXPECTED_RESPONSES: &str = "http_req_duration{expected_response:true}";

/// A metric's name, and the tags that single out some of its samples.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selector {
    pub metric: String,
    /// What stood between the braces, without blanks at its ends. `None` without braces.
    pub suffix: Option<String>,
    /// The pairs that a sample must have, sorted by key.
    pub tags: Vec<(Arc<str>, Arc<str>)>,
}

/// Why a name could not be read. The texts follow k6.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SelectorError {
    #[error("parsing metric name failed; reason: unmatched opening/close curly brace")]
    Unmatched,
    #[error("parsing metric name failed; reason: closing curly brace appears before opening one")]
    Reversed,
    #[error(
        "parsing metric name failed; reason: missing closing curly brace in last position of the threshold expression"
    )]
    Trailing,
    #[error("parsing metric name failed; reason: malformed tag expression {}", quote(.0))]
    Tag(String),
}

impl Selector {
    /// Reads `name` or `name{key:value,…}`. Blanks and quotes around keys and values do not count;
    /// the first colon of a pair ends its key, so values may contain colons (`url:http://x`).
    pub fn parse(text: &str) -> Result<Self, SelectorError> {
        let (open, close) = match (text.find('{'), text.rfind('}')) {
            (None, None) => {
                return Ok(Self { metric: text.to_owned(), suffix: None, tags: Vec::new() });
            }
            (Some(open), Some(close)) => (open, close),
            _ => return Err(SelectorError::Unmatched),
        };
        if close < open {
            return Err(SelectorError::Reversed);
        }
        if close + 1 != text.len() {
            return Err(SelectorError::Trailing);
        }
        let suffix = text[open + 1..close].trim();
        let mut tags = TagSet::default();
        for pair in suffix.split(',') {
            let (key, value) = pair
                .split_once(':')
                .filter(|(_, value)| !value.is_empty())
                .ok_or_else(|| SelectorError::Tag(pair.to_owned()))?;
            tags.set(bare(key), bare(value));
        }
        Ok(Self { metric: text[..open].to_owned(), suffix: Some(suffix.to_owned()), tags: tags.tags })
    }
}

fn bare(text: &str) -> &str {
    text.trim().trim_matches(['"', '\''])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        match Selector::parse(text) {
            Ok(selector) => {
                let tags: Vec<_> = selector.tags.iter().map(|(k, v)| format!("[{k}|{v}]")).collect();
                format!("{} {:?} {}", selector.metric, selector.suffix, tags.concat())
            }
            Err(error) => error.to_string().replace("parsing metric name failed; reason: ", "! "),
        }
    }

    #[test]
    fn names_and_pairs() {
        for (text, want) in [
            ("checks", "checks None "),
            ("m{b:2,a:1}", r#"m Some("b:2,a:1") [a|1][b|2]"#),
            ("m{ a : '1' , \"b\":\"x y\" }", r#"m Some("a : '1' , \"b\":\"x y\"") [a|1][b|x y]"#),
            ("m{url:http://x:80/{id}}", r#"m Some("url:http://x:80/{id}") [url|http://x:80/{id}]"#),
            ("m{group:::my group}", r#"m Some("group:::my group") [group|::my group]"#),
            ("m{a:1", "! unmatched opening/close curly brace"),
            ("m a:1}", "! unmatched opening/close curly brace"),
            ("m}a:1{", "! closing curly brace appears before opening one"),
            ("m{a:1}x", "! missing closing curly brace in last position of the threshold expression"),
            ("m{}", "! malformed tag expression \"\""),
            ("m{a}", "! malformed tag expression \"a\""),
            ("m{a:1,b:}", "! malformed tag expression \"b:\""),
        ] {
            assert_eq!(shown(text), want, "{text}");
        }
    }
}
