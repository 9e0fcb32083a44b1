//! `k6/data`: `SharedArray`, one copy of the data for all VUs.
//!
//! The elements are kept as JSON text. Scripts see a Proxy of an empty array, which parses an element
//! at each access; what it gives out is frozen.

use std::sync::Arc;

use boa_engine::object::builtins::JsArray;
use boa_engine::object::{FunctionObjectBuilder, JsObject};
use boa_engine::property::PropertyKey;
use boa_engine::{
    Context, Finalize, JsData, JsNativeError, JsResult, JsString, JsValue, NativeFunction, Trace, js_string,
};

use crate::js::convert::{
    Native, arg, function, get, is_async_function, is_nullish, object, put, string, to_text,
};
use crate::js::json::{is_array, parse_frozen, stringify_value};
use crate::js::{Exports, go_error};
use crate::vu::State;
use crate::vu::shared_arrays::{SharedArrays, SharedData};

/// The module's exports.
pub fn exports(context: &mut Context) -> JsResult<Exports> {
    let constructor = FunctionObjectBuilder::new(context.realm(), NativeFunction::from_fn_ptr(construct))
        .name(js_string!("SharedArray"))
        .length(2)
        .constructor(true)
        .build();
    Ok(Exports::named([("SharedArray", constructor.into())]))
}

/// `new SharedArray(name, callback)`
fn construct(new_target: &JsValue, args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    if new_target.is_undefined() {
        let message = "SharedArray is a class: call it with new";
        return Err(JsNativeError::typ().with_message(message).into());
    }
    if State::of(context).is_ok_and(|state| !state.in_init()) {
        return Err(go_error("new SharedArray must be called in the init context", context));
    }
    let name = arg(args, 0);
    let name = if is_nullish(&name) { String::new() } else { to_text(&name, context)? };
    if name.is_empty() {
        return Err(go_error("SharedArray needs a name that is not empty as its first argument", context));
    }
    let Some(callback) = arg(args, 1).as_callable() else {
        return Err(go_error("SharedArray needs a function as its second argument", context));
    };
    if is_async_function(&callback, context) {
        return Err(go_error(
            "SharedArray does not take an async function; return the array itself",
            context,
        ));
    }
    let arrays = SharedArrays::of(context);
    let data = match arrays.lookup(&name) {
        Some(data) => data,
        None => {
            let made = callback.call(&JsValue::undefined(), &[], context)?;
            arrays.store(&name, elements(&made, context)?)
        }
    };
    shared_array(data, context)
}

/// The elements of what a callback returned, as JSON text.
fn elements(made: &JsValue, context: &mut Context) -> JsResult<SharedData> {
    let array = match made.as_object() {
        Some(object) if is_array(&object, context)? => object,
        _ => return Err(go_error("only arrays can be made into SharedArray", context)),
    };
    let length = get(&array, "length", context)?.to_length(context)?;
    let mut elements = Vec::new();
    for index in 0..length {
        let element = array.get(PropertyKey::from(index), context)?;
        // What JSON does not have is null, as it is within an array's own JSON.
        let text = stringify_value(&element, context)?.unwrap_or_else(|| "null".to_owned());
        elements.push(text.into_boxed_str());
    }
    Ok(SharedData(elements))
}

/// The read-only array that scripts see.
pub fn shared_array(data: Arc<SharedData>, context: &mut Context) -> JsResult<JsValue> {
    let handler = JsObject::from_proto_and_data(None, Handler(data));
    let traps: [(&str, Native); 9] = [
        ("get", get_trap),
        ("has", has_trap),
        ("ownKeys", own_keys_trap),
        ("getOwnPropertyDescriptor", descriptor_trap),
        ("set", immutable),
        ("defineProperty", immutable),
        ("deleteProperty", immutable),
        ("setPrototypeOf", immutable),
        ("preventExtensions", immutable),
    ];
    for (name, trap) in traps {
        let trap = function(name, 0, trap, context);
        put(&handler, name, trap);
    }
    let target = JsArray::new(context)?;
    let proxy = context.intrinsics().constructors().proxy().constructor();
    Ok(proxy.construct(&[target.into(), handler.into()], None, context)?.into())
}

/// The Proxy's handler, which the traps get as `this`.
#[derive(Debug, Trace, Finalize, JsData)]
#[boa_gc(unsafe_empty_trace)]
struct Handler(Arc<SharedData>);

/// What a trap is asked about: the data, the empty target array and the property's key.
fn question(
    this: &JsValue,
    args: &[JsValue],
    context: &mut Context,
) -> JsResult<(Arc<SharedData>, JsObject, PropertyKey)> {
    let handler = this.as_object();
    let data = handler.and_then(|handler| handler.downcast_ref::<Handler>().map(|handler| handler.0.clone()));
    match (data, arg(args, 0).as_object()) {
        (Some(data), Some(target)) => Ok((data, target, arg(args, 1).to_property_key(context)?)),
        _ => Err(JsNativeError::typ().with_message("this is a SharedArray's own function").into()),
    }
}

fn element(data: &SharedData, key: &PropertyKey, context: &mut Context) -> JsResult<Option<JsValue>> {
    let PropertyKey::Index(index) = key else { return Ok(None) };
    match data.0.get(index.get() as usize) {
        Some(text) => parse_frozen(text, context).map(Some),
        None => Ok(None),
    }
}

fn is_length(key: &PropertyKey) -> bool {
    *key == PropertyKey::String(js_string!("length"))
}

fn get_trap(this: &JsValue, args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let (data, target, key) = question(this, args, context)?;
    if let Some(element) = element(&data, &key, context)? {
        return Ok(element);
    }
    if is_length(&key) {
        return Ok(data.0.len().into());
    }
    let receiver = arg(args, 2);
    // Through Reflect, so that a getter on a prototype sees the whole array as `this`.
    let reflect = context.intrinsics().objects().reflect();
    match get(&reflect, "get", context)?.as_callable() {
        Some(get) => get.call(&JsValue::undefined(), &[target.into(), key.into(), receiver], context),
        None => target.get(key, context),
    }
}

fn has_trap(this: &JsValue, args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let (data, target, key) = question(this, args, context)?;
    let own = matches!(&key, PropertyKey::Index(index) if (index.get() as usize) < data.0.len());
    Ok((own || target.has_property(key, context)?).into())
}

fn own_keys_trap(this: &JsValue, args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let (data, ..) = question(this, args, context)?;
    let keys = (0..data.0.len()).map(|index| JsString::from(index).into());
    let keys: Vec<JsValue> = keys.chain([string("length")]).collect();
    Ok(JsArray::from_iter(keys, context).into())
}

fn descriptor_trap(this: &JsValue, args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let (data, _, key) = question(this, args, context)?;
    // A Proxy may not call a property fixed that its target does not have, nor the other way round.
    let (value, fixed) = match element(&data, &key, context)? {
        Some(element) => (element, false),
        None if is_length(&key) => (data.0.len().into(), true),
        None => return Ok(JsValue::undefined()),
    };
    let descriptor = object(context);
    put(&descriptor, "value", value);
    put(&descriptor, "writable", fixed);
    put(&descriptor, "enumerable", !fixed);
    put(&descriptor, "configurable", !fixed);
    Ok(descriptor.into())
}

fn immutable(_: &JsValue, _: &[JsValue], _: &mut Context) -> JsResult<JsValue> {
    Err(JsNativeError::typ().with_message("SharedArray is immutable").into())
}

#[cfg(test)]
mod tests {
    use boa_engine::Source;

    use super::*;
    use crate::js::error::register_go_error;
    use crate::js::json;

    fn context(arrays: &SharedArrays) -> Context {
        let mut context = Context::default();
        register_go_error(&mut context);
        json::install(&mut context).unwrap();
        context.insert_data(arrays.clone());
        for (name, value) in exports(&mut context).unwrap().named {
            put(&context.global_object(), &name.to_std_string_lossy(), value);
        }
        context
    }

    fn evaluate(code: &str, context: &mut Context) -> String {
        let code = format!("(() => {{ try {{ return eval({code:?}) }} catch (e) {{ return e }} }})()");
        let got = context.eval(Source::from_bytes(&code)).unwrap();
        to_text(&got, context).unwrap()
    }

    #[test]
    fn behaves_as_an_array() {
        let context = &mut context(&SharedArrays::default());
        let make = "var a = new SharedArray('x', () => [{ v: 1 }, { v: 2 }, 'é日', undefined])";
        context.eval(Source::from_bytes(make)).unwrap();
        for (code, want) in [
            (
                "a.length + ',' + a[1].v + ',' + a[2] + ',' + a[3] + ',' + a[4] + ',' + a[-1]",
                "4,2,é日,null,undefined,undefined",
            ),
            ("Array.isArray(a) + ',' + (a instanceof Array)", "true,true"),
            ("JSON.stringify(a)", "[{\"v\":1},{\"v\":2},\"é日\",null]"),
            ("a.slice(0, 2).map(q => q.v).join() + a.filter(q => q && q.v === 2).length", "1,21"),
            ("let n = 0; for (const q of a) n += q && q.v || 0; n", "3"),
            ("Object.keys(a).join() + Object.getOwnPropertyNames(a)", "0,1,2,30,1,2,3,length"),
            (
                "[2 in a, 4 in a, 'map' in a, 'length' in a, a.hasOwnProperty(0), a.hasOwnProperty(4)].join()",
                "true,false,true,true,true,false",
            ),
            (
                "JSON.stringify(Object.getOwnPropertyDescriptors(a)[0])",
                "{\"value\":{\"v\":1},\"writable\":false,\"enumerable\":true,\"configurable\":true}",
            ),
            (
                "JSON.stringify(Object.getOwnPropertyDescriptor(a, 'length'))",
                "{\"value\":4,\"writable\":true,\"enumerable\":false,\"configurable\":false}",
            ),
            ("(a[0] === a[0]) + ',' + Object.isFrozen(a[0])", "false,true"),
            (
                "[...a].length + [].concat(a).length + a.at(-2) + a.indexOf('é日') + a.findLast(q => q && q.v).v",
                "8é日22",
            ),
            ("'use strict'; a[0].v = 9", "TypeError"),
            ("a[0].v = 9; a[0].v", "1"),
            ("a[0] = 1", "TypeError: SharedArray is immutable"),
            ("a.length = 0", "TypeError: SharedArray is immutable"),
            ("a.push(1)", "TypeError: SharedArray is immutable"),
            ("a.sort()", "TypeError: SharedArray is immutable"),
            ("delete a[0]", "TypeError: SharedArray is immutable"),
            ("Object.defineProperty(a, 'x', { value: 1 })", "TypeError: SharedArray is immutable"),
            ("Object.freeze(a)", "TypeError: SharedArray is immutable"),
            ("Object.setPrototypeOf(a, null)", "TypeError: SharedArray is immutable"),
        ] {
            let got = evaluate(code, context);
            let got = if want == "TypeError" { got.split(':').next().unwrap() } else { &got };
            assert_eq!(got, want, "{code}");
        }
    }

    #[test]
    fn one_copy_for_all() {
        let arrays = SharedArrays::default();
        let mut first = context(&arrays);
        let mut second = context(&arrays);
        let make = "let calls = 0; const a = new SharedArray('x', () => { calls++; return [1, 2] }); calls + ':' + a";
        assert_eq!(evaluate(make, &mut first), "1:1,2");
        assert_eq!(evaluate(make, &mut first), "0:1,2");
        assert_eq!(evaluate(make, &mut second), "0:1,2");
        assert_eq!(Arc::strong_count(&arrays.0), 3);
        assert_eq!(arrays.lookup("x").unwrap().0.len(), 2);
    }

    #[test]
    fn errors() {
        let context = &mut context(&SharedArrays::default());
        for (code, want) in [
            ("new SharedArray('x', () => ({}))", "GoError: only arrays can be made into SharedArray"),
            ("new SharedArray('x', () => 'text')", "GoError: only arrays can be made into SharedArray"),
            ("new SharedArray('x', () => { throw new Error('mine') })", "Error: mine"),
            (
                "new SharedArray('', () => [])",
                "GoError: SharedArray needs a name that is not empty as its first argument",
            ),
            ("new SharedArray('x')", "GoError: SharedArray needs a function as its second argument"),
            (
                "new SharedArray('x', async () => [])",
                "GoError: SharedArray does not take an async function; return the array itself",
            ),
            ("SharedArray('x', () => [])", "TypeError: SharedArray is a class: call it with new"),
            ("new SharedArray('x', () => [1]).length", "1"),
        ] {
            assert_eq!(evaluate(code, context), want, "{code}");
        }
    }
}
