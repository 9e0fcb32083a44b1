//! `ssek completion`: scripts that complete commands and flags in a shell.

use clap_complete::Shell;

use super::print;
use crate::k6::ExitCode;

/// The command line of `ssek completion`.
#[derive(Debug, clap::Args)]
pub(super) struct CompletionArgs {
    /// The shell; for bash: source <(ssek completion bash)
    #[arg(value_enum)]
    pub shell: Shell,
}

/// Prints the completion script for `command`.
pub(super) fn run(args: &CompletionArgs, command: &mut clap::Command) -> anyhow::Result<ExitCode> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, command, "ssek", &mut script);
    print(&String::from_utf8_lossy(&script));
    Ok(ExitCode::OK)
}
