//! When the iterations of an open model are due.

use std::time::Duration;

use super::share::Stripe;

/// The rate goes evenly from `from` to `to` iterations per time unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Slope {
    from: u64,
    to: u64,
    /// In nanoseconds.
    duration: u64,
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

/// The due times of one instance's iterations.
#[derive(Clone, Debug, PartialEq)]
pub struct Arrivals {
    slopes: Vec<Slope>,
    /// What rates refer to, in nanoseconds.
    time_unit: u64,
    /// Whether the first iteration is due at once and none at the very end; otherwise each is due when
    /// the integral of the rate reaches its number, from one.
    at_once: bool,
    stripe: Stripe,
}

fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

impl Arrivals {
    /// `rate` iterations per `time_unit`: iteration i (from 0) at `i·time_unit/rate`, cut to whole
    /// nanoseconds, as long as that is before `duration`.
    ///
    /// k6 cuts the period instead of each time, which makes high rates higher than asked for, and lets
    /// chance decide about an iteration that is due at the very end.
    pub fn constant(rate: u64, time_unit: Duration, duration: Duration, stripe: Stripe) -> Self {
        let slope = Slope { from: rate, to: rate, duration: nanoseconds(duration) };
        Self { slopes: vec![slope], time_unit: nanoseconds(time_unit), at_once: true, stripe }
    }

    /// A rate that goes from `start` through `stages`, each a duration and the rate at its end:
    /// iteration n (from 1) when the integral of the rate reaches n.
    pub fn ramping(
        start: u64,
        stages: impl IntoIterator<Item = (Duration, u64)>,
        time_unit: Duration,
        stripe: Stripe,
    ) -> Self {
        let mut from = start;
        let slope = |(duration, to)| {
            let slope = Slope { from, to, duration: nanoseconds(duration) };
            from = to;
            slope
        };
        let slopes = stages.into_iter().map(slope).collect();
        Self { slopes, time_unit: nanoseconds(time_unit), at_once: false, stripe }
    }

    /// Whether the rate never changes.
    pub fn is_constant(&self) -> bool {
        self.at_once
    }

    /// The times since the scenario's start, in order.
    pub fn iter(&self) -> Due<'_> {
        Due { arrivals: self, own: 0, slope: 0, begin: 0, before: 0 }
    }
}

/// Goes through due times.
#[derive(Clone, Debug)]
pub struct Due<'a> {
    arrivals: &'a Arrivals,
    /// How many there were.
    own: u64,
    /// The present slope, when it began, and twice the rate's integral before it.
    slope: usize,
    begin: u64,
    before: u128,
}

impl Iterator for Due<'_> {
    type Item = Duration;

    fn next(&mut self) -> Option<Duration> {
        let Arrivals { slopes, time_unit, at_once, stripe } = self.arrivals;
        let number = stripe.place(self.own) + u64::from(!at_once);
        let wanted = u128::from(number) * 2 * u128::from(*time_unit);
        loop {
            let slope = slopes.get(self.slope)?;
            let after = self.before.saturating_add(slope.area());
            if wanted < after || (wanted == after && !at_once) {
                self.own += 1;
                let at = self.begin.saturating_add(slope.reaches(wanted - self.before));
                return Some(Duration::from_nanos(at));
            }
            self.slope += 1;
            self.begin = self.begin.saturating_add(slope.duration);
            self.before = after;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::share::Share;
    use super::*;
    use proptest::prelude::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn millis(arrivals: &Arrivals) -> Vec<u128> {
        arrivals.iter().map(|at| (at.as_micros() + 500) / 1000).collect()
    }

    fn ramping(start: u64, stages: &[(u64, u64)], stripe: Stripe) -> Arrivals {
        let stages = stages.iter().map(|(ms, rate)| (Duration::from_millis(*ms), *rate));
        Arrivals::ramping(start, stages, SECOND, stripe)
    }

    #[test]
    fn constant_rates_start_at_once() {
        let starts = |rate, unit, duration| Arrivals::constant(rate, unit, duration, Stripe::whole());
        assert_eq!(millis(&starts(4, SECOND, SECOND)), [0, 250, 500, 750]);
        assert_eq!(millis(&starts(1, SECOND * 3, SECOND * 10)), [0, 3000, 6000, 9000]);
        assert_eq!(starts(3, SECOND, SECOND * 3600).iter().count(), 10_800);
        assert_eq!(starts(7001, SECOND, SECOND).iter().count(), 7001);
    }

    #[test]
    fn ramps_start_when_the_integral_says_so() {
        let starts = |start, stages| millis(&ramping(start, stages, Stripe::whole()));
        let want = [250, 500, 750, 1000, 1225, 1414, 1581, 1732, 1871, 2000];
        assert_eq!(starts(4, &[(1000, 4), (1000, 8)]), want);
        assert_eq!(starts(0, &[(2000, 2)]), [1414, 2000]);
        assert_eq!(starts(2, &[(2000, 0)]), [586, 2000]);
        // Halves of two stages make one iteration; nothing happens where there is no rate.
        assert_eq!(starts(1, &[(500, 1), (0, 0), (1000, 0), (0, 1), (500, 1)]), [2000]);
        assert_eq!(starts(0, &[(1000, 0)]), [0; 0]);
        // 5 → 40 in 2 s and → 10 in 1 s are 45 and 25.
        assert_eq!(starts(5, &[(2000, 40), (1000, 10)]).len(), 70);
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(64) })]

        #[test]
        fn stripes_make_up_the_whole(
            parts in 2_i64..9,
            vus in 1_u64..20,
            start in 0_u64..60,
            stages in proptest::collection::vec((0_u64..3000, 0_u64..60), 1..5),
        ) {
            let borders: Vec<_> = (0..=parts).map(|n| format!("{n}/{parts}")).collect();
            let sequence = borders.join(",").parse().unwrap();
            let shares = borders.windows(2).filter_map(|pair| {
                let segment = format!("{}:{}", pair[0], pair[1]).parse().unwrap();
                Share::new(Some(segment), Some(&sequence)).unwrap().among(vus)
            });
            let of = |stripe: &Stripe| {
                let constant = Arrivals::constant(start + 1, SECOND, SECOND * 2, stripe.clone());
                [constant, ramping(start, &stages, stripe.clone())].map(|a| a.iter().collect::<Vec<_>>())
            };
            let whole = of(&Stripe::whole());
            let mut united = [Vec::new(), Vec::new()];
            for share in shares {
                united.iter_mut().zip(of(share.stripe())).for_each(|(all, own)| all.extend(own));
            }
            united.iter_mut().for_each(|all| all.sort());
            prop_assert_eq!(&united, &whole);
            prop_assert!(whole[1].is_sorted());
        }
    }
}
