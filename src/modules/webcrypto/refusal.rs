//! Why a call of `crypto.subtle` fails.

use boa_engine::{Context, JsError, JsNativeError, JsResult, JsString, JsValue};

use crate::js::convert::put;

/// An error with the name of one of the web's DOM exceptions, or a `TypeError`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    pub name: &'static str,
    pub message: String,
}

macro_rules! refusals {
    ($($(#[$doc:meta])* $function:ident $name:literal)*) => {
        impl Refusal {
            $($(#[$doc])* pub fn $function(message: impl Into<String>) -> Self {
                Self { name: $name, message: message.into() }
            })*
        }
    };
}

refusals! {
    /// An argument has the wrong type.
    kind "TypeError"
    /// The usages do not fit the key.
    syntax "SyntaxError"
    /// The algorithm is unknown, or cannot do what is asked.
    unsupported "NotSupportedError"
    /// The key is not for this.
    access "InvalidAccessError"
    /// The data of a key is wrong.
    data "DataError"
    /// The operation failed.
    operation "OperationError"
}

/// The reason of a rejected promise.
#[derive(Debug)]
pub enum Rejection {
    Refused(Refusal),
    /// What a getter of an argument threw.
    Thrown(JsError),
}

impl Rejection {
    /// The value that scripts catch.
    ///
    /// # Errors
    ///
    /// The VU was interrupted, which scripts cannot catch.
    pub fn into_reason(self, context: &mut Context) -> JsResult<JsValue> {
        match self {
            Self::Refused(refusal) => {
                named_error(refusal.name, &refusal.message, context).into_opaque(context)
            }
            Self::Thrown(error) => error.into_opaque(context),
        }
    }
}

impl From<Refusal> for Rejection {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<JsError> for Rejection {
    fn from(error: JsError) -> Self {
        Self::Thrown(error)
    }
}

/// An error with the name of one of the web's DOM exceptions, or a `TypeError`.
pub fn named_error(name: &str, message: &str, context: &mut Context) -> JsError {
    if name == "TypeError" {
        return JsNativeError::typ().with_message(message.to_owned()).into();
    }
    let error = JsNativeError::error().with_message(message.to_owned()).into_opaque(context);
    put(&error, "name", JsString::from(name));
    JsError::from_opaque(error.into())
}
