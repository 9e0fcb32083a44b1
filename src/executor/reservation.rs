//! How many VUs scenarios hold over time, and how many a whole test needs.

use std::collections::VecDeque;
use std::time::Duration;

use super::Step;

/// From `at` on, so many VUs are held: `planned` ones are initialised before the test, `unplanned`
/// ones while it runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reservation {
    pub at: Duration,
    pub planned: u64,
    pub unplanned: u64,
}

impl Reservation {
    /// From `at` on, so many VUs that are initialised before the test.
    pub const fn planned(at: Duration, planned: u64) -> Self {
        Self { at, planned, unplanned: 0 }
    }

    /// The VUs of a scenario that holds the same number until `end`.
    pub(super) fn constant(planned: u64, unplanned: u64, end: Duration) -> Vec<Self> {
        vec![Self { at: Duration::ZERO, planned, unplanned }, Self::planned(end, 0)]
    }
}

/// What a test with several scenarios needs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Requirements {
    /// When the last scenario ends at the latest, graceful stop included.
    pub duration: Duration,
    /// How many VUs are initialised before the test.
    pub planned_vus: u64,
    /// How many VUs there can ever be: the "max VUs" that are printed.
    pub max_vus: u64,
}

/// Adds up the scenarios, each given as its start and its reservations.
///
/// Of several changes at one moment only the sum counts, so VUs that one scenario gives back can be
/// taken by the next.
pub fn requirements(scenarios: &[(Duration, Vec<Reservation>)]) -> Requirements {
    let mut changes: Vec<(Duration, i128, i128)> = Vec::new();
    for (start, steps) in scenarios {
        let (mut planned, mut unplanned) = (0, 0);
        for step in steps {
            let now = (i128::from(step.planned), i128::from(step.unplanned));
            changes.push((start.saturating_add(step.at), now.0 - planned, now.1 - unplanned));
            (planned, unplanned) = now;
        }
    }
    changes.sort_by_key(|(at, ..)| *at);
    let (mut planned, mut unplanned) = (0, 0);
    let mut result = Requirements::default();
    for moment in changes.chunk_by(|a, b| a.0 == b.0) {
        for (at, more_planned, more_unplanned) in moment {
            planned += more_planned;
            unplanned += more_unplanned;
            result.duration = *at;
        }
        let clamp = |vus: i128| u64::try_from(vus).unwrap_or(0);
        result.planned_vus = result.planned_vus.max(clamp(planned));
        result.max_vus = result.max_vus.max(clamp(planned + unplanned));
    }
    result
}

/// The VUs held by a ramp: each that the curve takes away is held for `grace` more, but none is held
/// after `end`. In other words, the highest value that the curve had within the last `grace`.
pub(super) fn of_ramp(curve: &[Step], grace: Duration, end: Duration) -> Vec<Reservation> {
    let mut held: Vec<Reservation> = Vec::new();
    let mut hold = |at: Duration, vus: u32| match held.last_mut() {
        Some(last) if last.at == at => last.planned = vus.into(),
        Some(last) if last.planned == u64::from(vus) => {}
        _ => held.push(Reservation::planned(at, vus.into())),
    };
    // Steps that may still be the highest, in order of time, each lower than the one before.
    let mut window: VecDeque<Step> = VecDeque::new();
    // When the steps of `window` stop counting: `grace` after the next step took over.
    let mut expiries: VecDeque<Duration> = VecDeque::new();
    for (place, step) in curve.iter().enumerate() {
        while expiries.front().is_some_and(|at| *at <= step.at) {
            if let (Some(at), Some(_)) = (expiries.pop_front(), window.pop_front())
                && let Some(next) = window.front()
                && at < step.at
            {
                hold(at, next.vus);
            }
        }
        while window.back().is_some_and(|last| last.vus <= step.vus) {
            window.pop_back();
            expiries.pop_back();
        }
        window.push_back(*step);
        expiries.push_back(curve.get(place + 1).map_or(Duration::MAX, |next| next.at.saturating_add(grace)));
        if let Some(highest) = window.front() {
            hold(step.at, highest.vus);
        }
    }
    while window.len() > 1 {
        if let (Some(at), Some(_), Some(next)) = (expiries.pop_front(), window.pop_front(), window.front()) {
            hold(at, next.vus);
        }
    }
    held.retain(|step| step.at < end);
    if held.last().is_some_and(|last| last.planned != 0) {
        held.push(Reservation::planned(end, 0));
    }
    held
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn s(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn ramp(curve: &[(u64, u32)], grace: u64, end: u64) -> Vec<(u64, u64)> {
        let curve: Vec<_> = curve.iter().map(|(at, vus)| Step { at: s(*at), vus: *vus }).collect();
        of_ramp(&curve, s(grace), s(end)).iter().map(|step| (step.at.as_secs(), step.planned)).collect()
    }

    #[test]
    fn ramps_hold_vus_for_the_grace_period() {
        // 4 → 6 → 1 → 5 → 1 → 4 → 1 → end at 23 s: k6's documented example.
        let curve = [
            (0, 4),
            (1, 5),
            (2, 6),
            (3, 5),
            (4, 4),
            (5, 3),
            (6, 2),
            (7, 1),
            (8, 2),
            (9, 3),
            (10, 4),
            (11, 5),
            (12, 4),
            (13, 3),
            (14, 2),
            (15, 1),
            (16, 4),
            (20, 1),
        ];
        assert_eq!(ramp(&curve, 30, 53), [(0, 4), (1, 5), (2, 6), (33, 5), (42, 4), (50, 1), (53, 0)]);
        assert_eq!(ramp(&curve, 3, 53)[..6], [(0, 4), (1, 5), (2, 6), (6, 5), (7, 4), (8, 3)]);
        assert_eq!(ramp(&curve, 30, 23), [(0, 4), (1, 5), (2, 6), (23, 0)]);
        assert_eq!(ramp(&[(0, 0), (1, 3), (2, 0)], 1, 32), [(0, 0), (1, 3), (3, 0)]);
    }

    #[test]
    fn scenarios_add_up_and_reuse_vus() {
        let looping = |vus, until| Reservation::constant(vus, 0, s(until));
        let three = [(s(0), looping(2, 32)), (s(1), looping(1, 630)), (s(2), looping(3, 32))];
        assert_eq!(requirements(&three), Requirements { duration: s(631), planned_vus: 6, max_vus: 6 });
        let relay = [(s(0), looping(5, 10)), (s(10), Reservation::constant(2, 2, s(10)))];
        assert_eq!(requirements(&relay), Requirements { duration: s(20), planned_vus: 5, max_vus: 5 });
    }
}
