//! Why a request is not even tried.

use boa_engine::{Context, JsError, JsResult, JsValue};

use super::Http;
use super::response;
use crate::js::go_error;
use crate::log::{self, Level};
use crate::net::NetError;
use crate::vu::State;

/// What is wrong with a request's arguments.
#[derive(Debug)]
pub enum Refusal {
    /// A getter or a `toString` of the script's own threw.
    Thrown(JsError),
    /// What k6 treats as a failed request: a response that says so, or an exception with the option `throw`.
    Failed {
        text: String,
        /// `error_code`; 0 for faults of parameters.
        code: u16,
    },
}

impl From<JsError> for Refusal {
    fn from(error: JsError) -> Self {
        Self::Thrown(error)
    }
}

impl Refusal {
    /// A fault of the parameters.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Failed { text: text.into(), code: 0 }
    }

    /// A URL that is none.
    pub fn of(error: &NetError) -> Self {
        Self::Failed { text: error.to_string(), code: error.code() }
    }

    /// Says `message` of a fault that was found by code that throws it; exceptions of other kinds stay.
    pub fn because(message: &str, error: JsError, context: &mut Context) -> Self {
        if error.as_engine().is_some() {
            return Self::Thrown(error);
        }
        let Ok(value) = error.clone().into_opaque(context) else { return Self::Thrown(error) };
        let text = value.as_object().map(|object| crate::js::convert::get(&object, "message", context));
        match text {
            Some(Ok(text)) => match crate::js::convert::to_text(&text, context) {
                Ok(text) => Self::text(format!("{message}: {text}")),
                Err(error) => Self::Thrown(error),
            },
            _ => Self::Thrown(error),
        }
    }

    /// The exception.
    pub fn into_error(self, context: &mut Context) -> JsError {
        match self {
            Self::Thrown(error) => error,
            Self::Failed { text, .. } => go_error(text, context),
        }
    }

    /// The exception, or, unless the option `throw` is on, a logged warning and the response in its place.
    pub fn answer(self, http: &Http, state: &State, context: &mut Context) -> JsResult<JsValue> {
        match self {
            Self::Thrown(error) => Err(error),
            refusal @ Self::Failed { .. } if state.test.options().is_some_and(|o| o.throw) => {
                Err(refusal.into_error(context))
            }
            Self::Failed { text, code } => {
                log::emit(Level::Warn, "Request Failed", &[("error", &text)]);
                response::refused(http, text, code, context)
            }
        }
    }
}
