//! Values in the form that clients are shown: `Runtime.RemoteObject`.

use boa_engine::builtins::error::Error;
use boa_engine::builtins::promise::PromiseState;
use boa_engine::object::JsObject;
use boa_engine::object::builtins::{
    JsArrayBuffer, JsDataView, JsDate, JsGenerator, JsMap, JsPromise, JsProxy, JsRegExp, JsSet, JsTypedArray,
};
use boa_engine::property::{PropertyDescriptor, PropertyKey};
use boa_engine::{Context, JsString, JsValue, JsVariant, js_string};
use regex::Regex;
use serde_json::{Value, json};
use std::sync::LazyLock;

use super::hook::Local;
use super::instrument::HOOK;
use super::objects::Held;
use crate::js::convert::to_text;
use crate::js::json::is_array;

/// Properties that a preview shows.
const PREVIEW: usize = 5;
/// Elements of an array that a preview shows.
const ELEMENTS: usize = 100;
/// Characters of a text that a preview shows.
const TEXT: usize = 100;

/// The calls of hooks in the text of a function.
#[expect(clippy::unwrap_used, reason = "the pattern is a constant")]
static HOOKS: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"__ssek_debug\(\d+,__ssek_e=>eval\(__ssek_e\)(,\d+)?\)[;,]").unwrap());

/// What an object is.
struct Class {
    subtype: Option<&'static str>,
    name: String,
    description: String,
}

impl Local {
    /// A value as a client is shown it. Objects are held under a group's name.
    pub fn described(&self, value: &JsValue, group: &str, preview: bool, context: &mut Context) -> Value {
        let Some(object) = value.as_object() else { return self.primitive(value, group, context) };
        let id = self.objects.hold(Held::Value(value.clone()), group);
        if object.is_callable() {
            let text = to_text(value, context).unwrap_or_default();
            let text = HOOKS.replace_all(&text, "").into_owned();
            return json!({ "type": "function", "className": "Function", "description": text, "objectId": id });
        }
        let class = self.class(&object, context);
        let mut shown = json!({
            "type": "object",
            "className": class.name,
            "description": class.description,
            "objectId": id,
        });
        if let Some(subtype) = class.subtype {
            shown["subtype"] = subtype.into();
        }
        if preview {
            shown["preview"] = self.preview(&object, &class, context);
        }
        shown
    }

    fn primitive(&self, value: &JsValue, group: &str, context: &mut Context) -> Value {
        match value.variant() {
            JsVariant::Undefined => json!({ "type": "undefined" }),
            JsVariant::Null => json!({ "type": "object", "subtype": "null", "value": null }),
            JsVariant::Boolean(value) => json!({ "type": "boolean", "value": value }),
            JsVariant::String(text) => json!({ "type": "string", "value": text.to_std_string_lossy() }),
            JsVariant::Integer32(number) => {
                json!({ "type": "number", "value": number, "description": number.to_string() })
            }
            JsVariant::Float64(number) => {
                let text = match number {
                    0.0 if number.is_sign_negative() => "-0".to_owned(),
                    _ => to_text(value, context).unwrap_or_default(),
                };
                match number.is_finite() && text != "-0" {
                    true => json!({ "type": "number", "value": number, "description": text }),
                    false => json!({ "type": "number", "unserializableValue": text, "description": text }),
                }
            }
            JsVariant::BigInt(number) => {
                let text = format!("{number}n");
                json!({ "type": "bigint", "unserializableValue": text, "description": text })
            }
            JsVariant::Symbol(symbol) => {
                let id = self.objects.hold(Held::Value(value.clone()), group);
                json!({ "type": "symbol", "description": symbol.to_string(), "objectId": id })
            }
            JsVariant::Object(_) => json!({ "type": "object" }),
        }
    }

    fn class(&self, object: &JsObject, context: &mut Context) -> Class {
        let name = class_name(object);
        let class = |subtype: &'static str, description: String| Class {
            subtype: Some(subtype),
            name: name.clone(),
            description,
        };
        let size = |size: usize| format!("{name}({size})");
        let value = || JsValue::from(object.clone());
        if JsProxy::from_object(object.clone()).is_ok() {
            let inner = match is_array(object, context) {
                Ok(true) => format!("Proxy(Array({}))", length(object, context)),
                _ => "Proxy(Object)".to_owned(),
            };
            return class("proxy", inner);
        }
        if object.is_array() {
            return class("array", size(length(object, context)));
        }
        if object.is::<Error>() {
            return class("error", error_text(object, context));
        }
        if JsDate::from_object(object.clone()).is_ok() {
            return class("date", to_text(&value(), context).unwrap_or_default());
        }
        if JsRegExp::from_object(object.clone()).is_ok() {
            return class("regexp", to_text(&value(), context).unwrap_or_default());
        }
        if let Ok(map) = JsMap::from_object(object.clone()) {
            let entries = map.get_size(context).ok().and_then(|size| size.as_number()).unwrap_or_default();
            return class("map", size(entries as usize));
        }
        if let Ok(set) = JsSet::from_object(object.clone()) {
            return class("set", size(set.size()));
        }
        if JsPromise::from_object(object.clone()).is_ok() {
            return class("promise", "Promise".to_owned());
        }
        if let Ok(array) = JsTypedArray::from_object(object.clone()) {
            return class("typedarray", size(array.length(context).unwrap_or_default()));
        }
        if let Ok(buffer) = JsArrayBuffer::from_object(object.clone()) {
            return class("arraybuffer", size(buffer.data().map_or(0, |data| data.len())));
        }
        if let Ok(view) = JsDataView::from_object(object.clone()) {
            return class("dataview", size(view.byte_length(context).unwrap_or_default() as usize));
        }
        if JsGenerator::from_object(object.clone()).is_ok() {
            return class("generator", name.clone());
        }
        Class { subtype: None, description: name.clone(), name }
    }

    /// `Runtime.ObjectPreview`: the first properties, without asking getters.
    fn preview(&self, object: &JsObject, class: &Class, context: &mut Context) -> Value {
        let is_list = matches!(class.subtype, Some("array" | "typedarray"));
        let most = if is_list { ELEMENTS } else { PREVIEW };
        let mut properties = Vec::new();
        let mut overflow = false;
        for key in object.own_property_keys(context).unwrap_or_default() {
            if matches!(key, PropertyKey::Symbol(_)) {
                continue;
            }
            let Some(property) = self.own_property(object, &key, context) else { continue };
            if property.enumerable() != Some(true) {
                continue;
            }
            if properties.len() == most {
                overflow = true;
                break;
            }
            let mut shown = match property.value() {
                Some(value) => self.previewed(value, context),
                None => json!({ "type": "accessor" }),
            };
            shown["name"] = key_text(&key).into();
            properties.push(shown);
        }
        let mut shown = json!({
            "type": "object",
            "description": class.description,
            "overflow": overflow,
            "properties": properties,
        });
        if let Some(subtype) = class.subtype {
            shown["subtype"] = subtype.into();
        }
        let entries = internal_entries(object);
        if !entries.is_empty() {
            let more = entries.len() > PREVIEW;
            let entries: Vec<_> = entries
                .into_iter()
                .take(PREVIEW)
                .map(|(key, value)| {
                    let mut entry = json!({ "value": self.entry_preview(&value, context) });
                    if let Some(key) = key {
                        entry["key"] = self.entry_preview(&key, context);
                    }
                    entry
                })
                .collect();
            shown["entries"] = entries.into();
            shown["overflow"] = (overflow || more).into();
        }
        shown
    }

    fn entry_preview(&self, value: &JsValue, context: &mut Context) -> Value {
        let mut shown = self.previewed(value, context);
        let description = shown["value"].take();
        json!({ "type": shown["type"], "description": description, "overflow": false, "properties": [] })
    }

    /// `Runtime.PropertyPreview` without a name.
    fn previewed(&self, value: &JsValue, context: &mut Context) -> Value {
        let short = |text: &str| match text.char_indices().nth(TEXT) {
            Some((at, _)) => format!("{}…", &text[..at]),
            None => text.to_owned(),
        };
        match value.as_object() {
            Some(object) if object.is_callable() => json!({ "type": "function", "value": "" }),
            Some(object) => {
                let class = self.class(&object, context);
                let mut shown = json!({ "type": "object", "value": short(&class.description) });
                if let Some(subtype) = class.subtype {
                    shown["subtype"] = subtype.into();
                }
                shown
            }
            None if value.is_null() => json!({ "type": "object", "subtype": "null", "value": "null" }),
            None => {
                let text = match value.variant() {
                    JsVariant::Symbol(symbol) => symbol.to_string(),
                    JsVariant::BigInt(number) => format!("{number}n"),
                    _ => to_text(value, context).unwrap_or_default(),
                };
                json!({ "type": value.type_of(), "value": short(&text) })
            }
        }
    }

    /// A property as the object describes it.
    pub fn own_property(
        &self,
        object: &JsObject,
        key: &PropertyKey,
        context: &mut Context,
    ) -> Option<PropertyDescriptor> {
        let args = [object.clone().into(), JsValue::from(key.clone())];
        let described = self.descriptor_of.as_ref()?.call(&JsValue::undefined(), &args, context).ok()?;
        described.as_object()?.to_property_descriptor(context).ok()
    }
}

/// The entries of a `Map` or a `Set`: key, if it has one, and value.
pub fn internal_entries(object: &JsObject) -> Vec<(Option<JsValue>, JsValue)> {
    let mut list = Vec::new();
    if let Ok(map) = JsMap::from_object(object.clone()) {
        let _ = map.for_each_native(|key, value| {
            list.push((Some(key), value));
            Ok(())
        });
    } else if let Ok(set) = JsSet::from_object(object.clone()) {
        let _ = set.for_each_native(|value| {
            list.push((None, value));
            Ok(())
        });
    }
    list
}

/// `pending`, `fulfilled` or `rejected`, and the value or reason.
pub fn promise_state(object: &JsObject) -> Option<(&'static str, JsValue)> {
    Some(match JsPromise::from_object(object.clone()).ok()?.state() {
        PromiseState::Pending => ("pending", JsValue::undefined()),
        PromiseState::Fulfilled(value) => ("fulfilled", value),
        PromiseState::Rejected(reason) => ("rejected", reason),
    })
}

/// A property's name as it is shown.
pub fn key_text(key: &PropertyKey) -> String {
    match key {
        PropertyKey::String(name) => name.to_std_string_lossy(),
        PropertyKey::Index(index) => index.get().to_string(),
        PropertyKey::Symbol(symbol) => symbol.to_string(),
    }
}

/// The name of the constructor that an object has, or inherits; no getter is asked.
fn class_name(object: &JsObject) -> String {
    let stored = |object: &JsObject, name: JsString| {
        let object = object.try_borrow().ok()?;
        object.properties().get(&PropertyKey::from(name)).and_then(|property| property.value().cloned())
    };
    let mut next = Some(object.clone());
    while let Some(object) = next {
        if let Some(constructor) = stored(&object, js_string!("constructor")).and_then(|c| c.as_object())
            && let Some(name) = stored(&constructor, js_string!("name")).and_then(|name| name.as_string())
            && !name.is_empty()
        {
            return name.to_std_string_lossy();
        }
        next = object.prototype();
    }
    "Object".to_owned()
}

fn length(object: &JsObject, context: &mut Context) -> usize {
    let length = object.get(js_string!("length"), context);
    length.and_then(|length| length.to_length(context)).unwrap_or_default() as usize
}

/// `TypeError: text` and the stack below it.
fn error_text(error: &JsObject, context: &mut Context) -> String {
    let text = to_text(&error.clone().into(), context).unwrap_or_else(|_| "Error".to_owned());
    let stack = error.get(js_string!("stack"), context).ok().and_then(|stack| stack.as_string());
    match stack {
        Some(stack) => {
            let stack = stack.to_std_string_lossy();
            // Of what was evaluated in a frame, the functions from that frame on.
            let own = stack.rsplit_once(&format!("    at {HOOK} (native)\n")).map_or(&*stack, |(_, own)| own);
            format!("{text}\n{}", own.trim_end())
        }
        None => text,
    }
}

/// An object of names and values.
pub fn object_of(values: Vec<(String, JsValue)>, context: &Context) -> JsObject {
    let object = crate::js::convert::object(context);
    for (name, value) in values {
        crate::js::convert::put(&object, &name, value);
    }
    object
}
