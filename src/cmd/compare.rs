//! `ssek compare`: what changed between two run records, and whether that is more than chance.

use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

use super::{GlobalFlags, print, run_record};
use crate::k6::ExitCode;
use crate::k6::exit_code::Failure;
use crate::log;
use crate::record::compare::{Bound, Comparison, Row, Settings, compare, html, junit, text};
use crate::summary::style::Style;

/// The command line of `ssek compare`.
#[derive(Debug, Default, clap::Args)]
pub(super) struct CompareArgs {
    /// The run record to compare with
    #[arg(value_name = "BASE")]
    pub base: PathBuf,
    /// The run record that may have changed
    #[arg(value_name = "HEAD")]
    pub head: PathBuf,
    /// Exit with 99 when a figure changed by more than this and that is no chance, such as 'p99(llm_time_to_first_token)>+10%' or 'rate(http_reqs)<-5%'; may be repeated
    #[arg(long, value_name = "CHANGE")]
    pub fail_on: Vec<String>,
    /// Smaller changes of a figure are of no interest, in percent
    #[arg(long, value_name = "PERCENT", default_value_t = 5.0)]
    pub min_change: f64,
    /// How sure a change must be, in percent
    #[arg(long, value_name = "PERCENT", default_value_t = 99.0)]
    pub confidence: f64,
    /// Print JSON instead of the table
    #[arg(long)]
    pub json: bool,
    /// Write a page, too
    #[arg(long, value_name = "FILE")]
    pub html: Option<PathBuf>,
    /// Write JUnit XML, too: a case for each --fail-on, or for each figure
    #[arg(long, value_name = "FILE")]
    pub junit: Option<PathBuf>,
    /// Of the random numbers
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    pub seed: u64,
    /// Filled in by the dispatcher.
    #[arg(skip)]
    pub global: GlobalFlags,
}

/// Compares the records.
///
/// # Errors
/// A file is no record, or a flag has a bad value.
pub(super) fn run(args: &CompareArgs) -> Result<ExitCode> {
    let bounds: Vec<Bound> = args.fail_on.iter().map(|text| text.parse()).collect::<Result<_, _>>()?;
    let range = |flag: &str, value: f64, end: f64| match (0.0..end).contains(&value) {
        true => Ok(value / 100.0),
        false => {
            Err(Failure::new(ExitCode::OTHER, format!("{flag} must be from 0 to below {end}, not {value}")))
        }
    };
    let settings = Settings {
        alpha: 1.0 - range("--confidence", args.confidence, 100.0)?,
        least: range("--min-change", args.min_change, 10_000.0)?,
        seed: args.seed,
    };
    let (base, head) = (run_record::read(&args.base)?, run_record::read(&args.head)?);
    let (base_name, head_name) = (args.base.display().to_string(), args.head.display().to_string());
    let comparison = compare((&base_name, &base), (&head_name, &head), &bounds, &settings)?;
    if args.json {
        print(&format!("{:#}\n", value(&comparison)));
    } else {
        let color = std::io::stdout().is_terminal() && !args.global.no_color;
        print(&text::render(&comparison, Style { color }));
    }
    write(args.html.as_deref(), || html::page(&comparison))?;
    write(args.junit.as_deref(), || junit::document(&comparison))?;
    if comparison.failed() {
        let failed = comparison.bounds.iter().filter(|judged| judged.failed);
        let texts: Vec<_> = failed.map(|judged| format!("'{}'", judged.bound.source)).collect();
        log::error(format!("--fail-on: {}", texts.join(", ")));
        return Ok(ExitCode::THRESHOLDS);
    }
    Ok(ExitCode::OK)
}

fn write(path: Option<&Path>, content: impl FnOnce() -> String) -> Result<()> {
    let Some(path) = path else { return Ok(()) };
    std::fs::write(path, content()).with_context(|| format!("could not write {}", path.display()))
}

/// Times in milliseconds, data in bytes, shares from 0 to 1; `change` is a share of the base.
fn value(comparison: &Comparison) -> Value {
    let row = |row: &Row| {
        json!({
            "metric": row.metric,
            "figure": row.figure.to_string(),
            "type": row.kind.name(),
            "contains": row.contains.name(),
            "base": row.base,
            "head": row.head,
            "change": row.change(),
            "interval": [row.interval.0, row.interval.1],
            "p": row.p,
            "significant": row.significant,
            "verdict": row.verdict,
        })
    };
    let bounds: Vec<_> = comparison
        .bounds
        .iter()
        .map(|judged| {
            let mut value = row(&judged.row);
            value["source"] = judged.bound.source.clone().into();
            value["failed"] = judged.failed.into();
            value
        })
        .collect();
    let rows: Vec<_> = comparison.rows.iter().map(row).collect();
    json!({
        "base": comparison.base,
        "head": comparison.head,
        "notes": comparison.notes,
        "rows": rows,
        "bounds": bounds,
    })
}
