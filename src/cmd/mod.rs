//! One file per subcommand.

/// Runs the command line; returns the exit code.
pub fn main() -> std::process::ExitCode {
    std::process::ExitCode::SUCCESS
}
