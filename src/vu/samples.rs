//! Samples on their way from VUs to the engine: one channel operation for many samples.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::{Duration, Instant};

use crossbeam_channel::Sender;

use crate::metrics::{Batch, Sample, SeriesId, Timestamp};

/// A batch is sent when it has so many samples …
pub const BATCH: usize = 256;
/// … or when its first sample is this old: the live figures are never further behind.
pub const MAX_AGE: Duration = Duration::from_millis(100);

/// Collects the samples of a thread's VUs and hands them to the engine in batches.
#[derive(Debug, Default)]
pub struct Buffer {
    batch: RefCell<Batch>,
    first: Cell<Option<Instant>>,
    sender: RefCell<Option<Sender<Batch>>>,
}

impl Buffer {
    fn push(&self, series: SeriesId, at: Instant, value: f64) {
        let mut batch = self.batch.borrow_mut();
        if batch.capacity() == 0 {
            // One allocation a batch: the engine drops the vector on its own thread.
            batch.reserve_exact(BATCH);
        }
        batch.push(Sample { series, time: Timestamp::at(at), value });
        let first = match self.first.get() {
            Some(first) => first,
            None => {
                self.first.set(Some(at));
                at
            }
        };
        if batch.len() >= BATCH || at.saturating_duration_since(first) >= MAX_AGE {
            drop(batch);
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
        let batch = std::mem::take(&mut *self.batch.borrow_mut());
        if batch.is_empty() {
            return;
        }
        if let Some(sender) = &*self.sender.borrow() {
            // The engine outlives the VUs; if it is gone the run is being torn down.
            let _ = sender.send(batch);
        }
    }
}

/// One VU's way to its thread's buffer.
#[derive(Debug, Default)]
pub struct Samples {
    buffer: Rc<Buffer>,
    /// Whether samples count: those of the init context and of `handleSummary` do not.
    connected: Cell<bool>,
}

impl Samples {
    /// A VU whose samples go nowhere yet.
    pub fn new(buffer: Rc<Buffer>) -> Self {
        Self { buffer, connected: Cell::new(false) }
    }

    /// Sends batches to an engine from now on.
    pub fn connect(&self, sender: &Sender<Batch>) {
        if !self.connected.replace(true) {
            self.buffer.sender.borrow_mut().get_or_insert_with(|| sender.clone());
        }
    }

    /// Adds a value taken at `at`.
    pub fn push(&self, series: SeriesId, at: Instant, value: f64) {
        if self.connected.get() {
            self.buffer.push(series, at, value);
        }
    }

    /// Sends what the thread's VUs have, if it has waited long enough.
    pub fn flush_if_old(&self, now: Instant) {
        self.buffer.flush_if_old(now);
    }

    /// Sends what the thread's VUs have.
    pub fn flush(&self) {
        self.buffer.flush();
    }
}
