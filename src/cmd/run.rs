//! `ssek run`: a test, from its script to its exit code.

use std::net::{Ipv4Addr, SocketAddr};

use anyhow::Context as _;

use super::{GlobalFlags, levels, open_files};
use crate::k6::ExitCode;
use crate::k6::exit_code::Failure;
use crate::mock::{Server, Settings};
use crate::options::RuntimeOptions;
use crate::options::flags::OptionFlags;
use crate::options::runtime::RuntimeFlags;
use crate::run::Request;

/// The command line of `ssek run`.
#[derive(Debug, Default, clap::Args)]
pub struct RunArgs {
    #[command(flatten)]
    pub options: OptionFlags,
    #[command(flatten)]
    pub runtime: RuntimeFlags,
    /// The script or archive; - reads it from stdin
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
    let script = args.script()?.to_owned();
    open_files::raise_limit();
    let (layers, mut runtime) = levels::read(&args.global, &args.options, &args.runtime, true)?;
    // Kept to the end of the run.
    let _mock = start_mock(&mut runtime)?;
    crate::run::run(Request {
        script,
        layers,
        runtime,
        quiet: args.global.quiet,
        api: args.global.api(&super::env),
        no_color: args.global.no_color,
        console_format: args.global.log_format()?,
    })
}

/// Starts the embedded server for `--mock` and tells the script where it is.
fn start_mock(runtime: &mut RuntimeOptions) -> Result<Option<Server>, anyhow::Error> {
    let Some(settings) = &runtime.mock else { return Ok(None) };
    let settings: Settings = settings.parse().with_context(|| format!("--mock={settings}"))?;
    let server = Server::start(settings, SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))?;
    for name in ["SERVER_BENCH_URL", "OPENAI_BASE_URL"] {
        // In front: a variable given with -e wins.
        runtime.env.insert(0, (name.to_owned(), server.base_url()));
    }
    Ok(Some(server))
}
