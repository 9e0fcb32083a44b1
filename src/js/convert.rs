//! Shorthands between JavaScript values and Rust.

use boa_engine::object::builtins::JsFunction;
use boa_engine::object::builtins::{JsArray, JsArrayBuffer, JsUint8Array};
use boa_engine::object::{FunctionObjectBuilder, JsObject};
use boa_engine::property::{Attribute, PropertyKey};
use boa_engine::{Context, JsResult, JsString, JsValue, NativeFunction, js_string};

/// The signature of every host function: `(this, arguments, context)`.
pub type Native = fn(&JsValue, &[JsValue], &mut Context) -> JsResult<JsValue>;

/// A host function as a JavaScript function object.
pub fn function(name: &str, length: usize, native: Native, context: &mut Context) -> JsFunction {
    FunctionObjectBuilder::new(context.realm(), NativeFunction::from_fn_ptr(native))
        .name(JsString::from(name))
        .length(length)
        .build()
}

/// A plain empty object.
pub fn object(context: &Context) -> JsObject {
    JsObject::with_object_proto(context.intrinsics())
}

/// A plain object with these functions: `(name, length, function)`.
pub fn object_of(functions: &[(&str, usize, Native)], context: &mut Context) -> JsObject {
    let target = object(context);
    for (name, length, native) in functions {
        let f = function(name, *length, *native, context);
        put(&target, name, f);
    }
    target
}

/// Defines an ordinary (writable, enumerable, configurable) property on a plain object.
pub fn put(target: &JsObject, key: &str, value: impl Into<JsValue>) {
    target
        .insert_property(PropertyKey::from(JsString::from(key)), descriptor(value.into(), Attribute::all()));
}

/// Defines an enumerable property that scripts cannot change.
pub fn put_readonly(target: &JsObject, key: &str, value: impl Into<JsValue>) {
    target.insert_property(
        PropertyKey::from(JsString::from(key)),
        descriptor(value.into(), Attribute::ENUMERABLE),
    );
}

/// Defines a property that enumeration does not show.
pub fn put_hidden(target: &JsObject, key: &str, value: impl Into<JsValue>) {
    let attributes = Attribute::WRITABLE | Attribute::CONFIGURABLE;
    target.insert_property(PropertyKey::from(JsString::from(key)), descriptor(value.into(), attributes));
}

/// Defines an enumerable getter.
pub fn put_getter(target: &JsObject, key: &str, getter: Native, context: &mut Context) {
    let getter = function(key, 0, getter, context);
    target.insert_property(
        PropertyKey::from(JsString::from(key)),
        boa_engine::property::PropertyDescriptor::builder().get(getter).enumerable(true).configurable(true),
    );
}

/// [`put_getter`] that does not show among the keys: for what k6's objects do not have.
pub fn put_hidden_getter(target: &JsObject, key: &str, getter: Native, context: &mut Context) {
    let getter = function(key, 0, getter, context);
    target.insert_property(
        PropertyKey::from(JsString::from(key)),
        boa_engine::property::PropertyDescriptor::builder().get(getter).enumerable(false).configurable(true),
    );
}

fn descriptor(value: JsValue, attributes: Attribute) -> boa_engine::property::PropertyDescriptor {
    boa_engine::property::PropertyDescriptor::builder()
        .value(value)
        .writable(attributes.writable())
        .enumerable(attributes.enumerable())
        .configurable(attributes.configurable())
        .build()
}

/// A property of an object by name.
pub fn get(target: &JsObject, key: &str, context: &mut Context) -> JsResult<JsValue> {
    target.get(JsString::from(key), context)
}

/// Argument `index`, or `undefined`.
pub fn arg(args: &[JsValue], index: usize) -> JsValue {
    args.get(index).cloned().unwrap_or_default()
}

/// Whether a value is `null` or `undefined`, which k6 treats alike almost everywhere.
pub fn is_nullish(value: &JsValue) -> bool {
    value.is_null_or_undefined()
}

/// A Rust string as a JavaScript value.
pub fn string(text: &str) -> JsValue {
    JsValue::from(JsString::from(text))
}

/// ToString, with lone surrogates shown as U+FFFD.
pub fn to_text(value: &JsValue, context: &mut Context) -> JsResult<String> {
    Ok(value.to_string(context)?.to_std_string_lossy())
}

/// The bytes of an `ArrayBuffer`, a typed array or a `DataView`; `None` for other values.
pub fn bytes_of(value: &JsValue, context: &mut Context) -> Option<Vec<u8>> {
    let object = value.as_object()?;
    if let Ok(buffer) = JsArrayBuffer::from_object(object.clone()) {
        return buffer.data().map(|data| data.to_vec());
    }
    // A view: its buffer, offset and length are ordinary getters.
    let buffer = object.get(js_string!("buffer"), context).ok()?.as_object()?;
    let buffer = JsArrayBuffer::from_object(buffer).ok()?;
    let offset = object.get(js_string!("byteOffset"), context).ok()?.to_length(context).ok()? as usize;
    let length = object.get(js_string!("byteLength"), context).ok()?.to_length(context).ok()? as usize;
    let data = buffer.data()?;
    data.get(offset..offset.checked_add(length)?).map(<[u8]>::to_vec)
}

/// Lets `write` change the bytes behind a typed array or a `DataView`; `None` for other values, and where
/// the buffer is detached or shared.
pub fn with_bytes_mut<R>(
    view: &JsObject,
    context: &mut Context,
    write: impl FnOnce(&mut [u8]) -> R,
) -> Option<R> {
    let buffer = view.get(js_string!("buffer"), context).ok()?.as_object()?;
    let buffer = JsArrayBuffer::from_object(buffer).ok()?;
    let offset = view.get(js_string!("byteOffset"), context).ok()?.to_length(context).ok()? as usize;
    let length = view.get(js_string!("byteLength"), context).ok()?.to_length(context).ok()? as usize;
    let mut data = buffer.data_mut()?;
    data.get_mut(offset..offset.checked_add(length)?).map(write)
}

/// The bytes of a string (as UTF-8) or of binary data; `None` for other values.
pub fn text_or_bytes(value: &JsValue, context: &mut Context) -> Option<Vec<u8>> {
    match value.as_string() {
        Some(text) => Some(text.to_std_string_lossy().into_bytes()),
        None => bytes_of(value, context),
    }
}

/// A fresh `ArrayBuffer` with these bytes.
pub fn array_buffer(bytes: &[u8], context: &mut Context) -> JsResult<JsValue> {
    let block = boa_engine::object::builtins::AlignedVec::from_slice(0, bytes);
    Ok(JsArrayBuffer::from_byte_block(block, context)?.into())
}

/// A fresh `Uint8Array` with these bytes.
pub fn uint8_array(bytes: &[u8], context: &mut Context) -> JsResult<JsValue> {
    Ok(JsUint8Array::from_iter(bytes.iter().copied(), context)?.into())
}

/// A fresh array of these values.
pub fn array(values: impl IntoIterator<Item = JsValue>, context: &mut Context) -> JsValue {
    JsArray::from_iter(values, context).into()
}

/// The own enumerable string-keyed properties of an object, in order.
pub fn entries(target: &JsObject, context: &mut Context) -> JsResult<Vec<(JsString, JsValue)>> {
    let keys = target.own_property_keys(context)?;
    let mut entries = Vec::with_capacity(keys.len());
    for key in keys {
        let name = match &key {
            PropertyKey::String(name) => name.clone(),
            PropertyKey::Index(index) => JsString::from(index.get().to_string()),
            PropertyKey::Symbol(_) => continue,
        };
        let Some(own) = own_property(target, &key, context)? else { continue };
        if own {
            let value = target.get(key, context)?;
            entries.push((name, value));
        }
    }
    Ok(entries)
}

/// Whether an own property is enumerable; `None` if it is gone.
fn own_property(target: &JsObject, key: &PropertyKey, context: &mut Context) -> JsResult<Option<bool>> {
    if target.is_ordinary() {
        let property = target.borrow().properties().get(key);
        return Ok(property.map(|p| p.expect_enumerable()));
    }
    // `propertyIsEnumerable` goes through the object's internal methods, so Proxies answer too.
    let prototype = context.intrinsics().constructors().object().prototype();
    let method = prototype.get(js_string!("propertyIsEnumerable"), context)?;
    let Some(method) = method.as_callable() else { return Ok(None) };
    let enumerable = method.call(&target.clone().into(), &[key.clone().into()], context)?;
    Ok(Some(enumerable.to_boolean()))
}

/// Whether a function was declared `async`, generators included.
pub fn is_async_function(function: &JsObject, context: &Context) -> bool {
    let constructors = context.intrinsics().constructors();
    let prototypes =
        [constructors.async_function().prototype(), constructors.async_generator_function().prototype()];
    function.prototype().is_some_and(|prototype| prototypes.contains(&prototype))
}
