//! `Blob`: bytes that do not change, with a media type.

use boa_engine::object::builtins::{JsArray, JsPromise};
use boa_engine::object::{FunctionObjectBuilder, JsObject};
use boa_engine::value::IntegerOrInfinity;
use boa_engine::{Context, JsData, JsNativeError, JsResult, JsValue, NativeFunction, js_string};
use boa_gc::{Finalize, Trace};
use bytes::Bytes;

use crate::js::convert::{
    Native, arg, array_buffer, bytes_of, function, get, object, put_getter, put_hidden, string, to_text,
    uint8_array,
};
use crate::js::go_error;
use crate::js::shared_realm::inherit;

#[derive(Trace, Finalize, JsData)]
struct Blob {
    #[unsafe_ignore_trace]
    data: Bytes,
    #[unsafe_ignore_trace]
    media: String,
}

/// The prototype of a context's blobs: a context's data are found by type.
#[derive(Clone)]
struct Prototype(JsObject);

/// The class, whose prototype every context of the realm will know.
pub fn class(context: &mut Context) -> JsValue {
    let prototype = object(context);
    let methods: [(&str, usize, Native); 6] = [
        ("arrayBuffer", 0, |this, _, context| {
            let value = array_buffer(&this_blob(this)?.0, context)?;
            Ok(JsPromise::resolve(value, context)?.into())
        }),
        ("bytes", 0, |this, _, context| {
            let value = uint8_array(&this_blob(this)?.0, context)?;
            Ok(JsPromise::resolve(value, context)?.into())
        }),
        ("text", 0, |this, _, context| {
            let text = String::from_utf8_lossy(&this_blob(this)?.0).into_owned();
            Ok(JsPromise::resolve(string(&text), context)?.into())
        }),
        ("slice", 2, slice),
        ("stream", 0, |_, _, context| {
            Err(go_error("blobs have no stream() here; use bytes(), arrayBuffer() or text()", context))
        }),
        ("toString", 0, |_, _, _| Ok(string("[object Blob]"))),
    ];
    for (name, length, native) in methods {
        let method = function(name, length, native, context);
        put_hidden(&prototype, name, method);
    }
    put_getter(&prototype, "size", |this, _, _| Ok(JsValue::from(this_blob(this)?.0.len() as f64)), context);
    put_getter(&prototype, "type", |this, _, _| Ok(string(&this_blob(this)?.1)), context);
    let class = FunctionObjectBuilder::new(context.realm(), NativeFunction::from_fn_ptr(construct))
        .name(js_string!("Blob"))
        .constructor(true)
        .build();
    put_hidden(&class, "prototype", prototype.clone());
    put_hidden(&prototype, "constructor", class.clone());
    inherit(context, move |context| drop(context.insert_data(Prototype(prototype.clone()))));
    class.into()
}

/// A blob of these bytes.
pub fn blob(data: Bytes, media: String, context: &mut Context) -> JsValue {
    let prototype = context.get_data::<Prototype>().map(|prototype| prototype.0.clone());
    JsObject::from_proto_and_data(prototype, Blob { data, media }).into()
}

/// The bytes of a blob; `None` for other values.
pub fn blob_bytes(value: &JsValue) -> Option<Bytes> {
    Some(value.as_object()?.downcast_ref::<Blob>()?.data.clone())
}

fn this_blob(this: &JsValue) -> JsResult<(Bytes, String)> {
    let object = this.as_object();
    let found = object.as_ref().and_then(|object| object.downcast_ref::<Blob>());
    let found = found.map(|blob| (blob.data.clone(), blob.media.clone()));
    found.ok_or_else(|| JsNativeError::typ().with_message("this is no Blob").into())
}

/// `new Blob(parts, {type})`
fn construct(new_target: &JsValue, args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    if new_target.is_undefined() {
        return Err(JsNativeError::typ().with_message("blobs are made with `new`").into());
    }
    let mut data = Vec::new();
    let parts = arg(args, 0);
    if !parts.is_undefined() {
        let parts = parts.as_object().and_then(|object| JsArray::from_object(object).ok());
        let Some(parts) = parts else {
            return Err(go_error("failed to process [blobParts]: it must be an array", context));
        };
        for index in 0..parts.length(context)? {
            let part = parts.get(index, context)?;
            data.extend_from_slice(&part_bytes(&part, context)?);
        }
    }
    let mut media = String::new();
    let options = arg(args, 1);
    if !options.is_undefined() {
        let Some(options) = options.as_object() else {
            return Err(go_error("[options] must be an object", context));
        };
        let given = get(&options, "type", context)?;
        if !given.is_undefined() {
            media = to_text(&given, context)?;
        }
    }
    Ok(blob(data.into(), media, context))
}

fn part_bytes(part: &JsValue, context: &mut Context) -> JsResult<Bytes> {
    if let Some(text) = part.as_string() {
        return Ok(text.to_std_string_lossy().into_bytes().into());
    }
    if let Some(bytes) = blob_bytes(part) {
        return Ok(bytes);
    }
    match bytes_of(part, context) {
        Some(bytes) => Ok(bytes.into()),
        None => {
            let kind = part.type_of();
            Err(go_error(format!("failed to process [blobParts]: unsupported type: {kind}"), context))
        }
    }
}

/// `slice(start, end, type)`; negative places count from the end.
fn slice(this: &JsValue, args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let (data, _) = this_blob(this)?;
    let start = place(&arg(args, 0), 0, data.len(), context)?;
    let end = place(&arg(args, 1), data.len(), data.len(), context)?.max(start);
    let media = arg(args, 2);
    let media = if media.is_undefined() { String::new() } else { to_text(&media, context)? };
    Ok(blob(data.slice(start..end), media, context))
}

/// A place in a sequence of `length`.
fn place(value: &JsValue, default: usize, length: usize, context: &mut Context) -> JsResult<usize> {
    if value.is_undefined() {
        return Ok(default);
    }
    Ok(match value.to_integer_or_infinity(context)? {
        IntegerOrInfinity::PositiveInfinity => length,
        IntegerOrInfinity::NegativeInfinity => 0,
        IntegerOrInfinity::Integer(at) => {
            let distance = usize::try_from(at.unsigned_abs()).unwrap_or(usize::MAX);
            if at < 0 { length.saturating_sub(distance) } else { distance.min(length) }
        }
    })
}
