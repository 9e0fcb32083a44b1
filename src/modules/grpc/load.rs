//! `client.load` and `client.loadProtoset`.

use boa_engine::{Context, JsResult, JsValue};
use prost_reflect::{DescriptorPool, MethodDescriptor};

use super::client::{self, Client, thrown};
use super::schema;
use crate::js::convert::{arg, array, get, is_nullish, object, put, string, to_text};
use crate::js::go_error;
use crate::vu::State;

/// `load(importPaths, ...protoFiles)`: the methods of their services
pub fn load(this: &JsValue, args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let client = client::this(this)?;
    let state = State::of(context)?;
    refuse_late("load", &state, context)?;
    let mut folders = texts(&arg(args, 0), context)?;
    if folders.is_empty() {
        // Where `open()` starts, too.
        folders.push(String::new());
    }
    let mut files = Vec::new();
    for file in args.get(1..).unwrap_or_default() {
        files.extend(texts(file, context)?);
    }
    let key = format!("{folders:?} {files:?}");
    let sources = state.test.sources.clone();
    let pool = state.test.descriptors.get(&key, || schema::compile(sources, &folders, &files));
    add(&client, pool, context)
}

/// `loadProtoset(path)`: the methods of its services
pub fn load_protoset(this: &JsValue, args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let client = client::this(this)?;
    let state = State::of(context)?;
    refuse_late("loadProtoset", &state, context)?;
    let path = to_text(&arg(args, 0), context)?;
    let pool = state.test.descriptors.get(&format!("protoset {path:?}"), || {
        let bytes = state.test.sources.open(&path)?;
        let read = schema::decode_set(&bytes);
        read.map_err(|error| format!("couldn't unmarshal protoset file {path}: {error}"))
    });
    add(&client, pool, context)
}

fn refuse_late(function: &str, state: &State, context: &mut Context) -> JsResult<()> {
    if state.in_init() {
        return Ok(());
    }
    Err(go_error(format!("{function} must be called in the init context"), context))
}

fn add(client: &Client, pool: Result<DescriptorPool, String>, context: &mut Context) -> JsResult<JsValue> {
    let pool = pool.map_err(|text| thrown(text, context))?;
    let added = client.schema.borrow_mut().add(pool);
    let described: Vec<_> = added.iter().map(|method| describe(method, context)).collect();
    Ok(array(described, context))
}

fn describe(method: &MethodDescriptor, context: &Context) -> JsValue {
    let service = method.parent_service();
    let described = object(context);
    put(&described, "package", string(service.package_name()));
    put(&described, "service", string(service.name()));
    put(&described, "full_method", string(&schema::path(method)));
    described.into()
}

/// A string, or an array of strings; nothing is none.
fn texts(value: &JsValue, context: &mut Context) -> JsResult<Vec<String>> {
    if is_nullish(value) {
        return Ok(Vec::new());
    }
    let Some(list) = value.as_object() else { return Ok(vec![to_text(value, context)?]) };
    let length = get(&list, "length", context)?.to_length(context)?;
    let mut texts = Vec::new();
    for index in 0..length {
        let text = list.get(index, context)?;
        texts.push(to_text(&text, context)?);
    }
    Ok(texts)
}
