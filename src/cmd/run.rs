//! `ssek run`: a test, from its script to its exit code.

use anyhow::bail;

use super::GlobalFlags;
use crate::k6::ExitCode;
use crate::k6::exit_code::Failure;
use crate::options::flags::OptionFlags;
use crate::options::runtime::RuntimeFlags;

/// The command line of `ssek run`.
#[derive(Debug, Default, clap::Args)]
pub struct RunArgs {
    #[command(flatten)]
    pub options: OptionFlags,
    #[command(flatten)]
    pub runtime: RuntimeFlags,
    /// The script; - reads it from stdin
    #[arg(value_name = "FILE")]
    pub scripts: Vec<String>,
    /// Filled in by the dispatcher.
    #[arg(skip)]
    pub global: GlobalFlags,
}

impl RunArgs {
    /// The one script: a path, or `-`.
    pub fn script(&self) -> Result<&str, Failure> {
        super::only(&self.scripts)
    }
}

/// Runs the test; the code is what the process exits with.
pub fn run(args: RunArgs) -> Result<ExitCode, anyhow::Error> {
    let script = args.script()?;
    bail!("this build cannot run '{script}' yet: its engine is not wired in")
}
