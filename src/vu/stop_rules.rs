//! Counts what `stopAfter` is about, and tells the drivers when it is enough.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crossbeam_channel::{Receiver, Sender, bounded};

use crate::executor::{ErrorRate, StopAfter};

/// The rules of one scenario, or of the whole test, while it runs.
#[derive(Debug)]
pub struct StopRules {
    /// `scenario 'x'`, or `the test`.
    whose: String,
    /// How many iterations may start.
    iterations: Option<u64>,
    /// At so many failed ones no more start.
    errors: Option<u64>,
    /// The share of failed ones among the last so many at which no more start.
    rate: Option<(f64, usize)>,
    counts: Mutex<Counts>,
    over: Receiver<()>,
}

#[derive(Debug)]
struct Counts {
    started: u64,
    failed: u64,
    /// Whether each of the last iterations failed, oldest first, and how many of them did.
    last: VecDeque<bool>,
    failed_of_last: usize,
    /// Dropped when it is enough, which everybody who listens hears.
    going: Option<Sender<()>>,
}

/// Why no more iterations start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Enough {
    /// As many as were asked for have started; the log line's text.
    Done(String),
    /// Too many failed; the log line's text.
    Failed(String),
}

impl StopRules {
    /// The rules as typed; `scale` tells what of a number of iterations falls to this process.
    pub fn new(whose: String, rules: &StopAfter, scale: impl Fn(u64) -> u64) -> Self {
        // Validation keeps numbers above zero.
        let count = |number: Option<i64>| Some(scale(u64::try_from(number?).unwrap_or(0)).max(1));
        let rate = |of: ErrorRate| Some((of.rate?.0, usize::try_from(of.last?).unwrap_or(1)));
        let (going, over) = bounded(0);
        Self {
            whose,
            iterations: count(rules.iterations),
            errors: count(rules.errors),
            rate: rules.error_rate.and_then(rate),
            counts: Mutex::new(Counts {
                started: 0,
                failed: 0,
                last: VecDeque::new(),
                failed_of_last: 0,
                going: Some(going),
            }),
            over,
        }
    }

    /// Disconnected when no more iterations may start.
    pub fn over(&self) -> &Receiver<()> {
        &self.over
    }

    /// Whether an iteration may start; if so it is counted. With the last one comes why it is.
    pub fn start(&self) -> (bool, Option<Enough>) {
        let mut counts = self.counts();
        if counts.going.is_none() {
            return (false, None);
        }
        counts.started += 1;
        let Some(limit) = self.iterations.filter(|limit| counts.started >= *limit) else {
            return (true, None);
        };
        counts.going = None;
        let text =
            format!("{} starts no more iterations: {limit} have started (stopAfter.iterations)", self.whose);
        (true, Some(Enough::Done(text)))
    }

    /// An iteration ended. If that is enough, why.
    pub fn ended(&self, failed: bool) -> Option<Enough> {
        let mut counts = self.counts();
        counts.failed += u64::from(failed);
        if let Some((_, last)) = self.rate {
            counts.last.push_back(failed);
            counts.failed_of_last += usize::from(failed);
            if counts.last.len() > last {
                let oldest = counts.last.pop_front().unwrap_or(false);
                counts.failed_of_last -= usize::from(oldest);
            }
        }
        if !failed || counts.going.is_none() {
            return None;
        }
        let why = if self.errors.is_some_and(|limit| counts.failed >= limit) {
            format!("{} iterations failed (stopAfter.errors)", counts.failed)
        } else {
            let (rate, last) = self.rate.filter(|(_, last)| counts.last.len() >= *last)?;
            let share = counts.failed_of_last as f64 / last as f64;
            if share < rate {
                return None;
            }
            format!("{:.2}% of the last {last} iterations failed (stopAfter.errorRate)", share * 100.0)
        };
        counts.going = None;
        Some(Enough::Failed(format!("{} starts no more iterations: {why}", self.whose)))
    }

    fn counts(&self) -> MutexGuard<'_, Counts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::executor::Rate;

    fn rules(rules: StopAfter) -> StopRules {
        StopRules::new("the test".to_owned(), &rules, |n| n)
    }

    fn is_over(rules: &StopRules) -> bool {
        rules.over().try_recv() == Err(crossbeam_channel::TryRecvError::Disconnected)
    }

    #[test]
    fn so_many_start_and_no_more() {
        let rules = rules(StopAfter { iterations: Some(2), ..StopAfter::default() });
        assert_eq!(rules.start(), (true, None));
        assert!(!is_over(&rules));
        let text = "the test starts no more iterations: 2 have started (stopAfter.iterations)";
        assert_eq!(rules.start(), (true, Some(Enough::Done(text.to_owned()))));
        assert!(is_over(&rules));
        assert_eq!(rules.start(), (false, None));
    }

    #[test]
    fn so_many_fail() {
        let rules = rules(StopAfter { errors: Some(2), ..StopAfter::default() });
        assert_eq!([true, false].map(|failed| rules.ended(failed)), [None, None]);
        assert!(
            matches!(rules.ended(true), Some(Enough::Failed(text)) if text.contains("2 iterations failed"))
        );
        assert_eq!((rules.ended(true), is_over(&rules)), (None, true));
    }

    #[test]
    fn a_share_of_the_last_fails() {
        let rate = ErrorRate { rate: Some(Rate(0.5)), last: Some(4) };
        let rules = rules(StopAfter { error_rate: Some(rate), ..StopAfter::default() });
        // Too few, then old ones that no longer count.
        for failed in [true, true, false, false, false, true, false] {
            assert!(rules.ended(failed).is_none() && !is_over(&rules));
        }
        assert!(
            matches!(rules.ended(true), Some(Enough::Failed(text)) if text.contains("50.00% of the last 4"))
        );
    }
}
