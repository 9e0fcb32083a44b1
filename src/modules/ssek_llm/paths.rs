//! The option `protocol`: a name, or where things stand in a protocol of the script's own.

use std::sync::Arc;

use boa_engine::{Context, JsResult, JsValue};

use super::fields::{bad, known, text};
use crate::llm::Protocol;
use crate::llm::protocol::{Custom, CustomPaths};

/// Reads the option.
///
/// # Errors
///
/// Thrown into the script: an unknown name or key, or a place that is none.
pub fn protocol(value: &JsValue, context: &mut Context) -> JsResult<Protocol> {
    if value.is_string() {
        let name = text("protocol", value, context)?;
        return Protocol::named(&name).map_err(|text| bad("protocol", text, context));
    }
    let mut paths = CustomPaths::default();
    for (key, value) in known("protocol", CustomPaths::KEYS, value, context)? {
        let given = text(&format!("protocol.{key}"), &value, context)?;
        paths.set(key, given).map_err(|text| bad("protocol", text, context))?;
    }
    let custom = Custom::read(&paths).map_err(|text| bad("protocol", text, context))?;
    Ok(Protocol::Custom(Arc::new(custom)))
}
