//! When iterations start: pure functions of elapsed time, without threads, clock or JavaScript.
//!
//! An executor turns its configuration into a [`Plan`]; `run` has one driver for closed plans and
//! one for open ones, whatever executors there will ever be.

use std::time::Duration;

/// What an executor wants to happen, seen from the scenario's start.
#[derive(Clone, Debug, PartialEq)]
pub enum Plan {
    /// A number of VUs loop; the next iteration starts when the last one ends.
    Closed(Closed),
}

/// A closed model: how many VUs loop at each moment, and how many iterations there are to do.
#[derive(Clone, Debug, PartialEq)]
pub struct Closed {
    /// The number of looping VUs from each moment on, in order of time; the first is at zero.
    /// VU number `n` (from 0) loops while the curve is above `n`.
    pub curve: Vec<Step>,
    /// How many iterations may start.
    pub budget: Budget,
    /// No iteration starts after this; then `graceful_stop` begins.
    pub duration: Duration,
    /// How long a VU that the curve takes away may finish its iteration. `None`: until the hard
    /// end of the scenario.
    pub graceful_ramp_down: Option<Duration>,
    /// How long iterations may go on after `duration`.
    pub graceful_stop: Duration,
}

/// From `at` on, `vus` VUs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    pub at: Duration,
    pub vus: u32,
}

/// How many iterations a closed plan may start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Budget {
    /// As many as fit.
    Unlimited,
    /// So many in all, taken from one counter by whichever VU is free.
    Shared(u64),
    /// So many by each VU.
    PerVu(u64),
}

impl Closed {
    /// The largest number of VUs that the curve asks for.
    pub fn max_vus(&self) -> u32 {
        self.curve.iter().map(|step| step.vus).max().unwrap_or(0)
    }

    /// The number of VUs that the curve asks for at a moment since the scenario's start.
    pub fn vus_at(&self, elapsed: Duration) -> u32 {
        let after = self.curve.partition_point(|step| step.at <= elapsed);
        after.checked_sub(1).map_or(0, |last| self.curve[last].vus)
    }
}
