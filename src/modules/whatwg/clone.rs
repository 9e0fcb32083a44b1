//! `structuredClone`.

use boa_engine::object::JsObject;
use boa_engine::object::builtins::JsArrayBuffer;
use boa_engine::{Context, JsResult, JsValue};

use super::{Made, evaluate};
use crate::js::convert::{arg, object_of};

pub(super) fn make(made: &Made, context: &mut Context) -> JsResult<JsObject> {
    let host = object_of(&[("detach", 1, detach)], context);
    evaluate("ssek/structuredClone", include_str!("clone.js"), &host, made, context)
}

/// `detach(buffer)`: takes an `ArrayBuffer` its bytes; false for other values
fn detach(_: &JsValue, args: &[JsValue], _: &mut Context) -> JsResult<JsValue> {
    let Some(object) = arg(args, 0).as_object() else { return Ok(false.into()) };
    let Ok(buffer) = JsArrayBuffer::from_object(object) else { return Ok(false.into()) };
    Ok(buffer.detach(&JsValue::undefined()).is_ok().into())
}
