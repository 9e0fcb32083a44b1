//! What a metric under some tags becomes in OpenTelemetry: sums over the whole run ("cumulative").

use opentelemetry_proto::tonic::common::v1::any_value::Value as Any;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use opentelemetry_proto::tonic::metrics::v1::number_data_point::Value;
use opentelemetry_proto::tonic::metrics::v1::{
    AggregationTemporality, Gauge, Histogram, HistogramDataPoint, NumberDataPoint, Sum,
};

use crate::metrics::{Contains, Kind};

/// Where OpenTelemetry's SDKs cut histograms unless told otherwise.
pub const DEFAULT_BOUNDS: &[f64] =
    &[0.0, 5.0, 10.0, 25.0, 50.0, 75.0, 100.0, 250.0, 500.0, 750.0, 1000.0, 2500.0, 5000.0, 7500.0, 10000.0];

/// One set of attributes of one metric.
pub struct Instrument {
    pub name: String,
    pub unit: &'static str,
    attributes: Vec<KeyValue>,
    state: State,
}

enum State {
    Sum(f64),
    Gauge(f64),
    Rate { nonzero: u64, zero: u64 },
    Histogram { bounds: &'static [f64], counts: Vec<u64>, count: u64, sum: f64, min: f64, max: f64 },
}

/// The times of an export, in nanoseconds since 1970.
#[derive(Clone, Copy)]
pub struct Span {
    pub start: u64,
    pub now: u64,
}

/// A metric's name, unit and data with one point or two.
pub type Point = (String, &'static str, Data);

impl Instrument {
    pub fn new(name: String, kind: Kind, unit: &'static str, attributes: Vec<KeyValue>) -> Self {
        let state = match kind {
            Kind::Counter => State::Sum(0.0),
            Kind::Gauge => State::Gauge(0.0),
            Kind::Rate => State::Rate { nonzero: 0, zero: 0 },
            Kind::Trend => return Self::histogram(name, unit, DEFAULT_BOUNDS, attributes),
        };
        Self { name, unit, attributes, state }
    }

    pub fn histogram(
        name: String,
        unit: &'static str,
        bounds: &'static [f64],
        attributes: Vec<KeyValue>,
    ) -> Self {
        let counts = vec![0; bounds.len() + 1];
        let state = State::Histogram {
            bounds,
            counts,
            count: 0,
            sum: 0.0,
            min: f64::INFINITY,
            max: f64::NEG_INFINITY,
        };
        Self { name, unit, attributes, state }
    }

    /// Takes one value in. NaN and infinities are passed over, as in the summary.
    pub fn add(&mut self, value: f64) {
        if !value.is_finite() {
            return;
        }
        match &mut self.state {
            State::Sum(sum) => *sum += value,
            State::Gauge(last) => *last = value,
            State::Rate { nonzero, .. } if value != 0.0 => *nonzero += 1,
            State::Rate { zero, .. } => *zero += 1,
            State::Histogram { bounds, counts, count, sum, min, max } => {
                // A bucket holds its upper bound.
                counts[bounds.partition_point(|bound| *bound < value)] += 1;
                *count += 1;
                *sum += value;
                *min = min.min(value);
                *max = max.max(value);
            }
        }
    }

    /// The sums so far. Rates are one counter with the attribute `condition`, or two counters.
    pub fn points(&self, span: Span, single_counter_for_rate: bool) -> Vec<Point> {
        let point = |data| vec![(self.name.clone(), self.unit, data)];
        match &self.state {
            State::Sum(sum) => point(monotonic(vec![self.number(span, Value::AsDouble(*sum), None)])),
            State::Gauge(last) => {
                let data_points = vec![self.number(span, Value::AsDouble(*last), None)];
                point(Data::Gauge(Gauge { data_points }))
            }
            State::Rate { nonzero, zero } if single_counter_for_rate => {
                let conditions = [("nonzero", *nonzero), ("zero", *zero)];
                let seen = conditions.into_iter().filter(|(_, count)| *count > 0);
                point(monotonic(
                    seen.map(|(condition, count)| {
                        self.number(span, Value::AsInt(count as i64), Some(("condition", condition)))
                    })
                    .collect(),
                ))
            }
            State::Rate { nonzero, zero } => [("occurred", *nonzero), ("total", nonzero + zero)]
                .map(|(suffix, count)| {
                    let number = self.number(span, Value::AsInt(count as i64), None);
                    (format!("{}.{suffix}", self.name), self.unit, monotonic(vec![number]))
                })
                .into(),
            State::Histogram { bounds, counts, count, sum, min, max } => {
                let data_point = HistogramDataPoint {
                    attributes: self.attributes.clone(),
                    start_time_unix_nano: span.start,
                    time_unix_nano: span.now,
                    count: *count,
                    sum: Some(*sum),
                    bucket_counts: counts.clone(),
                    explicit_bounds: bounds.to_vec(),
                    min: (*count > 0).then_some(*min),
                    max: (*count > 0).then_some(*max),
                    ..HistogramDataPoint::default()
                };
                let aggregation_temporality = AggregationTemporality::Cumulative as i32;
                point(Data::Histogram(Histogram { data_points: vec![data_point], aggregation_temporality }))
            }
        }
    }

    fn number(&self, span: Span, value: Value, more: Option<(&str, &str)>) -> NumberDataPoint {
        let mut attributes = self.attributes.clone();
        attributes.extend(more.map(|(key, value)| attribute(key, value)));
        NumberDataPoint {
            attributes,
            start_time_unix_nano: span.start,
            time_unix_nano: span.now,
            value: Some(value),
            ..NumberDataPoint::default()
        }
    }
}

fn monotonic(data_points: Vec<NumberDataPoint>) -> Data {
    let aggregation_temporality = AggregationTemporality::Cumulative as i32;
    Data::Sum(Sum { data_points, aggregation_temporality, is_monotonic: true })
}

/// A key with a text.
pub fn attribute(key: &str, value: &str) -> KeyValue {
    let value = Some(AnyValue { value: Some(Any::StringValue(value.to_owned())) });
    KeyValue { key: key.to_owned(), value, ..KeyValue::default() }
}

/// The unit in the notation of UCUM.
pub fn unit(contains: Contains) -> &'static str {
    match contains {
        Contains::Time => "ms",
        Contains::Data => "By",
        Contains::Default => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SPAN: Span = Span { start: 1, now: 9 };

    fn filled(kind: Kind, values: &[f64]) -> Instrument {
        let mut instrument = Instrument::new("my".to_owned(), kind, "ms", vec![attribute("a", "b")]);
        values.iter().for_each(|value| instrument.add(*value));
        instrument
    }

    fn numbers(points: &[NumberDataPoint]) -> Vec<(Value, usize)> {
        points.iter().map(|point| (point.value.unwrap(), point.attributes.len())).collect()
    }

    #[test]
    fn kinds_have_their_data() {
        let points = filled(Kind::Counter, &[1.5, f64::NAN, 2.0]).points(SPAN, true);
        let [(name, "ms", Data::Sum(sum))] = &points[..] else { panic!("{points:?}") };
        assert_eq!((&**name, sum.is_monotonic, sum.aggregation_temporality), ("my", true, 2));
        assert_eq!(numbers(&sum.data_points), [(Value::AsDouble(3.5), 1)]);
        assert_eq!((sum.data_points[0].start_time_unix_nano, sum.data_points[0].time_unix_nano), (1, 9));

        let points = filled(Kind::Gauge, &[5.0, 2.0]).points(SPAN, true);
        let [(_, _, Data::Gauge(gauge))] = &points[..] else { panic!("{points:?}") };
        assert_eq!(numbers(&gauge.data_points), [(Value::AsDouble(2.0), 1)]);

        let rate = filled(Kind::Rate, &[1.0, 0.0, 7.0]);
        let points = rate.points(SPAN, true);
        let [(_, _, Data::Sum(sum))] = &points[..] else { panic!("{points:?}") };
        assert_eq!(numbers(&sum.data_points), [(Value::AsInt(2), 2), (Value::AsInt(1), 2)]);
        let points = rate.points(SPAN, false);
        let names: Vec<_> = points.iter().map(|(name, _, _)| &**name).collect();
        assert_eq!(names, ["my.occurred", "my.total"]);
    }

    #[test]
    fn buckets_hold_their_upper_bound() {
        let points = filled(Kind::Trend, &[0.0, 5.0, 5.1, 20_000.0, -1.0]).points(SPAN, true);
        let [(_, _, Data::Histogram(histogram))] = &points[..] else { panic!("{points:?}") };
        let point = &histogram.data_points[0];
        assert_eq!((point.bucket_counts.len(), point.explicit_bounds.len()), (16, 15));
        assert_eq!((point.bucket_counts[..3].to_vec(), point.bucket_counts[15]), (vec![2, 1, 1], 1));
        assert_eq!(
            (point.count, point.sum, point.min, point.max),
            (5, Some(20_009.1), Some(-1.0), Some(20_000.0))
        );
    }
}
