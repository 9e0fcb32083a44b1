//! The VU's local buffer of samples: one channel operation per 64 samples, not per sample.

use std::cell::{Cell, RefCell};
use std::time::{Duration, Instant};

use crossbeam_channel::Sender;

use crate::metrics::{Batch, Sample, SeriesId, Timestamp};

/// A batch is sent when it has so many samples …
const BATCH: usize = 64;
/// … or when its first sample is this old: the live figures are never further behind.
const MAX_AGE: Duration = Duration::from_millis(100);

/// Collects samples and hands them to the engine in batches.
#[derive(Debug, Default)]
pub struct Samples {
    buffer: RefCell<Batch>,
    first: Cell<Option<Instant>>,
    /// `None` throws samples away: the init context, `handleSummary`.
    sender: RefCell<Option<Sender<Batch>>>,
}

impl Samples {
    /// Sends batches to an engine from now on.
    pub fn connect(&self, sender: Sender<Batch>) {
        *self.sender.borrow_mut() = Some(sender);
    }

    /// Adds a value taken at `at`.
    pub fn push(&self, series: SeriesId, at: Instant, value: f64) {
        let mut buffer = self.buffer.borrow_mut();
        if buffer.capacity() == 0 {
            // One allocation a batch: the engine drops the vector on its own thread.
            buffer.reserve_exact(BATCH);
        }
        buffer.push(Sample { series, time: Timestamp::at(at), value });
        let first = match self.first.get() {
            Some(first) => first,
            None => {
                self.first.set(Some(at));
                at
            }
        };
        if buffer.len() >= BATCH || at.saturating_duration_since(first) >= MAX_AGE {
            drop(buffer);
            self.flush();
        }
    }

    /// Sends what is there, if it has waited long enough.
    pub fn flush_if_old(&self, now: Instant) {
        if self.first.get().is_some_and(|first| now.saturating_duration_since(first) >= MAX_AGE) {
            self.flush();
        }
    }

    /// Sends what is there.
    pub fn flush(&self) {
        self.first.set(None);
        let batch = std::mem::take(&mut *self.buffer.borrow_mut());
        if batch.is_empty() {
            return;
        }
        if let Some(sender) = &*self.sender.borrow() {
            // The engine outlives the VUs; if it is gone the run is being torn down.
            let _ = sender.send(batch);
        }
    }
}
