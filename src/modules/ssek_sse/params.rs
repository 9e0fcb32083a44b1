//! The second argument of `connect`, as far as `sse.open` does not have it, and times of its methods.

use std::time::Duration;

use boa_engine::object::builtins::{JsArrayBuffer, JsTypedArray};
use boa_engine::{Context, JsError, JsResult, JsString, JsValue, js_string};

use super::buffer::Overflow;
use crate::js::convert::{get, is_nullish, to_text};
use crate::js::go_error;
use crate::js::json::stringify_value;
use crate::k6::duration::GoDuration;
use crate::modules::settings;
use crate::modules::sse::params::Params;
use crate::net::Format;
use crate::vu::State;

/// Events that the buffer holds where the script does not say.
const SIZE: usize = 1024;

/// How events wait for the script.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Buffering {
    /// Events that may wait for the script.
    pub size: usize,
    pub overflow: Overflow,
}

/// Reads what `connect` has in common with `sse.open`.
///
/// # Errors
///
/// A value that is none of those allowed.
pub fn call(given: &JsValue, state: &State, context: &mut Context) -> JsResult<Params> {
    let mut params = named(Params::read(given, state, context), context)?;
    if params.reconnect.is_some() {
        return Err(go_error(
            "connect() has no reconnect: connect again with the header Last-Event-ID",
            context,
        ));
    }
    params.accept = format(given, context)?.accept();
    if let Some(json) = json_body(given, context)? {
        params.body = json;
        params.content_type = Some("application/json");
    }
    Ok(params)
}

/// A body that is an object or an array, as JSON. (To `sse.open` it is the text that JavaScript makes of it.)
fn json_body(given: &JsValue, context: &mut Context) -> JsResult<Option<String>> {
    let Some(given) = given.as_object() else { return Ok(None) };
    let body = get(&given, "body", context)?;
    let Some(object) = body.as_object().filter(|object| !object.is_callable()) else { return Ok(None) };
    if JsTypedArray::from_object(object.clone()).is_ok() || JsArrayBuffer::from_object(object).is_ok() {
        let text = "connect()'s body must be a text, or an object that is sent as JSON; bytes cannot be sent";
        return Err(go_error(text, context));
    }
    stringify_value(&body, context)
}

/// An error of `sse.open`'s parameters, told of the function that the script called.
fn named<T>(read: JsResult<T>, context: &mut Context) -> JsResult<T> {
    let Err(error) = read else { return read };
    let error = error.into_opaque(context)?;
    if let Some(error) = error.as_object() {
        let text = get(&error, "message", context)?;
        let text = to_text(&text, context)?.replace("sse.open()", "connect()");
        error.set(js_string!("message"), JsString::from(text), false, context)?;
    }
    Err(JsError::from_opaque(error))
}

/// Reads `format`: `auto` where the script does not say.
///
/// # Errors
///
/// An unknown format.
pub fn format(given: &JsValue, context: &mut Context) -> JsResult<Format> {
    let Some(given) = given.as_object() else { return Ok(Format::Auto) };
    let format = get(&given, "format", context)?;
    if is_nullish(&format) {
        return Ok(Format::Auto);
    }
    match to_text(&format, context)?.as_str() {
        "sse" => Ok(Format::Sse),
        "ndjson" => Ok(Format::Ndjson),
        "auto" => Ok(Format::Auto),
        other => {
            let text = format!("invalid connect() format: {other:?}, allowed are: sse, ndjson, auto");
            Err(go_error(text, context))
        }
    }
}

impl Buffering {
    /// Reads `buffer`.
    ///
    /// # Errors
    ///
    /// An unknown key, or a value that is none of those allowed.
    pub fn read(given: &JsValue, context: &mut Context) -> JsResult<Self> {
        let mut buffering = Self { size: SIZE, overflow: Overflow::Wait };
        let Some(given) = given.as_object() else { return Ok(buffering) };
        let buffer = get(&given, "buffer", context)?;
        if is_nullish(&buffer) {
            return Ok(buffering);
        }
        for (key, value) in
            settings::known("invalid connect() ", "buffer", &["size", "overflow"], &buffer, context)?
        {
            if key == "size" {
                let size = value.to_number(context)?;
                if !(size >= 1.0 && size.fract() == 0.0) {
                    let text = "invalid connect() buffer.size: it must be a whole number of at least 1";
                    return Err(go_error(text, context));
                }
                buffering.size = size as usize;
            } else {
                let name = to_text(&value, context)?;
                buffering.overflow = Overflow::named(&name).ok_or_else(|| {
                    let text = format!(
                        "invalid connect() buffer.overflow: {name:?}, allowed are: wait, drop-oldest, \
                         drop-newest, error"
                    );
                    go_error(text, context)
                })?;
            }
        }
        Ok(buffering)
    }
}

/// Reads the option `within`: a duration such as `'2s'`, or a number of milliseconds.
///
/// # Errors
///
/// It is no duration.
pub fn within(options: &JsValue, context: &mut Context) -> JsResult<Option<Duration>> {
    let Some(options) = options.as_object() else { return Ok(None) };
    let within = get(&options, "within", context)?;
    if is_nullish(&within) {
        return Ok(None);
    }
    let text = to_text(&within, context)?;
    match GoDuration::parse(&text) {
        Ok(duration) if duration.0 >= 0 => Ok(Some(duration.to_std())),
        _ => {
            let text =
                format!("within: {text:?} is no duration; use '2s', '500ms' or a number of milliseconds");
            Err(go_error(text, context))
        }
    }
}
