//! The sink of a trend: exact while small, a histogram when large.
//!
//! Up to [`EXACT_LIMIT`] values are kept as they are, and percentiles are exactly k6's. Beyond
//! that, values go to HDR histograms, so memory is bounded however long the run: each value is
//! rounded to 11 significant bits, which moves it by less than 0.05 % and leaves integers up to
//! 2048 as they are. Count, sum, minimum and maximum stay exact.

use hdrhistogram::Histogram;

use super::sink::saturating_sum;

/// How many values are kept one by one: 32 KiB of them.
const EXACT_LIMIT: usize = 4096;

/// Values of a trend. Time values are in milliseconds, data values in bytes.
#[derive(Clone, Debug, Default)]
pub struct TrendSink {
    values: Values,
    count: u64,
    sum: f64,
    min: f64,
    max: f64,
}

#[derive(Clone, Debug)]
enum Values {
    Exact(Vec<f64>),
    Bucketed(Box<Buckets>),
}

impl Default for Values {
    fn default() -> Self {
        Self::Exact(Vec::new())
    }
}

impl TrendSink {
    /// How many values there are.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Their sum, exact but for the rounding of floating point.
    pub fn sum(&self) -> f64 {
        self.sum
    }

    /// The smallest value, exact; 0 while empty.
    pub fn min(&self) -> f64 {
        self.min
    }

    /// The largest value, exact; 0 while empty.
    pub fn max(&self) -> f64 {
        self.max
    }

    /// The mean; 0 while empty.
    pub fn avg(&self) -> f64 {
        if self.count == 0 { 0.0 } else { (self.sum / self.count as f64).clamp(self.min, self.max) }
    }

    /// The median: `percentile(50)`.
    pub fn med(&self) -> f64 {
        self.percentile(50.0)
    }

    /// The value at a percentile from 0 to 100, interpolated as k6 does: position
    /// `p / 100 * (count - 1)` in the sorted values, linearly between its two neighbours.
    /// 0 while empty.
    pub fn percentile(&self, p: f64) -> f64 {
        if self.count == 0 {
            return 0.0;
        }
        let position = (p / 100.0).clamp(0.0, 1.0) * (self.count - 1) as f64;
        let below = position.floor() as u64;
        let above = (position.ceil() as u64).min(self.count - 1);
        let (low, high) = match &self.values {
            Values::Exact(values) => neighbours(&mut values.clone(), below as usize, above as usize),
            Values::Bucketed(buckets) => (buckets.value_at(below), buckets.value_at(above)),
        };
        // A weighted mean, because the difference of two huge values would overflow.
        let weight = position - position.floor();
        (low * (1.0 - weight) + high * weight).clamp(self.min, self.max)
    }

    pub(super) fn add(&mut self, value: f64) {
        self.min = if self.count == 0 { value } else { self.min.min(value) };
        self.max = if self.count == 0 { value } else { self.max.max(value) };
        self.sum = saturating_sum(self.sum, value);
        self.count += 1;
        match &mut self.values {
            Values::Bucketed(buckets) => buckets.add(value, 1),
            Values::Exact(values) => {
                values.push(value);
                if values.len() > EXACT_LIMIT {
                    self.spill();
                }
            }
        }
    }

    pub(super) fn merge(&mut self, other: &Self) {
        match &other.values {
            Values::Exact(values) => values.iter().for_each(|value| self.add(*value)),
            Values::Bucketed(theirs) => {
                self.spill();
                if let Values::Bucketed(ours) = &mut self.values {
                    ours.merge(theirs);
                }
                self.min = if self.count == 0 { other.min } else { self.min.min(other.min) };
                self.max = if self.count == 0 { other.max } else { self.max.max(other.max) };
                self.sum = saturating_sum(self.sum, other.sum);
                self.count += other.count;
            }
        }
    }

    /// The trend of a function of its values; where they are rounded, so are those.
    #[must_use]
    pub fn map(&self, function: impl Fn(f64) -> f64) -> Self {
        let mut mapped = Self::default();
        self.each(|value, count| mapped.add_many(function(value), count));
        mapped
    }

    /// The standard deviation of its values, taken for all that there are; 0 while empty.
    pub fn std_dev(&self) -> f64 {
        let (mean, mut squares) = (self.avg(), 0.0);
        self.each(|value, count| squares += (value - mean).powi(2) * count as f64);
        if self.count == 0 { 0.0 } else { (squares / self.count as f64).sqrt() }
    }

    fn each(&self, mut take: impl FnMut(f64, u64)) {
        match &self.values {
            Values::Exact(values) => values.iter().for_each(|value| take(*value, 1)),
            Values::Bucketed(buckets) => {
                buckets.cells().into_iter().for_each(|(key, count)| take(value(key), count))
            }
        }
    }

    fn add_many(&mut self, value: f64, count: u64) {
        if count == 1 {
            return self.add(value);
        }
        self.spill();
        if let Values::Bucketed(buckets) = &mut self.values {
            buckets.add(value, count);
        }
        self.min = if self.count == 0 { value } else { self.min.min(value) };
        self.max = if self.count == 0 { value } else { self.max.max(value) };
        self.sum = saturating_sum(self.sum, value * count as f64);
        self.count += count;
    }

    /// Its values one by one, in the order in which they came, while they are few.
    pub fn exact(&self) -> Option<&[f64]> {
        match &self.values {
            Values::Exact(values) => Some(values),
            Values::Bucketed(_) => None,
        }
    }

    /// Its rounded values as keys with their counts, in ascending order.
    pub(super) fn cells(&self) -> Vec<(i32, u64)> {
        match &self.values {
            Values::Bucketed(buckets) => buckets.cells(),
            Values::Exact(values) => {
                let mut buckets = Buckets::default();
                values.iter().for_each(|value| buckets.add(*value, 1));
                buckets.cells()
            }
        }
    }

    /// A trend of rounded values; `sum`, `min` and `max` are exact.
    pub(super) fn from_cells(cells: impl Iterator<Item = (i32, u64)>, sum: f64, min: f64, max: f64) -> Self {
        let mut buckets = Box::<Buckets>::default();
        let mut all = 0;
        for (key, count) in cells {
            buckets.add(value(key), count);
            all += count;
        }
        Self { values: Values::Bucketed(buckets), count: all, sum, min, max }
    }

    fn spill(&mut self) {
        if let Values::Exact(values) = &self.values {
            let mut buckets = Box::<Buckets>::default();
            values.iter().for_each(|value| buckets.add(*value, 1));
            self.values = Values::Bucketed(buckets);
        }
    }
}

/// The values that would stand at two places, the second not before the first and at most one
/// further, if `values` were sorted.
fn neighbours(values: &mut [f64], below: usize, above: usize) -> (f64, f64) {
    let (_, low, rest) = values.select_nth_unstable_by(below, f64::total_cmp);
    let low = *low;
    if above == below {
        return (low, low);
    }
    (low, rest.iter().copied().min_by(f64::total_cmp).unwrap_or(low))
}

/// Histograms over all finite numbers.
#[derive(Clone, Debug, Default)]
struct Buckets {
    /// Of the magnitudes of negative values.
    negative: Magnitudes,
    zeros: u64,
    positive: Magnitudes,
}

impl Buckets {
    fn add(&mut self, value: f64, count: u64) {
        // Subnormal numbers (below 2.3e-308) have no 11 significant bits to keep.
        if value.abs() < f64::MIN_POSITIVE {
            self.zeros += count;
        } else if value > 0.0 {
            self.positive.add(value, count);
        } else {
            self.negative.add(-value, count);
        }
    }

    fn cells(&self) -> Vec<(i32, u64)> {
        let mut cells: Vec<_> = self.negative.values().map(|(value, count)| (key(-value), count)).collect();
        cells.reverse();
        if self.zeros > 0 {
            cells.push((0, self.zeros));
        }
        cells.extend(self.positive.values().map(|(value, count)| (key(value), count)));
        cells
    }

    /// The value at a place, from 0, in the sorted values.
    fn value_at(&self, rank: u64) -> f64 {
        if let Some(from_zero) = self.negative.count.checked_sub(rank + 1) {
            return -self.negative.value_at(from_zero);
        }
        match (rank - self.negative.count).checked_sub(self.zeros) {
            Some(rank) => self.positive.value_at(rank),
            None => 0.0,
        }
    }

    fn merge(&mut self, other: &Self) {
        self.negative.merge(&other.negative);
        self.zeros += other.zeros;
        self.positive.merge(&other.positive);
    }
}

/// Histograms over all normal positive numbers. An HDR histogram counts integers and is precise
/// from 1024 on, which leaves it 52 of the 2046 powers of two of a double; so there is one for
/// each band of 52 powers, made when the first value falls into it. Band 0 reaches from 2^-14 to
/// 2^38 (61 ns to 8.7 years, in milliseconds) and is the only one that most metrics ever need.
#[derive(Clone, Debug, Default)]
struct Magnitudes {
    /// In ascending order.
    bands: Vec<Band>,
    count: u64,
}

#[derive(Clone, Debug)]
struct Band {
    number: i32,
    histogram: Histogram<u64>,
}

/// How many powers of two a band spans.
const BAND_WIDTH: i32 = 52;
/// The smallest power of two in band 0.
const BAND_START: i32 = -14;
/// The power of two that values at the start of a band are scaled to.
const PRECISE_FROM: i32 = 10;
/// Bits of a double's mantissa that are dropped: 42 of 52, which leaves 11 significant bits.
const DROPPED_BITS: u32 = 42;

impl Magnitudes {
    fn add(&mut self, value: f64, count: u64) {
        let value = rounded(value);
        let number = (exponent(value) - BAND_START).div_euclid(BAND_WIDTH);
        let band = self.band(number);
        // Exact: the scaled value is an integer of 11 significant bits below 2^62. Recording fails
        // only for values out of range, and these histograms grow with their values.
        let _ = band.histogram.record_n(times_power(value, band.shift()) as u64, count);
        self.count += count;
    }

    fn value_at(&self, mut rank: u64) -> f64 {
        for band in &self.bands {
            let Some(beyond) = rank.checked_sub(band.histogram.len()) else {
                return band.value_at(rank);
            };
            rank = beyond;
        }
        0.0
    }

    /// The rounded values in ascending order, with their counts.
    fn values(&self) -> impl Iterator<Item = (f64, u64)> + '_ {
        self.bands.iter().flat_map(Band::values)
    }

    fn merge(&mut self, other: &Self) {
        for theirs in &other.bands {
            // Adding fails only where the target may not grow; see `add`.
            let _ = self.band(theirs.number).histogram.add(&theirs.histogram);
        }
        self.count += other.count;
    }

    fn band(&mut self, number: i32) -> &mut Band {
        let at = self.bands.partition_point(|band| band.number < number);
        if self.bands.get(at).is_none_or(|band| band.number != number) {
            self.bands.insert(at, Band::new(number));
        }
        &mut self.bands[at]
    }
}

impl Band {
    fn new(number: i32) -> Self {
        // Three significant digits are within the allowed 0 to 5, the only condition there is.
        let histogram = Histogram::new(3).expect("3 significant digits are allowed");
        Self { number, histogram }
    }

    /// The power of two between a value and its integer in the histogram.
    fn shift(&self) -> i32 {
        PRECISE_FROM - BAND_START - self.number * BAND_WIDTH
    }

    fn value_at(&self, rank: u64) -> f64 {
        let mut seen = 0;
        let mut values = self.values();
        let found = values.find(|(_, count)| {
            seen += count;
            seen > rank
        });
        found.map_or(0.0, |(value, _)| value)
    }

    fn values(&self) -> impl Iterator<Item = (f64, u64)> + '_ {
        self.histogram.iter_recorded().map(|bucket| {
            let scaled = self.histogram.lowest_equivalent(bucket.value_iterated_to());
            (times_power(scaled as f64, -self.shift()), bucket.count_at_value())
        })
    }
}

/// The number of a finite value rounded to 11 significant bits: the sign, the exponent and the first ten bits of
/// the mantissa of the double, so that keys are in the order of their values. Zero is 0.
#[inline]
pub fn key(value: f64) -> i32 {
    let size = value.abs();
    if size < f64::MIN_POSITIVE {
        return 0;
    }
    let magnitude = (rounded(size).to_bits() >> DROPPED_BITS) as i32;
    if value < 0.0 { -magnitude } else { magnitude }
}

/// The value with that number: the inverse of [`key`]. Numbers that no finite value has give 0.
pub fn value(key: i32) -> f64 {
    let size = f64::from_bits(u64::from(key.unsigned_abs()) << DROPPED_BITS);
    match size.is_normal() && size > 0.0 {
        true if key < 0 => -size,
        true => size,
        false => 0.0,
    }
}

/// A normal positive number to 11 significant bits: half up, but the largest numbers down, which
/// would round to infinity.
fn rounded(value: f64) -> f64 {
    let mask = !((1_u64 << DROPPED_BITS) - 1);
    let up = f64::from_bits((value.to_bits() + (1 << (DROPPED_BITS - 1))) & mask);
    if up.is_finite() { up } else { f64::from_bits(value.to_bits() & mask) }
}

/// The power of two at or below a normal positive number.
fn exponent(value: f64) -> i32 {
    (value.to_bits() >> 52) as i32 - 1023
}

/// `value * 2^power`, in two steps because 2^power itself may not be a double.
fn times_power(value: f64, power: i32) -> f64 {
    let half = power / 2;
    value * power_of_two(half) * power_of_two(power - half)
}

fn power_of_two(power: i32) -> f64 {
    f64::from_bits(((power + 1023) as u64) << 52)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn trend(values: &[f64]) -> TrendSink {
        let mut sink = TrendSink::default();
        values.iter().for_each(|v| sink.add(*v));
        sink
    }

    fn exact(values: &[f64], p: f64) -> f64 {
        let mut sorted = values.to_vec();
        sorted.sort_by(f64::total_cmp);
        let position = p / 100.0 * (sorted.len() - 1) as f64;
        let weight = position.fract();
        sorted[position.floor() as usize] * (1.0 - weight) + sorted[position.ceil() as usize] * weight
    }

    #[test]
    fn empty_is_zero() {
        let sink = TrendSink::default();
        assert_eq!(
            (sink.count(), sink.min(), sink.max(), sink.avg(), sink.percentile(99.0)),
            (0, 0., 0., 0., 0.)
        );
    }

    #[test]
    fn small_trends_interpolate_as_k6() {
        let sink = trend(&[5.0, 7.0, 5.0, 7.0]);
        assert_eq!((sink.med(), sink.percentile(90.0), sink.avg()), (6.0, 7.0, 6.0));
        let sink = trend(&[0.01517, 0.12753]);
        assert!((sink.percentile(95.0) - 0.121912).abs() < 1e-12);
        assert_eq!(trend(&[3.5]).percentile(90.0), 3.5);
    }

    #[test]
    fn integers_to_2048_stay_exact() {
        let values: Vec<f64> = (0..=2048).flat_map(|v| [f64::from(v); 3]).collect();
        let sink = trend(&values);
        assert!(matches!(sink.values, Values::Bucketed(_)));
        for p in [1.0, 12.5, 50.0, 75.0, 100.0] {
            assert_eq!(sink.percentile(p), exact(&values, p));
        }
    }

    #[test]
    fn extremes_keep_their_size() {
        let mut values =
            vec![f64::MAX, f64::MIN, f64::MIN_POSITIVE, -f64::MIN_POSITIVE, 5e-324, 1e-9, 1e12, 0.0, -0.0];
        values = values.repeat(600);
        let sink = trend(&values);
        for p in 0..=100 {
            let (got, want) = (sink.percentile(f64::from(p)), exact(&values, f64::from(p)));
            assert!((got - want).abs() <= want.abs() * 0.001 + 1e-300, "p({p}): {got} is not {want}");
        }
        assert_eq!((sink.min(), sink.max()), (f64::MIN, f64::MAX));
        assert!(sink.sum().is_finite() && sink.avg().is_finite());
    }

    fn any_value() -> impl Strategy<Value = f64> {
        prop_oneof![
            4 => 0.0..10_000.0_f64,
            2 => (-320.0..308.0_f64, proptest::bool::ANY)
                .prop_map(|(e, neg)| 10_f64.powf(e) * if neg { -1.0 } else { 1.0 }),
            1 => Just(0.0),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

        #[test]
        fn percentiles_are_within_a_thousandth(
            values in proptest::collection::vec(any_value(), 1..9000),
            cut in 0.0..1.0_f64,
            p in 0.0..=100.0_f64,
        ) {
            let (head, tail) = values.split_at((values.len() as f64 * cut) as usize);
            let mut merged = trend(head);
            merged.merge(&trend(tail));
            let mut sorted = values.clone();
            sorted.sort_by(f64::total_cmp);
            for sink in [trend(&values), merged] {
                prop_assert_eq!(sink.count(), values.len() as u64);
                prop_assert_eq!((sink.min(), sink.max()), (sorted[0], sorted[values.len() - 1]));
                let position = p / 100.0 * (values.len() - 1) as f64;
                // Between two neighbours of different sign the error is one of theirs, not of the
                // difference.
                let size = sorted[position.floor() as usize].abs().max(sorted[position.ceil() as usize].abs());
                let (got, want) = (sink.percentile(p), exact(&values, p));
                prop_assert!((got - want).abs() <= size * 0.001 + 1e-300, "{} is not {}", got, want);
            }
        }
    }
}
