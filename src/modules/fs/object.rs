//! A file in a script's hands.

use std::rc::Rc;

use boa_engine::object::JsObject;
use boa_engine::object::builtins::JsUint8Array;
use boa_engine::{Context, JsData, JsError, JsNativeError, JsResult, JsValue};
use boa_gc::{Finalize, Trace};

use super::error::fs_error;
use super::file::{OpenFile, SeekMode};
use crate::js::convert::{
    Native, arg, function, is_nullish, object, put, put_hidden, put_readonly, settled, string, with_bytes_mut,
};
use crate::js::go_error;
use crate::js::shared_realm::inherit;

#[derive(Trace, Finalize, JsData)]
struct Handle(#[unsafe_ignore_trace] Rc<OpenFile>);

/// The prototype of a context's files: a context's data are found by type.
#[derive(Clone)]
struct Prototype(JsObject);

/// Makes the prototype with the realm, so that the files of all VUs in it have one shape.
pub fn register(context: &mut Context) {
    let made = object(context);
    let methods: [(&str, usize, Native); 3] = [("stat", 0, stat), ("read", 1, read), ("seek", 2, seek)];
    for (name, length, native) in methods {
        let method = function(name, length, native, context);
        put_hidden(&made, name, method);
    }
    let made = Prototype(made);
    inherit(context, move |context| drop(context.insert_data(made.clone())));
}

/// The object of a file.
pub fn of(file: Rc<OpenFile>, context: &mut Context) -> JsValue {
    let prototype = context.get_data::<Prototype>().map(|known| known.0.clone());
    let path = file.path.display().to_string();
    let made = JsObject::from_proto_and_data(prototype, Handle(file));
    put_readonly(&made, "path", string(&path));
    made.into()
}

/// The file behind an object; `None` for other values.
pub fn this_file(value: &JsValue) -> Option<Rc<OpenFile>> {
    Some(value.as_object()?.downcast_ref::<Handle>()?.0.clone())
}

fn receiver(this: &JsValue) -> JsResult<Rc<OpenFile>> {
    let lost = || JsNativeError::typ().with_message("this is no file of k6/experimental/fs").into();
    this_file(this).ok_or_else(lost)
}

/// `stat()`: a promise of `{name, size}`
fn stat(this: &JsValue, _: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let file = receiver(this)?;
    let info = object(context);
    let name = file.path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    put(&info, "name", string(&name));
    put(&info, "size", file.length() as f64);
    settled(Ok(info.into()), context)
}

/// `read(into)`: a promise of the number of bytes read, `null` at the end
fn read(this: &JsValue, args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let file = receiver(this)?;
    let filled = fill(&file, &arg(args, 0), context);
    settled(filled, context)
}

fn fill(file: &OpenFile, into: &JsValue, context: &mut Context) -> JsResult<JsValue> {
    if is_nullish(into) {
        let text = "read() failed; reason: into argument cannot be null or undefined";
        return Err(fs_error("TypeError", text, context));
    }
    let view = into.as_object().filter(|view| JsUint8Array::from_object(view.clone()).is_ok());
    let Some(view) = view else {
        let text = "read() failed; reason: into argument must be a Uint8Array";
        return Err(fs_error("TypeError", text, context));
    };
    let filled = with_bytes_mut(&view, context, |bytes| (bytes.len(), file.read_next(bytes)));
    match filled {
        Some((0, Ok(_))) if file.position() < file.length() => Ok(JsValue::from(0)),
        Some((_, Ok(0))) => Ok(JsValue::null()),
        Some((_, Ok(read))) => Ok(JsValue::from(read)),
        Some((_, Err(error))) => Err(go_error(format!("read() failed; reason: {error}"), context)),
        None => {
            let text = "read() failed; reason: the buffer of the into argument is detached or shared";
            Err(fs_error("TypeError", text, context))
        }
    }
}

/// `seek(offset, whence)`: a promise of the new offset from the start
fn seek(this: &JsValue, args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let file = receiver(this)?;
    let moved = go(&file, args, context);
    settled(moved, context)
}

fn go(file: &OpenFile, args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let offset = whole(&arg(args, 0), "offset", context)?;
    let whence = whole(&arg(args, 1), "whence", context)?;
    let Some(mode) = SeekMode::from_number(whence) else {
        let text = "seek() failed; reason: the whence argument must be a SeekMode";
        return Err(fs_error("TypeError", text, context));
    };
    match file.seek(offset as i64, mode) {
        Ok(at) => Ok(JsValue::from(at as f64)),
        Err(text) => Err(fs_error("TypeError", text, context)),
    }
}

fn whole(value: &JsValue, name: &str, context: &mut Context) -> JsResult<f64> {
    let reason = match value.as_number() {
        Some(number) if number.fract() == 0.0 => return Ok(number),
        None if is_nullish(value) => "cannot be null or undefined",
        _ => "must be a number",
    };
    let text = format!("seek() failed; reason: the {name} argument {reason}");
    Err::<f64, JsError>(fs_error("TypeError", text, context))
}
