//! The second argument of `connect`, as far as `sse.open` does not have it, and times of its methods.

use std::time::Duration;

use boa_engine::{Context, JsResult, JsValue};

use super::buffer::Overflow;
use crate::js::convert::{get, is_nullish, to_text};
use crate::js::go_error;
use crate::k6::duration::GoDuration;
use crate::net::Format;

/// Events that the buffer holds where the script does not say.
const SIZE: usize = 1024;

/// How a stream is read and buffered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Params {
    pub format: Format,
    /// Events that may wait for the script.
    pub size: usize,
    pub overflow: Overflow,
}

impl Params {
    /// Reads `format` and `buffer`.
    ///
    /// # Errors
    ///
    /// A value that is none of those allowed.
    pub fn read(value: &JsValue, context: &mut Context) -> JsResult<Self> {
        let mut params = Self { format: Format::Auto, size: SIZE, overflow: Overflow::Wait };
        let Some(given) = value.as_object() else { return Ok(params) };
        let format = get(&given, "format", context)?;
        if !is_nullish(&format) {
            params.format = match to_text(&format, context)?.as_str() {
                "sse" => Format::Sse,
                "ndjson" => Format::Ndjson,
                "auto" => Format::Auto,
                other => {
                    let text = format!("connect: format is sse, ndjson or auto, not {other:?}");
                    return Err(go_error(text, context));
                }
            };
        }
        let buffer = get(&given, "buffer", context)?;
        let Some(buffer) = buffer.as_object() else { return Ok(params) };
        let size = get(&buffer, "size", context)?;
        if !is_nullish(&size) {
            let number = size.to_number(context)?;
            if !(number >= 1.0 && number.fract() == 0.0) {
                return Err(go_error("connect: buffer.size must be a whole number of at least 1", context));
            }
            params.size = number as usize;
        }
        let overflow = get(&buffer, "overflow", context)?;
        if !is_nullish(&overflow) {
            let name = to_text(&overflow, context)?;
            params.overflow = Overflow::named(&name).ok_or_else(|| {
                let text = format!(
                    "connect: buffer.overflow is wait, drop-oldest, drop-newest or error, not {name:?}"
                );
                go_error(text, context)
            })?;
        }
        Ok(params)
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
