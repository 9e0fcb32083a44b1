//! `ssek inspect`: a script's options as JSON.

use anyhow::bail;

use crate::k6::ExitCode;
use crate::options::runtime::RuntimeFlags;

/// The command line of `ssek inspect`.
#[derive(Debug, Default, clap::Args)]
pub(super) struct InspectArgs {
    /// Merge all levels of options and add totalDuration and maxVUs
    #[arg(long)]
    pub execution_requirements: bool,
    #[command(flatten)]
    pub runtime: RuntimeFlags,
    /// The script; - reads it from stdin
    #[arg(value_name = "FILE")]
    pub scripts: Vec<String>,
}

/// Prints the options.
pub(super) fn run(args: &InspectArgs) -> anyhow::Result<ExitCode> {
    let script = super::only(&args.scripts)?;
    bail!("this build cannot inspect '{script}' yet: its engine is not wired in")
}
