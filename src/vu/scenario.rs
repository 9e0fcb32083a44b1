//! A scenario while it runs, as its VUs see it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use crossbeam_channel::{Receiver, never};

use super::{Control, Enough, StopRules};
use crate::executor::Stripe;
use crate::log;
use crate::metrics::Timestamp;

/// What the iterations of one scenario share.
pub struct ScenarioRun {
    pub name: String,
    /// The executor's name, such as `constant-vus`.
    pub executor: &'static str,
    /// The exported function that iterations call.
    pub exec: String,
    /// Merged over `__ENV` while a VU works for this scenario.
    pub env: BTreeMap<String, String>,
    /// Added to every sample.
    pub tags: BTreeMap<String, String>,
    /// When the scenario's `startTime` was over.
    pub started: Instant,
    /// Which of the scenario's iterations fall to this process.
    stripe: Stripe,
    /// The next number of an iteration, unique over the scenario's VUs in this process.
    next_iteration: AtomicU64,
    /// How far the scenario is, from 0 to 1.
    progress: Box<dyn Fn() -> f64 + Send + Sync>,
    /// Its own and the whole test's.
    rules: Vec<Arc<StopRules>>,
}

impl ScenarioRun {
    /// A scenario that starts now; `progress` tells how far it is, from 0 to 1.
    pub fn new(
        name: &str,
        executor: &'static str,
        exec: &str,
        env: BTreeMap<String, String>,
        tags: BTreeMap<String, String>,
        stripe: Stripe,
        progress: Box<dyn Fn() -> f64 + Send + Sync>,
    ) -> Self {
        Self {
            name: name.to_owned(),
            executor,
            exec: exec.to_owned(),
            env,
            tags,
            started: Instant::now(),
            stripe,
            next_iteration: AtomicU64::new(0),
            progress,
            rules: Vec::new(),
        }
    }

    /// The same with rules that may end it.
    #[must_use]
    pub fn under(mut self, rules: Vec<Arc<StopRules>>) -> Self {
        self.rules = rules;
        self
    }

    /// Whether something but its time may end it.
    pub fn has_rules(&self) -> bool {
        !self.rules.is_empty()
    }

    /// Whether the rules let an iteration start; if so it is counted.
    pub fn may_start(&self) -> bool {
        self.rules.iter().all(|rules| {
            let (may, enough) = rules.start();
            if let Some(Enough::Done(text) | Enough::Failed(text)) = enough {
                log::info(text);
            }
            may
        })
    }

    /// Tells the rules that an iteration ended. Failures that are too many are told to `control`.
    pub fn ended(&self, failed: bool, control: &Control) {
        for rules in &self.rules {
            match rules.ended(failed) {
                Some(Enough::Failed(text)) => {
                    log::error(text);
                    control.mark_too_many_errors();
                }
                Some(Enough::Done(text)) => log::info(text),
                None => {}
            }
        }
    }

    /// Disconnected when the scenario is to start no more iterations: by its own rules and the test's.
    pub fn over(&self) -> [Receiver<()>; 2] {
        let mut receivers = self.rules.iter().map(|rules| rules.over().clone());
        std::array::from_fn(|_| receivers.next().unwrap_or_else(never))
    }

    /// Takes the number of an iteration that starts now.
    pub fn take_iteration(&self) -> u64 {
        self.next_iteration.fetch_add(1, Ordering::Relaxed)
    }

    /// The number over all processes that run the test, of one that [`Self::take_iteration`] gave.
    pub fn iteration_in_test(&self, iteration: u64) -> u64 {
        self.stripe.place(iteration)
    }

    /// How far the scenario is, from 0 to 1.
    pub fn progress(&self) -> f64 {
        (self.progress)()
    }

    /// When the scenario started, in milliseconds since the Unix epoch.
    pub fn start_time_ms(&self) -> f64 {
        (Timestamp::at(self.started).0 / 1_000_000) as f64
    }
}
