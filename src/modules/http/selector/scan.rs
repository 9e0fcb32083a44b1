//! JSON text, value by value, without a check: what is not JSON is read as well as it can be.

use std::borrow::Cow;

/// What a value is, by its first character.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Kind {
    #[default]
    Null,
    False,
    Number,
    String,
    True,
    /// An object or array.
    Json,
}

/// A value as it stands in the text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found<'j> {
    pub raw: Cow<'j, str>,
    pub kind: Kind,
}

impl<'j> Found<'j> {
    pub fn new(kind: Kind, raw: impl Into<Cow<'j, str>>) -> Self {
        Self { raw: raw.into(), kind }
    }

    /// Whether there is anything, `null` included.
    pub fn exists(&self) -> bool {
        self.kind != Kind::Null || !self.raw.is_empty()
    }

    pub fn into_owned(self) -> Found<'static> {
        Found { raw: Cow::Owned(self.raw.into_owned()), kind: self.kind }
    }

    pub fn is_object(&self) -> bool {
        self.kind == Kind::Json && self.raw.starts_with('{')
    }

    pub fn is_array(&self) -> bool {
        self.kind == Kind::Json && self.raw.starts_with('[')
    }

    /// A number's value; zero if it is none that can be read.
    pub fn number(&self) -> f64 {
        self.raw.parse().unwrap_or(0.0)
    }

    /// A string's content, and of other values their text.
    pub fn text(&self) -> Cow<'_, str> {
        match self.kind {
            Kind::Null => Cow::Borrowed(""),
            Kind::String => unescaped(inside(&self.raw)),
            Kind::Number if !self.raw.trim_start_matches('-').bytes().all(|b| b.is_ascii_digit()) => {
                Cow::Owned(self.number().to_string())
            }
            _ => Cow::Borrowed(&self.raw),
        }
    }

    /// What a setting of a modifier takes for true.
    pub fn is_true(&self) -> bool {
        match self.kind {
            Kind::True => true,
            Kind::String => truth(&self.text()) == Some(true),
            Kind::Number => self.number() != 0.0,
            _ => false,
        }
    }
}

/// A text that says yes or no, as Go's `strconv.ParseBool` has it.
pub fn truth(text: &str) -> Option<bool> {
    match text.to_lowercase().as_str() {
        "1" | "t" | "true" => Some(true),
        "0" | "f" | "false" => Some(false),
        _ => None,
    }
}

/// The text between the quotes of a raw string.
pub fn inside(raw: &str) -> &str {
    let raw = raw.strip_prefix('"').unwrap_or(raw);
    raw.strip_suffix('"').unwrap_or(raw)
}

/// A raw string's content. What is no escape sequence stays out.
pub fn unescaped(inner: &str) -> Cow<'_, str> {
    if !inner.contains('\\') {
        return Cow::Borrowed(inner);
    }
    let quoted = format!("\"{inner}\"");
    if let Ok(text) = serde_json::from_str::<String>(&quoted) {
        return Cow::Owned(text);
    }
    // Halves of surrogate pairs, which are no text by themselves.
    let lossy = quoted.replace("\\ud", "\\ufffd\\ud").replace("\\uD", "\\ufffd\\uD");
    let mut text = String::new();
    let mut parts = lossy[1..lossy.len() - 1].split("\\ufffd");
    text.push_str(parts.next().unwrap_or_default());
    parts.for_each(|part| {
        text.push('\u{fffd}');
        text.push_str(part.get(6..).unwrap_or_default());
    });
    Cow::Owned(text)
}

/// The index behind the string whose first character is at `at`; `None`: it has no end.
pub fn string_end(bytes: &[u8], mut at: usize) -> Option<usize> {
    while at < bytes.len() {
        match bytes[at] {
            b'\\' => at += 2,
            b'"' => return Some(at + 1),
            _ => at += 1,
        }
    }
    None
}

/// The index behind what opens at `at`, brackets of all kinds counted alike.
pub fn nested_end(bytes: &[u8], at: usize) -> usize {
    balanced(bytes, at + 1, 1)
}

/// The length of what a text begins with: a string, or something in brackets.
pub fn squashed(text: &str) -> usize {
    let bytes = text.as_bytes();
    match bytes.first() {
        None => 0,
        Some(b'"') => string_end(bytes, 1).unwrap_or(bytes.len()),
        Some(_) => balanced(bytes, 1, 1),
    }
}

fn balanced(bytes: &[u8], mut at: usize, mut depth: usize) -> usize {
    while at < bytes.len() {
        match bytes[at] {
            b'"' => {
                at = string_end(bytes, at + 1).unwrap_or(bytes.len());
                continue;
            }
            b'{' | b'[' | b'(' => depth += 1,
            b'}' | b']' | b')' => {
                depth -= 1;
                if depth == 0 {
                    return at + 1;
                }
            }
            _ => {}
        }
        at += 1;
    }
    bytes.len()
}

/// The index behind the number at `at`.
pub fn number_end(bytes: &[u8], at: usize) -> usize {
    let ends = |b: &u8| *b <= b' ' || matches!(b, b',' | b']' | b'}');
    bytes[at + 1..].iter().position(ends).map_or(bytes.len(), |length| at + 1 + length)
}

/// The index behind `true`, `false` or `null` at `at`.
pub fn literal_end(bytes: &[u8], at: usize) -> usize {
    let ends = |b: &u8| !b.is_ascii_lowercase();
    bytes[at + 1..].iter().position(ends).map_or(bytes.len(), |length| at + 1 + length)
}

/// The value that begins at `at`, whose first character says what it is, and the index behind it; `None` if nothing
/// begins there, or a string has no end.
pub fn value_at(json: &str, at: usize) -> Option<(usize, Found<'_>)> {
    let bytes = json.as_bytes();
    let (end, kind) = match bytes[at] {
        b'{' | b'[' => (nested_end(bytes, at), Kind::Json),
        b'"' => (string_end(bytes, at + 1)?, Kind::String),
        b'n' if bytes.get(at + 1).is_none_or(|next| *next == b'u') => (literal_end(bytes, at), Kind::Null),
        b't' => (literal_end(bytes, at), Kind::True),
        b'f' => (literal_end(bytes, at), Kind::False),
        b'+' | b'-' | b'0'..=b'9' | b'i' | b'I' | b'N' | b'n' => (number_end(bytes, at), Kind::Number),
        _ => return None,
    };
    Some((end, Found::new(kind, json.get(at..end)?)))
}

/// Whether something that [`value_at`] reads begins with this.
pub fn begins_value(byte: u8) -> bool {
    matches!(byte, b'{' | b'[' | b'"' | b'n' | b't' | b'f' | b'+' | b'-' | b'0'..=b'9' | b'i' | b'I' | b'N')
}

/// The next value from `at` on, whatever is before it.
pub fn next_value(json: &str, at: usize) -> Option<(usize, Found<'_>)> {
    let begins = |b: &u8| begins_value(*b);
    let at = at + json.as_bytes().get(at..)?.iter().position(begins)?;
    value_at(json, at)
}

/// The value that a text is; of objects and arrays, all to the text's end.
pub fn parse(json: &str) -> Found<'_> {
    let Some(at) = json.bytes().position(|b| b > b' ') else { return Found::default() };
    match json.as_bytes()[at] {
        b'{' | b'[' => Found::new(Kind::Json, &json[at..]),
        b'"' if string_end(json.as_bytes(), at + 1).is_none() => Found::new(Kind::String, &json[at..]),
        _ => value_at(json, at).map_or_else(Found::default, |(_, found)| found),
    }
}

/// The members of an object, the items of an array (their keys are empty), or a plain value as the only item.
pub fn members<'a>(of: &'a Found<'_>) -> Vec<(&'a str, Found<'a>)> {
    let mut members = Vec::new();
    if !of.exists() {
        return members;
    }
    if of.kind != Kind::Json {
        members.push(("", of.clone()));
        return members;
    }
    let json: &str = &of.raw;
    let bytes = json.as_bytes();
    let is_object = bytes.first() == Some(&b'{');
    let mut at = 1;
    while at < bytes.len() {
        let mut key = "";
        if is_object {
            if bytes[at] != b'"' {
                at += 1;
                continue;
            }
            let Some(end) = string_end(bytes, at + 1) else { return members };
            key = &json[at..end];
            at = end;
        }
        let Some((end, value)) = next_value(json, at) else { return members };
        members.push((key, value));
        at = end + 1;
    }
    members
}
