//! What objects and scopes consist of.

use boa_engine::object::JsObject;
use boa_engine::property::PropertyKey;
use boa_engine::{Context, JsValue};
use serde_json::{Value, json};

use super::evaluate::evaluate_at;
use super::hook::Local;
use super::objects::Held;
use super::pause::Answer;
use super::remote::{internal_entries, key_text, object_of, promise_state};
use crate::js::convert::array;

impl Local {
    /// `Runtime.getProperties`. Values are held in the group of the object, or in `group`.
    pub fn properties(
        &self,
        id: &str,
        own: bool,
        accessors_only: bool,
        preview: bool,
        group: Option<&str>,
        context: &mut Context,
    ) -> Answer {
        let (held, its_group) = self.objects.find(id)?;
        let group = group.unwrap_or(&its_group);
        let object = match held {
            Held::Scope { .. } if accessors_only => return Ok(json!({ "result": [] })),
            Held::Scope { evaluator, names } => {
                let variables: Vec<_> = names
                    .iter()
                    .map(|name| {
                        // A variable that is declared further down has no value yet.
                        let value = evaluate_at(&evaluator, name, context).unwrap_or_default();
                        json!({
                            "name": name,
                            "value": self.described(&value, group, preview, context),
                            "writable": true,
                            "configurable": true,
                            "enumerable": true,
                            "isOwn": true,
                        })
                    })
                    .collect();
                return Ok(json!({ "result": variables }));
            }
            Held::Value(value) => match value.as_object() {
                Some(object) => object,
                None => return Ok(json!({ "result": [] })),
            },
        };
        let mut list = Vec::new();
        let mut seen: Vec<PropertyKey> = Vec::new();
        let mut next = Some(object.clone());
        while let Some(holder) = next {
            let is_own = JsObject::equals(&holder, &object);
            for key in holder.own_property_keys(context).unwrap_or_default() {
                if seen.contains(&key) {
                    continue;
                }
                if !own {
                    seen.push(key.clone());
                }
                list.extend(self.property(&holder, &key, is_own, accessors_only, preview, group, context));
            }
            next = if own { None } else { holder.prototype() };
        }
        let mut answer = json!({ "result": list });
        if !accessors_only {
            answer["internalProperties"] = self.internal(&object, group, preview, context).into();
        }
        Ok(answer)
    }

    /// `Runtime.PropertyDescriptor`
    #[expect(clippy::too_many_arguments, reason = "what the protocol asks for")]
    fn property(
        &self,
        holder: &JsObject,
        key: &PropertyKey,
        is_own: bool,
        accessors_only: bool,
        preview: bool,
        group: &str,
        context: &mut Context,
    ) -> Option<Value> {
        let property = self.own_property(holder, key, context)?;
        let is_accessor = property.is_accessor_descriptor();
        if accessors_only && !is_accessor {
            return None;
        }
        let mut shown = json!({
            "name": key_text(key),
            "configurable": property.configurable().unwrap_or_default(),
            "enumerable": property.enumerable().unwrap_or_default(),
            "isOwn": is_own,
        });
        if let PropertyKey::Symbol(symbol) = key {
            shown["symbol"] = self.described(&JsValue::from(symbol.clone()), group, false, context);
        }
        if is_accessor {
            for (name, function) in [("get", property.get()), ("set", property.set())] {
                let function = function.cloned().unwrap_or_default();
                shown[name] = self.described(&function, group, false, context);
            }
        } else {
            shown["writable"] = property.writable().unwrap_or_default().into();
            let value = property.value().cloned().unwrap_or_default();
            shown["value"] = self.described(&value, group, preview, context);
        }
        Some(shown)
    }

    /// What an object has that is no property: `[[Prototype]]` and its like.
    fn internal(&self, object: &JsObject, group: &str, preview: bool, context: &mut Context) -> Vec<Value> {
        let mut list: Vec<(&str, JsValue)> = Vec::new();
        if let Some((state, value)) = promise_state(object) {
            list.push(("[[PromiseState]]", crate::js::convert::string(state)));
            list.push(("[[PromiseResult]]", value));
        }
        let entries = internal_entries(object);
        if !entries.is_empty() {
            let entries: Vec<_> = entries
                .into_iter()
                .map(|(key, value)| {
                    let key = key.map(|key| ("key".to_owned(), key));
                    let parts = key.into_iter().chain([("value".to_owned(), value)]).collect();
                    JsValue::from(object_of(parts, context))
                })
                .collect();
            list.push(("[[Entries]]", array(entries, context)));
        }
        if let Some(prototype) = object.prototype() {
            list.push(("[[Prototype]]", prototype.into()));
        }
        list.into_iter()
            .map(|(name, value)| json!({ "name": name, "value": self.described(&value, group, preview, context) }))
            .collect()
    }
}
