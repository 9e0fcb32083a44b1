//! The event object of the handlers: `{id, comment, name, data}`, made once per event.

use boa_engine::builtins::object::OrdinaryObject;
use boa_engine::object::JsObject;
use boa_engine::property::{PropertyDescriptor, PropertyKey};
use boa_engine::{Context, JsString, JsValue, js_string};

use crate::js::shared_realm::inherit;
use crate::net::Event;

/// What every event object of a context has in common.
///
/// Objects of one shape share it only while an object of that shape lives: the template.
#[derive(Clone)]
pub struct EventObjects {
    keys: [PropertyKey; 4],
    prototype: JsObject,
    _template: JsObject,
}

impl EventObjects {
    /// The context's own; made at the first stream.
    pub fn of(context: &mut Context) -> Self {
        if let Some(made) = context.get_data::<Self>() {
            return made.clone();
        }
        let keys = [js_string!("id"), js_string!("comment"), js_string!("name"), js_string!("data")];
        let keys = keys.map(PropertyKey::from);
        let prototype = context.intrinsics().constructors().object().prototype();
        let template = build(&keys, &prototype, Default::default(), context);
        let made = Self { keys, prototype, _template: template };
        let inherited = made.clone();
        inherit(context, move |context| drop(context.insert_data(inherited.clone())));
        made
    }

    /// The object of one event. Its `id` is the block's own, not the sticky one: that is how
    /// k6/x/sse shows it.
    pub fn make(&self, event: Event, context: &mut Context) -> JsValue {
        let id = if event.own_id { event.id.as_str() } else { "" };
        let values = [id, &event.comment, &event.name, &event.data].map(|text| {
            // Most events have data only; the empty string is static.
            if text.is_empty() { js_string!() } else { JsString::from(text) }
        });
        build(&self.keys, &self.prototype, values, context).into()
    }
}

fn build(
    keys: &[PropertyKey; 4],
    prototype: &JsObject,
    values: [JsString; 4],
    context: &mut Context,
) -> JsObject {
    let object = JsObject::new(context.root_shape(), prototype.clone(), OrdinaryObject).upcast();
    for (key, value) in keys.iter().zip(values) {
        let property = PropertyDescriptor::builder()
            .value(value)
            .writable(true)
            .enumerable(true)
            .configurable(true)
            .build();
        object.insert_property(key.clone(), property);
    }
    object
}
