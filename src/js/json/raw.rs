//! `JSON.rawJSON`: text that `JSON.stringify` takes as it is.

use boa_engine::object::{IntegrityLevel, JsObject};
use boa_engine::{Context, Finalize, JsData, JsNativeError, JsResult, JsString, JsValue, Trace, js_string};

use super::parse::Mode;
use super::state::State;
use super::{Text, syntax_error};
use crate::js::convert::{arg, put};

/// Marks an object as raw JSON.
#[derive(Debug, Trace, Finalize, JsData)]
struct RawJson;

/// `JSON.rawJSON(text)`: the text of a primitive value.
pub(super) fn raw_json(_: &JsValue, args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let text = arg(args, 0).to_string(context)?;
    let is_space = |unit: Option<u16>| matches!(unit, Some(0x09 | 0x0A | 0x0D | 0x20));
    if text.is_empty() || is_space(text.code_unit_at(0)) || is_space(text.code_unit_at(text.len() - 1)) {
        let message = "JSON.rawJSON: the text is empty, or begins or ends with white space";
        return Err(JsNativeError::syntax().with_message(message).into());
    }
    let state = State::of(context)?;
    let parsed = Text::String(text.clone()).parse(Mode::Plain, &state, context);
    if parsed.map_err(|error| syntax_error(&error))?.value.is_object() {
        let message = "JSON.rawJSON: the text must not be an object or array";
        return Err(JsNativeError::syntax().with_message(message).into());
    }
    let raw = JsObject::from_proto_and_data(None::<JsObject>, RawJson);
    put(&raw, "rawJSON", text);
    raw.set_integrity_level(IntegrityLevel::Frozen, context)?;
    Ok(raw.into())
}

/// `JSON.isRawJSON(value)`
pub(super) fn is_raw_json(_: &JsValue, args: &[JsValue], _: &mut Context) -> JsResult<JsValue> {
    Ok(args.first().and_then(JsValue::as_object).is_some_and(|object| object.is::<RawJson>()).into())
}

/// The text of a raw JSON object.
pub(super) fn text_of(object: &JsObject, context: &mut Context) -> JsResult<Option<JsString>> {
    if !object.is::<RawJson>() {
        return Ok(None);
    }
    Ok(object.get(js_string!("rawJSON"), context)?.as_string())
}
