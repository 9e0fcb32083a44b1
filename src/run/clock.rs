//! The time by which scenarios are driven: it stands still while a debugger has paused the script.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crossbeam_channel::Receiver;

use crate::js::debug::Debugger;
use crate::vu::Test;

/// How long a timer takes at least while there is a debugger.
const LEAST: Duration = Duration::from_millis(1);

/// A clock that started with its scenario.
#[derive(Clone)]
pub struct Clock {
    /// Who pauses the script, and for how long it had been paused when the clock started.
    debugger: Option<(Arc<Debugger>, Duration)>,
}

impl Clock {
    /// Starts a clock.
    pub fn start(test: &Test) -> Self {
        let debugger = test.debugger.clone();
        Self { debugger: debugger.map(|debugger| (debugger.clone(), debugger.paused_for())) }
    }

    /// Now, less the time spent in pauses since the clock started.
    pub fn now(&self) -> Instant {
        let now = Instant::now();
        match &self.debugger {
            None => now,
            Some((debugger, before)) => {
                let paused = debugger.paused_for().saturating_sub(*before);
                now.checked_sub(paused).unwrap_or(now)
            }
        }
    }

    /// Yields when this clock may have come to an instant; no earlier if nothing pauses meanwhile.
    pub fn timer(&self, at: Instant) -> Receiver<Instant> {
        let real = match &self.debugger {
            None => at,
            // Not at once: the clock may stand still for long.
            Some(_) => Instant::now() + at.saturating_duration_since(self.now()).max(LEAST),
        };
        crossbeam_channel::at(real)
    }
}
