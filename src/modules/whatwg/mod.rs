//! Globals of the web platform that k6 lacks: `fetch`, `URL`, `AbortController`, `structuredClone` and their kin.
//!
//! Most scripts use none of them, so each is an accessor of the global object that makes it when it is first read;
//! one that a script assigns to is the script's from there on. They stay accessors, for the engine's caches do not see
//! that a getter changes the property that it stands for. What calls the
//! script and is called by it is written in JavaScript, around a few functions of the host; the code holds no state
//! but that of the objects themselves, so the contexts of a realm share it.

mod abort;
mod base64;
mod clone;
mod fetch;
mod performance;
mod url;

use std::path::Path;

use boa_engine::object::builtins::JsFunction;
use boa_engine::object::{FunctionObjectBuilder, JsObject};
use boa_engine::property::{PropertyDescriptor, PropertyKey};
use boa_engine::{Context, JsNativeError, JsResult, JsString, JsValue, NativeFunction, Source, js_string};
use boa_gc::{Finalize, Trace};

use crate::js::convert::{arg, get, put, to_text};

/// Globals that are made together.
struct Group {
    names: &'static [&'static str],
    /// Gives an object with all of them. `made` has those of other groups; see [`need`].
    make: fn(&Made, &mut Context) -> JsResult<JsObject>,
}

const GROUPS: &[Group] = &[
    Group { names: &["AbortController", "AbortSignal", "DOMException"], make: abort::make },
    Group { names: &["URL", "URLSearchParams"], make: url::make },
    Group { names: &["fetch", "Headers", "Request", "Response", "FormData"], make: fetch::make },
    Group { names: &["structuredClone"], make: clone::make },
    Group { names: &["atob", "btoa"], make: base64::make },
    Group { names: &["performance"], make: performance::make },
];

/// What was made in a realm, by name.
#[derive(Clone, Debug, Trace, Finalize)]
struct Made(JsObject);

/// Defines the accessors on a fresh global object.
pub fn install(context: &mut Context) {
    let made = Made(JsObject::with_null_proto());
    let replaced = JsObject::with_null_proto();
    for (index, group) in GROUPS.iter().enumerate() {
        for (place, name) in group.names.iter().enumerate() {
            let place = Place { made: made.clone(), replaced: replaced.clone(), group: index, name: place };
            let getter = accessor(format!("get {name}"), 0, read, place.clone(), context);
            let setter = accessor(format!("set {name}"), 1, replace, place, context);
            let property =
                PropertyDescriptor::builder().get(getter).set(setter).enumerable(false).configurable(true);
            context
                .global_object()
                .insert_property(PropertyKey::from(JsString::from(*name)), property.build());
        }
    }
}

/// Which global an accessor stands for.
#[derive(Clone, Debug, Trace, Finalize)]
struct Place {
    made: Made,
    /// What scripts put in the place of what is made.
    replaced: JsObject,
    group: usize,
    name: usize,
}

impl Place {
    fn name(&self) -> &'static str {
        GROUPS[self.group].names[self.name]
    }
}

type Accessor = fn(&JsValue, &[JsValue], &Place, &mut Context) -> JsResult<JsValue>;

fn accessor(
    name: String,
    length: usize,
    native: Accessor,
    place: Place,
    context: &mut Context,
) -> JsFunction {
    let native = NativeFunction::from_copy_closure_with_captures(native, place);
    let function = FunctionObjectBuilder::new(context.realm(), native).name(JsString::from(name));
    function.length(length).build()
}

fn read(_: &JsValue, _: &[JsValue], place: &Place, context: &mut Context) -> JsResult<JsValue> {
    let name = JsString::from(place.name());
    if place.replaced.has_own_property(name.clone(), context)? {
        return place.replaced.get(name, context);
    }
    made(&place.made, place.group, place.name(), context)
}

fn replace(_: &JsValue, args: &[JsValue], place: &Place, _: &mut Context) -> JsResult<JsValue> {
    put(&place.replaced, place.name(), arg(args, 0));
    Ok(JsValue::undefined())
}

/// A global of a group, made with all others of it if it is the first.
fn made(made: &Made, group: usize, name: &str, context: &mut Context) -> JsResult<JsValue> {
    let known = get(&made.0, name, context)?;
    if !known.is_undefined() {
        return Ok(known);
    }
    let group = &GROUPS[group];
    let all = (group.make)(made, context)?;
    for name in group.names {
        let value = get(&all, name, context)?;
        put(&made.0, name, value);
    }
    get(&made.0, name, context)
}

/// Evaluates a file of ours: a function of an object with the functions of the host, which gives an object with a
/// group's globals. `need(name)`, for the globals of other groups, is added to them.
fn evaluate(
    name: &str,
    code: &str,
    host: &JsObject,
    made: &Made,
    context: &mut Context,
) -> JsResult<JsObject> {
    let native = NativeFunction::from_copy_closure_with_captures(need, made.clone());
    put(host, "need", native.to_js_function(context.realm()));
    let function = context.eval(Source::from_bytes(code).with_path(Path::new(name)))?;
    let function = function.as_callable();
    let function =
        function.ok_or_else(|| JsNativeError::typ().with_message(format!("{name} is no function")))?;
    function.call(&JsValue::undefined(), &[host.clone().into()], context)?.to_object(context)
}

fn need(_: &JsValue, args: &[JsValue], all: &Made, context: &mut Context) -> JsResult<JsValue> {
    let name = to_text(&arg(args, 0), context)?;
    let group = GROUPS.iter().position(|group| group.names.contains(&name.as_str()));
    group.map_or(Ok(JsValue::undefined()), |group| made(all, group, &name, context))
}

/// The error that the standard names, as an object of the global `DOMException`.
fn dom_exception(name: &str, message: &str, all: &Made, context: &mut Context) -> boa_engine::JsError {
    let group = GROUPS.iter().position(|group| group.names.contains(&"DOMException")).unwrap_or_default();
    let thrown = made(all, group, "DOMException", context).and_then(|class| {
        let args = [js_string!(message).into(), js_string!(name).into()];
        match class.as_constructor() {
            Some(class) => class.construct(&args, None, context),
            None => Err(JsNativeError::error().with_message(message.to_owned()).into()),
        }
    });
    thrown.map_or_else(|error| error, |object| boa_engine::JsError::from_opaque(object.into()))
}
