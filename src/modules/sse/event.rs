//! The event object of the handlers: `{id, comment, name, data}` and `timestamp`, made once per event.

use std::time::Instant;

use boa_engine::object::JsObject;
use boa_engine::property::{PropertyDescriptor, PropertyKey};
use boa_engine::{Context, JsData, JsResult, JsString, JsValue, js_string};
use boa_gc::{Finalize, Trace};

use crate::js::convert::{arg, function};
use crate::js::shared_realm::inherit;
use crate::metrics::Timestamp;
use crate::net::Event;

/// When an event was read. It is inside the object, where it costs no property and no allocation, and shown by
/// a getter of the prototype, where neither enumeration nor `JSON.stringify` sees it.
#[derive(Debug, Trace, Finalize, JsData)]
struct Arrival {
    #[unsafe_ignore_trace]
    at: Instant,
}

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
        let prototype = JsObject::with_object_proto(context.intrinsics());
        let getter = function("get timestamp", 0, timestamp, context);
        let setter = function("set timestamp", 1, set_timestamp, context);
        let property =
            PropertyDescriptor::builder().get(getter).set(setter).enumerable(false).configurable(true);
        prototype.insert_property(js_string!("timestamp"), property.build());
        let template = build(&keys, &prototype, Default::default(), Instant::now(), context);
        let made = Self { keys, prototype, _template: template };
        let inherited = made.clone();
        inherit(context, move |context| drop(context.insert_data(inherited.clone())));
        made
    }

    /// The object of one event that was read at `at`. Its `id` is the block's own, not the sticky one: that is
    /// how k6/x/sse shows it.
    pub fn make(&self, event: Event, at: Instant, context: &mut Context) -> JsValue {
        let id = if event.own_id { event.id.as_str() } else { "" };
        let values = [id, &event.comment, &event.name, &event.data].map(|text| {
            // Most events have data only; the empty string is static.
            if text.is_empty() { js_string!() } else { JsString::from(text) }
        });
        build(&self.keys, &self.prototype, values, at, context).into()
    }
}

/// Milliseconds since the Unix epoch with their fraction, monotonic; `undefined` for other objects.
fn timestamp(this: &JsValue, _: &[JsValue], _: &mut Context) -> JsResult<JsValue> {
    let object = this.as_object();
    let arrival = object.as_ref().and_then(|object| object.downcast_ref::<Arrival>());
    Ok(arrival.map_or(JsValue::undefined(), |arrival| (Timestamp::at(arrival.at).0 as f64 / 1e6).into()))
}

/// A script that keeps something of its own under that name gets an ordinary property.
fn set_timestamp(this: &JsValue, args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    if let Some(object) = this.as_object() {
        object.create_data_property(js_string!("timestamp"), arg(args, 0), context)?;
    }
    Ok(JsValue::undefined())
}

fn build(
    keys: &[PropertyKey; 4],
    prototype: &JsObject,
    values: [JsString; 4],
    at: Instant,
    context: &mut Context,
) -> JsObject {
    let object = JsObject::new(context.root_shape(), prototype.clone(), Arrival { at }).upcast();
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
