//! Options with their names, and errors that name them.

use boa_engine::{Context, JsError, JsResult, JsValue};
use serde_json::Value;

use crate::js::convert::{entries, to_text};
use crate::js::json::stringify_value;
use crate::modules::settings;

/// What errors about options begin with.
pub const WHOSE: &str = "llm.Client: ";

/// An error about an option: `llm.Client: retry.max: …`.
pub fn bad(name: &str, problem: impl std::fmt::Display, context: &mut Context) -> JsError {
    settings::bad(WHOSE, name, problem, context)
}

/// The entries of an object that may have these keys and no others; absent ones are left out.
pub fn known(
    name: &str,
    allowed: &[&'static str],
    value: &JsValue,
    context: &mut Context,
) -> JsResult<Vec<(&'static str, JsValue)>> {
    settings::known(WHOSE, name, allowed, value, context)
}

/// A string.
pub fn text(name: &str, value: &JsValue, context: &mut Context) -> JsResult<String> {
    match value.as_string() {
        Some(text) => Ok(text.to_std_string_lossy()),
        None => {
            let shown = to_text(value, context)?;
            Err(bad(name, format!("{shown} is no string"), context))
        }
    }
}

/// A string or an array of strings.
pub fn texts(name: &str, value: &JsValue, context: &mut Context) -> JsResult<Vec<String>> {
    let Some(list) = value.as_object() else { return Ok(vec![text(name, value, context)?]) };
    let mut all = Vec::new();
    for (_, value) in entries(&list, context)? {
        all.push(text(name, &value, context)?);
    }
    Ok(all)
}

/// A number from zero on.
pub fn number(name: &str, value: &JsValue, context: &mut Context) -> JsResult<f64> {
    match value.as_number().filter(|number| number.is_finite() && *number >= 0.0) {
        Some(number) => Ok(number),
        None => {
            let shown = to_text(value, context)?;
            Err(bad(name, format!("{shown} is no number from 0 on"), context))
        }
    }
}

/// A whole number from zero on.
pub fn whole(name: &str, value: &JsValue, context: &mut Context) -> JsResult<u64> {
    let number = number(name, value, context)?;
    if number.fract() != 0.0 {
        return Err(bad(name, format!("{number} is no whole number"), context));
    }
    Ok(number as u64)
}

/// Headers: an object of texts.
pub fn headers(name: &str, value: &JsValue, context: &mut Context) -> JsResult<Vec<(String, String)>> {
    let Some(object) = value.as_object() else {
        return Err(bad(name, "it must be an object of names and values", context));
    };
    let mut headers = Vec::new();
    for (key, value) in entries(&object, context)? {
        headers.push((key.to_std_string_lossy(), to_text(&value, context)?));
    }
    Ok(headers)
}

/// Any value that JSON has.
pub fn json(name: &str, value: &JsValue, context: &mut Context) -> JsResult<Value> {
    match stringify_value(value, context)? {
        Some(text) => serde_json::from_str(&text).map_err(|error| bad(name, error, context)),
        None => Err(bad(name, "it cannot be written as JSON", context)),
    }
}
