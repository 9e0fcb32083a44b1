//! Single requests in full: a bounded, unbiased sample of them, for records and reports.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard};

use serde::{Deserialize, Serialize};

/// How many events of one stream a trace has at most.
pub const MOST_EVENTS: usize = 2000;

/// One request or stream as it went. Times without a unit in their names are milliseconds.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct RequestTrace {
    /// When it was handed to the client: nanoseconds since the Unix epoch. All marks and events count from here.
    pub start: i64,
    /// What the tag `name` says, else the URL.
    pub name: String,
    /// Empty outside of scenarios.
    pub scenario: String,
    pub vu: u64,
    /// As in the tag `outcome`: `ok`, `truncated`, …
    pub outcome: String,
    /// 0 where there was no response.
    pub status: u16,
    pub phases: Phases,
    pub marks: Marks,
    /// When events came, the first [`MOST_EVENTS`] of them; those that were read in one go share a time.
    pub events: Vec<f32>,
    /// How many events there were.
    pub event_count: u64,
    /// Output tokens, where they are known.
    pub tokens: Option<u64>,
}

/// How long the phases of the last round trip took, in milliseconds; 0 for those that did not happen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Phases {
    /// Waiting for a free connection, which includes the three after it.
    pub blocked: f64,
    pub dns: f64,
    pub connecting: f64,
    pub tls: f64,
    pub sending: f64,
    pub waiting: f64,
    pub receiving: f64,
}

/// Instants in milliseconds since the start; `None` for what did not happen or is not known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Marks {
    /// The response's head was read.
    pub headers: Option<f64>,
    pub first_byte: Option<f64>,
    pub first_event: Option<f64>,
    pub first_token: Option<f64>,
    pub last_token: Option<f64>,
    pub end: f64,
}

/// The sample of a run's requests. Free where nobody [wants](Self::want) it: one relaxed load a request.
///
/// It is a reservoir ("Algorithm R": J. S. Vitter, Random Sampling with a Reservoir, ACM TOMS 11, 1985): of all
/// requests begun so far, each is in it with the same probability. Which ones is decided when they begin, so
/// that only these need to remember their events.
#[derive(Debug, Default)]
pub struct Traces {
    capacity: AtomicUsize,
    begun: AtomicU64,
    /// By place, with the number of the request.
    kept: Mutex<Vec<Option<(u64, RequestTrace)>>>,
}

/// The place in the sample of a request that has begun.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    place: usize,
    number: u64,
}

impl Traces {
    /// Asks for a sample of so many requests, or more where somebody asked for more. Before the first
    /// of them.
    pub fn want(&self, requests: usize) {
        self.capacity.fetch_max(requests, Ordering::Relaxed);
    }

    /// To be called when a request begins: its place, if it is to be traced.
    #[inline]
    pub fn begin(&self) -> Option<Place> {
        match self.capacity.load(Ordering::Relaxed) {
            0 => None,
            capacity => self.draw(capacity),
        }
    }

    fn draw(&self, capacity: usize) -> Option<Place> {
        let number = self.begun.fetch_add(1, Ordering::Relaxed);
        let place = if number < capacity as u64 { number } else { mixed(number) % (number + 1) };
        (place < capacity as u64).then_some(Place { place: place as usize, number })
    }

    /// Puts a request that has ended into its place, unless one that began later has it.
    pub fn keep(&self, at: Place, trace: RequestTrace) {
        let mut kept = self.kept();
        if kept.len() <= at.place {
            kept.resize(at.place + 1, None);
        }
        if kept[at.place].as_ref().is_none_or(|(number, _)| *number < at.number) {
            kept[at.place] = Some((at.number, trace));
        }
    }

    /// The sample so far, by start.
    pub fn sample(&self) -> Vec<RequestTrace> {
        let mut traces: Vec<_> = self.kept().iter().flatten().map(|(_, trace)| trace.clone()).collect();
        traces.sort_by_key(|trace| trace.start);
        traces
    }

    /// Of how many requests it is one; 0 where nobody wants it.
    pub fn begun(&self) -> u64 {
        self.begun.load(Ordering::Relaxed)
    }

    fn kept(&self) -> MutexGuard<'_, Vec<Option<(u64, RequestTrace)>>> {
        self.kept.lock().unwrap_or_else(|e| e.into_inner())
    }
}

impl RequestTrace {
    /// Notes an event, so many milliseconds after the start.
    pub fn event(&mut self, at: f64) {
        self.event_count += 1;
        if self.events.len() < MOST_EVENTS {
            self.events.push(at as f32);
        }
    }
}

/// A number that has nothing to do with the given one: SplitMix64, by S. Vigna.
fn mixed(number: u64) -> u64 {
    let mut z = number.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_asked_nothing_kept() {
        let traces = Traces::default();
        assert!(traces.begin().is_none());
        assert_eq!((traces.begun(), traces.sample().len()), (0, 0));
    }

    #[test]
    fn every_request_has_the_same_chance() {
        let traces = Traces::default();
        traces.want(500);
        traces.want(20);
        for start in 0..20_000 {
            if let Some(place) = traces.begin() {
                traces.keep(place, RequestTrace { start, ..RequestTrace::default() });
            }
        }
        let sample = traces.sample();
        assert_eq!((sample.len(), traces.begun()), (500, 20_000));
        // 125 are expected of each quarter, with a deviation of 10.
        for quarter in 0..4 {
            let range = quarter * 5000..(quarter + 1) * 5000;
            let found = sample.iter().filter(|trace| range.contains(&trace.start)).count();
            assert!((85..=165).contains(&found), "{found} in {range:?}");
        }
    }

    #[test]
    fn a_slow_request_does_not_push_out_a_later_one() {
        let traces = Traces::default();
        traces.want(1);
        let places: Vec<_> = (0..100).filter_map(|_| traces.begin()).collect();
        assert!(places.len() > 1);
        let begun = |start| RequestTrace { start, ..RequestTrace::default() };
        for (start, place) in places.iter().enumerate().rev() {
            traces.keep(*place, begun(start as i64));
        }
        assert_eq!(traces.sample()[0].start, places.len() as i64 - 1);
    }

    #[test]
    fn events_are_bounded_but_counted() {
        let mut trace = RequestTrace::default();
        (0..MOST_EVENTS + 5).for_each(|at| trace.event(at as f64));
        assert_eq!((trace.events.len(), trace.event_count), (MOST_EVENTS, MOST_EVENTS as u64 + 5));
    }
}
