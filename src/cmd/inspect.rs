//! `ssek inspect`: a script's options as JSON.

use super::{GlobalFlags, levels};
use crate::k6::ExitCode;
use crate::log;
use crate::options::flags::OptionFlags;
use crate::options::inspect;
use crate::options::runtime::RuntimeFlags;
use crate::run::load;

/// The command line of `ssek inspect`.
#[derive(Debug, Default, clap::Args)]
pub(super) struct InspectArgs {
    /// Merge all levels of options and add totalDuration and maxVUs
    #[arg(long)]
    pub execution_requirements: bool,
    #[command(flatten)]
    pub runtime: RuntimeFlags,
    /// The script or archive; - reads it from stdin
    #[arg(value_name = "FILE")]
    pub scripts: Vec<String>,
    /// Filled in by the dispatcher.
    #[arg(skip)]
    pub global: GlobalFlags,
}

/// Prints the options.
pub(super) fn run(args: &InspectArgs) -> anyhow::Result<ExitCode> {
    let script = super::only(&args.scripts)?;
    let (layers, runtime) = levels::read(&args.global, &OptionFlags::default(), &args.runtime, false)?;
    let loaded = load::load(script, &runtime, None)?;
    if !args.execution_requirements {
        super::print(&inspect::script(&loaded.layers(&layers)?.script));
        return Ok(ExitCode::OK);
    }
    let resolved = loaded.resolve(&layers)?;
    resolved.warnings.iter().for_each(log::warn);
    super::print(&inspect::requirements(&resolved));
    Ok(ExitCode::OK)
}
