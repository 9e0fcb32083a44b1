//! What `setup()` returned, as JSON by k6's rules, which are those of its Go side and not of
//! `JSON.stringify`: `undefined` members stay as `null`, and functions and `NaN` are errors.

use boa_engine::builtins::date::Date;
use boa_engine::object::JsObject;
use boa_engine::{Context, JsResult, JsValue};
use serde_json::{Map, Number, Value};

use crate::js::convert::{bytes_of, entries, to_text};

/// Deeper data are taken for cyclic.
const MAX_DEPTH: usize = 500;

/// The JSON of a value; `None` for `undefined`. The error is the reason.
pub fn encode(value: &JsValue, context: &mut Context) -> Result<Option<String>, String> {
    if value.is_undefined() {
        return Ok(None);
    }
    Ok(Some(json(value, 0, context)?.to_string()))
}

fn json(value: &JsValue, depth: usize, context: &mut Context) -> Result<Value, String> {
    if value.is_null_or_undefined() {
        return Ok(Value::Null);
    }
    if let Some(flag) = value.as_boolean() {
        return Ok(flag.into());
    }
    if let Some(number) = value.as_number() {
        return number_json(number);
    }
    if let Some(text) = value.as_string() {
        return Ok(text.to_std_string_lossy().into());
    }
    let Some(object) = value.as_object() else {
        return Err(format!("json: unsupported type: {}", value.type_of()));
    };
    if object.is_callable() {
        return Err("json: unsupported type: function; setup() can only return plain data".to_owned());
    }
    if depth >= MAX_DEPTH {
        return Err("json: unsupported value: encountered a cycle, or data nested too deeply".to_owned());
    }
    object_json(&object, depth, context).map_err(|e| e.unwrap_or_else(|| "a getter threw".to_owned()))
}

fn number_json(number: f64) -> Result<Value, String> {
    // Whole numbers are written without a fraction, as Go does.
    if number.fract() == 0.0 && number.abs() < 9e15 {
        return Ok((number as i64).into());
    }
    match Number::from_f64(number) {
        Some(number) => Ok(number.into()),
        None => Err(format!("json: unsupported value: {number}")),
    }
}

/// Fails with `None` where the script's own code threw.
fn object_json(object: &JsObject, depth: usize, context: &mut Context) -> Result<Value, Option<String>> {
    let value = JsValue::from(object.clone());
    if object.is::<Date>() {
        return Ok(date(&value, context).map_err(|_| None)?.into());
    }
    if let Some(bytes) = bytes_of(&value, context) {
        return Ok(bytes.into());
    }
    let members = entries(object, context).map_err(|_| None)?;
    if object.is_array() {
        let items = members.iter().map(|(_, item)| json(item, depth + 1, context).map_err(Some));
        return items.collect::<Result<Vec<_>, _>>().map(Value::Array);
    }
    let mut map = Map::new();
    for (key, member) in members {
        map.insert(key.to_std_string_lossy(), json(&member, depth + 1, context).map_err(Some)?);
    }
    Ok(Value::Object(map))
}

/// A date as Go writes it: without a fraction where that is zero.
fn date(value: &JsValue, context: &mut Context) -> JsResult<String> {
    let Some(object) = value.as_object() else { return Ok(String::new()) };
    let method = object.get(boa_engine::js_string!("toISOString"), context)?;
    let text = match method.as_callable() {
        Some(method) => to_text(&method.call(value, &[], context)?, context)?,
        None => String::new(),
    };
    Ok(match text.strip_suffix('Z').and_then(|text| text.split_once('.')) {
        Some((whole, fraction)) => match fraction.trim_end_matches('0') {
            "" => format!("{whole}Z"),
            fraction => format!("{whole}.{fraction}Z"),
        },
        None => text,
    })
}
