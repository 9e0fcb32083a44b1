//! Option values as text: environment variables and flags. (As JSON: `k6::json`.)

use std::collections::BTreeMap;

use serde_json::Value;

use crate::executor::{Segment, SegmentSequence, Stage};
use crate::k6::duration::GoDuration;
use crate::k6::json::{Json, Mismatch};
use crate::k6::quote::quote;
use crate::k6::system_tag::SystemTags;

/// A value that can be given as an environment variable.
pub(super) trait Text: Sized {
    /// Reads the text; the error says what is wrong with it.
    fn from_text(text: &str) -> Result<Self, String>;
}

impl Text for i64 {
    fn from_text(text: &str) -> Result<Self, String> {
        text.parse().map_err(|error: std::num::ParseIntError| {
            use std::num::IntErrorKind as Kind;
            let reason = match error.kind() {
                Kind::PosOverflow | Kind::NegOverflow => "value out of range",
                _ => "invalid syntax",
            };
            format!("strconv.ParseInt: parsing {}: {reason}", quote(text))
        })
    }
}

/// The forms that Go's `strconv.ParseBool` takes.
impl Text for bool {
    fn from_text(text: &str) -> Result<Self, String> {
        match text {
            "1" | "t" | "T" | "TRUE" | "true" | "True" => Ok(true),
            "0" | "f" | "F" | "FALSE" | "false" | "False" => Ok(false),
            _ => Err(format!("strconv.ParseBool: parsing {}: invalid syntax", quote(text))),
        }
    }
}

impl Text for String {
    fn from_text(text: &str) -> Result<Self, String> {
        Ok(text.to_owned())
    }
}

impl Text for GoDuration {
    fn from_text(text: &str) -> Result<Self, String> {
        Self::parse(text).map_err(|error| error.to_string())
    }
}

/// Comma-separated.
impl Text for Vec<String> {
    fn from_text(text: &str) -> Result<Self, String> {
        Ok(text.split(',').filter(|part| !part.is_empty()).map(str::to_owned).collect())
    }
}

/// `10s:5,5s:0`
impl Text for Vec<Stage> {
    fn from_text(text: &str) -> Result<Self, String> {
        text.split(',')
            .map(|part| Stage::parse(part).map_err(|error| format!("stage '{part}': {error}")))
            .collect()
    }
}

impl Text for Segment {
    fn from_text(text: &str) -> Result<Self, String> {
        text.parse()
    }
}

impl Text for SegmentSequence {
    fn from_text(text: &str) -> Result<Self, String> {
        text.parse()
    }
}

/// `a:b,c:d`
impl Text for BTreeMap<String, String> {
    fn from_text(text: &str) -> Result<Self, String> {
        text.split(',').filter(|pair| !pair.is_empty()).map(|pair| tag(pair, ':')).collect()
    }
}

/// Reads one tag, such as `NAME=VALUE`.
pub(super) fn tag(text: &str, separator: char) -> Result<(String, String), String> {
    if text.is_empty() {
        return Err("invalid tag, empty string".to_owned());
    }
    match text.split_once(separator) {
        Some(("", _)) => Err(format!("invalid tag, empty name: '{text}'")),
        Some((name, value)) if !value.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err(format!("invalid tag, empty value: '{text}'; write NAME{separator}VALUE")),
    }
}

impl Text for SystemTags {
    fn from_text(text: &str) -> Result<Self, String> {
        Ok(Self::from_names(text.split(',').map(str::trim)))
    }
}

/// An array of names; unknown names are dropped.
impl Json for SystemTags {
    fn from_json(value: &Value) -> Result<Option<Self>, Mismatch> {
        let names = Vec::<String>::from_json(value)?;
        Ok(names.map(|names| Self::from_names(names.iter().map(String::as_str))))
    }

    fn to_json(&self) -> Value {
        self.names().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts() {
        assert_eq!(bool::from_text("T"), Ok(true));
        assert_eq!(
            i64::from_text("abc"),
            Err("strconv.ParseInt: parsing \"abc\": invalid syntax".to_owned())
        );
        assert_eq!(Vec::<Stage>::from_text("10s:5,5s:0").map(|stages| stages.len()), Ok(2));
        assert!(Vec::<Stage>::from_text("10:5").unwrap_err().contains("missing unit"));
        assert_eq!(BTreeMap::from_text("a:b,c:d").map(|tags| tags.len()), Ok(2));
        assert!(tag("=x", '=').is_err() && tag("x=", '=').is_err() && tag("x", '=').is_err());
    }
}
