//! `k6/experimental/csv`: records of a file, all at once or one by one.
//!
//! ```text
//! fs file ── Follow ──▶ reader: Go's rules ──▶ records: options ──▶ parse: JSON texts of a SharedArray
//!                                                               └─▶ Parser: a record for each next()
//! ```
//!
//! Nothing is held as JavaScript values but the record that a script asked for.

mod options; // which lines, in which form
mod reader; // bytes to records
mod records; // records as the options want them

use std::cell::RefCell;
use std::rc::Rc;

use boa_engine::builtins::iterable::create_iter_result_object;
use boa_engine::object::{FunctionObjectBuilder, JsObject};
use boa_engine::{Context, JsData, JsNativeError, JsResult, JsValue, NativeFunction, js_string};
use boa_gc::{Finalize, Trace};

use super::data::shared_array;
use super::fs::{OpenFile, this_file};
use crate::js::convert::{arg, array, function, is_nullish, put_hidden, settled};
use crate::js::json::parse_str;
use crate::js::{Exports, go_error};
use crate::vu::State;
use crate::vu::shared_arrays::{SharedArrays, SharedData};
use options::Options;
use records::Records;

/// The module's exports.
pub fn exports(context: &mut Context) -> JsResult<Exports> {
    let parse = function("parse", 2, parse, context);
    let construct = NativeFunction::from_fn_ptr(construct);
    let parser = FunctionObjectBuilder::new(context.realm(), construct)
        .name(js_string!("Parser"))
        .length(2)
        .constructor(true)
        .build();
    let prototype = JsObject::with_object_proto(context.intrinsics());
    let next = function("next", 0, next, context);
    put_hidden(&prototype, "next", next);
    put_hidden(&prototype, "constructor", parser.clone());
    put_hidden(&parser, "prototype", prototype);
    Ok(Exports::named([("parse", parse.into()), ("Parser", parser.into())]))
}

/// `parse(file, options)`: a promise of a `SharedArray`
fn parse(_: &JsValue, args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let parsed = parse_all(args, context);
    settled(parsed, context)
}

fn parse_all(args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let file = file_of(&arg(args, 0), context)?;
    let options = Options::read(&arg(args, 1), context)?
        .map_err(|text| format!("failed to interpret the provided Parser options; reason: {text}"));
    let options = options.map_err(|text| go_error(text, context))?;
    let arrays = SharedArrays::of(context);
    // Files do not change while a test runs: the same part of one is the same for every VU. A script's own names
    // cannot begin like this.
    let name = format!("\0csv:{}:{}:{options:?}", file.position(), file.path.display());
    let data = match arrays.lookup(&name) {
        Some(data) => {
            file.go_to_end();
            data
        }
        None => {
            let all = Records::new(file, options)
                .map_err(|text| format!("failed to create a new parser; reason: {text}"))
                .and_then(Records::texts);
            arrays.store(&name, SharedData(all.map_err(|text| go_error(text, context))?))
        }
    };
    shared_array(data, context)
}

#[derive(Trace, Finalize, JsData)]
struct Parser(#[unsafe_ignore_trace] RefCell<Records>);

/// `new Parser(file, options)`
fn construct(new_target: &JsValue, args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let Some(class) = new_target.as_object() else {
        let message = "csv.Parser is a class: call it with new";
        return Err(JsNativeError::typ().with_message(message).into());
    };
    if !State::of(context)?.in_init() {
        return Err(go_error("csv Parser constructor must be called in the init context", context));
    }
    if is_nullish(&arg(args, 0)) {
        return Err(go_error("csv Parser constructor takes at least one non-nil source argument", context));
    }
    let file = file_of(&arg(args, 0), context)?;
    let records = match Options::read(&arg(args, 1), context)? {
        Ok(options) => Records::new(file, options)
            .map_err(|text| format!("failed to create a new parser; reason: {text}")),
        Err(text) => Err(format!("encountered an error while interpreting Parser options; reason: {text}")),
    };
    let records = records.map_err(|text| go_error(text, context))?;
    let prototype = class.get(js_string!("prototype"), context)?.as_object();
    Ok(JsObject::from_proto_and_data(prototype, Parser(RefCell::new(records))).into())
}

/// `next()`: a promise of `{done, value}`
fn next(this: &JsValue, _: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let object = this.as_object();
    let record = match object.as_ref().and_then(|object| object.downcast_ref::<Parser>()) {
        Some(parser) => parser.0.borrow_mut().next_text(),
        None => return Err(JsNativeError::typ().with_message("this is no csv.Parser").into()),
    };
    let result = match record {
        Ok(Some(text)) => {
            parse_str(&text, context).map(|value| create_iter_result_object(value, false, context))
        }
        // As in k6, an empty array and not undefined.
        Ok(None) => {
            let nothing = array([], context);
            Ok(create_iter_result_object(nothing, true, context))
        }
        Err(text) => Err(go_error(text, context)),
    };
    settled(result, context)
}

fn file_of(value: &JsValue, context: &mut Context) -> JsResult<Rc<OpenFile>> {
    this_file(value).ok_or_else(|| {
        let text =
            format!("first argument expected to be a fs.File instance, got {} instead", value.type_of());
        go_error(text, context)
    })
}
