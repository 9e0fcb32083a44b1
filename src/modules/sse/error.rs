//! What `error` handlers get.

use boa_engine::{Context, JsError, JsString, JsValue};

use crate::js::convert::{function, get, object, put_hidden};

/// An object whose `error()` and `toString()` give the text.
pub fn error_object(text: &str, context: &mut Context) -> JsValue {
    let made = object(context);
    put_hidden(&made, "text", JsString::from(text));
    let read = |this: &JsValue, _: &[JsValue], context: &mut Context| -> Result<JsValue, JsError> {
        match this.as_object() {
            Some(this) => get(&this, "text", context),
            None => Ok(JsValue::undefined()),
        }
    };
    for name in ["error", "toString"] {
        let f = function(name, 0, read, context);
        put_hidden(&made, name, f);
    }
    made.into()
}
