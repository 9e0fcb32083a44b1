//! What went wrong, counted by its words.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use crate::net::Outcome;

/// Different errors that are told apart; what comes on top counts as `other errors`.
const KINDS: usize = 50;

/// Counts of what did not go as it should.
#[derive(Debug, Default)]
pub struct Tally {
    failures: Mutex<HashMap<Failed, u64>>,
    /// Events with content, as they come: what is shown as tokens while answers are not complete.
    pieces: AtomicU64,
    /// Attempts after the first.
    retries: AtomicU64,
    /// Conversations of which not all turns were held.
    broken_off: AtomicU64,
    /// Requests that ended, however.
    done: AtomicU64,
    ok: AtomicU64,
}

/// A way to fail.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Failed {
    /// The name of the outcome.
    pub outcome: &'static str,
    /// Zero where there was no answer.
    pub status: u16,
    pub text: String,
}

impl Tally {
    /// A request ended.
    pub fn request(&self, outcome: Outcome, status: u16, text: &str) {
        self.done.fetch_add(1, Ordering::Relaxed);
        if outcome == Outcome::Ok {
            self.ok.fetch_add(1, Ordering::Relaxed);
            return;
        }
        let failed = Failed { outcome: outcome.name(), status, text: text.to_owned() };
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        if failures.len() < KINDS || failures.contains_key(&failed) {
            *failures.entry(failed).or_default() += 1;
        } else {
            let other = Failed { outcome: failed.outcome, status: 0, text: "other errors".to_owned() };
            *failures.entry(other).or_default() += 1;
        }
    }

    /// An event with content came.
    #[inline]
    pub fn piece(&self) {
        self.pieces.fetch_add(1, Ordering::Relaxed);
    }

    /// So many more attempts were made than requests.
    pub fn retries(&self, count: u64) {
        self.retries.fetch_add(count, Ordering::Relaxed);
    }

    /// A conversation ended before its last turn.
    pub fn broken_off(&self) {
        self.broken_off.fetch_add(1, Ordering::Relaxed);
    }

    /// All of it up to now.
    pub fn figures(&self) -> Figures {
        let failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        let mut failures: Vec<_> = failures.iter().map(|(failed, count)| (failed.clone(), *count)).collect();
        failures.sort_by(|(a, of_a), (b, of_b)| of_b.cmp(of_a).then_with(|| a.text.cmp(&b.text)));
        let load = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Figures {
            failures,
            pieces: load(&self.pieces),
            retries: load(&self.retries),
            broken_off: load(&self.broken_off),
            done: load(&self.done),
            ok: load(&self.ok),
        }
    }
}

/// The counts at a moment.
#[derive(Clone, Debug, Default)]
pub struct Figures {
    /// The most frequent first.
    pub failures: Vec<(Failed, u64)>,
    /// Events with content.
    pub pieces: u64,
    pub retries: u64,
    pub broken_off: u64,
    pub done: u64,
    pub ok: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_frequent_comes_first() {
        let tally = Tally::default();
        for (outcome, text, times) in
            [(Outcome::HttpError, "a", 1), (Outcome::Truncated, "b", 3), (Outcome::Ok, "", 2)]
        {
            (0..times).for_each(|_| tally.request(outcome, 0, text));
        }
        (0..2 * KINDS).for_each(|n| tally.request(Outcome::HttpError, 500, &n.to_string()));
        tally.retries(4);
        let figures = tally.figures();
        assert_eq!((figures.done, figures.ok, figures.retries), (6 + 2 * KINDS as u64, 2, 4));
        let [(other, most), (truncated, 3), ..] = &figures.failures[..] else { panic!("{figures:?}") };
        assert_eq!((other.text.as_str(), *most, truncated.outcome), ("other errors", 52, "truncated"));
    }
}
