//! `performance`: the clock of samples and of `event.timestamp`.

use boa_engine::object::JsObject;
use boa_engine::{Context, JsResult, JsValue};

use super::Made;
use crate::js::convert::{object_of, put_readonly};
use crate::metrics::Timestamp;

pub(super) fn make(_: &Made, context: &mut Context) -> JsResult<JsObject> {
    let performance = object_of(&[("now", 0, now), ("toJSON", 0, to_json)], context);
    put_readonly(&performance, "timeOrigin", origin());
    let all = crate::js::convert::object(context);
    crate::js::convert::put(&all, "performance", performance);
    Ok(all)
}

/// The moment from which `now()` counts, the same for all VUs: when ssek first read the wall clock, in milliseconds
/// since the Unix epoch.
fn origin() -> f64 {
    Timestamp::origin().0 as f64 / 1e6
}

/// `now()`: milliseconds since `timeOrigin` with their fraction, monotonic
pub(super) fn now(_: &JsValue, _: &[JsValue], _: &mut Context) -> JsResult<JsValue> {
    let since = Timestamp::now().0 - Timestamp::origin().0;
    Ok((since as f64 / 1e6).into())
}

fn to_json(_: &JsValue, _: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let shown = crate::js::convert::object(context);
    crate::js::convert::put(&shown, "timeOrigin", origin());
    Ok(shown.into())
}
