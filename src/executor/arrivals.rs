//! When the iterations of an open model are due.

mod gaps;
mod law;
mod rate;
mod trace;

use std::time::Duration;

use super::share::Stripe;
pub use gaps::{Gaps, normal};
pub use law::Law;
use rate::{Climb, Rate, Slope, nanoseconds};
pub use trace::Trace;

/// The due times of one instance's iterations.
#[derive(Clone, Debug, PartialEq)]
pub struct Arrivals {
    rate: Rate,
    places: Places,
    stripe: Stripe,
}

/// Where the starts of all instances lie.
#[derive(Clone, Debug, PartialEq)]
enum Places {
    /// Each where the rate's integral comes to its number, from zero, and none at the very end.
    FromZero,
    /// The same with numbers from one, and the end counts.
    FromOne,
    /// Where the integral comes to the sum of the gaps up to there. In other words, time is stretched so that the
    /// rate becomes 1, which makes exponential gaps an (inhomogeneous) Poisson process of exactly this rate.
    Random(Gaps),
    /// At these times, whatever the rate.
    At(Trace),
}

impl Arrivals {
    /// `rate` iterations per `time_unit`: iteration i (from 0) at `i·time_unit/rate`, cut to whole
    /// nanoseconds, as long as that is before `duration`.
    ///
    /// k6 cuts the period instead of each time, which makes high rates higher than asked for, and lets
    /// chance decide about an iteration that is due at the very end.
    pub fn constant(rate: u64, time_unit: Duration, duration: Duration, stripe: Stripe) -> Self {
        let slopes = vec![Slope { from: rate, to: rate, duration: nanoseconds(duration) }];
        let rate = Rate { slopes, time_unit: nanoseconds(time_unit) };
        Self { rate, places: Places::FromZero, stripe }
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
        let rate = Rate { slopes, time_unit: nanoseconds(time_unit) };
        Self { rate, places: Places::FromOne, stripe }
    }

    /// The same rate with random gaps around it. The first gap begins at the scenario's start.
    #[must_use]
    pub fn random(self, gaps: Gaps) -> Self {
        Self { places: Places::Random(gaps), ..self }
    }

    /// At recorded times instead, up to the end of what was the rate.
    #[must_use]
    pub fn replay(self, trace: Trace) -> Self {
        Self { places: Places::At(trace), ..self }
    }

    /// The rate of one instance at this moment, in iterations a second, where random gaps hide it.
    pub fn pace(&self, elapsed: Duration) -> Option<f64> {
        matches!(self.places, Places::Random(_)).then(|| self.rate.at(elapsed) * self.stripe.part())
    }

    /// Iterations a second from the start to the end.
    pub fn mean(&self) -> f64 {
        let seconds = self.rate.end().as_secs_f64();
        if seconds > 0.0 { self.iter().count() as f64 / seconds } else { 0.0 }
    }

    /// Whether there is one rate for all the time: that never changes, or the mean of recorded times.
    pub fn is_constant(&self) -> bool {
        matches!(self.places, Places::FromZero | Places::At(_))
    }

    /// The times since the scenario's start, in order.
    pub fn iter(&self) -> Due<'_> {
        let draw = match &self.places {
            Places::Random(gaps) => Some(gaps.draw()),
            _ => None,
        };
        Due { arrivals: self, own: 0, climb: Climb::default(), draw, drawn: 0, sum: 0.0 }
    }
}

/// Goes through due times.
#[derive(Clone, Debug)]
pub struct Due<'a> {
    arrivals: &'a Arrivals,
    /// How many there were.
    own: u64,
    climb: Climb,
    draw: Option<gaps::Draw>,
    /// How many gaps were drawn, those of other instances as well, and their sum.
    drawn: u64,
    sum: f64,
}

impl Iterator for Due<'_> {
    type Item = Duration;

    fn next(&mut self) -> Option<Duration> {
        let Arrivals { rate, places, stripe } = self.arrivals;
        let place = stripe.place(self.own);
        // Twice the integral there.
        let even = |number: u64| u128::from(number) * 2 * u128::from(rate.time_unit);
        let due = match (places, &mut self.draw) {
            (Places::At(trace), _) => {
                let time = trace.times().get(usize::try_from(place).ok()?)?;
                Some(*time).filter(|time| *time <= rate.end())
            }
            (Places::Random(_), Some(draw)) => {
                while self.drawn <= place {
                    self.drawn += 1;
                    self.sum += draw.gap();
                }
                self.climb.reach(rate, (self.sum * 2.0 * rate.time_unit as f64) as u128, false)
            }
            (Places::FromZero, _) => self.climb.reach(rate, even(place), false),
            _ => self.climb.reach(rate, even(place + 1), true),
        }?;
        self.own += 1;
        Some(due)
    }
}

#[cfg(test)]
mod tests;
