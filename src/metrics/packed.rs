//! Sinks in little memory: what a record keeps of every second, and how it gathers that.
//!
//! A trend's values are rounded to 11 significant bits, as the histograms of [`super::trend`] do, which moves
//! each by less than 0.05 %. So a value is a small number, its *key*, and a second of a trend is a list
//! of keys with counts, a few bytes each. Adding such lists loses nothing.

use super::sink::{CounterSink, GaugeSink, RateSink, Sink, TrendSink, saturating_sum};
use super::{Kind, trend};

/// What a [`Sink`] holds, packed. Time values are in milliseconds, data values in bytes.
#[derive(Clone, Debug, PartialEq)]
pub enum Packed {
    Counter(CounterSink),
    Gauge(GaugeSink),
    Rate(RateSink),
    Trend(PackedTrend),
}

/// A trend: exact count, sum, minimum and maximum, and its rounded values with their counts.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PackedTrend {
    count: u64,
    sum: f64,
    min: f64,
    max: f64,
    /// The distance of each key to the one before it and its count, as variable-length numbers.
    cells: Box<[u8]>,
}

/// A rounded value of a trend and how often it came; see [`super::trend::key`].
pub type Cell = (i32, u64);

impl Packed {
    /// Nothing yet.
    pub fn new(kind: Kind) -> Self {
        match kind {
            Kind::Counter => Self::Counter(CounterSink::default()),
            Kind::Gauge => Self::Gauge(GaugeSink::default()),
            Kind::Rate => Self::Rate(RateSink::default()),
            Kind::Trend => Self::Trend(PackedTrend::default()),
        }
    }

    /// What a sink holds. Values of a trend that it still has one by one are rounded.
    pub fn of(sink: &Sink) -> Self {
        match sink {
            Sink::Counter(sink) => Self::Counter(sink.clone()),
            Sink::Gauge(sink) => Self::Gauge(sink.clone()),
            Sink::Rate(sink) => Self::Rate(sink.clone()),
            Sink::Trend(sink) => Self::Trend(PackedTrend::of(sink)),
        }
    }

    /// A sink that holds this.
    pub fn sink(&self) -> Sink {
        match self {
            Self::Counter(sink) => Sink::Counter(sink.clone()),
            Self::Gauge(sink) => Sink::Gauge(sink.clone()),
            Self::Rate(sink) => Sink::Rate(sink.clone()),
            Self::Trend(trend) => Sink::Trend(trend.sink()),
        }
    }

    /// Of which kind of metric it is.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Counter(_) => Kind::Counter,
            Self::Gauge(_) => Kind::Gauge,
            Self::Rate(_) => Kind::Rate,
            Self::Trend(_) => Kind::Trend,
        }
    }

    /// How many samples there were.
    pub fn count(&self) -> u64 {
        match self {
            Self::Counter(sink) => sink.count,
            Self::Gauge(sink) => sink.count,
            Self::Rate(sink) => sink.total,
            Self::Trend(trend) => trend.count,
        }
    }

    /// The trend, if it is one.
    pub fn trend(&self) -> Option<&PackedTrend> {
        match self {
            Self::Trend(trend) => Some(trend),
            _ => None,
        }
    }

    /// Takes in what `later` holds, as if its values came after the own ones. One of another kind is
    /// passed over.
    pub fn merge(&mut self, later: &Self) {
        if let (Self::Trend(a), Self::Trend(b)) = (&mut *self, later) {
            a.merge(b);
        } else if self.kind() == later.kind() {
            let mut sink = self.sink();
            sink.merge(&later.sink());
            *self = Self::of(&sink);
        }
    }

    /// How many bytes it takes, more or less.
    pub fn size(&self) -> usize {
        size_of::<Self>() + self.trend().map_or(0, |trend| trend.cells.len())
    }
}

impl PackedTrend {
    /// A trend of these cells, in ascending order of their keys.
    pub fn new(cells: &[Cell], sum: f64, min: f64, max: f64) -> Self {
        let mut bytes = Vec::with_capacity(cells.len() * 3);
        let mut before = 0;
        for (key, count) in cells {
            // The first key may be negative.
            put(&mut bytes, zigzag(i64::from(*key) - before));
            put(&mut bytes, *count);
            before = i64::from(*key);
        }
        let count = cells.iter().map(|(_, count)| count).sum();
        Self { count, sum, min, max, cells: bytes.into() }
    }

    fn of(sink: &TrendSink) -> Self {
        Self::new(&sink.cells(), sink.sum(), sink.min(), sink.max())
    }

    fn sink(&self) -> TrendSink {
        TrendSink::from_cells(self.cells(), self.sum, self.min, self.max)
    }

    /// How many values there are.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Their exact sum.
    pub fn sum(&self) -> f64 {
        self.sum
    }

    /// The smallest, exact; 0 while empty.
    pub fn min(&self) -> f64 {
        self.min
    }

    /// The largest, exact; 0 while empty.
    pub fn max(&self) -> f64 {
        self.max
    }

    /// The mean; 0 while empty.
    pub fn mean(&self) -> f64 {
        if self.count == 0 { 0.0 } else { (self.sum / self.count as f64).clamp(self.min, self.max) }
    }

    /// The standard deviation of the rounded values (of all of them, not of a sample); 0 while empty.
    pub fn deviation(&self) -> f64 {
        let mean = self.mean();
        let squares: f64 = self.values().map(|(value, count)| (value - mean).powi(2) * count as f64).sum();
        if self.count == 0 { 0.0 } else { (squares / self.count as f64).sqrt() }
    }

    /// The value at a percentile from 0 to 100, interpolated as k6 does; 0 while empty.
    pub fn percentile(&self, p: f64) -> f64 {
        percentile(self.cells(), self.count, p).clamp(self.min, self.max)
    }

    /// The rounded values in ascending order, with their counts.
    pub fn values(&self) -> impl Iterator<Item = (f64, u64)> + '_ {
        self.cells().map(|(key, count)| (trend::value(key), count))
    }

    /// The same by key.
    pub fn cells(&self) -> impl Iterator<Item = Cell> + '_ {
        let mut rest = &*self.cells;
        let mut key = 0;
        std::iter::from_fn(move || {
            let delta = take(&mut rest)?;
            let count = take(&mut rest)?;
            key += unzigzag(delta);
            Some((key as i32, count))
        })
    }

    /// Takes in the values of another one.
    pub fn merge(&mut self, other: &Self) {
        let mut tally = TrendTally::default();
        tally.add_packed(self);
        tally.add_packed(other);
        *self = tally.pack();
    }
}

/// The value at a percentile of cells with so many values in all, interpolated as k6 does: position
/// `p / 100 * (count - 1)`, linearly between its two neighbours. 0 while empty.
pub fn percentile(cells: impl Iterator<Item = Cell>, count: u64, p: f64) -> f64 {
    let position = (p / 100.0).clamp(0.0, 1.0) * count.saturating_sub(1) as f64;
    let (below, above) = (position.floor() as u64, position.ceil() as u64);
    let (mut seen, mut low, mut last) = (0, None, 0);
    for (key, count) in cells {
        seen += count;
        last = key;
        if low.is_none() && seen > below {
            low = Some(key);
        }
        if seen > above {
            break;
        }
    }
    let (low, high) = (trend::value(low.unwrap_or(last)), trend::value(last));
    let weight = position - position.floor();
    // A weighted mean, because the difference of two huge values would overflow.
    if weight == 0.0 { low } else { low * (1.0 - weight) + high * weight }
}

/// What comes in of one series, on its way to a [`Packed`].
#[derive(Clone, Debug)]
pub enum Tally {
    Plain(Sink),
    Trend(TrendTally),
}

impl Tally {
    /// Nothing yet.
    pub fn new(kind: Kind) -> Self {
        match kind {
            Kind::Trend => Self::Trend(TrendTally::default()),
            kind => Self::Plain(Sink::new(kind)),
        }
    }

    /// Takes one value in. NaN and infinities are passed over, as sinks do.
    #[inline]
    pub fn add(&mut self, value: f64) {
        match self {
            Self::Plain(sink) => sink.add(value),
            Self::Trend(tally) => tally.add(value),
        }
    }

    /// Takes in what another one holds, as if its values came later.
    pub fn merge(&mut self, later: &mut Self) {
        match (self, later) {
            (Self::Plain(a), Self::Plain(b)) => a.merge(b),
            (Self::Trend(a), Self::Trend(b)) => a.merge(b),
            _ => {}
        }
    }

    /// Takes in what is packed.
    pub fn add_packed(&mut self, packed: &Packed) {
        match (self, packed) {
            (Self::Trend(a), Packed::Trend(b)) => a.add_packed(b),
            (Self::Plain(sink), packed) => sink.merge(&packed.sink()),
            _ => {}
        }
    }

    /// Everything that came in.
    pub fn pack(&mut self) -> Packed {
        match self {
            Self::Plain(sink) => Packed::of(sink),
            Self::Trend(tally) => Packed::Trend(tally.pack()),
        }
    }
}

/// A trend that grows.
#[derive(Clone, Debug, Default)]
pub struct TrendTally {
    /// Keys that are not sorted into the cells yet.
    pending: Vec<i32>,
    /// In ascending order.
    cells: Vec<Cell>,
    count: u64,
    sum: f64,
    min: f64,
    max: f64,
}

/// How many keys wait to be sorted at most: 32 KiB of them.
const MOST_PENDING: usize = 8192;

impl TrendTally {
    /// Takes one value in; NaN and infinities are passed over.
    #[inline]
    pub fn add(&mut self, value: f64) {
        if !value.is_finite() {
            return;
        }
        self.note(1, value, value, value);
        self.pending.push(trend::key(value));
        if self.pending.len() >= MOST_PENDING {
            self.sort();
        }
    }

    /// Takes in what another one holds.
    pub fn merge(&mut self, other: &mut Self) {
        other.sort();
        self.note(other.count, other.sum, other.min, other.max);
        self.add_cells(&other.cells);
    }

    /// Takes in what is packed.
    pub fn add_packed(&mut self, packed: &PackedTrend) {
        self.note(packed.count, packed.sum, packed.min, packed.max);
        let cells: Vec<_> = packed.cells().collect();
        self.add_cells(&cells);
    }

    /// Everything that came in.
    pub fn pack(&mut self) -> PackedTrend {
        self.sort();
        PackedTrend::new(&self.cells, self.sum, self.min, self.max)
    }

    fn note(&mut self, count: u64, sum: f64, min: f64, max: f64) {
        if count == 0 {
            return;
        }
        let first = self.count == 0;
        self.min = if first { min } else { self.min.min(min) };
        self.max = if first { max } else { self.max.max(max) };
        self.sum = saturating_sum(self.sum, sum);
        self.count += count;
    }

    fn sort(&mut self) {
        if self.pending.is_empty() {
            return;
        }
        self.pending.sort_unstable();
        let mut fresh: Vec<Cell> = Vec::new();
        for key in self.pending.drain(..) {
            match fresh.last_mut() {
                Some((last, count)) if *last == key => *count += 1,
                _ => fresh.push((key, 1)),
            }
        }
        // A second's keys are not worth their memory when the second is over.
        self.pending = Vec::new();
        self.add_cells(&fresh);
    }

    fn add_cells(&mut self, other: &[Cell]) {
        if self.cells.is_empty() {
            self.cells = other.to_vec();
            return;
        }
        let mut merged = Vec::with_capacity(self.cells.len() + other.len());
        let mut theirs = other.iter().copied().peekable();
        for (key, count) in self.cells.drain(..) {
            while let Some(less) = theirs.next_if(|(their, _)| *their < key) {
                merged.push(less);
            }
            let same = theirs.next_if(|(their, _)| *their == key).map_or(0, |(_, count)| count);
            merged.push((key, count + same));
        }
        merged.extend(theirs);
        self.cells = merged;
    }
}

/// Small numbers of either sign become small numbers without.
fn zigzag(number: i64) -> u64 {
    ((number << 1) ^ (number >> 63)) as u64
}

fn unzigzag(number: u64) -> i64 {
    (number >> 1) as i64 ^ -((number & 1) as i64)
}

/// Seven bits a byte, the lowest first; all bytes but the last have the eighth bit.
fn put(bytes: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

fn take(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for shift in (0..64).step_by(7) {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        number |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn packed(values: &[f64]) -> PackedTrend {
        let mut tally = TrendTally::default();
        values.iter().for_each(|value| tally.add(*value));
        tally.pack()
    }

    #[test]
    fn a_trend_comes_back_as_it_went() {
        let values = [3.0, -2.5, 0.0, 3.0, 1e12, 1e-9, f64::NAN, -1e300];
        let trend = packed(&values);
        assert_eq!((trend.count(), trend.min(), trend.max()), (7, -1e300, 1e12));
        let cells: Vec<_> = trend.values().collect();
        assert_eq!(cells.len(), 6);
        assert!(cells.is_sorted_by(|a, b| a.0 < b.0), "{cells:?}");
        assert_eq!(cells[1], (-2.5, 1));
        assert_eq!(cells[4], (3.0, 2));
        let back = PackedTrend::of(&trend.sink());
        assert_eq!(back, trend);
        assert_eq!(PackedTrend::default().percentile(50.0), 0.0);
        assert_eq!(PackedTrend::of(&PackedTrend::default().sink()), PackedTrend::default());
    }

    #[test]
    fn figures_of_a_few_values() {
        let trend = packed(&[2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0]);
        assert_eq!((trend.mean(), trend.deviation()), (5.0, 2.0));
        assert_eq!((trend.percentile(50.0), trend.percentile(100.0)), (4.5, 9.0));
    }

    #[test]
    fn other_kinds_pack_and_merge() {
        for kind in [Kind::Counter, Kind::Gauge, Kind::Rate] {
            let (mut whole, mut parts) = (Tally::new(kind), [Tally::new(kind), Tally::new(kind)]);
            for (place, value) in [5.0, 1.0, 0.0, 7.0].into_iter().enumerate() {
                whole.add(value);
                parts[place / 2].add(value);
            }
            let [first, later] = &mut parts;
            let mut merged = first.pack();
            merged.merge(&later.pack());
            assert_eq!(merged, whole.pack());
            assert_eq!((merged.kind(), merged.count()), (kind, 4));
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 16, ..ProptestConfig::default() })]

        #[test]
        fn parts_add_up_to_the_whole(
            values in proptest::collection::vec(-50.0..20_000.0_f64, 1..12_000),
            cut in 0.0..1.0_f64,
            p in 0.0..=100.0_f64,
        ) {
            let (head, tail) = values.split_at((values.len() as f64 * cut) as usize);
            let (whole, mut merged) = (packed(&values), packed(head));
            merged.merge(&packed(tail));
            prop_assert_eq!(merged.cells().collect::<Vec<_>>(), whole.cells().collect::<Vec<_>>());
            let mut sink = Sink::new(Kind::Trend);
            values.iter().for_each(|value| sink.add(*value));
            let Sink::Trend(sink) = sink else { unreachable!() };
            let (want, got) = (sink.percentile(p), whole.percentile(p));
            prop_assert!((got - want).abs() <= want.abs() * 0.001 + 0.05, "{} is not {}", got, want);
        }
    }
}
