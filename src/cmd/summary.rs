//! `ssek summary`: the end-of-test summary of a run record.

use std::io::IsTerminal as _;
use std::path::PathBuf;

use anyhow::{Context as _, Result};

use super::{GlobalFlags, print, run_record};
use crate::k6::ExitCode;
use crate::k6::duration::TimeUnit;
use crate::k6::exit_code::Failure;
use crate::metrics::trend_stat::TrendStat;
use crate::options::runtime::SummaryMode;
use crate::summary::export;

/// The command line of `ssek summary`.
#[derive(Debug, Default, clap::Args)]
pub(super) struct SummaryArgs {
    /// A run record, as `ssek run --out ssek=FILE` writes it
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// compact, full or llm
    #[arg(long, value_name = "MODE", default_value = "compact")]
    pub summary_mode: String,
    /// The columns of trends, such as avg,p(99),max [default: those of the run]
    #[arg(long, value_name = "STATS", value_delimiter = ',')]
    pub summary_trend_stats: Vec<String>,
    /// The unit of all times: s, ms or us [default: that of the run]
    #[arg(long, value_name = "UNIT")]
    pub summary_time_unit: Option<String>,
    /// Write the figures to a JSON file, too
    #[arg(long, value_name = "FILE")]
    pub summary_export: Option<PathBuf>,
    /// Filled in by the dispatcher.
    #[arg(skip)]
    pub global: GlobalFlags,
}

/// Prints the summary.
///
/// # Errors
/// The file is no record, or a flag has a bad value.
pub(super) fn run(args: &SummaryArgs) -> Result<ExitCode> {
    let mode = SummaryMode::from_name(&args.summary_mode).filter(|mode| *mode != SummaryMode::Disabled);
    let mode = mode.ok_or_else(|| {
        let text = format!("invalid summary mode '{}', allowed are: compact, full, llm", args.summary_mode);
        Failure::new(ExitCode::OTHER, text)
    })?;
    let record = run_record::read(&args.file)?;
    let mut summary = record.summary(mode);
    if !args.summary_trend_stats.is_empty() {
        let stats = args.summary_trend_stats.iter().map(|stat| stat.parse::<TrendStat>());
        summary.options.trend_stats = stats.collect::<Result<_, _>>().context("--summary-trend-stats")?;
    }
    if let Some(unit) = &args.summary_time_unit {
        let known = TimeUnit::from_name(unit);
        let wrong = || format!("invalid --summary-time-unit '{unit}', allowed are: s, ms, us");
        summary.options.time_unit = Some(known.with_context(wrong)?);
    }
    summary.options.no_color = args.global.no_color;
    summary.options.stdout_is_terminal = std::io::stdout().is_terminal();
    print(&summary.stdout().unwrap_or_default());
    if let Some(path) = &args.summary_export {
        std::fs::write(path, export::export(&summary))
            .with_context(|| format!("could not write --summary-export {}", path.display()))?;
    }
    Ok(ExitCode::OK)
}
