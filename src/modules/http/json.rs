//! `res.json([selector])`.

use boa_engine::object::JsObject;
use boa_engine::{Context, JsResult, JsValue};

use super::response::{Body, Response, not_a_response};
use super::selector;
use crate::js::convert::{string, to_text};
use crate::js::go_error;
use crate::js::json::try_parse_str;

/// JSON nested deeper than this is none, as for Go.
const MAX_DEPTH: usize = 10_000;

/// The body, or what the GJSON path `selector` finds in it.
pub fn json(response: &JsObject, args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let selector = match args.first() {
        Some(selector) => Some(to_text(selector, context)?),
        None => None,
    };
    let (body, known) = {
        let response = response.downcast_ref::<Response>().ok_or_else(not_a_response)?;
        (response.body(), response.json.clone())
    };
    let bytes = match body {
        Body::Text(bytes) | Body::Binary(bytes) => bytes,
        Body::Null => {
            return Err(go_error(
                "the body is null so we can't transform it to JSON - this likely was because of a request error \
                 getting the response",
                context,
            ));
        }
    };
    let text = String::from_utf8_lossy(&bytes);
    if let Some(selector) = selector {
        return select(&text, &selector, context);
    }
    if let Some(value) = known {
        return Ok(value);
    }
    let value = whole(&text, context)?;
    if let Some(mut response) = response.downcast_mut::<Response>() {
        response.json = Some(value.clone());
    }
    Ok(value)
}

fn whole(text: &str, context: &mut Context) -> JsResult<JsValue> {
    match try_parse_str(text, context)? {
        Ok(value) => Ok(value),
        Err(error) => Err(go_error(
            format!(
                "cannot parse json due to an error at line {}, character {} , error: {}",
                error.line, error.column, error.message
            ),
            context,
        )),
    }
}

fn select(text: &str, selector: &str, context: &mut Context) -> JsResult<JsValue> {
    if !is_flat_enough(text) || !gjson::valid(text) {
        return Ok(JsValue::undefined());
    }
    let Some(found) = selector::find(text, selector) else { return Ok(JsValue::undefined()) };
    Ok(match try_parse_str(&found, context)? {
        Ok(value) => value,
        // Modifiers may make things that are not JSON.
        Err(_) => string(&found),
    })
}

/// Whether JSON is not nested too deep; both the validator and the search recurse.
fn is_flat_enough(text: &str) -> bool {
    let mut depth = 0_usize;
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        match byte {
            b'[' | b'{' => depth += 1,
            b']' | b'}' => depth = depth.saturating_sub(1),
            b'"' => {
                while let Some(byte) = bytes.next() {
                    match byte {
                        b'\\' => drop(bytes.next()),
                        b'"' => break,
                        _ => {}
                    }
                }
            }
            _ => {}
        }
        if depth > MAX_DEPTH {
            return false;
        }
    }
    true
}
