//! The native function that makes running out of stack an exception which scripts can catch.
//!
//! The engine ends a recursion that is too deep with an error that passes every `catch` by, until it
//! arrives at native code. So the text of each `try` block is rewritten to run through a function of
//! ours ([`super::protect`]), which turns that error into a `RangeError`.

use boa_engine::property::{PropertyDescriptor, PropertyKey};
use boa_engine::{Context, JsError, JsResult, JsString, JsValue};

use super::convert::{arg, function};
use super::interrupt::overflow_to_range_error;

/// The global function's name.
pub const GUARD: &str = "__ssek_guard";

/// Defines the function on a fresh global object, for good.
pub fn install(context: &mut Context) {
    let guard = function(GUARD, 1, guard, context);
    let property =
        PropertyDescriptor::builder().value(guard).writable(false).enumerable(false).configurable(false);
    context.global_object().insert_property(PropertyKey::from(JsString::from(GUARD)), property);
}

/// Calls its argument. An interrupt's error stays as it is, and goes on past every `catch`.
fn guard(_: &JsValue, args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let callback = arg(args, 0);
    let Some(callback) = callback.as_object() else { return Ok(callback) };
    let called = callback.call(&JsValue::undefined(), &[], context);
    called.map_err(|error: JsError| overflow_to_range_error(error, context))
}
