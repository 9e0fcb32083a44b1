//! What listeners get.

use std::time::Instant;

use boa_engine::builtins::object::OrdinaryObject;
use boa_engine::object::JsObject;
use boa_engine::property::{PropertyDescriptor, PropertyKey};
use boa_engine::{Context, JsString, JsValue};

use super::listeners::Kind;
use crate::metrics::Timestamp;

/// An event `{type, target, timestamp, …}`. Its time, `at`, is in milliseconds since the Unix epoch.
pub fn event(
    kind: Kind,
    target: &JsObject,
    at: Instant,
    more: &[(JsString, JsValue)],
    context: &mut Context,
) -> JsValue {
    let prototype = context.intrinsics().constructors().object().prototype();
    // The objects of one kind of event share their shape.
    let event = JsObject::new(context.root_shape(), prototype, OrdinaryObject).upcast();
    let time = Timestamp::at(at).0 as f64 / 1e6;
    let put = |key: JsString, value: JsValue| {
        let property = PropertyDescriptor::builder().value(value).writable(false).enumerable(true);
        event.insert_property(PropertyKey::from(key), property.configurable(false).build());
    };
    put("type".into(), JsString::from(kind.name()).into());
    put("target".into(), target.clone().into());
    put("timestamp".into(), time.into());
    for (key, value) in more {
        put(key.clone(), value.clone());
    }
    event.into()
}
