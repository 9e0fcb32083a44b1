//! `ssek merge`: several run records to one.

use std::path::PathBuf;

use anyhow::{Context as _, Result};

use super::run_record;
use crate::k6::ExitCode;
use crate::record::file;
use crate::record::merge::merge;

/// The command line of `ssek merge`.
#[derive(Debug, clap::Args)]
pub(super) struct MergeArgs {
    /// Run records of one test: by several machines, or several times
    #[arg(value_name = "FILE", required = true, num_args = 1..)]
    pub files: Vec<PathBuf>,
    /// Where the merged record goes
    #[arg(short, long, value_name = "FILE", required = true)]
    pub output: PathBuf,
}

/// Merges the records.
///
/// # Errors
/// One of the files is no record, or the new one cannot be written.
pub(super) fn run(args: &MergeArgs) -> Result<ExitCode> {
    let records: Vec<_> = args.files.iter().map(|path| run_record::read(path)).collect::<Result<_>>()?;
    let merged = merge(records).context("there is nothing to merge")?;
    file::write(&merged, &args.output)
        .with_context(|| format!("could not write {}", args.output.display()))?;
    Ok(ExitCode::OK)
}
