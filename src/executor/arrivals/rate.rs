//! A rate that follows slopes, and when its integral comes to a number.

use std::time::Duration;

/// The rate goes evenly from `from` to `to` iterations per time unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Slope {
    pub from: u64,
    pub to: u64,
    /// In nanoseconds.
    pub duration: u64,
}

impl Slope {
    /// Twice the rate's integral, in iterations per time unit times nanoseconds.
    fn area(&self) -> u128 {
        u128::from(self.duration) * (u128::from(self.from) + u128::from(self.to))
    }

    /// When twice the integral has come to `area`, in nanoseconds.
    ///
    /// With F and T the rates and d the duration, the integral at t is `F·t + (T-F)·t²/2d`. Half of
    /// `area` there, solved for t and written without a difference of nearly equal numbers:
    /// `area / (F + √(F² + (T-F)·area/d))`.
    fn reaches(&self, area: u128) -> u64 {
        if self.from == self.to {
            let at = area / (2 * u128::from(self.to)).max(1);
            return u64::try_from(at).unwrap_or(u64::MAX).min(self.duration);
        }
        let (from, to, area) = (self.from as f64, self.to as f64, area as f64);
        let root = (from * from + (to - from) * area / self.duration as f64).max(0.0).sqrt();
        // `as` turns what is too large into the largest number.
        ((area / (from + root)) as u64).min(self.duration)
    }
}

/// Slopes one after another.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Rate {
    pub slopes: Vec<Slope>,
    /// What rates refer to, in nanoseconds.
    pub time_unit: u64,
}

impl Rate {
    /// When the last slope ends.
    pub fn end(&self) -> Duration {
        Duration::from_nanos(self.slopes.iter().fold(0, |sum, slope| sum.saturating_add(slope.duration)))
    }

    /// Iterations a second at a moment; after the end, what they were there.
    pub fn at(&self, elapsed: Duration) -> f64 {
        let per_second = |rate: f64| rate * 1e9 / self.time_unit.max(1) as f64;
        let mut rest = nanoseconds(elapsed);
        for Slope { from, to, duration } in &self.slopes {
            if rest < *duration {
                let part = rest as f64 / *duration as f64;
                return per_second(*from as f64 + (*to as f64 - *from as f64) * part);
            }
            rest -= duration;
        }
        self.slopes.last().map_or(0.0, |last| per_second(last.to as f64))
    }
}

/// Goes up the integral of a rate.
#[derive(Clone, Debug, Default)]
pub(super) struct Climb {
    /// The present slope, when it began, and twice the integral before it.
    slope: usize,
    begin: u64,
    before: u128,
}

impl Climb {
    /// When twice the integral, in iterations per time unit times nanoseconds, comes to `wanted`, which is
    /// never less than in the call before; `None` if it does not, or, unless `at_end`, only when a slope ends and no
    /// other follows.
    pub fn reach(&mut self, rate: &Rate, wanted: u128, at_end: bool) -> Option<Duration> {
        loop {
            let slope = rate.slopes.get(self.slope)?;
            let after = self.before.saturating_add(slope.area());
            if wanted < after || (wanted == after && at_end) {
                let at = self.begin.saturating_add(slope.reaches(wanted - self.before));
                return Some(Duration::from_nanos(at));
            }
            self.slope += 1;
            self.begin = self.begin.saturating_add(slope.duration);
            self.before = after;
        }
    }
}

/// As many as fit.
pub(super) fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_of_a_moment() {
        let slopes = [(0, 10, 2), (10, 10, 1), (10, 4, 3)];
        let slopes = slopes.map(|(from, to, seconds)| Slope { from, to, duration: seconds * 1_000_000_000 });
        let rate = Rate { slopes: slopes.to_vec(), time_unit: 500_000_000 };
        assert_eq!(rate.end(), Duration::from_secs(6));
        for (at, want) in [(0, 0.0), (1000, 10.0), (2500, 20.0), (4500, 14.0), (6000, 8.0), (9000, 8.0)] {
            assert_eq!(rate.at(Duration::from_millis(at)), want, "{at} ms");
        }
    }
}
