//! One file per subcommand.

mod archive;
mod bench;
mod calibrate;
mod compare;
mod completion;
mod deps;
mod failure;
mod features;
mod global;
mod inspect;
mod levels;
mod merge;
mod mock;
mod new;
mod probe;
mod record;
mod report;
pub mod run;
mod run_record;
mod stats;
mod summary;
mod sweep;
mod usage;
mod version;
#[cfg(windows)]
mod windows;

use std::ffi::OsString;
use std::io::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process;

use clap::{CommandFactory, Parser, Subcommand};

use crate::k6::ExitCode;
use crate::k6::exit_code::Failure;
use crate::log;
pub use global::GlobalFlags;
use global::Unheeded;
pub use run::RunArgs;

/// A load generator for streaming HTTP services that runs k6 scripts.
#[derive(Debug, Parser)]
#[command(name = "ssek", args_override_self = true, disable_version_flag = true)]
struct Cli {
    #[command(flatten)]
    global: GlobalFlags,
    /// Print the version
    #[arg(long)]
    version: bool,
    #[command(subcommand)]
    command: Option<Command>,
}

/// The command line of a run. To tell of all commands takes memory and time, which a run need not.
#[derive(Debug, Parser)]
#[command(name = "ssek", args_override_self = true, disable_version_flag = true)]
struct RunLine {
    #[command(flatten)]
    global: GlobalFlags,
    #[arg(long)]
    version: bool,
    #[command(subcommand)]
    command: Run,
}

#[derive(Debug, Subcommand)]
enum Run {
    Run(Box<RunArgs>),
}

impl Cli {
    /// Reads the command line.
    fn read(args: &[OsString]) -> Result<Self, clap::Error> {
        match RunLine::try_parse_from(args) {
            Ok(RunLine { global, version, command: Run::Run(args) }) => {
                Ok(Self { global, version, command: Some(Command::Run(args)) })
            }
            // Help and errors are for who knows all commands.
            Err(_) => Self::try_parse_from(args),
        }
    }
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run a test
    Run(Box<RunArgs>),
    /// Put load on an LLM server, without a script
    Bench(Box<bench::BenchArgs>),
    /// Find the highest load that an LLM server takes while it keeps its objectives
    Sweep(Box<sweep::SweepArgs>),
    /// Put a test and all files that it reads into one tar file, which can be run
    Archive(Box<archive::ArchiveArgs>),
    /// Print a script's options as JSON
    Inspect(Box<inspect::InspectArgs>),
    /// Print what a script imports, and whether ssek has it
    Deps(Box<deps::DepsArgs>),
    /// List the names that --features takes
    Features(features::FeaturesArgs),
    /// Serve chat completions and event streams from a local LLM server without a model
    Mock(Box<mock::MockArgs>),
    /// Make one request to a model and show all that can be seen of it, with hints where something is wrong
    Probe(Box<probe::ProbeArgs>),
    /// Capture streams with their timing, for `ssek mock --replay`
    Record(Box<record::RecordArgs>),
    /// Print the figures of a running test as YAML; --address says where its REST API is
    Stats(stats::StatsArgs),
    /// Measure how much load this machine makes before ssek itself becomes late
    Calibrate(calibrate::CalibrateArgs),
    /// Print the end-of-test summary of a run record
    Summary(summary::SummaryArgs),
    /// Merge run records into one: percentiles of the whole
    Merge(merge::MergeArgs),
    /// Compare two run records: what changed, and whether that is more than chance
    Compare(compare::CompareArgs),
    /// Make an HTML report of the record of a run, which --out ssek writes
    Report(report::ReportArgs),
    /// Write a new script from a template
    New(new::NewArgs),
    /// Print the version
    Version(version::VersionArgs),
    /// Print a completion script for a shell
    Completion(completion::CompletionArgs),
}

/// Runs the command line; returns the exit code.
pub fn main() -> process::ExitCode {
    #[cfg(windows)]
    windows::prepare();
    let code = catch_unwind(AssertUnwindSafe(|| start(&std::env::args_os().collect::<Vec<_>>())));
    let code = code.unwrap_or_else(|_| {
        log::error("ssek has a bug and cannot go on; please report the message above");
        ExitCode::PANIC
    });
    process::ExitCode::from(code.0)
}

/// Reads an environment variable; one that is not Unicode counts as not set.
pub fn env(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

fn start(args: &[OsString]) -> ExitCode {
    // Until the flags are read, errors go to stderr in the default format.
    let outcome = GlobalFlags::default().setup_log(&env);
    if let Err(error) = outcome {
        return failure::report(&error);
    }
    let cli = match Cli::read(args) {
        Ok(cli) => cli,
        Err(error) if !error.use_stderr() => {
            // Help. A closed stdout is nobody's fault.
            let _ = error.print();
            return ExitCode::OK;
        }
        Err(error) => {
            log::error(usage::message(&error, &Cli::command()));
            return ExitCode::OTHER;
        }
    };
    match dispatch(cli) {
        Ok(code) => code,
        Err(error) => failure::report(&error),
    }
}

fn dispatch(cli: Cli) -> anyhow::Result<ExitCode> {
    let given = cli.global.clone();
    let global = cli.global.settled(&env);
    global.setup_log(&env)?;
    match cli.command {
        _ if cli.version => version::run(&version::VersionArgs::default()),
        Some(Command::Run(args)) => {
            global.refuse_unsupported(&env)?;
            run::run(RunArgs { global, ..*args })
        }
        Some(Command::Bench(args)) => {
            global.refuse_unsupported(&env)?;
            given.refuse("bench", &[Unheeded::SecretSource])?;
            bench::run(bench::BenchArgs { global, ..*args })
        }
        Some(Command::Sweep(args)) => {
            global.refuse_unsupported(&env)?;
            given.refuse("sweep", &[Unheeded::Address, Unheeded::SecretSource])?;
            sweep::run(sweep::SweepArgs { global, ..*args })
        }
        Some(Command::Archive(args)) => archive::run(&archive::ArchiveArgs { global, ..*args }),
        Some(Command::Inspect(args)) => inspect::run(&inspect::InspectArgs { global, ..*args }),
        Some(Command::Deps(args)) => deps::run(&deps::DepsArgs { global, ..*args }),
        Some(Command::Features(args)) => features::run(&args),
        Some(Command::Mock(args)) => mock::run(&args),
        Some(Command::Probe(args)) => {
            given.refuse("probe", &[Unheeded::Address, Unheeded::Config, Unheeded::SecretSource])?;
            probe::run(&args, global.quiet)
        }
        Some(Command::Record(args)) => {
            given.refuse("record", &[Unheeded::Address, Unheeded::Config, Unheeded::SecretSource])?;
            record::run(&args, global.quiet)
        }
        Some(Command::Stats(args)) => stats::run(&args, global.api(&env)),
        Some(Command::Calibrate(args)) => calibrate::run(&args, global.quiet),
        Some(Command::Summary(args)) => summary::run(&summary::SummaryArgs { global, ..args }),
        Some(Command::Merge(args)) => merge::run(&args),
        Some(Command::Compare(args)) => compare::run(&compare::CompareArgs { global, ..args }),
        Some(Command::Report(args)) => report::run(&args),
        Some(Command::New(args)) => new::run(&args),
        Some(Command::Version(args)) => version::run(&args),
        Some(Command::Completion(args)) => completion::run(&args, &mut Cli::command()),
        None => {
            // A closed stdout is nobody's fault.
            let _ = Cli::command().print_help();
            Ok(ExitCode::OK)
        }
    }
}

/// The one script that a command takes: a path, or `-` for stdin.
fn only(scripts: &[String]) -> Result<&str, Failure> {
    match scripts {
        [script] => Ok(script),
        _ => Err(Failure::new(
            ExitCode::OTHER,
            format!(
                "accepts 1 arg(s), received {}: arg should either be \"-\", if reading script from stdin, \
                 or a path to a script file",
                scripts.len()
            ),
        )),
    }
}

/// Writes to stdout; a reader that went away is nobody's fault.
fn print(text: &str) {
    let mut out = std::io::stdout().lock();
    let _ = out.write_all(log::hide(text).as_bytes()).and_then(|()| out.flush());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Result<Cli, clap::Error> {
        Cli::read(&line.split(' ').map(OsString::from).collect::<Vec<_>>())
    }

    fn error(line: &str) -> String {
        match read(line) {
            Ok(cli) => panic!("{line} is accepted: {cli:?}"),
            Err(error) => usage::message(&error, &Cli::command()),
        }
    }

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
        RunLine::command().debug_assert();
    }

    #[test]
    fn bad_usage_reads_as_in_k6() {
        for (line, want) in [
            ("ssek run --bogus script.js", "unknown flag: --bogus"),
            ("ssek run --bogus=1 script.js", "unknown flag: --bogus"),
            ("ssek run -X script.js", "unknown shorthand flag: 'X' in -X"),
            ("ssek run script.js --vus", "flag needs an argument: --vus"),
            ("ssek pause", "unknown command \"pause\" for \"ssek\""),
            ("ssek status", "unknown command \"status\" for \"ssek\""),
            (
                "ssek run --vus abc script.js",
                "invalid argument \"abc\" for \"-u, --vus\" flag: strconv.ParseInt: parsing \"abc\": invalid syntax",
            ),
            (
                "ssek run --duration 1000 script.js",
                "invalid argument \"1000\" for \"-d, --duration\" flag: time: missing unit in duration \"1000\"",
            ),
            (
                "ssek run --no-setup=x script.js",
                "invalid argument \"x\" for \"--no-setup\" flag: strconv.ParseBool: parsing \"x\": invalid syntax",
            ),
        ] {
            assert_eq!(error(line), want);
        }
    }

    #[test]
    fn flags_may_stand_anywhere() {
        for line in [
            "ssek -q run -u 2 a.js -d 5s",
            "ssek run a.js --quiet=true -u2 --duration=5s -v",
            "ssek run - -q",
        ] {
            let cli = read(line).unwrap();
            assert!(cli.global.quiet);
            let Some(Command::Run(args)) = cli.command else { panic!("{line}") };
            assert!(args.script().is_ok());
        }
        let Some(Command::Run(args)) = read("ssek run a b").unwrap().command else { panic!() };
        assert!(args.script().unwrap_err().message.starts_with("accepts 1 arg(s), received 2: "));
    }
}
