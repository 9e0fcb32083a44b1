//! The event object of scripts: `{id, comment, name, data, timestamp}`.

use std::time::Instant;

use boa_engine::{Context, JsValue};

use crate::js::convert::{object, put, string};
use crate::metrics::Timestamp;
use crate::net::Event;

pub struct EventObjects;

impl EventObjects {
    pub fn of(_: &mut Context) -> Self {
        Self
    }
    pub fn make(&self, event: Event, at: Instant, context: &mut Context) -> JsValue {
        let o = object(context);
        put(&o, "id", string(if event.own_id { &event.id } else { "" }));
        put(&o, "comment", string(&event.comment));
        put(&o, "name", string(&event.name));
        put(&o, "data", string(&event.data));
        put(&o, "timestamp", Timestamp::at(at).0 as f64 / 1e6);
        o.into()
    }
}
