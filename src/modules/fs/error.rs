//! What scripts catch: an `Error` whose name and message are properties that `JSON.stringify` and `Object.keys` see,
//! as with k6's own errors of files.

use boa_engine::property::PropertyDescriptor;
use boa_engine::{Context, JsError, JsString, js_string};

use crate::js::named_error;

/// An error of the kind `name`: `NotFoundError`, `InvalidResourceError`, `ForbiddenError` or `TypeError`.
pub fn fs_error(name: &str, message: impl Into<String>, context: &mut Context) -> JsError {
    let message = message.into();
    let error = named_error(name, message.clone(), context);
    let Some(object) = error.as_opaque().and_then(boa_engine::JsValue::as_object) else { return error };
    for (key, text) in [(js_string!("name"), name), (js_string!("message"), &message)] {
        let shown = PropertyDescriptor::builder().value(JsString::from(text)).writable(true);
        object.insert_property(key, shown.enumerable(true).configurable(true).build());
    }
    error
}
