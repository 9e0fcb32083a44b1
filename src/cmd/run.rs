//! `ssek run`: a test, from its script to its exit code.

use std::net::{Ipv4Addr, SocketAddr};

use anyhow::Context as _;

use super::{GlobalFlags, levels};
use crate::k6::ExitCode;
use crate::k6::exit_code::Failure;
use crate::mock::{Server, Settings};
use crate::options::RuntimeOptions;
use crate::options::flags::OptionFlags;
use crate::options::runtime::RuntimeFlags;
use crate::output::report;
use crate::run::inspector::Listen;
use crate::run::{Request, open_files};

/// The command line of `ssek run`.
#[derive(Debug, Default, clap::Args)]
pub struct RunArgs {
    #[command(flatten)]
    pub options: OptionFlags,
    #[command(flatten)]
    pub runtime: RuntimeFlags,
    /// Write an HTML report at the end: to report/report_[MODEL_]YYYYMMDD_HHMMSS.html, or to PATH; a PATH after a blank ends in .html [env: SSEK_REPORT]
    #[arg(long, visible_alias = "html-report", num_args = 0..=1, require_equals = true, default_missing_value = "", value_name = "PATH")]
    pub report: Option<String>,
    /// Let a debugger attach (VS Code, Chrome, node inspect); the script starts at once [default address: 127.0.0.1:9229]
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "", value_name = "HOST:PORT")]
    pub inspect: Option<String>,
    /// Let a debugger attach, wait until one does, and pause at the script's first statement [default address: 127.0.0.1:9229]
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "", value_name = "HOST:PORT")]
    pub inspect_brk: Option<String>,
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

    /// Where a debugger may attach.
    fn inspect(&self) -> Result<Option<Listen>, Failure> {
        match (&self.inspect_brk, &self.inspect) {
            (Some(address), _) => Listen::parse(address, true).map(Some),
            (None, Some(address)) => Listen::parse(address, false).map(Some),
            (None, None) => Ok(None),
        }
    }

    /// Finds out where the report goes. `--report out.html script.js` names two files, of which the page is none to
    /// run.
    fn settle_report(&mut self, env: &dyn Fn(&str) -> Option<String>) {
        match self.report.as_deref() {
            None => self.report = env("SSEK_REPORT").filter(|path| !path.is_empty()),
            Some("") if self.scripts.len() == 2 => {
                let is_page = |name: &String| name.ends_with(".html") || name.ends_with(".html.gz");
                if let Some(at) = self.scripts.iter().position(is_page) {
                    self.report = Some(self.scripts.remove(at));
                }
            }
            Some(_) => {}
        }
    }
}

/// Runs the test; the code is what the process exits with.
pub fn run(args: RunArgs) -> Result<ExitCode, anyhow::Error> {
    let mut args = args;
    args.settle_report(&super::env);
    let script = args.script()?.to_owned();
    open_files::raise_limit();
    let (layers, mut runtime) = levels::read(&args.global, &args.options, &args.runtime, true)?;
    if let Some(path) = &args.report {
        runtime.outputs.push(format!("{}={path}", report::OUTPUT.name));
    }
    // Kept to the end of the run.
    let _mock = start_mock(&mut runtime)?;
    crate::run::run(Request {
        script,
        layers,
        runtime,
        quiet: args.global.quiet,
        api: args.global.api(&super::env),
        inspect: args.inspect()?,
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_may_be_named_behind_a_blank() {
        let settled = |report: Option<&str>, scripts: &[&str], env: Option<&str>| {
            let mut args = RunArgs {
                report: report.map(str::to_owned),
                scripts: scripts.iter().map(|name| (*name).to_owned()).collect(),
                ..RunArgs::default()
            };
            args.settle_report(&|_| env.map(str::to_owned));
            (args.report, args.scripts.join(" "))
        };
        let path = |path: &str| Some(path.to_owned());
        assert_eq!(settled(None, &["a.js"], None), (None, "a.js".to_owned()));
        assert_eq!(settled(None, &["a.js"], Some("e.html")), (path("e.html"), "a.js".to_owned()));
        assert_eq!(settled(Some(""), &["a.js"], Some("e.html")), (path(""), "a.js".to_owned()));
        assert_eq!(settled(Some(""), &["r.html", "a.js"], None), (path("r.html"), "a.js".to_owned()));
        assert_eq!(settled(Some(""), &["b.js", "a.js"], None), (path(""), "b.js a.js".to_owned()));
        assert_eq!(settled(Some("x"), &["a.js"], None), (path("x"), "a.js".to_owned()));
    }
}
