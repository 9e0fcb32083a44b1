//! What the commands share that read run records.

use std::path::Path;

use anyhow::Result;

use crate::log;
use crate::record::{Record, file};

/// Reads a record, and says what is odd about it.
///
/// # Errors
/// Those of [`file::read`].
pub(super) fn read(path: &Path) -> Result<Record> {
    let record = file::read(path)?;
    let shown = path.display();
    if !record.complete {
        log::warn(format!(
            "the run of {shown} broke off: the record has its figures so far, without thresholds and checks"
        ));
    }
    if record.missing > 0 {
        log::warn(format!(
            "{shown} lacks {} samples over time, which came too fast for it; the totals are complete",
            record.missing
        ));
    }
    Ok(record)
}
