//! What went wrong, counted by its words.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use crate::llm::marks::Arrivals;
use crate::net::Outcome;

/// Different errors that are told apart; what comes on top counts as `other errors`.
const KINDS: usize = 50;

/// Pieces of which it can be said that they came together because somebody held them back.
const MANY: usize = 8;

/// Counts of what did not go as it should.
#[derive(Debug, Default)]
pub struct Tally {
    /// By what they have in common: the first error's text, and how many there were.
    failures: Mutex<HashMap<Failed, (String, u64)>>,
    /// Events with content, as they come: what is shown as tokens while answers are not complete.
    pieces: AtomicU64,
    /// Attempts after the first.
    retries: AtomicU64,
    /// Conversations of which not all turns were held.
    broken_off: AtomicU64,
    /// Requests that ended, however.
    done: AtomicU64,
    ok: AtomicU64,
    /// Answers that ended well without any content.
    empty: AtomicU64,
    /// Answers whose pieces came all in one read.
    at_once: AtomicU64,
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

impl Failed {
    /// What is told of it.
    pub fn said(&self) -> &str {
        if self.text.is_empty() { self.outcome } else { &self.text }
    }
}

/// What errors of one kind have in common: the text without its numbers and ids, and without what of the server's
/// data is shown in it.
fn kind(text: &str) -> String {
    let own = if text.starts_with("an event is") {
        text.split_once(" (")
    } else {
        text.split_once("; the first is: ").or_else(|| text.split_once(" It begins: "))
    };
    let words = own.map_or(text, |(own, _)| own).split(' ');
    let plain = |word| if contains_digit(word) { "#" } else { word };
    words.map(plain).collect::<Vec<_>>().join(" ")
}

fn contains_digit(word: &str) -> bool {
    word.bytes().any(|byte| byte.is_ascii_digit())
}

impl Tally {
    /// A request ended.
    pub fn request(&self, outcome: Outcome, status: u16, text: &str) {
        self.done.fetch_add(1, Ordering::Relaxed);
        if outcome == Outcome::Ok {
            self.ok.fetch_add(1, Ordering::Relaxed);
            return;
        }
        let failed = |text: &str| Failed { outcome: outcome.name(), status, text: text.to_owned() };
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        let known = failures.len();
        let count = match failures.entry(failed(&kind(text))) {
            Entry::Occupied(found) => &mut found.into_mut().1,
            // The first sample is shown.
            Entry::Vacant(free) if known < KINDS => &mut free.insert((text.to_owned(), 0)).1,
            Entry::Vacant(_) => {
                let other = Failed { status: 0, ..failed("other errors") };
                &mut failures.entry(other).or_insert_with(|| ("other errors".to_owned(), 0)).1
            }
        };
        *count += 1;
    }

    /// An event with content came.
    #[inline]
    pub fn piece(&self) {
        self.pieces.fetch_add(1, Ordering::Relaxed);
    }

    /// What an answer that ended well was like.
    pub fn answer(&self, arrivals: &Arrivals) {
        if arrivals.is_empty() {
            self.empty.fetch_add(1, Ordering::Relaxed);
        }
        let gaps = arrivals.gaps().count();
        if gaps + 1 >= MANY && arrivals.gaps().all(|(_, gap)| gap.is_zero()) {
            self.at_once.fetch_add(1, Ordering::Relaxed);
        }
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
        let shown = |(failed, (text, count)): (&Failed, &(String, u64))| {
            (Failed { text: text.clone(), ..failed.clone() }, *count)
        };
        let mut failures: Vec<_> = failures.iter().map(shown).collect();
        failures.sort_by(|(a, of_a), (b, of_b)| of_b.cmp(of_a).then_with(|| a.text.cmp(&b.text)));
        let load = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Figures {
            failures,
            pieces: load(&self.pieces),
            retries: load(&self.retries),
            broken_off: load(&self.broken_off),
            done: load(&self.done),
            ok: load(&self.ok),
            empty: load(&self.empty),
            at_once: load(&self.at_once),
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
    /// Of these, answers without any content.
    pub empty: u64,
    /// Of these, answers of many pieces that came all in one read.
    pub at_once: u64,
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
        (0..2 * KINDS).for_each(|n| tally.request(Outcome::HttpError, 500, &"x".repeat(n + 1)));
        tally.retries(4);
        let figures = tally.figures();
        assert_eq!((figures.done, figures.ok, figures.retries), (6 + 2 * KINDS as u64, 2, 4));
        let [(other, most), (truncated, 3), ..] = &figures.failures[..] else { panic!("{figures:?}") };
        assert_eq!((other.text.as_str(), *most, truncated.outcome), ("other errors", 52, "truncated"));
    }

    #[test]
    fn samples_and_ids_make_no_kinds() {
        let tally = Tally::default();
        for text in [
            "an event is no JSON (EOF while parsing a string at line 1 column 6): {\"a",
            "an event is no JSON (expected value at line 1 column 1): b",
            "status 429: try again in 240ms, request req_1a",
            "status 429: try again in 1.5s, request req_2b",
        ] {
            tally.request(Outcome::ProtocolError, 200, text);
        }
        let failures = tally.figures().failures;
        let shown: Vec<_> = failures.iter().map(|(failed, count)| (&failed.text[..21], *count)).collect();
        assert_eq!(
            shown,
            [("an event is no JSON (E", 2), ("status 429: try again", 2)].map(|(t, n)| (&t[..21], n))
        );
    }
}
