//! One sink per kind of metric: where samples end up.

use super::Kind;
pub use super::trend::TrendSink;

/// The aggregate of a metric's samples.
#[derive(Clone, Debug)]
pub enum Sink {
    Counter(CounterSink),
    Gauge(GaugeSink),
    Rate(RateSink),
    Trend(TrendSink),
}

/// The sum of all values.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CounterSink {
    /// What the summary calls `count`.
    pub sum: f64,
    /// How many samples there were.
    pub count: u64,
}

/// The last value, and the extremes on the way; zeros while empty.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct GaugeSink {
    pub value: f64,
    pub min: f64,
    pub max: f64,
    /// How many samples there were.
    pub count: u64,
}

/// How many of the values were not zero.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RateSink {
    pub trues: u64,
    pub total: u64,
}

impl CounterSink {
    fn add(&mut self, value: f64) {
        self.sum = saturating_sum(self.sum, value);
        self.count += 1;
    }
}

impl GaugeSink {
    fn add(&mut self, value: f64) {
        let first = self.count == 0;
        self.value = value;
        self.min = if first { value } else { self.min.min(value) };
        self.max = if first { value } else { self.max.max(value) };
        self.count += 1;
    }

    fn merge(&mut self, later: &Self) {
        if self.count == 0 {
            *self = later.clone();
        } else if later.count > 0 {
            self.value = later.value;
            self.min = self.min.min(later.min);
            self.max = self.max.max(later.max);
            self.count += later.count;
        }
    }
}

impl RateSink {
    /// The share of values that were not zero, 0 to 1; 0 while empty.
    pub fn rate(&self) -> f64 {
        if self.total == 0 { 0.0 } else { self.trues as f64 / self.total as f64 }
    }

    fn add(&mut self, value: f64) {
        self.trues += u64::from(value != 0.0);
        self.total += 1;
    }
}

impl Sink {
    /// An empty sink.
    pub fn new(kind: Kind) -> Self {
        match kind {
            Kind::Counter => Self::Counter(CounterSink::default()),
            Kind::Gauge => Self::Gauge(GaugeSink::default()),
            Kind::Rate => Self::Rate(RateSink::default()),
            Kind::Trend => Self::Trend(TrendSink::default()),
        }
    }

    /// Takes one value in. NaN and infinities are passed over: no aggregate could hold them.
    #[inline]
    pub fn add(&mut self, value: f64) {
        if !value.is_finite() {
            return;
        }
        match self {
            Self::Counter(sink) => sink.add(value),
            Self::Gauge(sink) => sink.add(value),
            Self::Rate(sink) => sink.add(value),
            Self::Trend(sink) => sink.add(value),
        }
    }

    /// Whether no value has come in yet.
    pub fn is_empty(&self) -> bool {
        match self {
            Self::Counter(sink) => sink.count == 0,
            Self::Gauge(sink) => sink.count == 0,
            Self::Rate(sink) => sink.total == 0,
            Self::Trend(sink) => sink.count() == 0,
        }
    }

    /// Takes in everything that a sink of the same kind holds, as if its values came after the
    /// own ones. A sink of another kind is passed over.
    pub fn merge(&mut self, other: &Self) {
        match (self, other) {
            (Self::Counter(a), Self::Counter(b)) => {
                a.sum = saturating_sum(a.sum, b.sum);
                a.count += b.count;
            }
            (Self::Gauge(a), Self::Gauge(b)) => a.merge(b),
            (Self::Rate(a), Self::Rate(b)) => {
                a.trues += b.trues;
                a.total += b.total;
            }
            (Self::Trend(a), Self::Trend(b)) => a.merge(b),
            _ => {}
        }
    }

    /// What it aggregates.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Counter(_) => Kind::Counter,
            Self::Gauge(_) => Kind::Gauge,
            Self::Rate(_) => Kind::Rate,
            Self::Trend(_) => Kind::Trend,
        }
    }
}

/// A sum that stays finite, so that every figure can be shown and written as JSON.
pub(super) fn saturating_sum(a: f64, b: f64) -> f64 {
    (a + b).clamp(f64::MIN, f64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(kind: Kind, values: &[f64]) -> Sink {
        let mut sink = Sink::new(kind);
        values.iter().for_each(|v| sink.add(*v));
        sink
    }

    #[test]
    fn each_kind_aggregates_its_way() {
        let values = [3.0, 0.0, -1.0, f64::NAN, f64::INFINITY, 2.0];
        let Sink::Counter(counter) = filled(Kind::Counter, &values) else { panic!() };
        assert_eq!(counter, CounterSink { sum: 4.0, count: 4 });
        let Sink::Gauge(gauge) = filled(Kind::Gauge, &values) else { panic!() };
        assert_eq!(gauge, GaugeSink { value: 2.0, min: -1.0, max: 3.0, count: 4 });
        let Sink::Rate(rate) = filled(Kind::Rate, &values) else { panic!() };
        assert_eq!((rate.trues, rate.total, rate.rate()), (3, 4, 0.75));
        let Sink::Trend(trend) = filled(Kind::Trend, &values) else { panic!() };
        assert_eq!((trend.count(), trend.sum(), trend.avg(), trend.med()), (4, 4.0, 1.0, 1.0));
    }

    #[test]
    fn merging_is_adding_later() {
        for kind in [Kind::Counter, Kind::Gauge, Kind::Rate, Kind::Trend] {
            let whole = filled(kind, &[5.0, 1.0, 0.0, 7.0]);
            let mut merged = filled(kind, &[5.0, 1.0]);
            merged.merge(&filled(kind, &[0.0, 7.0]));
            merged.merge(&Sink::new(kind));
            assert_eq!(format!("{merged:?}"), format!("{whole:?}"));
            assert_eq!(merged.kind(), kind);
            assert!(Sink::new(kind).is_empty() && !merged.is_empty());
        }
    }
}
