//! `socket.setTimeout` and `socket.setInterval`: timers that end with their socket.

use std::time::{Duration, Instant};

use boa_engine::object::JsObject;
use boa_gc::{Finalize, Trace};

/// The timers of one socket.
#[derive(Debug, Default, Trace, Finalize)]
pub struct Timers(Vec<Timer>);

#[derive(Debug, Trace, Finalize)]
struct Timer {
    #[unsafe_ignore_trace]
    due: Instant,
    #[unsafe_ignore_trace]
    every: Option<Duration>,
    function: JsObject,
}

impl Timers {
    /// Has a function called after a time, and again and again if `repeat`.
    pub fn add(&mut self, function: JsObject, after: Duration, repeat: bool) {
        // A time beyond the clock's end never comes.
        if let Some(due) = Instant::now().checked_add(after) {
            self.0.push(Timer { due, every: repeat.then_some(after), function });
        }
    }

    /// When the next timer is due.
    pub fn next_due(&self) -> Option<Instant> {
        self.0.iter().map(|timer| timer.due).min()
    }

    /// The function of the first timer that is due; of two of one time, that of the older.
    pub fn take_due(&mut self, now: Instant) -> Option<JsObject> {
        let (at, _) = self.0.iter().enumerate().min_by_key(|(_, timer)| timer.due)?;
        if self.0[at].due > now {
            return None;
        }
        match self.0[at].every {
            // Times that passed meanwhile are left out.
            Some(every) => {
                let timer = &mut self.0[at];
                timer.due = timer.due.checked_add(every).map_or(now, |due| due.max(now));
                Some(timer.function.clone())
            }
            None => Some(self.0.remove(at).function.clone()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order() {
        let [once, again] = [JsObject::with_null_proto(), JsObject::with_null_proto()];
        let mut timers = Timers::default();
        timers.add(again.clone(), Duration::from_secs(1), true);
        timers.add(once.clone(), Duration::from_secs(2), false);
        timers.add(once.clone(), Duration::MAX, false);
        let start = Instant::now();
        assert!(timers.take_due(start).is_none());
        let mut taken = |seconds| timers.take_due(start + Duration::from_secs(seconds));
        let is = |taken: Option<JsObject>, expected: &JsObject| {
            taken.is_some_and(|taken| JsObject::equals(&taken, expected))
        };
        assert!(is(taken(10), &again));
        // One second behind its time is late enough to be called at once, and not ten times.
        assert!(is(taken(10), &once));
        assert!(is(taken(10), &again));
        assert!(timers.next_due().is_some());
    }
}
