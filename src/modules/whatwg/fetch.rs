//! `fetch` and its classes: requests of `k6/http` in the dress of the standard.

use boa_engine::object::JsObject;
use boa_engine::{Context, JsResult, JsValue, NativeFunction};

use super::{Made, evaluate};
use crate::js::convert::{arg, array, array_buffer, bytes_of, object_of, put, string, text_or_bytes};
use crate::modules::http::fetching::{self, Standby};
use crate::modules::websockets::blob_bytes;
use crate::vu::State;

pub(super) fn make(made: &Made, context: &mut Context) -> JsResult<JsObject> {
    let functions: [_; 9] = [
        ("blobBytes", 1, blob as crate::js::convert::Native),
        ("copy", 1, copy),
        ("file", 3, fetching::file),
        ("headers", 1, headers),
        ("isFile", 1, |_, args, _| Ok(fetching::is_file(&arg(args, 0)).into())),
        ("isTemplate", 1, |_, args, _| Ok(fetching::is_template(&arg(args, 0)).into())),
        ("maxRedirects", 0, max_redirects),
        ("multipart", 1, multipart),
        ("text", 1, text),
    ];
    let host = object_of(&functions, context);
    let standby = Standby::new(context)?;
    let send = NativeFunction::from_copy_closure_with_captures(
        |_, args, standby: &Standby, context| fetching::send(args, standby, context),
        standby,
    );
    put(&host, "send", send.to_js_function(context.realm()));
    evaluate("ssek/fetch", include_str!("fetch.js"), &host, made, context)
}

/// `blobBytes(value)`: what is in a `Blob`; `undefined` for other values
fn blob(_: &JsValue, args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    blob_bytes(&arg(args, 0)).map_or(Ok(JsValue::undefined()), |bytes| array_buffer(&bytes, context))
}

/// `copy(value)`: an `ArrayBuffer` with the bytes of a string or of binary data
fn copy(_: &JsValue, args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let bytes = text_or_bytes(&arg(args, 0), context).unwrap_or_default();
    array_buffer(&bytes, context)
}

/// `text(value)`: what the bytes say in UTF-8, without a byte-order mark; a string as it is
fn text(_: &JsValue, args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let given = arg(args, 0);
    if given.is_string() {
        return Ok(given);
    }
    let bytes = bytes_of(&given, context).unwrap_or_default();
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(&bytes);
    Ok(string(&String::from_utf8_lossy(bytes)))
}

/// `headers(response)`: `[[name, value], …]` with a pair for each line
fn headers(_: &JsValue, args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let mut pairs = Vec::new();
    for (name, value) in fetching::header_lines(&arg(args, 0)) {
        pairs.push(array([string(&name), string(&value)], context));
    }
    Ok(array(pairs, context))
}

/// `maxRedirects()`: the option
fn max_redirects(_: &JsValue, _: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let state = State::of(context)?;
    Ok(state.test.options().map_or(10, |options| options.max_redirects).into())
}

/// `multipart([[name, value], …])`: `[ArrayBuffer, type]`
fn multipart(_: &JsValue, args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let (bytes, kind) = fetching::multipart(&arg(args, 0), context)?;
    let bytes = array_buffer(&bytes, context)?;
    Ok(array([bytes, string(&kind)], context))
}
