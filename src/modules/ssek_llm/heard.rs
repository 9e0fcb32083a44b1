//! Pieces of an answer on their way to the script's handlers.

use std::time::Instant;

use boa_engine::object::JsObject;
use boa_engine::{Context, JsResult, JsValue};

use crate::js::convert::{entries, get, is_nullish, object, put, string};
use crate::js::go_error;
use crate::llm::Delta;
use crate::metrics::Timestamp;

/// The second argument of `chat`: `{onToken, onReasoning, onToolCall}`.
#[derive(Clone, Default)]
pub struct Handlers {
    token: Option<JsObject>,
    reasoning: Option<JsObject>,
    tool_call: Option<JsObject>,
}

const HANDLERS: [&str; 3] = ["onToken", "onReasoning", "onToolCall"];

/// A piece that a handler waits for.
#[derive(Debug)]
pub struct Piece {
    at: Instant,
    said: Said,
}

#[derive(Debug)]
enum Said {
    Text(String),
    Reasoning(String),
    ToolCall { index: usize, id: Option<String>, name: Option<String>, arguments: String },
}

impl Handlers {
    /// Reads the handlers; all may be absent.
    ///
    /// # Errors
    ///
    /// Thrown into the script: a handler that is no function.
    pub fn read(given: &JsValue, context: &mut Context) -> JsResult<Self> {
        let mut handlers = Self::default();
        let Some(given) = given.as_object() else { return Ok(handlers) };
        for (key, _) in entries(&given, context)? {
            let key = key.to_std_string_lossy();
            if !HANDLERS.contains(&key.as_str()) {
                let text = format!("chat: there is no handler {key}, there are: {}", HANDLERS.join(", "));
                return Err(go_error(text, context));
            }
        }
        for (name, slot) in [
            ("onToken", &mut handlers.token),
            ("onReasoning", &mut handlers.reasoning),
            ("onToolCall", &mut handlers.tool_call),
        ] {
            let value = get(&given, name, context)?;
            if is_nullish(&value) {
                continue;
            }
            let Some(function) = value.as_callable() else {
                return Err(go_error(format!("chat: {name} must be a function"), context));
            };
            *slot = Some(function);
        }
        Ok(handlers)
    }

    /// Which pieces somebody wants.
    pub fn wanted(&self) -> Wanted {
        Wanted {
            token: self.token.is_some(),
            reasoning: self.reasoning.is_some(),
            tool_call: self.tool_call.is_some(),
        }
    }

    /// Hands a piece over; whether the script wants no more, which it says by returning `false`.
    ///
    /// # Errors
    ///
    /// The handler threw.
    pub fn call(&self, piece: Piece, context: &mut Context) -> JsResult<bool> {
        let (handler, value) = match piece.said {
            Said::Text(text) => (&self.token, string(&text)),
            Said::Reasoning(text) => (&self.reasoning, string(&text)),
            Said::ToolCall { index, id, name, arguments } => {
                let made = object(context);
                put(&made, "index", index as f64);
                for (key, text) in [("id", id), ("name", name)] {
                    put(&made, key, text.map_or_else(JsValue::undefined, |text| string(&text)));
                }
                put(&made, "arguments", string(&arguments));
                (&self.tool_call, made.into())
            }
        };
        let Some(handler) = handler else { return Ok(false) };
        let timestamp = Timestamp::at(piece.at).0 as f64 / 1e6;
        let answer = handler.call(&JsValue::undefined(), &[value, timestamp.into()], context)?;
        Ok(answer.as_boolean() == Some(false))
    }
}

/// Which pieces somebody wants: the others are not copied.
#[derive(Clone, Copy, Debug)]
pub struct Wanted {
    token: bool,
    reasoning: bool,
    tool_call: bool,
}

impl Wanted {
    /// The piece that a handler is to get, if it is one and has a handler.
    pub fn take(self, delta: &Delta, at: Instant) -> Option<Piece> {
        let said = match delta {
            Delta::Text(text) if self.token && !text.is_empty() => Said::Text((*text).to_owned()),
            Delta::Reasoning(text) if self.reasoning && !text.is_empty() => {
                Said::Reasoning((*text).to_owned())
            }
            Delta::ToolCall(piece) if self.tool_call => Said::ToolCall {
                index: piece.index,
                id: piece.id.map(str::to_owned),
                name: piece.name.map(str::to_owned),
                arguments: piece.arguments.to_owned(),
            },
            _ => return None,
        };
        Some(Piece { at, said })
    }
}
