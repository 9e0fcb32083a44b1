//! Settings that ssek's own modules take: objects of known keys, and durations. Errors begin with whose they are, such
//! as `llm.Client: `.

use std::fmt::Display;
use std::time::Duration;

use boa_engine::{Context, JsError, JsResult, JsValue};

use crate::js::convert::{entries, is_nullish, to_text};
use crate::js::go_error;
use crate::k6::duration::GoDuration;
use crate::net::Timeouts;

/// An error about a setting: `llm.Client: retry.max: …`.
pub fn bad(whose: &str, name: &str, problem: impl Display, context: &mut Context) -> JsError {
    go_error(format!("{whose}{name}: {problem}"), context)
}

/// The entries of an object that may have these keys and no others; absent ones are left out.
///
/// # Errors
///
/// It is no object, or has other keys.
pub fn known(
    whose: &str,
    name: &str,
    allowed: &[&'static str],
    value: &JsValue,
    context: &mut Context,
) -> JsResult<Vec<(&'static str, JsValue)>> {
    let list = allowed.join(", ");
    let Some(object) = value.as_object().filter(|object| !object.is_callable()) else {
        return Err(bad(whose, name, format!("it must be an object with some of the keys {list}"), context));
    };
    let mut found = Vec::new();
    for (key, value) in entries(&object, context)? {
        let key = key.to_std_string_lossy();
        let Some(known) = allowed.iter().find(|known| **known == key) else {
            return Err(bad(whose, name, format!("unknown key '{key}', allowed are: {list}"), context));
        };
        if !is_nullish(&value) {
            found.push((*known, value));
        }
    }
    Ok(found)
}

/// A duration above zero: `'1.5s'`, or milliseconds.
///
/// # Errors
///
/// It is none.
pub fn duration(whose: &str, name: &str, value: &JsValue, context: &mut Context) -> JsResult<Duration> {
    let text = to_text(value, context)?;
    match GoDuration::parse(&text) {
        Ok(time) if time.0 > 0 => Ok(time.to_std()),
        Ok(_) => Err(bad(
            whose,
            name,
            format!("{text} is not above zero; leave the key out for no limit"),
            context,
        )),
        Err(error) => Err(bad(whose, name, error, context)),
    }
}

/// `timeouts`: how long the parts of a stream may take; nothing is no limit.
///
/// # Errors
///
/// An unknown key, or a value that is no duration above zero.
pub fn timeouts(whose: &str, value: &JsValue, context: &mut Context) -> JsResult<Timeouts> {
    let mut timeouts = Timeouts::default();
    if is_nullish(value) {
        return Ok(timeouts);
    }
    let keys = ["connect", "firstEvent", "idle", "total"];
    for (key, value) in known(whose, "timeouts", &keys, value, context)? {
        let limit = Some(duration(whose, &format!("timeouts.{key}"), &value, context)?);
        match key {
            "connect" => timeouts.connect = limit,
            "firstEvent" => timeouts.first_event = limit,
            "idle" => timeouts.idle = limit,
            _ => timeouts.total = limit,
        }
    }
    Ok(timeouts)
}
