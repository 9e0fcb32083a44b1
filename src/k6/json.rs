//! JSON values read as k6 reads its configuration: lenient in some places, strict in others.

use std::collections::BTreeMap;
use std::fmt;

use serde_json::{Map, Value};

use super::duration::GoDuration;
use super::quote::quote;

/// A configuration value that k6 reads from JSON and prints as JSON.
pub trait Json: Sized {
    /// Reads the value; `None` means that it counts as not set (`null`, and `""` for numbers).
    fn from_json(value: &Value) -> Result<Option<Self>, Mismatch>;

    /// The value as `inspect` and `exec.test.options` show it.
    fn to_json(&self) -> Value;

    /// What is shown for an option that is not set.
    fn unset() -> Value {
        Value::Null
    }

    /// This value laid over one from a lower configuration level.
    fn over(self, _lower: Self) -> Self {
        self
    }
}

/// Why a value could not be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Mismatch {
    /// A value of the wrong type or form: where, what was found, what is allowed.
    #[error("error while parsing {}: {path} {message}", quote(found))]
    Value {
        /// Keys and indices down to the value, joined by dots.
        path: String,
        /// The value as JSON, shortened.
        found: String,
        /// The rest of a sentence that begins with the path: `must be an integer`.
        message: String,
    },
    /// A whole sentence in k6's words, such as `json: unknown field "bogus"`, and on a line of its own where that is and what would do.
    #[error("{sentence}{}", noted(path, note))]
    Sentence {
        sentence: String,
        /// As in [`Self::Value`].
        path: String,
        /// What is allowed; empty where k6's words must stand alone.
        note: String,
    },
}

fn noted(path: &str, note: &str) -> String {
    if note.is_empty() { String::new() } else { format!("\n\tat {path}: {note}") }
}

impl Mismatch {
    /// What is wrong with `value` itself.
    pub fn new(value: &Value, message: impl Into<String>) -> Self {
        let mut found = value.to_string();
        if let Some((cut, _)) = found.char_indices().nth(80) {
            found.truncate(cut);
            found.push('…');
        }
        Self::Value { path: String::new(), found, message: message.into() }
    }

    /// The same, seen from the object or list that holds the value under `key`.
    #[must_use]
    pub fn at(mut self, key: impl fmt::Display) -> Self {
        let (Self::Value { path, .. } | Self::Sentence { path, .. }) = &mut self;
        *path = if path.is_empty() { key.to_string() } else { format!("{key}.{path}") };
        self
    }

    /// What is known of where it is: keys and indices, joined by dots.
    pub fn path(&self) -> &str {
        match self {
            Self::Value { path, .. } | Self::Sentence { path, .. } => path,
        }
    }
}

/// Integers: integral JSON numbers or numeric strings (so that `vus: __ENV.VUS` works).
impl Json for i64 {
    fn from_json(value: &Value) -> Result<Option<Self>, Mismatch> {
        let parsed = match value {
            Value::Null => return Ok(None),
            Value::String(text) if text.is_empty() => return Ok(None),
            Value::String(text) => text.parse().ok(),
            Value::Number(number) => number.as_i64(),
            _ => None,
        };
        parsed.map(Some).ok_or_else(|| Mismatch::new(value, "must be an integer"))
    }

    fn to_json(&self) -> Value {
        (*self).into()
    }
}

impl Json for bool {
    fn from_json(value: &Value) -> Result<Option<Self>, Mismatch> {
        match value {
            Value::Null => Ok(None),
            Value::Bool(value) => Ok(Some(*value)),
            _ => Err(Mismatch::new(value, "must be true or false")),
        }
    }

    fn to_json(&self) -> Value {
        (*self).into()
    }
}

impl Json for String {
    fn from_json(value: &Value) -> Result<Option<Self>, Mismatch> {
        match value {
            Value::Null => Ok(None),
            Value::String(text) => Ok(Some(text.clone())),
            _ => Err(Mismatch::new(value, "must be a string")),
        }
    }

    fn to_json(&self) -> Value {
        self.as_str().into()
    }
}

/// Durations: numbers and numeric strings are milliseconds.
impl Json for GoDuration {
    fn from_json(value: &Value) -> Result<Option<Self>, Mismatch> {
        match value {
            Value::Null => Ok(None),
            Value::Number(number) => Ok(number.as_f64().map(Self::from_millis)),
            Value::String(text) => Self::parse(text)
                .map(Some)
                .map_err(|e| Mismatch::new(value, format!("must be a duration such as \"30s\": {e}"))),
            _ => Err(Mismatch::new(value, "must be a duration such as \"30s\", or milliseconds")),
        }
    }

    fn to_json(&self) -> Value {
        self.to_string().into()
    }
}

impl<T: Json> Json for Vec<T> {
    fn from_json(value: &Value) -> Result<Option<Self>, Mismatch> {
        let items = match value {
            Value::Null => return Ok(None),
            Value::Array(items) => items,
            _ => return Err(Mismatch::new(value, "must be an array")),
        };
        let read = |(index, item)| match T::from_json(item) {
            Ok(Some(item)) => Ok(item),
            Ok(None) => Err(Mismatch::new(item, "must not be empty").at(index)),
            Err(error) => Err(error.at(index)),
        };
        items.iter().enumerate().map(read).collect::<Result<_, _>>().map(Some)
    }

    fn to_json(&self) -> Value {
        self.iter().map(Json::to_json).collect()
    }
}

impl<T: Json> Json for BTreeMap<String, T> {
    fn from_json(value: &Value) -> Result<Option<Self>, Mismatch> {
        let entries = match value {
            Value::Null => return Ok(None),
            Value::Object(entries) => entries,
            _ => return Err(Mismatch::new(value, "must be an object")),
        };
        let mut map = Self::new();
        for (key, entry) in entries {
            match T::from_json(entry) {
                Ok(Some(entry)) => drop(map.insert(key.clone(), entry)),
                Ok(None) => return Err(Mismatch::new(entry, "must not be empty").at(key)),
                Err(error) => return Err(error.at(key)),
            }
        }
        Ok(Some(map))
    }

    fn to_json(&self) -> Value {
        self.iter().map(|(key, entry)| (key.clone(), entry.to_json())).collect()
    }
}

/// Raw JSON, passed through.
impl Json for Value {
    fn from_json(value: &Value) -> Result<Option<Self>, Mismatch> {
        Ok((!value.is_null()).then(|| value.clone()))
    }

    fn to_json(&self) -> Value {
        self.clone()
    }
}

/// The fields of a JSON object; remembers which were asked for.
///
/// Keys match without regard to ASCII case where no key matches exactly, as in Go.
pub struct Fields<'a> {
    entries: &'a Map<String, Value>,
    known: Vec<&'a str>,
}

impl<'a> Fields<'a> {
    /// The fields of `value`; an error if it is no object.
    pub fn of(value: &'a Value) -> Result<Self, Mismatch> {
        match value {
            Value::Object(entries) => Ok(Self { entries, known: Vec::new() }),
            _ => Err(Mismatch::new(value, "must be an object")),
        }
    }

    /// The field called `key`, if it is there and set.
    pub fn take<T: Json>(&mut self, key: &str) -> Result<Option<T>, Mismatch> {
        let exact = self.entries.get_key_value(key);
        let found = exact.or_else(|| self.entries.iter().find(|(k, _)| k.eq_ignore_ascii_case(key)));
        let Some((found, value)) = found else { return Ok(None) };
        self.known.push(found);
        T::from_json(value).map_err(|error| error.at(key))
    }

    /// The keys that nobody asked for.
    pub fn unknown(&self) -> impl Iterator<Item = &'a str> {
        self.entries.keys().map(String::as_str).filter(|key| !self.known.contains(key))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn integers_are_integral_or_numeric_strings() {
        for (value, want) in [
            (json!(3), Some(Some(3))),
            (json!("7"), Some(Some(7))),
            (json!(""), Some(None)),
            (json!(2.5), None),
        ] {
            assert_eq!(i64::from_json(&value).ok(), want, "{value}");
        }
    }

    #[test]
    fn a_mismatch_says_where_and_what() {
        let error = Vec::<i64>::from_json(&json!([1, "x"])).unwrap_err().at("stages");
        assert_eq!(error.to_string(), r#"error while parsing "\"x\"": stages.1 must be an integer"#);
    }

    #[test]
    fn fields_match_like_go_and_the_rest_is_unknown() {
        let value = json!({"startvus": 2, "bogus": 1});
        let mut fields = Fields::of(&value).unwrap();
        assert_eq!(fields.take::<i64>("startVUs"), Ok(Some(2)));
        assert_eq!(fields.unknown().collect::<Vec<_>>(), ["bogus"]);
    }
}
