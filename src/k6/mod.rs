//! What k6 decides: names, numbers and wording. Pure data; imports nothing of ours.

pub mod builtin;
pub mod duration;
pub mod error_code;
pub mod exit_code;
pub mod json;
pub mod json_place;
pub mod query;
pub mod quote;
pub mod system_tag;

pub use exit_code::ExitCode;
pub use system_tag::SystemTag;

/// The k6 version whose behaviour the scripts see.
pub const COMPATIBLE_WITH: &str = "2.2.0";

/// The default `User-Agent` of every request.
pub const USER_AGENT: &str = concat!("ssek/", env!("CARGO_PKG_VERSION"));

/// Returns the value of a `K6_…` variable, or of its `SSEK_…` twin, which wins where both are set.
///
/// `name` is the part after the prefix, such as `"VUS"`.
pub fn env_var(name: &str, env: &dyn Fn(&str) -> Option<String>) -> Option<String> {
    env(&format!("SSEK_{name}")).or_else(|| env(&format!("K6_{name}")))
}
