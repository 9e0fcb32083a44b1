//! Environment variables: `K6_NAME`, and `SSEK_NAME`, which wins.

use super::value::Text;
use crate::k6::exit_code::{ExitCode, Failure};
use crate::k6::{self, quote::quote};

/// Reads one variable; empty counts as not set. The error names it, its value and what is wrong.
///
/// `key` is the option's name as scripts or flags have it, `name` the part after the prefix.
pub(super) fn variable<T: Text>(
    key: &str,
    name: &str,
    env: &dyn Fn(&str) -> Option<String>,
) -> Result<Option<T>, Failure> {
    let Some(text) = k6::env_var(name, env).filter(|text| !text.is_empty()) else { return Ok(None) };
    T::from_text(&text).map(Some).map_err(|error| {
        let prefix = if env(&format!("SSEK_{name}")).is_some() { "SSEK" } else { "K6" };
        let text = format!(
            "the environment variable {prefix}_{name} (option {key}) has the invalid value {}: {error}",
            quote(&text)
        );
        Failure::new(ExitCode::INVALID_CONFIG, text)
    })
}
