//! OpenAI's messages, one JSON object a line: `{"messages": [{"role": "user", "content": "…"}]}`.

use std::path::Path;
use std::sync::Arc;

use serde_json::Value;

use super::{Content, Message, Turn};
use crate::bench::place::{Mistake, read};

/// Reads the file; each line is a request, with everything up to the last message that is not the assistant's.
///
/// # Errors
/// It cannot be read, has a line of another form, or none at all.
pub fn load(file: &Path) -> Result<Vec<Arc<[Turn]>>, Mistake> {
    let text = read(file)?;
    let mut prompts = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        if line.trim().is_empty() {
            continue;
        }
        let value: Value =
            serde_json::from_str(line).map_err(|error| Mistake::of_json(file, number, &error))?;
        prompts.push(Arc::from([turn(file, number, line, &value)?]));
    }
    if prompts.is_empty() {
        return Err(Mistake::whole(file, "there are no lines with messages in it"));
    }
    Ok(prompts)
}

/// The request of one line.
pub(super) fn turn(file: &Path, number: usize, line: &str, value: &Value) -> Result<Turn, Mistake> {
    // Lines of a batch file have the request under `body`.
    let (value, path) = match value.get("body") {
        Some(body) => (body, "body.messages"),
        None => (value, "messages"),
    };
    let list = value.get("messages").and_then(Value::as_array).ok_or_else(|| {
        Mistake::in_json(file, number, line, path, "want an object with a list \"messages\"")
    })?;
    let mut messages = Vec::with_capacity(list.len());
    for (index, message) in list.iter().enumerate() {
        let wrong = |key: &str, text: &str| {
            Mistake::in_json(file, number, line, &format!("{path}.{index}.{key}"), text)
        };
        let role =
            message["role"].as_str().ok_or_else(|| wrong("role", "the role of a message must be a text"))?;
        let content = match &message["content"] {
            Value::String(text) => Content::Text(text.as_str().into()),
            parts @ Value::Array(_) => Content::Parts(Arc::new(parts.clone())),
            _ => return Err(wrong("content", "the content of a message must be a text or a list of parts")),
        };
        messages.push(Message { role: role.into(), content });
    }
    while messages.last().is_some_and(|message| &*message.role == "assistant") {
        messages.pop();
    }
    if messages.is_empty() {
        return Err(Mistake::in_json(file, number, line, path, "there is no message to send"));
    }
    let max_tokens = value["max_tokens"].as_u64().or(value["max_completion_tokens"].as_u64());
    Ok(Turn { messages, max_tokens, ..Turn::default() })
}
