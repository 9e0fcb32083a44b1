//! What the parameters of calls have in common.

use std::time::Duration;

use boa_engine::{Context, JsValue};

use super::metadata;
use crate::js::convert::{entries, is_nullish, to_text};
use crate::k6::duration::GoDuration;
use crate::modules::tags;
use crate::net::grpc::Metadata;

/// A call's time where the script does not say, health checks included.
pub const TIMEOUT: Duration = Duration::from_secs(120);

/// What a script says about a call.
#[derive(Debug, Default)]
pub struct Params {
    pub metadata: Metadata,
    pub tags: Vec<(String, String)>,
    /// `None` also for zero.
    pub timeout: Option<Duration>,
    /// The script does not want the answer's message.
    pub discard_message: bool,
}

/// Reads the parameters of a call.
///
/// # Errors
///
/// Says which one is wrong, or unknown.
pub fn read(value: &JsValue, context: &mut Context) -> Result<Params, String> {
    let mut params = Params::default();
    if is_nullish(value) {
        return Ok(params);
    }
    let Some(given) = value.as_object() else {
        return Err("they must be an object".to_owned());
    };
    for (key, value) in entries(&given, context).map_err(|error| error.to_string())? {
        match key.to_std_string_lossy().as_str() {
            "metadata" => {
                params.metadata = metadata::read(&value, context)
                    .map_err(|text| format!("invalid metadata param: {text}"))?;
            }
            "tags" => {
                params.tags = tags::read(&value, context)
                    .map_err(|error| format!("metric tags: {}", text_of(error, context)))?;
            }
            "timeout" => {
                let timeout = duration(&value).map_err(|text| format!("invalid timeout value: {text}"))?;
                params.timeout = Some(timeout).filter(|timeout| !timeout.is_zero());
            }
            "discardResponseMessage" => params.discard_message = value.to_boolean(),
            unknown => return Err(format!("unknown param: {unknown:?}")),
        }
    }
    Ok(params)
}

/// A number of milliseconds, or a text such as `1.5s`.
///
/// # Errors
///
/// It is neither.
pub fn duration(value: &JsValue) -> Result<Duration, String> {
    if let Some(milliseconds) = value.as_number() {
        return Ok(GoDuration::from_millis(milliseconds).to_std());
    }
    let Some(text) = value.as_string() else {
        return Err("use a number of milliseconds or a duration such as \"1.5s\"".to_owned());
    };
    GoDuration::parse(&text.to_std_string_lossy()).map(GoDuration::to_std).map_err(|error| error.to_string())
}

/// The message of an error that was thrown on the way.
pub fn text_of(error: boa_engine::JsError, context: &mut Context) -> String {
    let shown = error.to_string();
    let message = error.into_opaque(context).ok().and_then(|thrown| {
        let message = thrown.as_object()?.get(boa_engine::js_string!("message"), context).ok()?;
        to_text(&message, context).ok()
    });
    message.unwrap_or(shown)
}
