//! `params.timeouts` and the other durations that k6/x/sse does not have: `'1.5s'`, or milliseconds.

use std::time::Duration;

use boa_engine::{Context, JsResult, JsValue};

use crate::js::convert::{entries, to_text};
use crate::js::go_error;
use crate::k6::duration::GoDuration;
use crate::net::Timeouts;

/// Reads `params.timeouts`.
pub fn timeouts(value: &JsValue, context: &mut Context) -> JsResult<Timeouts> {
    let mut timeouts = Timeouts::default();
    for (key, value) in settings("timeouts", &["connect", "firstEvent", "idle", "total"], value, context)? {
        let limit = Some(duration(&format!("timeouts.{key}"), &value, context)?);
        match key {
            "connect" => timeouts.connect = limit,
            "firstEvent" => timeouts.first_event = limit,
            "idle" => timeouts.idle = limit,
            _ => timeouts.total = limit,
        }
    }
    Ok(timeouts)
}

/// Reads a duration above zero; `name` is what errors call it.
pub fn duration(name: &str, value: &JsValue, context: &mut Context) -> JsResult<Duration> {
    let text = to_text(value, context)?;
    let problem = match GoDuration::parse(&text) {
        Ok(time) if time.0 > 0 => return Ok(time.to_std()),
        Ok(_) => format!("{text} is not above zero; leave the key out for no limit"),
        Err(error) => error.to_string(),
    };
    Err(go_error(format!("invalid sse.open() {name}: {problem}"), context))
}

/// The settings of an object that may have these keys and no others; absent ones are left out.
pub fn settings(
    name: &str,
    allowed: &[&'static str],
    value: &JsValue,
    context: &mut Context,
) -> JsResult<Vec<(&'static str, JsValue)>> {
    let list = allowed.join(", ");
    if value.is_null_or_undefined() {
        return Ok(Vec::new());
    }
    let Some(object) = value.as_object() else {
        let text = format!("invalid sse.open() {name}: it must be an object with some of the keys {list}");
        return Err(go_error(text, context));
    };
    let mut found = Vec::new();
    for (key, value) in entries(&object, context)? {
        let key = key.to_std_string_lossy();
        let Some(known) = allowed.iter().find(|known| **known == key) else {
            let text = format!("invalid sse.open() {name}: unknown key '{key}', allowed are: {list}");
            return Err(go_error(text, context));
        };
        if !value.is_null_or_undefined() {
            found.push((*known, value));
        }
    }
    Ok(found)
}
