//! When users arrive that are injected in one shape after the other, as Gatling's open models do it.

use std::time::Duration;

use super::share::Stripe;

/// One part of an injection.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Piece {
    /// Nobody comes.
    Pause(Duration),
    /// So many at the same moment; it takes no time.
    Burst(u64),
    /// So many, evenly: user i (from 0) at `i·duration/users`.
    Even { users: u64, duration: Duration },
    /// Users arrive at a rate that goes evenly from one number a second to another: user i (from 0)
    /// when the rate's integral reaches i. Their number is the whole integral, rounded.
    Slope { from: f64, to: f64, duration: Duration },
    /// So many, few at first and at last and most in the middle: see [`peak`].
    Peak { users: u64, duration: Duration },
}

impl Piece {
    /// How many users arrive in it.
    pub fn users(&self) -> u64 {
        match *self {
            Self::Pause(_) => 0,
            Self::Burst(users) | Self::Even { users, .. } | Self::Peak { users, .. } => users,
            Self::Slope { from, to, duration } => ((from + to) / 2.0 * duration.as_secs_f64()).round() as u64,
        }
    }

    /// How long it takes.
    pub fn duration(&self) -> Duration {
        match *self {
            Self::Burst(_) => Duration::ZERO,
            Self::Pause(duration)
            | Self::Even { duration, .. }
            | Self::Slope { duration, .. }
            | Self::Peak { duration, .. } => duration,
        }
    }

    /// The highest rate, in users a second, of those that do not come at one moment.
    pub fn highest_rate(&self) -> f64 {
        let seconds = self.duration().as_secs_f64();
        if seconds == 0.0 {
            return 0.0;
        }
        match *self {
            Self::Pause(_) | Self::Burst(_) => 0.0,
            Self::Even { users, .. } => users as f64 / seconds,
            Self::Slope { from, to, .. } => from.max(to),
            Self::Peak { users, .. } => {
                // The slope of `(n+2)·Φ(q)` at q = 0, where q goes from -q₁ to q₁ in `duration`.
                let width = -2.0 * normal_quantile(1.0 / (users as f64 + 2.0));
                (users as f64 + 2.0) * width / (seconds * std::f64::consts::TAU.sqrt())
            }
        }
    }

    /// How many users come at the same moment.
    pub fn burst(&self) -> u64 {
        if self.duration().is_zero() { self.users() } else { 0 }
    }

    /// When user `number` (from 0) arrives, since the piece's start.
    fn at(&self, number: u64) -> Duration {
        let part = |share: f64| {
            let whole = self.duration();
            Duration::try_from_secs_f64(whole.as_secs_f64() * share).unwrap_or(whole).min(whole)
        };
        match *self {
            Self::Pause(_) | Self::Burst(_) => Duration::ZERO,
            Self::Even { users, duration } => {
                let at = duration.as_nanos() * u128::from(number) / u128::from(users.max(1));
                Duration::from_nanos(u64::try_from(at).unwrap_or(u64::MAX))
            }
            Self::Slope { from, to, duration } => {
                // The smaller root of `(to-from)/2d·t² + from·t = i`, without a difference of nearly
                // equal numbers.
                let (i, seconds) = (number as f64, duration.as_secs_f64());
                let root = (from * from + 2.0 * (to - from) / seconds * i).max(0.0).sqrt();
                if i == 0.0 { Duration::ZERO } else { part(2.0 * i / (from + root) / seconds) }
            }
            Self::Peak { users, .. } => part(peak(number, users)),
        }
    }
}

/// When user `number` (from 0) of a stress peak arrives, as a share of the peak's duration.
///
/// Gatling's approximation of the Heaviside step, `H(t) ≈ 1/2 + 1/2·erf(k·t)`, cut where the first
/// user comes and stretched to the duration (`HeavisideOpenInjection` in its
/// `OpenInjectionStep.scala`): with `h(u) = erf⁻¹(2u/(n+2) - 1)`, user u (from 1) of n arrives at
/// `(h(u) - h(1)) / (2·|h(1)|)`. The quantile of the normal distribution is `Φ⁻¹(x) = √2·erf⁻¹(2x-1)`,
/// and the factor cancels out.
pub fn peak(number: u64, users: u64) -> f64 {
    let quantile = |user: u64| normal_quantile(user as f64 / (users as f64 + 2.0));
    let first = quantile(1);
    (quantile(number + 1) - first) / (2.0 * first.abs())
}

/// The quantile of the standard normal distribution for `0 < p < 1`, within 1.2e-9 of its value.
///
/// P. J. Acklam, "An algorithm for computing the inverse normal cumulative distribution function".
fn normal_quantile(p: f64) -> f64 {
    const A: [f64; 6] = [
        -3.969_683_028_665_376e1,
        2.209_460_984_245_205e2,
        -2.759_285_104_469_687e2,
        1.383_577_518_672_69e2,
        -3.066_479_806_614_716e1,
        2.506_628_277_459_239,
    ];
    const B: [f64; 6] = [
        -5.447_609_879_822_406e1,
        1.615_858_368_580_409e2,
        -1.556_989_798_598_866e2,
        6.680_131_188_771_972e1,
        -1.328_068_155_288_572e1,
        1.0,
    ];
    const C: [f64; 6] = [
        -7.784_894_002_430_293e-3,
        -3.223_964_580_411_365e-1,
        -2.400_758_277_161_838,
        -2.549_732_539_343_734,
        4.374_664_141_464_968,
        2.938_163_982_698_783,
    ];
    const D: [f64; 5] = [
        7.784_695_709_041_462e-3,
        3.224_671_290_700_398e-1,
        2.445_134_137_142_996,
        3.754_408_661_907_416,
        1.0,
    ];
    /// Below it, and above one less it, the tails begin.
    const TAIL: f64 = 0.02425;
    let polynomial = |coefficients: &[f64], x: f64| coefficients.iter().fold(0.0, |sum, c| sum * x + c);
    if p < TAIL {
        let q = (-2.0 * p.ln()).sqrt();
        polynomial(&C, q) / polynomial(&D, q)
    } else if p > 1.0 - TAIL {
        -normal_quantile(1.0 - p)
    } else {
        let q = p - 0.5;
        polynomial(&A, q * q) * q / polynomial(&B, q * q)
    }
}

/// The users of one instance: pieces one after the other, and which of all users are its own.
#[derive(Clone, Debug, PartialEq)]
pub struct Injection {
    pieces: Vec<Piece>,
    stripe: Stripe,
}

impl Injection {
    /// The users that fall to `stripe`.
    pub fn new(pieces: Vec<Piece>, stripe: Stripe) -> Self {
        Self { pieces, stripe }
    }

    /// How many users fall to the instance.
    pub fn users(&self) -> u64 {
        self.stripe.scale(users(&self.pieces))
    }

    /// When its users arrive since the scenario's start, in order.
    pub fn iter(&self) -> Arriving<'_> {
        Arriving { injection: self, own: 0, piece: 0, begin: Duration::ZERO, before: 0 }
    }
}

/// How many users arrive in all pieces.
pub(super) fn users(pieces: &[Piece]) -> u64 {
    pieces.iter().map(Piece::users).fold(0, u64::saturating_add)
}

/// How long all pieces take.
pub(super) fn duration(pieces: &[Piece]) -> Duration {
    pieces.iter().map(Piece::duration).fold(Duration::ZERO, Duration::saturating_add)
}

/// Goes through the times.
#[derive(Clone, Debug)]
pub struct Arriving<'a> {
    injection: &'a Injection,
    /// How many there were.
    own: u64,
    /// The present piece, when it began, and how many users came before it.
    piece: usize,
    begin: Duration,
    before: u64,
}

impl Iterator for Arriving<'_> {
    type Item = Duration;

    fn next(&mut self) -> Option<Duration> {
        let number = self.injection.stripe.place(self.own);
        loop {
            let piece = self.injection.pieces.get(self.piece)?;
            let after = self.before.saturating_add(piece.users());
            if number < after {
                self.own += 1;
                return Some(self.begin.saturating_add(piece.at(number - self.before)));
            }
            self.piece += 1;
            self.begin = self.begin.saturating_add(piece.duration());
            self.before = after;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn millis(pieces: &[Piece]) -> Vec<u128> {
        let injection = Injection::new(pieces.to_vec(), Stripe::whole());
        injection.iter().map(|at| (at.as_micros() + 500) / 1000).collect()
    }

    #[test]
    fn pieces_follow_each_other() {
        let pieces = [
            Piece::Pause(SECOND),
            Piece::Burst(2),
            Piece::Even { users: 4, duration: SECOND },
            Piece::Slope { from: 2.0, to: 2.0, duration: SECOND },
            Piece::Slope { from: 0.0, to: 4.0, duration: SECOND },
        ];
        assert_eq!(millis(&pieces), [1000, 1000, 1000, 1250, 1500, 1750, 2000, 2500, 3000, 3707]);
    }

    #[test]
    fn rates_need_not_be_whole() {
        let slope = |from, to, seconds| Piece::Slope { from, to, duration: SECOND * seconds };
        assert_eq!(millis(&[slope(0.5, 0.5, 6)]), [0, 2000, 4000]);
        assert_eq!(millis(&[slope(0.0, 0.0, 6)]), [0; 0]);
        assert_eq!((slope(10.0, 20.0, 600).users(), slope(20.0, 10.0, 1).users()), (9000, 15));
        // 4 → 0 in 2 s: the integral is 1 at 2 - √3 s.
        assert_eq!(millis(&[slope(4.0, 0.0, 2)]), [0, 268, 586, 1000]);
    }

    /// erf by its series, for `|x| < 4`.
    fn erf(x: f64) -> f64 {
        let (mut term, mut sum) = (x, x);
        for n in 1..100 {
            let n = f64::from(n);
            term *= -x * x / n;
            sum += term / (2.0 * n + 1.0);
        }
        sum * std::f64::consts::FRAC_2_SQRT_PI
    }

    #[test]
    fn quantiles_undo_the_error_function() {
        for p in [1e-6, 0.001, 0.02, 0.025, 0.3, 0.5, 0.77, 0.98, 0.9999] {
            let back = 0.5 + 0.5 * erf(normal_quantile(p) / std::f64::consts::SQRT_2);
            assert!((back - p).abs() < 1e-8, "{p}: {back}");
        }
    }

    #[test]
    fn a_peak_follows_the_error_function() {
        let users = 1000;
        let first = normal_quantile(1.0 / 1002.0).abs();
        for user in [0, 9, 250, 499, 750, 999] {
            // The approximated step at that time is the share of users that have come.
            let step = 0.5 + 0.5 * erf((2.0 * peak(user, users) - 1.0) * first / std::f64::consts::SQRT_2);
            assert!((step - (user + 1) as f64 / 1002.0).abs() < 1e-8, "{user}: {step}");
        }
        let times = millis(&[Piece::Peak { users, duration: SECOND * 10 }]);
        let middle = times.iter().filter(|at| (4000..6000).contains(*at)).count();
        assert!(times.is_sorted() && times[0] == 0 && *times.last().unwrap_or(&0) < 10_000);
        // Φ(0.2·3.09) - Φ(-0.2·3.09) of all.
        assert!((455..470).contains(&middle), "{middle}");
        assert_eq!(millis(&[Piece::Peak { users: 1, duration: SECOND }]), [0]);
        let rate = Piece::Peak { users, duration: SECOND * 10 }.highest_rate();
        let fullest = times.iter().filter(|at| (4950..5050).contains(*at)).count();
        assert!((rate / 10.0 - fullest as f64).abs() <= 1.0, "{rate} {fullest}");
    }
}
