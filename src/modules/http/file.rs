//! `http.file`: a part of a multipart body.

use std::time::{SystemTime, UNIX_EPOCH};

use boa_engine::object::JsObject;
use boa_engine::{Context, JsData, JsResult, JsValue};
use boa_gc::{Finalize, Trace};
use bytes::Bytes;

use crate::js::convert::{arg, is_nullish, put, string, text_or_bytes, to_text};
use crate::js::go_error;

/// A file's content, and what the request says of it.
#[derive(Clone, Debug, Trace, Finalize, JsData)]
pub struct File {
    #[unsafe_ignore_trace]
    pub data: Bytes,
    pub name: String,
    pub content_type: String,
}

impl File {
    /// The file behind a value that `http.file` returned.
    pub fn of(value: &JsValue) -> Option<Self> {
        value.as_object()?.downcast_ref::<Self>().map(|file| file.clone())
    }
}

/// `http.file(data, [filename], [contentType])`
pub fn file(_: &JsValue, args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let given = arg(args, 0);
    let Some(data) = text_or_bytes(&given, context) else {
        return Err(go_error("http.file() needs its data as a string or an ArrayBuffer", context));
    };
    let name = match args.get(1) {
        Some(name) if !is_nullish(name) => to_text(name, context)?,
        _ => SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |t| t.as_nanos()).to_string(),
    };
    let content_type = match args.get(2) {
        Some(kind) if !is_nullish(kind) => to_text(kind, context)?,
        _ => "application/octet-stream".to_owned(),
    };
    let prototype = context.intrinsics().constructors().object().prototype();
    let file = File { data: data.into(), name, content_type };
    let (name, content_type) = (string(&file.name), string(&file.content_type));
    let made = JsObject::from_proto_and_data(prototype, file);
    put(&made, "data", given);
    put(&made, "filename", name);
    put(&made, "content_type", content_type);
    Ok(made.into())
}
