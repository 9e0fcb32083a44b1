//! The option `protocol`: a name, or where things stand in a protocol of the script's own.

use std::sync::Arc;

use boa_engine::{Context, JsResult, JsValue};

use super::fields::{bad, known, text};
use crate::llm::Protocol;
use crate::llm::protocol::{Custom, CustomPaths};

const KEYS: &[&str] = &[
    "path",
    "format",
    "text",
    "reasoning",
    "finish",
    "promptTokens",
    "completionTokens",
    "error",
    "messageId",
    "conversationId",
    "done",
];

/// Reads the option.
///
/// # Errors
///
/// Thrown into the script: an unknown name or key, or a place that is none.
pub fn protocol(value: &JsValue, context: &mut Context) -> JsResult<Protocol> {
    if value.is_string() {
        let name = text("protocol", value, context)?;
        if name == "custom" {
            return Err(bad(
                "protocol",
                "a custom one is an object, such as {text: 'delta.text', done: '[DONE]'}",
                context,
            ));
        }
        return Protocol::named(&name).map_err(|text| bad("protocol", text, context));
    }
    let mut paths = CustomPaths::default();
    for (key, value) in known("protocol", KEYS, value, context)? {
        let given = text(&format!("protocol.{key}"), &value, context)?;
        match key {
            "path" => paths.path = given,
            "format" => {
                paths.ndjson = match given.as_str() {
                    "sse" => false,
                    "ndjson" => true,
                    _ => {
                        return Err(bad(
                            "protocol.format",
                            format!("{given:?}, allowed are: sse, ndjson"),
                            context,
                        ));
                    }
                }
            }
            "text" => paths.text = given,
            "reasoning" => paths.reasoning = Some(given),
            "finish" => paths.finish = Some(given),
            "promptTokens" => paths.prompt_tokens = Some(given),
            "completionTokens" => paths.completion_tokens = Some(given),
            "error" => paths.error = Some(given),
            "messageId" => paths.message_id = Some(given),
            "conversationId" => paths.conversation_id = Some(given),
            _ => paths.done = Some(given),
        }
    }
    let custom = Custom::read(&paths).map_err(|text| bad("protocol", text, context))?;
    Ok(Protocol::Custom(Arc::new(custom)))
}
