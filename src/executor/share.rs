//! The part of a test that one instance runs, when several instances run one test together.
//!
//! Whatever can be counted (VUs, iterations, starts) is dealt out to the segments one by one, so that
//! the parts of all instances add up to the whole, and each instance knows which elements are its own
//! without asking the others.

use std::sync::Arc;

use super::segment::{Fraction, ONE, Segment, SegmentSequence, ZERO, gcd};

/// The largest common denominator of segments; the places of one period are kept in memory.
const MOST_PARTS: u64 = 1_000_000;
/// Above so many elements a share of them has the proportions of the segments themselves.
const MOST_DERIVED: u64 = 100_000;

/// Which of the elements 0, 1, 2, … fall to one segment: the same places in every period.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stripe {
    period: u64,
    /// Rising, below `period`; never empty.
    places: Arc<[u64]>,
}

impl Stripe {
    /// Every element.
    pub fn whole() -> Self {
        Self { period: 1, places: Arc::new([0]) }
    }

    /// What falls to one of the segments of these lengths.
    fn of(lengths: &[u64], index: usize) -> Self {
        let period = lengths.iter().sum();
        let own = (0..).zip(deal(lengths)).filter_map(|(place, segment)| (segment == index).then_some(place));
        Self { period, places: own.collect() }
    }

    /// How much of all it is, from 0 to 1.
    pub fn part(&self) -> f64 {
        self.places.len() as f64 / self.period as f64
    }

    /// How many of the first `count` elements are its own.
    pub fn scale(&self, count: u64) -> u64 {
        let rest = count % self.period;
        count / self.period * self.places.len() as u64
            + self.places.partition_point(|place| *place < rest) as u64
    }

    /// Where its own element number `own` (from 0) stands among all.
    pub fn place(&self, own: u64) -> u64 {
        let each = self.places.len() as u64;
        own / each * self.period + self.places[(own % each) as usize]
    }
}

/// To which of the segments each element of a period goes.
///
/// k6's rule: element i goes to the first segment, longest first, that has had no more than its part
/// of the elements before: `taken · period ≤ i · length`.
fn deal(lengths: &[u64]) -> impl Iterator<Item = usize> {
    let period: u64 = lengths.iter().sum();
    let mut order: Vec<usize> = (0..lengths.len()).collect();
    order.sort_by_key(|segment| std::cmp::Reverse(lengths[*segment]));
    let mut taken = vec![0; lengths.len()];
    // One is always found: together they have taken no more than their parts of all elements.
    (0..period).filter_map(move |element| {
        let segment = *order.iter().find(|s| taken[**s] * period <= element * lengths[**s])?;
        taken[segment] += 1;
        Some(segment)
    })
}

/// One segment of a sequence that covers the whole test.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Share {
    /// The lengths of all segments, without a common divisor.
    lengths: Arc<[u64]>,
    /// The own one.
    index: usize,
    stripe: Stripe,
}

impl Share {
    /// The whole test.
    pub fn whole() -> Self {
        Self { lengths: Arc::new([1]), index: 0, stripe: Stripe::whole() }
    }

    /// The share of `segment`. Without a sequence, the rest of the test counts as one segment before
    /// it and one behind it.
    ///
    /// # Errors
    /// If the sequence does not have the segment, or if a period of the shares is too long to be kept.
    pub fn new(segment: Option<Segment>, sequence: Option<&SegmentSequence>) -> Result<Self, String> {
        let segment = segment.unwrap_or(Segment::FULL);
        let mut borders = match sequence {
            Some(sequence) => sequence.0.clone(),
            None => vec![segment.from, segment.to],
        };
        if borders.first() != Some(&ZERO) {
            borders.insert(0, ZERO);
        }
        if borders.last() != Some(&ONE) {
            borders.push(ONE);
        }
        let own = [segment.from, segment.to];
        let Some(index) = borders.windows(2).position(|pair| pair == own) else {
            let sequence = SegmentSequence(borders);
            return Err(format!("provided segment {segment} can't be found in sequence {sequence}"));
        };
        let lengths = lengths(&borders).ok_or_else(|| {
            format!(
                "the execution segments divide the test into more than {MOST_PARTS} parts; use fractions with \
                 smaller denominators"
            )
        })?;
        Ok(Self::of_lengths(lengths, index))
    }

    fn of_lengths(mut lengths: Vec<u64>, index: usize) -> Self {
        let divisor = lengths.iter().copied().fold(0, gcd).max(1);
        lengths.iter_mut().for_each(|length| *length /= divisor);
        Self { stripe: Stripe::of(&lengths, index), lengths: lengths.into(), index }
    }

    /// The share for elements that belong to `total` others, such as iterations to VUs: the segments
    /// get the proportions in which the `total` are dealt out. `None` if none of them is its own.
    #[must_use]
    pub fn among(&self, total: u64) -> Option<Self> {
        if self.scale(total) == 0 {
            return None;
        }
        let period = self.stripe.period;
        if total.is_multiple_of(period) || total > MOST_DERIVED {
            return Some(self.clone());
        }
        let mut scaled: Vec<_> = self.lengths.iter().map(|length| total / period * length).collect();
        deal(&self.lengths).take((total % period) as usize).for_each(|segment| scaled[segment] += 1);
        let index = scaled[..self.index].iter().filter(|length| **length > 0).count();
        Some(Self::of_lengths(scaled.into_iter().filter(|length| *length > 0).collect(), index))
    }

    /// How much of the test it is, from 0 to 1.
    pub fn length(&self) -> f64 {
        self.lengths[self.index] as f64 / self.stripe.period as f64
    }

    /// How many of `count` elements are its own.
    pub fn scale(&self, count: u64) -> u64 {
        self.stripe.scale(count)
    }

    /// Which elements are its own.
    pub fn stripe(&self) -> &Stripe {
        &self.stripe
    }
}

/// The distances between borders in units of their common denominator; `None` if that is too large.
fn lengths(borders: &[Fraction]) -> Option<Vec<u64>> {
    let mut common = 1_u64;
    for border in borders {
        let denominator = u64::try_from(border.denominator).ok()?;
        common = (common / gcd(common, denominator)).checked_mul(denominator)?;
        if common > MOST_PARTS {
            return None;
        }
    }
    // Borders are between 0 and 1, so they are at most `common`.
    let at = |border: &Fraction| border.numerator as u64 * (common / border.denominator as u64);
    Some(borders.windows(2).map(|pair| at(&pair[1]) - at(&pair[0])).collect())
}

#[cfg(test)]
mod tests {
    use super::super::{Budget, Plan, parse};
    use super::*;
    use proptest::prelude::*;
    use serde_json::{Value, json};
    use std::time::Duration;

    fn share(segment: &str, sequence: &str) -> Share {
        let sequence = (!sequence.is_empty()).then(|| sequence.parse().unwrap());
        Share::new(Some(segment.parse().unwrap()), sequence.as_ref()).unwrap()
    }

    fn places(share: &Share, count: u64) -> Vec<u64> {
        (0..count).map(|own| share.stripe.place(own)).collect()
    }

    #[test]
    fn elements_are_dealt_out_as_k6_does() {
        for (segment, own) in
            [("0:1/2", [0, 2, 4, 6, 8]), ("1/2:3/4", [1, 5, 9, 13, 17]), ("3/4:1", [3, 7, 11, 15, 19])]
        {
            assert_eq!(places(&share(segment, "0,1/2,3/4,1"), 5), own);
        }
        // Without a common sequence shares may not add up: 7 VUs in thirds are 6.
        for third in ["0:1/3", "1/3:2/3", "2/3:1"] {
            assert_eq!(share(third, "").scale(7), 2, "{third}");
        }
        assert_eq!(places(&Share::whole(), 3), [0, 1, 2]);
    }

    #[test]
    fn shares_among_others_have_their_proportions() {
        // 10 VUs and 100 iterations at a third: 3 VUs with 30 iterations.
        let third = share("0:1/3", "");
        assert_eq!((third.scale(10), third.among(10).unwrap().scale(100)), (3, 30));
        assert_eq!(third.among(9).unwrap(), third);
        assert!(share("2/3:1", "0,1/3,2/3,1").among(2).is_none());
    }

    #[test]
    fn a_segment_must_be_in_its_sequence() {
        let error = |segment: &str, sequence: &str| {
            let sequence = (!sequence.is_empty()).then(|| sequence.parse().unwrap());
            Share::new(Some(segment.parse().unwrap()), sequence.as_ref()).unwrap_err()
        };
        assert_eq!(error("0:1/2", "0,1/4,1"), "provided segment 0:1/2 can't be found in sequence 0,1/4,1");
        assert!(error("0:1/1000003", "").contains("smaller denominators"));
        // Missing outer borders are filled in.
        assert!((share("1/4:1/2", "1/4,1/2,3/4").length() - 0.25).abs() < 1e-9);
    }

    fn sequences() -> impl Strategy<Value = Vec<Share>> {
        (2_i64..40, proptest::collection::btree_set(1_i64..40, 0..6)).prop_map(|(parts, inner)| {
            let mut borders = vec!["0".to_owned()];
            borders.extend(inner.iter().filter(|n| **n < parts).map(|n| format!("{n}/{parts}")));
            borders.push("1".to_owned());
            let sequence = borders.join(",");
            borders.windows(2).map(|pair| share(&format!("{}:{}", pair[0], pair[1]), &sequence)).collect()
        })
    }

    /// What a plan does, in numbers that add up over instances.
    fn amounts(executor: &Value, share: &Share) -> Vec<u64> {
        let executor = parse("s", executor).unwrap();
        assert_eq!(executor.validate(), Vec::<String>::new());
        match executor.plan(share) {
            Plan::Closed(plan) => {
                let curve = (0..30).map(|n| plan.vus_at(Duration::from_millis(n * 100)).into());
                let iterations = match plan.budget {
                    Budget::Unlimited => 0,
                    Budget::Shared(all) => all,
                    Budget::PerVu(each) => each * u64::from(plan.max_vus()),
                };
                curve.chain([iterations]).collect()
            }
            Plan::Open(plan) if plan.max_vus == 0 => vec![0; 3],
            Plan::Open(plan) => {
                let starts = plan.arrivals.iter().count() as u64;
                assert!(plan.arrivals.users().is_none_or(|users| users == starts));
                vec![plan.pre_allocated_vus.into(), plan.max_vus.into(), starts]
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(64) })]

        #[test]
        fn shares_add_up_and_stripes_do_not_overlap(shares in sequences(), count in 0_u64..500, total in 1_u64..90) {
            prop_assert_eq!(shares.iter().map(|s| s.scale(count)).sum::<u64>(), count);
            let among: Vec<_> = shares.iter().filter_map(|s| s.among(total)).collect();
            prop_assert_eq!(among.iter().map(|s| s.scale(count)).sum::<u64>(), count);
            for shares in [shares, among] {
                let mut all: Vec<_> = shares.iter().flat_map(|s| places(s, s.scale(count))).collect();
                all.sort_unstable();
                prop_assert_eq!(all, (0..count).collect::<Vec<_>>());
            }
        }

        #[test]
        fn every_executors_shares_add_up(shares in sequences(), vus in 1_u64..30, more in 0_u64..30) {
            let stages = json!([{"duration": "1s", "target": more}, {"duration": "1s", "target": vus}]);
            for executor in [
                json!({"executor": "constant-vus", "vus": vus, "duration": "3s"}),
                json!({"executor": "ramping-vus", "startVUs": vus, "stages": stages}),
                json!({"executor": "per-vu-iterations", "vus": vus, "iterations": 3}),
                json!({"executor": "shared-iterations", "vus": vus, "iterations": vus + more}),
                json!({"executor": "constant-arrival-rate", "rate": 7, "duration": "3s", "preAllocatedVUs": vus,
                    "maxVUs": vus + more}),
                json!({"executor": "ramping-arrival-rate", "stages": stages, "preAllocatedVUs": vus,
                    "maxVUs": vus + more}),
                json!({"executor": "constant-vus", "vus": vus, "duration": "3s", "rampUp": "2s"}),
                json!({"executor": "ramping-vus", "startVUs": vus, "stages": stages, "rampUp": "1s"}),
                json!({"executor": "at-once-users", "users": vus + more}),
                json!({"executor": "ramp-users", "users": vus + more, "duration": "2s", "maxVUs": vus}),
                json!({"executor": "constant-users-per-sec", "rate": 0.7 * vus as f64, "duration": "3s"}),
                json!({"executor": "ramp-users-per-sec", "from": more, "to": vus, "duration": "2.5s"}),
                json!({"executor": "stress-peak-users", "users": vus, "duration": "2s"}),
                json!({"executor": "increment-users-per-sec", "increment": vus, "times": 3,
                    "eachLevelLasting": "1s", "separatedByRampsLasting": "300ms"}),
                json!({"executor": "inject-open", "preAllocatedVUs": vus, "steps": [
                    {"shape": "at-once-users", "users": vus}, {"shape": "nothing-for", "duration": "1s"},
                    {"shape": "ramp-users", "users": more, "duration": "1s"}]}),
                json!({"executor": "constant-concurrent-users", "users": vus, "duration": "3s"}),
                json!({"executor": "ramp-concurrent-users", "from": more, "to": vus, "duration": "3s"}),
                json!({"executor": "increment-concurrent-users", "increment": vus, "times": 2,
                    "eachLevelLasting": "1s", "startingFrom": more}),
                json!({"executor": "inject-closed", "steps": [
                    {"shape": "ramp-concurrent-users", "from": 0, "to": vus, "duration": "1s"},
                    {"shape": "constant-concurrent-users", "users": more, "duration": "1s"}]}),
            ] {
                let whole = amounts(&executor, &Share::whole());
                let mut sum = vec![0; whole.len()];
                for share in &shares {
                    sum.iter_mut().zip(amounts(&executor, share)).for_each(|(sum, part)| *sum += part);
                }
                prop_assert_eq!(sum, whole, "{}", executor);
            }
        }
    }
}
