//! Metadata in scripts: an object of strings there, an object of arrays back.

use boa_engine::{Context, JsValue};

use crate::js::convert::{array, bytes_of, entries, is_nullish, object, put, string};
use crate::net::grpc::{Metadata, Received};

/// Reads `metadata`; nothing is none.
///
/// # Errors
///
/// Says which value is of the wrong type.
pub fn read(value: &JsValue, context: &mut Context) -> Result<Metadata, String> {
    if is_nullish(value) {
        return Ok(Metadata::new());
    }
    let Some(given) = value.as_object() else {
        return Err("must be an object with key-value pairs".to_owned());
    };
    let pairs = entries(&given, context).map_err(|error| error.to_string())?;
    let mut metadata = Metadata::new();
    for (key, value) in pairs {
        let key = key.to_std_string_lossy();
        let bytes = if key.to_lowercase().ends_with("-bin") {
            bytes_of(&value, context).ok_or_else(|| format!("{key:?} value must be binary"))?
        } else {
            let text = value.as_string().ok_or_else(|| format!("{key:?} value must be a string"))?;
            text.to_std_string_lossy().into_bytes()
        };
        metadata.push((key, bytes));
    }
    Ok(metadata)
}

/// Headers or trailers as a script gets them.
pub fn to_js(received: &Received, context: &mut Context) -> JsValue {
    let map = object(context);
    for (key, values) in received {
        let values: Vec<_> = values.iter().map(|value| string(&String::from_utf8_lossy(value))).collect();
        let values = array(values, context);
        put(&map, key, values);
    }
    map.into()
}
