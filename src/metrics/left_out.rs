//! Warm-up and cool-down: times whose samples count nowhere.

use std::sync::OnceLock;
use std::time::{Duration, Instant};

use super::Timestamp;

/// The two windows of a run. Both are known when the scenarios start.
#[derive(Debug, Default)]
pub struct LeftOut {
    warmup: Duration,
    cooldown: Duration,
    begun: OnceLock<Begun>,
    /// When the last scenario ended; what comes later, such as `teardown()`, counts.
    ended: OnceLock<Instant>,
}

#[derive(Clone, Copy, Debug)]
struct Begun {
    at: Instant,
    /// When the cool-down begins.
    cooling: Instant,
}

impl LeftOut {
    /// Windows of these lengths; zero for none.
    pub fn new(warmup: Duration, cooldown: Duration) -> Self {
        Self { warmup, cooldown, ..Self::default() }
    }

    /// The scenarios start, and are to end after `length` but for iterations that still run.
    pub fn begin(&self, at: Instant, length: Duration) {
        let cooling = at + length.saturating_sub(self.cooldown);
        let _ = self.begun.set(Begun { at, cooling });
    }

    /// The last scenario has ended.
    pub fn end(&self, at: Instant) {
        let _ = self.ended.set(at);
    }

    /// Which samples are left out, as far as is known; `None` where there are no windows.
    pub fn windows(&self) -> Option<Windows> {
        if self.warmup.is_zero() && self.cooldown.is_zero() {
            return None;
        }
        let begun = self.begun.get()?;
        let end = self.ended.get().copied();
        let cut = |at: Instant| Timestamp::at(end.map_or(at, |end| at.min(end)));
        Some(Windows {
            begin: Timestamp::at(begun.at),
            warm: cut(begun.at + self.warmup),
            cooling: if self.cooldown.is_zero() { Timestamp(i64::MAX) } else { Timestamp::at(begun.cooling) },
            end: end.map_or(Timestamp(i64::MAX), Timestamp::at),
        })
    }

    /// How much of the warm-up and of the cool-down is over.
    pub fn so_far(&self, now: Instant) -> (Duration, Duration) {
        let Some(begun) = self.begun.get() else { return (Duration::ZERO, Duration::ZERO) };
        let now = self.ended.get().map_or(now, |end| now.min(*end));
        let warm = now.saturating_duration_since(begun.at).min(self.warmup);
        let cool = if self.cooldown.is_zero() {
            Duration::ZERO
        } else {
            now.saturating_duration_since(begun.cooling)
        };
        (warm, cool)
    }
}

/// The windows at one moment: from `begin` to before `warm`, and from `cooling` to before `end`.
#[derive(Clone, Copy, Debug)]
pub struct Windows {
    begin: Timestamp,
    warm: Timestamp,
    cooling: Timestamp,
    end: Timestamp,
}

impl Windows {
    /// Whether a sample of that time counts.
    pub fn keep(&self, time: Timestamp) -> bool {
        let warming = time >= self.begin && time < self.warm;
        let cooling = time >= self.cooling && time < self.end;
        !warming && !cooling
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn s(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    /// Which of the seconds 0 to 13 count in a run that begins at 1.
    fn kept(left_out: &LeftOut, start: Instant) -> Vec<u64> {
        let windows = left_out.windows().unwrap();
        (0..14).filter(|second| windows.keep(Timestamp::at(start + s(*second)))).collect()
    }

    #[test]
    fn samples_count_between_the_windows_and_outside_of_the_scenarios() {
        let start = Instant::now();
        let left_out = LeftOut::new(s(2), s(3));
        assert!(left_out.windows().is_none());
        left_out.begin(start + s(1), s(10));
        assert_eq!(kept(&left_out, start), [0, 3, 4, 5, 6, 7]);
        assert_eq!(left_out.so_far(start + s(2)), (s(1), s(0)));
        // Iterations that were still running took until 12.
        left_out.end(start + s(12));
        assert_eq!(kept(&left_out, start), [0, 3, 4, 5, 6, 7, 12, 13]);
        assert_eq!(left_out.so_far(start + s(60)), (s(2), s(4)));
    }

    #[test]
    fn a_run_may_end_before_its_windows() {
        let start = Instant::now();
        let left_out = LeftOut::new(s(5), s(1));
        left_out.begin(start + s(1), s(20));
        left_out.end(start + s(3));
        assert_eq!(kept(&left_out, start)[..3], [0, 3, 4]);
        assert_eq!(left_out.so_far(start + s(9)), (s(2), s(0)));
        assert!(LeftOut::default().windows().is_none());
    }
}
