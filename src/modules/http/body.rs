//! Request bodies as they go over the wire.

use boa_engine::object::JsObject;
use boa_engine::object::builtins::{JsArrayBuffer, JsDataView, JsTypedArray};
use boa_engine::{Context, JsString, JsValue};
use bytes::Bytes;
use rand::Rng;

use super::file::File;
use super::refusal::Refusal;
use crate::js::convert::{bytes_of, entries, get, is_nullish};
use crate::k6::query::escape;
use crate::log;

/// A body and the type that its form asks for.
#[derive(Debug, PartialEq, Eq)]
pub struct Body {
    pub bytes: Bytes,
    /// `None` for text and binary data: those say nothing of themselves.
    pub content_type: Option<String>,
}

/// Encodes what a script passes as body; `None` for `null` and `undefined`.
///
/// Text and binary data go as they are; an object as a form, or as multipart if it has an `http.file` in it.
pub fn read(value: &JsValue, context: &mut Context) -> Result<Option<Body>, Refusal> {
    if is_nullish(value) {
        return Ok(None);
    }
    if let Some(text) = value.as_string() {
        let bytes = text.to_std_string_lossy().into_bytes().into();
        return Ok(Some(Body { bytes, content_type: None }));
    }
    let unknown = |kind: &str| Err(Refusal::text(format!("unknown request body type {kind}")));
    let Some(object) = value.as_object() else {
        return unknown(match value.as_number() {
            Some(number) if number.fract() == 0.0 => "int64",
            Some(_) => "float64",
            None => "bool",
        });
    };
    if is_binary(&object) {
        let bytes = bytes_of(value, context).unwrap_or_default().into();
        return Ok(Some(Body { bytes, content_type: None }));
    }
    if object.is_array() {
        return unknown("[]interface {}");
    }
    if object.is_callable() {
        return unknown("function");
    }
    let fields = entries(&object, context)?;
    if fields.iter().any(|(_, value)| File::of(value).is_some()) {
        return multipart(&fields, context).map(Some);
    }
    form(&fields, context).map(Some)
}

fn is_binary(object: &JsObject) -> bool {
    JsArrayBuffer::from_object(object.clone()).is_ok()
        || JsTypedArray::from_object(object.clone()).is_ok()
        || JsDataView::from_object(object.clone()).is_ok()
}

/// `application/x-www-form-urlencoded`, keys sorted, as Go's `url.Values` encodes.
fn form(fields: &[(JsString, JsValue)], context: &mut Context) -> Result<Body, Refusal> {
    let mut pairs = Vec::with_capacity(fields.len());
    for (key, value) in fields {
        let key = key.to_std_string_lossy();
        match value.as_object().filter(JsObject::is_array) {
            None => pairs.push((key.clone(), field_text(&key, value))),
            Some(list) => {
                for index in 0..get(&list, "length", context)?.to_length(context)? {
                    let item = list.get(index, context)?;
                    pairs.push((key.clone(), field_text(&key, &item)));
                }
            }
        }
    }
    // Stable, so that the items of a list keep their order.
    pairs.sort_by(|a, b| a.0.cmp(&b.0));
    let encoded: Vec<_> =
        pairs.iter().map(|(key, value)| format!("{}={}", escape(key), escape(value))).collect();
    Ok(Body {
        bytes: encoded.join("&").into(),
        content_type: Some("application/x-www-form-urlencoded".to_owned()),
    })
}

/// `multipart/form-data`, in the order of the fields.
pub fn multipart(fields: &[(JsString, JsValue)], context: &mut Context) -> Result<Body, Refusal> {
    let boundary = hex::encode(rand::rng().random::<[u8; 30]>());
    let mut bytes = Vec::new();
    for (key, value) in fields {
        let key = key.to_std_string_lossy();
        let mut part = |head: String, data: &[u8]| {
            bytes.extend_from_slice(format!("--{boundary}\r\n{head}\r\n\r\n").as_bytes());
            bytes.extend_from_slice(data);
            bytes.extend_from_slice(b"\r\n");
        };
        let disposition = format!("Content-Disposition: form-data; name=\"{}\"", quotable(&key));
        if let Some(file) = File::of(value) {
            let (name, kind) = (quotable(&file.name), &file.content_type);
            part(format!("{disposition}; filename=\"{name}\"\r\nContent-Type: {kind}"), &file.data);
        } else if let Some(data) = value.as_object().filter(is_binary).and_then(|_| bytes_of(value, context))
        {
            part(disposition, &data);
        } else {
            part(disposition, field_text(&key, value).as_bytes());
        }
    }
    bytes.extend_from_slice(format!("--{boundary}--\r\n").as_bytes());
    let content_type = Some(format!("multipart/form-data; boundary={boundary}"));
    Ok(Body { bytes: bytes.into(), content_type })
}

/// A field's value as Go's `%v` shows it; nested objects have no such form.
fn field_text(key: &str, value: &JsValue) -> String {
    if let Some(text) = value.as_string() {
        return text.to_std_string_lossy();
    }
    if let Some(number) = value.as_number() {
        return go_number(number);
    }
    if value.is_object() {
        log::warn(format!(
            "the form field \"{key}\" is an object, which a form cannot hold; it was sent empty. Use \
             JSON.stringify() for it"
        ));
    }
    match value.as_boolean() {
        Some(truth) => truth.to_string(),
        None => value.as_bigint().map(|number| number.to_string()).unwrap_or_default(),
    }
}

/// Integers in full; else the shortest digits, with an exponent below -4 or from 21 on.
fn go_number(number: f64) -> String {
    if number.is_nan() {
        return "NaN".to_owned();
    }
    if number.is_infinite() {
        return if number > 0.0 { "+Inf" } else { "-Inf" }.to_owned();
    }
    let scientific = format!("{number:e}");
    let exponent = scientific.split_once('e').and_then(|(digits, e)| Some((digits, e.parse::<i32>().ok()?)));
    match exponent {
        Some((digits, e)) if number != 0.0 && !(-4..21).contains(&e) => {
            let sign = if e < 0 { '-' } else { '+' };
            format!("{digits}e{sign}{:02}", e.abs())
        }
        // Adding zero makes -0 a plain 0.
        _ => format!("{}", number + 0.0),
    }
}

/// Text inside the quotes of a multipart header.
fn quotable(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\r', "%0D").replace('\n', "%0A")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_gos() {
        for (number, shown) in [
            (0.0, "0"),
            (-0.0, "0"),
            (5.0, "5"),
            (0.1, "0.1"),
            (-1234.5, "-1234.5"),
            (0.000_01, "1e-05"),
            (0.000_123, "0.000123"),
            (1e20, "100000000000000000000"),
            (1.5e21, "1.5e+21"),
            (f64::NAN, "NaN"),
        ] {
            assert_eq!(go_number(number), shown);
        }
    }

    #[test]
    fn names_are_quoted_as_go_does() {
        assert_eq!(quotable("a\"b\\\n"), "a\\\"b\\\\%0A");
    }

    fn encode(code: &str) -> Result<Option<Body>, String> {
        let mut context = Context::default();
        let value = context.eval(boa_engine::Source::from_bytes(code)).unwrap();
        read(&value, &mut context).map_err(|refusal| match refusal {
            Refusal::Failed { text, .. } => text,
            Refusal::Thrown(error) => error.to_string(),
        })
    }

    #[test]
    fn bodies_by_type() {
        for (code, text) in [
            ("'text'", "text"),
            ("new Uint8Array([104, 105]).buffer", "hi"),
            ("new Uint8Array([0, 104, 105]).subarray(1)", "hi"),
            ("({ b: [2, 'x y'], a: null, c: true, d: 1.5, e: { f: 1 } })", "a=&b=2&b=x+y&c=true&d=1.5&e="),
            ("({})", ""),
        ] {
            let body = encode(code).unwrap().unwrap();
            assert_eq!(body.bytes, text.as_bytes(), "{code}");
            assert_eq!(body.content_type.is_some(), code.starts_with("({"), "{code}");
        }
        assert_eq!(encode("null").unwrap(), None);
        for (code, kind) in [("1", "int64"), ("1.5", "float64"), ("true", "bool"), ("[1]", "[]interface {}")]
        {
            assert_eq!(encode(code).unwrap_err(), format!("unknown request body type {kind}"));
        }
    }
}
