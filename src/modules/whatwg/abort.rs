//! `AbortController`, `AbortSignal` and `DOMException`.

use std::time::Duration;

use boa_engine::object::JsObject;
use boa_engine::{Context, JsResult, JsValue};

use super::{Made, evaluate, performance};
use crate::js::EventLoop;
use crate::js::convert::{arg, object_of};

/// The longest time that is kept, in milliseconds: a hundred years.
const LONGEST: f64 = 100.0 * 365.0 * 86_400_000.0;

pub(super) fn make(made: &Made, context: &mut Context) -> JsResult<JsObject> {
    let host = object_of(&[("now", 0, performance::now), ("later", 2, later)], context);
    evaluate("ssek/abort", include_str!("abort.js"), &host, made, context)
}

/// `later(callback, ms)`: a timer that keeps no iteration alive
fn later(_: &JsValue, args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let milliseconds = arg(args, 1).to_number(context)?.clamp(0.0, LONGEST);
    if let (Some(callback), Some(event_loop)) =
        (arg(args, 0).as_function(), context.downcast_job_executor::<EventLoop>())
    {
        event_loop.set_idle_timer(callback, Duration::from_secs_f64(milliseconds / 1000.0));
    }
    Ok(JsValue::undefined())
}
