//! The `tags` argument of checks, metrics and requests.

use boa_engine::{Context, JsResult, JsValue};

use crate::js::convert::{entries, to_text};
use crate::js::go_error;

/// Reads an object of tags; `null` and `undefined` are no tags.
///
/// Fails for values that are neither string, number nor boolean, as k6 does.
pub fn read(value: &JsValue, context: &mut Context) -> JsResult<Vec<(String, String)>> {
    let Some(object) = value.as_object() else { return Ok(Vec::new()) };
    let mut tags = Vec::new();
    for (key, value) in entries(&object, context)? {
        let key = key.to_std_string_lossy();
        tags.push((key.clone(), tag_value(&key, &value, context)?));
    }
    Ok(tags)
}

/// A tag's value as text.
pub fn tag_value(key: &str, value: &JsValue, context: &mut Context) -> JsResult<String> {
    if value.is_string() || value.is_number() || value.is_boolean() {
        return to_text(value, context);
    }
    Err(go_error(
        format!(
            "invalid value for metric tag '{key}': only String, Boolean and Number types are accepted as a \
             metric tag values"
        ),
        context,
    ))
}
