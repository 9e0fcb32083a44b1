//! `schedule_delay` and `iteration_duration_scheduled`: what a late start costs.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use super::{State, Test};
use crate::k6::builtin::{ITERATION_DURATION_SCHEDULED, SCHEDULE_DELAY, SCHEDULED};

/// Whether a run has the two metrics: where a scenario has an open model, unless the script has a metric of one
/// of these names.
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

/// Notes how late an iteration starts that was due at `state.scheduled`; nothing in a closed model.
pub(super) fn started(state: &State, at: Instant) {
    record(state, &SCHEDULE_DELAY, at);
}

/// Notes how long an iteration took since it was due; nothing in a closed model.
pub(super) fn ended(state: &State, at: Instant) {
    record(state, &ITERATION_DURATION_SCHEDULED, at);
}

fn record(state: &State, metric: &crate::k6::builtin::Builtin, at: Instant) {
    if let Some(due) = state.scheduled.get().filter(|_| state.test.schedule.is_on()) {
        let since = at.saturating_duration_since(due);
        state.record(metric, state.tags_id(), at, since.as_secs_f64() * 1e3);
    }
}
