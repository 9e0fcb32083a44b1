//! How an error ends the process: one log line, one exit code.

use crate::k6::ExitCode;
use crate::k6::exit_code::Failure;
use crate::log::{self, Level};

/// Logs the whole chain as one `error` line with the fields of its [`Failure`]; returns the code of
/// that, or [`ExitCode::OTHER`] where the chain has none.
pub(super) fn report(error: &anyhow::Error) -> ExitCode {
    let failure = error.chain().find_map(|cause| cause.downcast_ref::<Failure>());
    let fields = failure.map(|failure| failure.fields.as_slice()).unwrap_or_default();
    let fields: Vec<_> = fields.iter().map(|(key, value)| (*key, value.as_str())).collect();
    log::emit(Level::Error, &format!("{error:#}"), &fields);
    failure.map_or(ExitCode::OTHER, |failure| failure.code)
}

#[cfg(test)]
mod tests {
    use super::*;
    use anyhow::Context;

    #[test]
    fn the_code_is_found_under_context() {
        let failure = Failure::new(ExitCode::INVALID_CONFIG, "bad");
        let wrapped = Err::<(), _>(failure).context("could not initialize 'a.js'").unwrap_err();
        assert_eq!(format!("{wrapped:#}"), "could not initialize 'a.js': bad");
        assert_eq!(report(&wrapped), ExitCode::INVALID_CONFIG);
        assert_eq!(report(&anyhow::anyhow!("anything")), ExitCode::OTHER);
    }
}
