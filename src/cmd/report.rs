//! `ssek report`: the HTML page of a record.

use std::path::PathBuf;

use crate::k6::ExitCode;
use crate::output::report;
use crate::record::file;

/// The command line of `ssek report`.
#[derive(Debug, clap::Args)]
pub(super) struct ReportArgs {
    /// The record, as --out ssek=FILE or ssek merge has written it
    #[arg(value_name = "RECORD")]
    pub record: PathBuf,
    /// Where to write the page; in .html.gz, compressed [default: report/report_[MODEL_]YYYYMMDD_HHMMSS.html]
    #[arg(short, long, value_name = "FILE")]
    pub out: Option<PathBuf>,
}

/// Writes the page and prints its address.
pub(super) fn run(args: &ReportArgs) -> anyhow::Result<ExitCode> {
    let record = file::read(&args.record)?;
    let page = report::write(&record, args.out.as_deref())?;
    super::print(&format!("{}\n", report::link(&page)));
    Ok(ExitCode::OK)
}
