//! Prometheus' native histograms: exponential buckets, kept only where there are values.

use std::collections::BTreeMap;

use super::message::{self, Span};

/// Eight buckets to each power of two. A bucket ends 9 % above its begin, the finest that keeps within k6's factor
/// of 1.1: schema 3 of <https://prometheus.io/docs/specs/native_histograms/>.
const SCHEMA: i32 = 3;
const BUCKETS_PER_POWER: f64 = 8.0;

/// Magnitudes up to here count as zero: 2⁻¹²⁸, the default of Prometheus' own client.
const ZERO_THRESHOLD: f64 = 1.0 / (1_u128 << 127) as f64 / 2.0;

/// Values of a trend in Prometheus' unit.
#[derive(Clone, Debug, Default)]
pub struct Histogram {
    count: u64,
    sum: f64,
    zeros: u64,
    positive: BTreeMap<i32, u64>,
    negative: BTreeMap<i32, u64>,
}

impl Histogram {
    /// Takes one value in. NaN and infinities are passed over, as in the summary.
    pub fn add(&mut self, value: f64) {
        if !value.is_finite() {
            return;
        }
        self.count += 1;
        self.sum += value;
        if value.abs() <= ZERO_THRESHOLD {
            self.zeros += 1;
        } else {
            let side = if value > 0.0 { &mut self.positive } else { &mut self.negative };
            *side.entry(index(value.abs())).or_default() += 1;
        }
    }

    /// As it is sent, at a time in milliseconds.
    pub fn message(&self, timestamp: i64) -> message::Histogram {
        let (positive_spans, positive_deltas) = sparse(&self.positive);
        let (negative_spans, negative_deltas) = sparse(&self.negative);
        message::Histogram {
            count: Some(self.count),
            sum: self.sum,
            schema: SCHEMA,
            zero_threshold: ZERO_THRESHOLD,
            zero_count: Some(self.zeros),
            negative_spans,
            negative_deltas,
            positive_spans,
            positive_deltas,
            timestamp,
        }
    }
}

/// The bucket of a magnitude: bucket `i` reaches from above 2^((i-1)/8) up to 2^(i/8).
fn index(magnitude: f64) -> i32 {
    (magnitude.log2() * BUCKETS_PER_POWER).ceil() as i32
}

/// Where buckets are, and their counts, each but the first as the difference to the one before.
fn sparse(buckets: &BTreeMap<i32, u64>) -> (Vec<Span>, Vec<i64>) {
    let (mut spans, mut deltas) = (Vec::<Span>::new(), Vec::new());
    let (mut next, mut before) = (0, 0);
    for (&at, &count) in buckets {
        match spans.last_mut() {
            Some(span) if at == next => span.length += 1,
            _ => spans.push(Span { offset: at - next, length: 1 }),
        }
        deltas.push(count as i64 - before);
        (next, before) = (at + 1, count as i64);
    }
    (spans, deltas)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_hold_their_upper_bound() {
        for (value, bucket) in
            [(1.0, 0), (1.0001, 1), (2.0, 8), (2.001, 9), (0.5, -8), (0.25, -16), (0.26, -15)]
        {
            assert_eq!(index(value), bucket, "{value}");
        }
        assert_eq!(ZERO_THRESHOLD, 2.0_f64.powi(-128));
    }

    #[test]
    fn neighbours_share_a_span() {
        let mut histogram = Histogram::default();
        for value in [1.0, 1.0, 1.0625, 2.0, 0.0, -4.0, f64::NAN] {
            histogram.add(value);
        }
        let message = histogram.message(5);
        assert_eq!((message.count, message.sum, message.zero_count), (Some(6), 1.0625, Some(1)));
        let spans = |spans: &[Span]| spans.iter().map(|s| (s.offset, s.length)).collect::<Vec<_>>();
        assert_eq!(spans(&message.positive_spans), [(0, 2), (6, 1)]);
        assert_eq!(message.positive_deltas, [2, -1, 0]);
        assert_eq!(spans(&message.negative_spans), [(16, 1)]);
        assert_eq!(message.negative_deltas, [1]);
    }
}
