//! The tools that a request offers, in the shapes of all protocols.

use serde::Deserialize;
use serde_json::Value;

/// One entry of `tools`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Tool {
    /// Anthropic's, and that of OpenAI's responses.
    name: Option<String>,
    /// OpenAI's chats, and Ollama's.
    function: Option<Function>,
    /// Gemini's.
    #[serde(rename = "functionDeclarations", alias = "function_declarations")]
    declarations: Option<Vec<Function>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Function {
    name: Option<String>,
}

/// The name of the first tool.
pub(super) fn first_name(tools: Option<Vec<Tool>>) -> Option<String> {
    let tool = tools?.into_iter().next()?;
    let declared = || tool.declarations?.into_iter().next()?.name;
    tool.name.or_else(|| tool.function?.name).or_else(declared)
}

/// Whether a `tool_choice` demands a call: `required`, `any`, or an object that names a tool or says `any`.
pub(super) fn demands_call(choice: Option<&Value>) -> bool {
    match choice {
        Some(Value::String(word)) => matches!(word.as_str(), "required" | "any"),
        Some(Value::Object(object)) => {
            object.get("type").and_then(Value::as_str).is_some_and(|kind| !matches!(kind, "auto" | "none"))
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn names_are_found_in_every_shape() {
        for (tools, name) in [
            (json!([{"name": "a", "input_schema": {}}]), Some("a")),
            (json!([{"type": "function", "function": {"name": "b"}}]), Some("b")),
            (json!([{"functionDeclarations": [{"name": "c"}]}]), Some("c")),
            (json!([]), None),
        ] {
            assert_eq!(first_name(serde_json::from_value(tools).unwrap()).as_deref(), name);
        }
    }

    #[test]
    fn demands() {
        for (choice, demands) in [
            (json!("auto"), false),
            (json!("required"), true),
            (json!({"type": "any"}), true),
            (json!({"type": "auto"}), false),
            (json!({"type": "function", "function": {"name": "b"}}), true),
            (json!(null), false),
        ] {
            assert_eq!(demands_call(Some(&choice)), demands, "{choice}");
        }
    }
}
