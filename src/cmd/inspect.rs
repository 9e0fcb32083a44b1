//! `ssek inspect`: a script's options as JSON.

use crate::k6::ExitCode;
use crate::log;
use crate::options::file::ConfigFile;
use crate::options::runtime::RuntimeFlags;
use crate::options::{Layer, RuntimeOptions, Sources, inspect};
use crate::run::load;

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
    let file = ConfigFile::default();
    let runtime = RuntimeOptions::resolve(&args.runtime, &super::env, &file)?;
    let loaded = load::load(script, &runtime)?;
    if !args.execution_requirements {
        super::print(&inspect::script(&loaded.layer()?.0));
        return Ok(ExitCode::OK);
    }
    let environment = Layer::from_environment(&super::env)?;
    let resolved = loaded.resolve(&Sources { environment, ..Sources::default() })?;
    resolved.warnings.iter().for_each(log::warn);
    super::print(&inspect::requirements(&resolved));
    Ok(ExitCode::OK)
}
