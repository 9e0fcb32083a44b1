//! The exit codes of a run.

use std::fmt;

/// Why the process ended, as a number that CI systems read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ExitCode(pub u8);

impl ExitCode {
    /// Everything went well (failed checks and exceptions in iterations included).
    pub const OK: Self = Self(0);
    /// A threshold was crossed.
    pub const THRESHOLDS: Self = Self(99);
    /// `setup()` took longer than `setupTimeout`.
    pub const SETUP_TIMEOUT: Self = Self(100);
    /// `teardown()` took longer than `teardownTimeout`.
    pub const TEARDOWN_TIMEOUT: Self = Self(101);
    /// Another time limit was hit.
    pub const TIMEOUT: Self = Self(102);
    /// The REST API stopped the run.
    pub const STOPPED_BY_API: Self = Self(103);
    /// The options, scenarios or thresholds are invalid.
    pub const INVALID_CONFIG: Self = Self(104);
    /// SIGINT or SIGTERM ended the run.
    pub const INTERRUPTED: Self = Self(105);
    /// The REST API could not listen.
    pub const API_UNAVAILABLE: Self = Self(106);
    /// The script threw in the init code, `setup` or `teardown`, or could not be loaded.
    pub const SCRIPT_EXCEPTION: Self = Self(107);
    /// The script called `exec.test.abort()`.
    pub const SCRIPT_ABORTED: Self = Self(108);
    /// A bug in ssek.
    pub const PANIC: Self = Self(109);
    /// The script called `exec.test.fail()`.
    pub const MARKED_AS_FAILED: Self = Self(110);
    /// ssek was too busy to measure, and `--fail-on-saturation` was given. Not a code of k6's.
    pub const SATURATED: Self = Self(111);
    /// Too many iterations failed for `stopAfter`. Not a code of k6's.
    pub const TOO_MANY_ERRORS: Self = Self(112);
    /// Everything else: bad command lines, missing files.
    pub const OTHER: Self = Self(255);
}

impl fmt::Display for ExitCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "exit code {}", self.0)
    }
}

/// An error that carries its exit code, and optionally log fields such as `hint`.
///
/// The text is printed as one `level=error` line; `anyhow` chains may wrap it.
#[derive(Debug)]
pub struct Failure {
    /// What the process exits with.
    pub code: ExitCode,
    /// The text of the log line.
    pub message: String,
    /// Fields of the log line, such as `("hint", "script exception")`.
    pub fields: Vec<(&'static str, String)>,
    /// The keys of the options at fault: who knows where they were set adds it to the message.
    pub options: Vec<&'static str>,
}

impl Failure {
    /// A failure without log fields.
    pub fn new(code: ExitCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), fields: Vec::new(), options: Vec::new() }
    }

    /// The same failure, of which these options are the cause.
    #[must_use]
    pub fn about(mut self, options: &[&'static str]) -> Self {
        self.options.extend(options);
        self
    }

    /// The same failure with one more log field.
    #[must_use]
    pub fn with(mut self, key: &'static str, value: impl Into<String>) -> Self {
        self.fields.push((key, value.into()));
        self
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Failure {}
