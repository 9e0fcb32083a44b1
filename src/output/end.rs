//! What a run came to, for outputs that tell of its end.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use crate::k6::ExitCode;
use crate::metrics::Timestamp;
use crate::summary::Summary;

/// The end of a run, after the last sample.
#[derive(Clone, Debug)]
pub struct End {
    /// As on the command line.
    pub script: String,
    /// The figures, with checks and the thresholds' verdicts.
    pub summary: Summary,
    /// Why the run failed or ended early, if it did for another reason than a crossed threshold at its end.
    pub failure: Option<String>,
    /// What the process will exit with.
    pub exit_code: ExitCode,
    /// When the run's clock started, if it did.
    pub start: Option<Timestamp>,
    /// Files for people to open, which are named after the summary.
    pub pages: Arc<Mutex<Vec<PathBuf>>>,
}

impl End {
    /// Has a file named at the very end.
    pub fn name(&self, page: PathBuf) {
        self.pages.lock().unwrap_or_else(|e| e.into_inner()).push(page);
    }

    /// How many thresholds were crossed, and how many there are.
    pub fn thresholds(&self) -> (usize, usize) {
        let all = || self.summary.snapshot.metrics.iter().flat_map(|metric| &metric.thresholds);
        (all().filter(|threshold| !threshold.ok).count(), all().count())
    }

    /// Whether nothing failed: neither the run nor a threshold. Checks alone do not fail a run.
    pub fn passed(&self) -> bool {
        self.failure.is_none() && self.thresholds().0 == 0
    }
}
