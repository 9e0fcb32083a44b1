//! How far a scenario is: written by its driver and its VUs, read by the progress lines.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU8, AtomicU32, AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Where a scenario is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Status {
    /// Its `startTime` is not over.
    Waiting,
    Running,
    /// No iteration starts any more; some are still running.
    Stopping,
    Interrupted,
    Done,
}

/// The live figures of one scenario.
#[derive(Debug)]
pub struct Live {
    /// The largest number of VUs that there can be.
    seats: u32,
    status: AtomicU8,
    vus: AtomicU32,
    allocated: AtomicU32,
    gap: AtomicU64,
    taken: AtomicU64,
    completed: AtomicU64,
    started: OnceLock<Instant>,
    ended: OnceLock<Instant>,
}

impl Live {
    /// A scenario of up to `seats` VUs that has not started.
    pub fn new(seats: u32) -> Self {
        Self {
            seats,
            status: AtomicU8::new(Status::Waiting as u8),
            vus: AtomicU32::new(0),
            allocated: AtomicU32::new(0),
            gap: AtomicU64::new(0),
            taken: AtomicU64::new(0),
            completed: AtomicU64::new(0),
            started: OnceLock::new(),
            ended: OnceLock::new(),
        }
    }

    /// The largest number of VUs that there can be.
    pub fn seats(&self) -> u32 {
        self.seats
    }

    /// The scenario's `startTime` is over.
    pub fn begin(&self, at: Instant) {
        let _ = self.started.set(at);
        self.set_status(Status::Running);
    }

    /// The scenario is over.
    pub fn finish(&self, status: Status) {
        let _ = self.ended.set(Instant::now());
        self.set_status(status);
    }

    pub fn set_status(&self, status: Status) {
        self.status.store(status as u8, Ordering::Relaxed);
    }

    pub fn status(&self) -> Status {
        const ALL: [Status; 5] =
            [Status::Waiting, Status::Running, Status::Stopping, Status::Interrupted, Status::Done];
        ALL[usize::from(self.status.load(Ordering::Relaxed)).min(4)]
    }

    pub fn set_vus(&self, vus: u32) {
        self.vus.store(vus, Ordering::Relaxed);
    }

    /// One more VU runs an iteration.
    pub fn enter(&self) {
        self.vus.fetch_add(1, Ordering::Relaxed);
    }

    /// One VU less runs an iteration.
    pub fn leave(&self) {
        self.vus.fetch_sub(1, Ordering::Relaxed);
    }

    /// VUs that loop, or run an iteration, at present.
    pub fn vus(&self) -> u32 {
        self.vus.load(Ordering::Relaxed)
    }

    pub fn set_allocated(&self, vus: u32) {
        self.allocated.store(vus, Ordering::Relaxed);
    }

    /// VUs that belong to an open scenario, whether they have an iteration to run or not.
    pub fn allocated(&self) -> u32 {
        self.allocated.load(Ordering::Relaxed)
    }

    /// Sets the time between the last two starts of an open scenario.
    pub fn set_gap(&self, gap: Duration) {
        self.gap.store(u64::try_from(gap.as_nanos()).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    /// Iterations that an open scenario starts at present, per second.
    pub fn pace(&self) -> f64 {
        let gap = self.gap.load(Ordering::Relaxed);
        if gap == 0 { 0.0 } else { 1e9 / gap as f64 }
    }

    /// Takes one iteration of `total`; `false` if none is left.
    pub fn take(&self, total: u64) -> bool {
        let next = |taken: u64| (taken < total).then_some(taken + 1);
        self.taken.fetch_update(Ordering::Relaxed, Ordering::Relaxed, next).is_ok()
    }

    /// Iterations taken.
    pub fn taken(&self) -> u64 {
        self.taken.load(Ordering::Relaxed)
    }

    /// An iteration ended, complete or cut off.
    pub fn complete(&self) {
        self.completed.fetch_add(1, Ordering::Relaxed);
    }

    /// Iterations that have ended.
    pub fn completed(&self) -> u64 {
        self.completed.load(Ordering::Relaxed)
    }

    /// Time since the scenario's start, until its end.
    pub fn elapsed(&self) -> Duration {
        let Some(start) = self.started.get() else { return Duration::ZERO };
        let end = self.ended.get().copied().unwrap_or_else(Instant::now);
        end.saturating_duration_since(*start)
    }
}
