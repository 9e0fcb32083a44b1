//! Bodies by a template: a JSON file in which `{query}` and its like stand for what each request has of its own.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;

use super::Message;
use crate::bench::place::{Mistake, read};

/// A JSON value with places to fill in, however deep they are.
#[derive(Clone, Debug, PartialEq)]
pub struct Template(Value);

/// What is filled in.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    /// What the user says: `{query}`.
    pub query: &'a str,
    /// All messages of the request: `{messages}`.
    pub messages: &'a [Message],
    /// Empty before the server gave one: `{conversation_id}`.
    pub conversation_id: &'a str,
    /// `{session_id}`
    pub session_id: &'a str,
    /// `{user}`
    pub user: &'a str,
    /// `{model}`
    pub model: &'a str,
    /// `{max_tokens}`; `null` where there is no limit.
    pub max_tokens: Option<u64>,
    /// `{inputs.KEY}`
    pub inputs: &'a BTreeMap<String, String>,
    /// `{files}`
    pub files: &'a Value,
}

/// The names that have a meaning beside `inputs.KEY`.
const NAMES: [&str; 8] =
    ["query", "messages", "conversation_id", "session_id", "user", "model", "max_tokens", "files"];

impl Template {
    /// Reads a template.
    ///
    /// # Errors
    /// It cannot be read, is no JSON, or names an input that there is none of.
    pub fn load(file: &Path, inputs: &BTreeMap<String, String>) -> Result<Self, Mistake> {
        let text = read(file)?;
        let value: Value = serde_json::from_str(&text).map_err(|error| Mistake::of_json(file, 1, &error))?;
        let mut missing = None;
        visit(&value, &mut String::new(), &mut |path, text| {
            pieces(text, &mut |piece| {
                if let Piece::Name(name) = piece
                    && let Some(key) = name.strip_prefix("inputs.")
                    && !inputs.contains_key(key)
                {
                    missing.get_or_insert((path.to_owned(), key.to_owned()));
                }
            });
        });
        match missing {
            Some((path, key)) => {
                let what =
                    format!("there is no value for {{inputs.{key}}}; give one with --input {key}=VALUE");
                Err(Mistake::in_json(file, 1, &text, &path, what))
            }
            None => Ok(Self(value)),
        }
    }

    /// The body of a request.
    pub fn fill(&self, facts: &Facts<'_>) -> Value {
        filled(&self.0, facts)
    }
}

fn filled(value: &Value, facts: &Facts<'_>) -> Value {
    match value {
        Value::String(text) => filled_text(text, facts),
        Value::Array(items) => items.iter().map(|item| filled(item, facts)).collect(),
        Value::Object(fields) => {
            fields.iter().map(|(key, value)| (key.clone(), filled(value, facts))).collect()
        }
        other => other.clone(),
    }
}

/// A text that is nothing but `{files}` or the like becomes the value itself, not its JSON text.
fn filled_text(text: &str, facts: &Facts<'_>) -> Value {
    let mut parts = Vec::new();
    pieces(text, &mut |piece| parts.push(piece));
    if let [Piece::Name(name)] = parts[..] {
        return meaning(name, facts).unwrap_or_else(|| text.into());
    }
    let mut whole = String::new();
    for piece in parts {
        match piece {
            Piece::Text(text) => whole.push_str(text),
            Piece::Name(name) => match meaning(name, facts) {
                Some(Value::String(text)) => whole.push_str(&text),
                Some(other) => whole.push_str(&other.to_string()),
                None => whole.extend(["{", name, "}"]),
            },
        }
    }
    whole.into()
}

fn meaning(name: &str, facts: &Facts<'_>) -> Option<Value> {
    Some(match name {
        "query" => facts.query.into(),
        "messages" => facts.messages.iter().map(Message::to_json).collect(),
        "conversation_id" => facts.conversation_id.into(),
        "session_id" => facts.session_id.into(),
        "user" => facts.user.into(),
        "model" => facts.model.into(),
        "max_tokens" => facts.max_tokens.into(),
        "files" => facts.files.clone(),
        _ => facts.inputs.get(name.strip_prefix("inputs.")?)?.as_str().into(),
    })
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Piece<'a> {
    Text(&'a str),
    Name(&'a str),
}

/// Takes a text apart. Braces around anything else are text.
fn pieces<'a>(text: &'a str, each: &mut impl FnMut(Piece<'a>)) {
    let mut rest = text;
    let mut from = 0;
    while let Some(open) = rest[from..].find('{').map(|at| at + from) {
        let name = rest[open + 1..].find('}').map(|length| &rest[open + 1..open + 1 + length]);
        let Some(name) = name.filter(|name| NAMES.contains(name) || name.starts_with("inputs.")) else {
            from = open + 1;
            continue;
        };
        if open > 0 {
            each(Piece::Text(&rest[..open]));
        }
        each(Piece::Name(name));
        rest = &rest[open + name.len() + 2..];
        from = 0;
    }
    if !rest.is_empty() {
        each(Piece::Text(rest));
    }
}

/// Calls `each` for every text in the value, with its path.
fn visit(value: &Value, path: &mut String, each: &mut impl FnMut(&str, &str)) {
    let mut below = |key: &str, inner: &Value, path: &mut String| {
        let length = path.len();
        if !path.is_empty() {
            path.push('.');
        }
        path.push_str(key);
        visit(inner, path, each);
        path.truncate(length);
    };
    match value {
        Value::Array(items) => {
            (0..).zip(items).for_each(|(index, item): (usize, _)| below(&index.to_string(), item, path));
        }
        Value::Object(fields) => fields.iter().for_each(|(key, inner)| below(key, inner, path)),
        Value::String(text) => each(path, text),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn places_are_filled_in_at_any_depth() {
        let inputs = BTreeMap::from([("lang".to_owned(), "zh".to_owned())]);
        let messages = [Message::new("user", "say \"hi\" {user}")];
        let facts = Facts {
            query: "say \"hi\" {user}",
            messages: &messages,
            conversation_id: "",
            session_id: "s-1",
            user: "gaolou",
            model: "m",
            max_tokens: Some(5),
            inputs: &inputs,
            files: &json!([{"type": "image"}]),
        };
        let template = Template(json!({
            "inputs": {"query": "{query}", "deep": [["in {inputs.lang}!", 1, null]]},
            "conversation_id": "{conversation_id}",
            "text": "{user}: {query} {files} {unknown} {",
            "files": "{files}", "n": "{max_tokens}", "all": "{messages}", "s": "{session_id}/{model}",
        }));
        assert_eq!(
            template.fill(&facts),
            json!({
                "inputs": {"query": "say \"hi\" {user}", "deep": [["in zh!", 1, null]]},
                "conversation_id": "",
                "text": "gaolou: say \"hi\" {user} [{\"type\":\"image\"}] {unknown} {",
                "files": [{"type": "image"}], "n": 5, "all": [{"role": "user", "content": "say \"hi\" {user}"}],
                "s": "s-1/m",
            })
        );
    }

    #[test]
    fn inputs_must_be_there() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("t.json");
        std::fs::write(&file, "{\n \"a\": [\"x {inputs.lang}\"]}").unwrap();
        let error = Template::load(&file, &BTreeMap::new()).unwrap_err();
        assert_eq!(error.at, Some((2, 8)));
        assert!(error.text.contains("--input lang=VALUE"), "{error}");
        let inputs = BTreeMap::from([("lang".to_owned(), String::new())]);
        assert!(Template::load(&file, &inputs).is_ok());
    }
}
