//! What a metric under some tags becomes in Prometheus.

use super::config::Stat;
use super::histogram::Histogram;
use super::message::{Label, STALE, TimeSeries, Value};
use crate::metrics::sink::Sink;
use crate::metrics::{Contains, Kind, Metric, Timestamp};
use crate::output::slots::Tags;

/// Sums of one metric under one set of tags.
pub struct Measured {
    name: String,
    contains: Contains,
    /// Sorted, without the name.
    labels: Vec<Label>,
    sum: Sum,
    /// The time of the last sample, in milliseconds.
    seen: i64,
    /// The time of what was last sent.
    sent: i64,
    /// Whether there is something new since then.
    pub changed: bool,
}

enum Sum {
    Sink(Sink),
    Histogram(Histogram),
}

impl Measured {
    pub fn new(metric: &Metric, tags: &Tags, native_histograms: bool) -> Self {
        let sum = match metric.kind {
            Kind::Trend if native_histograms => Sum::Histogram(Histogram::default()),
            kind => Sum::Sink(Sink::new(kind)),
        };
        Self {
            name: format!("k6_{}", metric.name),
            contains: metric.contains,
            labels: labels(tags),
            sum,
            seen: i64::MIN,
            sent: i64::MIN,
            changed: false,
        }
    }

    pub fn add(&mut self, value: f64, time: Timestamp) {
        match &mut self.sum {
            Sum::Sink(sink) => sink.add(value),
            Sum::Histogram(histogram) => histogram.add(in_base_unit(value, self.contains)),
        }
        self.seen = self.seen.max(time.0.div_euclid(1_000_000));
        self.changed = true;
    }

    /// The sums so far, as series that are to be sent now. Prometheus takes only one value for a millisecond, so the
    /// time is that of the last sample, but later than what was sent before.
    pub fn series(&mut self, stats: &[Stat]) -> Vec<TimeSeries> {
        let time = self.seen.max(self.sent.saturating_add(1));
        self.sent = time;
        self.changed = false;
        match &self.sum {
            Sum::Histogram(histogram) => {
                let mut series = self.named(self.histogram_suffix(), Vec::new());
                series.histograms = vec![histogram.message(time)];
                vec![series]
            }
            Sum::Sink(_) => {
                let values = self.values(stats).into_iter();
                values
                    .map(|(suffix, value)| self.named(&suffix, vec![Value { value, timestamp: time }]))
                    .collect()
            }
        }
    }

    /// The end of every series that was sent, if one was.
    pub fn stale(&self, stats: &[Stat], now: Timestamp) -> Vec<TimeSeries> {
        if self.sent == i64::MIN {
            return Vec::new();
        }
        let timestamp = self.sent.saturating_add(1).max(now.0.div_euclid(1_000_000));
        let ended = |suffix: &str| self.named(suffix, vec![Value { value: STALE, timestamp }]);
        match &self.sum {
            Sum::Histogram(_) => vec![ended(self.histogram_suffix())],
            Sum::Sink(_) => self.values(stats).iter().map(|(suffix, _)| ended(suffix)).collect(),
        }
    }

    /// What is put behind the name, and the value.
    fn values(&self, stats: &[Stat]) -> Vec<(String, f64)> {
        let Sum::Sink(sink) = &self.sum else { return Vec::new() };
        match sink {
            Sink::Counter(counter) => vec![("total".to_owned(), counter.sum)],
            Sink::Gauge(gauge) => vec![(String::new(), gauge.value)],
            Sink::Rate(rate) => vec![("rate".to_owned(), rate.rate())],
            Sink::Trend(trend) => {
                let value = |stat: &Stat| match stat.is_count() {
                    true => stat.of(trend),
                    false => in_base_unit(stat.of(trend), self.contains),
                };
                stats.iter().map(|stat| (stat.suffix(), value(stat))).collect()
            }
        }
    }

    fn histogram_suffix(&self) -> &'static str {
        match self.contains {
            Contains::Time => "seconds",
            Contains::Data => "bytes",
            Contains::Default => "",
        }
    }

    fn named(&self, suffix: &str, samples: Vec<Value>) -> TimeSeries {
        let name = match suffix {
            "" => self.name.clone(),
            suffix => format!("{}_{suffix}", self.name),
        };
        let label = Label { name: NAME.to_owned(), value: name };
        let mut labels = self.labels.clone();
        let at = labels.partition_point(|other| *other.name < *NAME);
        labels.insert(at, label);
        TimeSeries { labels, samples, histograms: Vec::new() }
    }
}

const NAME: &str = "__name__";

/// Tags as labels: those without a value are left out, as Prometheus makes no difference; names get the letters that
/// Prometheus allows.
fn labels(tags: &Tags) -> Vec<Label> {
    let mut labels: Vec<Label> = tags
        .iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| Label { name: label_name(name), value: value.to_string() })
        .collect();
    labels.sort_by(|a, b| a.name.cmp(&b.name));
    labels.dedup_by(|a, b| a.name == b.name);
    labels
}

/// `[a-zA-Z_][a-zA-Z0-9_]*`, and not with the two underscores of Prometheus' own labels.
fn label_name(tag: &str) -> String {
    let mut name: String =
        tag.chars().map(|c| if c.is_ascii_alphanumeric() || c == '_' { c } else { '_' }).collect();
    if name.starts_with(|c: char| c.is_ascii_digit()) {
        name.insert(0, '_');
    }
    if name.starts_with("__") || name.is_empty() {
        name.insert_str(0, "tag");
    }
    name
}

/// Times in seconds; everything else as it is.
fn in_base_unit(value: f64, contains: Contains) -> f64 {
    if contains == Contains::Time { value / 1000.0 } else { value }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::MetricId;

    fn measured(kind: Kind, contains: Contains, native: bool, values: &[(f64, i64)]) -> Measured {
        let metric = Metric { id: MetricId(0), name: "my".into(), kind, contains };
        let tags =
            [("Zone", "a"), ("__name__", "x"), ("a-b", "1"), ("a.b", "2"), ("empty", ""), ("1st", "é")];
        let mut tags: Tags = tags.map(|(k, v)| (k.into(), v.into())).into();
        tags.sort();
        let mut measured = Measured::new(&metric, &tags, native);
        values.iter().for_each(|(value, ms)| measured.add(*value, Timestamp(ms * 1_000_000 + 999)));
        measured
    }

    fn shown(series: &[TimeSeries]) -> Vec<String> {
        let one = |series: &TimeSeries| {
            let labels: Vec<_> = series.labels.iter().map(|l| format!("{}={}", l.name, l.value)).collect();
            let values: Vec<_> =
                series.samples.iter().map(|s| format!("{}@{}", s.value, s.timestamp)).collect();
            format!("{} {}", labels.join(" "), values.join(" "))
        };
        series.iter().map(one).collect()
    }

    #[test]
    fn kinds_have_their_names_and_labels() {
        let mut counter = measured(Kind::Counter, Contains::Data, false, &[(5.0, 7), (2.5, 6)]);
        assert_eq!(
            shown(&counter.series(&[])),
            ["Zone=a _1st=é __name__=k6_my_total a_b=1 tag__name__=x 7.5@7"]
        );
        let name = |mut measured: Measured, stats: &[Stat]| {
            let series = measured.series(stats);
            series
                .iter()
                .map(|s| {
                    let name = s.labels.iter().find(|l| l.name == NAME).unwrap().value.clone();
                    let value = s.samples.first().map_or(f64::NAN, |value| value.value);
                    format!("{name} {value}")
                })
                .collect::<Vec<_>>()
        };
        let values = &[(100.0, 1), (0.0, 2), (300.0, 3), (0.0, 4)];
        assert_eq!(name(measured(Kind::Gauge, Contains::Default, false, values), &[]), ["k6_my 0"]);
        assert_eq!(name(measured(Kind::Rate, Contains::Default, false, values), &[]), ["k6_my_rate 0.5"]);
        let stats = [Stat::Sum, Stat::Of("count".parse().unwrap()), Stat::Of("p(50)".parse().unwrap())];
        let trend = measured(Kind::Trend, Contains::Time, false, values);
        assert_eq!(name(trend, &stats), ["k6_my_sum 0.4", "k6_my_count 4", "k6_my_p50 0.05"]);
        let trend = measured(Kind::Trend, Contains::Time, true, values);
        assert_eq!(name(trend, &stats), ["k6_my_seconds NaN"]);
        let trend = measured(Kind::Trend, Contains::Data, true, values);
        assert_eq!(name(trend, &stats), ["k6_my_bytes NaN"]);
    }

    #[test]
    fn times_only_grow() {
        let mut counter = measured(Kind::Counter, Contains::Default, false, &[(1.0, 10)]);
        assert!(counter.stale(&[], Timestamp(0)).is_empty());
        let time = |counter: &mut Measured| counter.series(&[])[0].samples[0].timestamp;
        assert_eq!(time(&mut counter), 10);
        counter.add(1.0, Timestamp(10_000_500));
        assert!(counter.changed);
        assert_eq!((time(&mut counter), counter.changed), (11, false));
        let stale = counter.stale(&[], Timestamp(0));
        assert_eq!(stale[0].samples[0].timestamp, 12);
        assert_eq!(stale[0].samples[0].value.to_bits(), STALE.to_bits());
    }

    #[test]
    fn native_histograms_are_in_seconds() {
        let mut trend = measured(Kind::Trend, Contains::Time, true, &[(1000.0, 1), (2000.0, 2)]);
        let series = trend.series(&[]);
        let histogram = &series[0].histograms[0];
        assert_eq!((histogram.count, histogram.sum, histogram.timestamp), (Some(2), 3.0, 2));
        assert!(series[0].samples.is_empty());
    }
}
