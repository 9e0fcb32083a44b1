//! What a late start costs: `schedule_delay`, and latencies as they would be if it were none of the server's doing.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::{State, Test};
use crate::k6::builtin::{Builtin, ITERATION_DURATION_SCHEDULED, SCHEDULE_DELAY, SCHEDULED};
use crate::k6::duration::milliseconds;
use crate::metrics::TagSetId;

/// Whether a run has these metrics: where a scenario has an open model, unless the script has a metric of one of
/// the names.
#[derive(Debug, Default)]
pub struct Schedule(AtomicBool);

impl Schedule {
    /// Registers the metrics, after the init code. `false` if a name is taken.
    pub fn prepare(&self, test: &Test) -> bool {
        let is_free = SCHEDULED.iter().all(|metric| test.registry.find(metric.name).is_none());
        if is_free {
            for metric in SCHEDULED {
                test.registry.builtin(metric);
            }
            self.0.store(true, Ordering::Relaxed);
        }
        is_free
    }

    /// Whether iterations of open models leave samples.
    pub fn is_on(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

impl State {
    /// Records a latency of the current iteration of an open model as it would be, had the iteration started when it
    /// was due: with the delay of its start on top. Nothing in a closed model. `metric` is one of [`SCHEDULED`],
    /// `value` in milliseconds.
    pub fn record_scheduled(&self, metric: &Builtin, tags: TagSetId, at: Instant, value: f64) {
        if let Some(delay) = self.delay.get() {
            self.record(metric, tags, at, value + milliseconds(delay));
        }
    }
}

/// An iteration starts that was due at `state.scheduled`.
pub(super) fn started(state: &State, at: Instant) {
    let due = state.scheduled.get().filter(|_| state.test.schedule.is_on());
    let delay = due.map(|due| at.saturating_duration_since(due));
    state.delay.set(delay);
    if let Some(delay) = delay {
        state.record(&SCHEDULE_DELAY, state.tags_id(), at, milliseconds(delay));
    }
}

/// The iteration ran to its end in so much time.
pub(super) fn ended(state: &State, at: Instant, elapsed: Duration) {
    state.record_scheduled(&ITERATION_DURATION_SCHEDULED, state.tags_id(), at, milliseconds(elapsed));
}
