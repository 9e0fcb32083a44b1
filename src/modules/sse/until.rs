//! `params.until`: what says that a stream is complete.

use boa_engine::object::JsObject;
use boa_engine::{Context, JsResult, JsValue};

use crate::js::go_error;

/// What the event that completes a stream is known by.
#[derive(Clone, Debug)]
pub enum Until {
    /// Its data.
    Data(String),
    /// A function of the script that is asked of each event after the handlers.
    Function(JsObject),
}

impl Until {
    /// Reads the parameter; `None` if it is absent.
    pub fn read(value: &JsValue, context: &mut Context) -> JsResult<Option<Self>> {
        if value.is_null_or_undefined() {
            return Ok(None);
        }
        if let Some(text) = value.as_string() {
            return Ok(Some(Self::Data(text.to_std_string_lossy())));
        }
        match value.as_callable() {
            Some(function) => Ok(Some(Self::Function(function))),
            None => Err(go_error(
                "invalid sse.open() until: it must be a string (the data of the last event) or a function that gets each event",
                context,
            )),
        }
    }

    /// Whether an event with these data completes the stream by its data.
    pub fn is_data(&self, data: &str) -> bool {
        matches!(self, Self::Data(text) if text == data)
    }

    /// Whether the script says that the event completes the stream.
    pub fn says(&self, event: &JsValue, context: &mut Context) -> JsResult<bool> {
        match self {
            Self::Data(_) => Ok(false),
            Self::Function(function) => {
                let answer = function.call(&JsValue::undefined(), std::slice::from_ref(event), context)?;
                Ok(answer.to_boolean())
            }
        }
    }
}
