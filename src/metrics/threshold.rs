//! Thresholds: `p(95)<500`, parsed and evaluated.

use std::time::Duration;

use super::Kind;
use super::selector::SelectorError;
use super::sink::Sink;
use crate::k6::quote::quote;

/// A threshold as the options give it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ThresholdSpec {
    /// The expression as written.
    pub source: String,
    /// Whether the run ends early when the threshold is crossed.
    pub abort_on_fail: bool,
    /// How much of the run must have passed before it may end early.
    pub delay_abort_eval: Duration,
}

impl ThresholdSpec {
    /// Whether a crossed threshold ends the run, so long after its start.
    pub fn wants_abort(&self, run_duration: Duration) -> bool {
        let delay = self.delay_abort_eval;
        self.abort_on_fail && (delay.is_zero() || delay < run_duration)
    }
}

/// A parsed threshold: one figure of a metric against a limit.
#[derive(Clone, Debug, PartialEq)]
pub struct Threshold {
    aggregation: Aggregation,
    operator: Operator,
    limit: f64,
}

/// Which figure of a metric is looked at.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Aggregation {
    Count,
    Rate,
    Value,
    Avg,
    Min,
    Max,
    Med,
    /// 0 to 100.
    Percentile(f64),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operator {
    AtMost,
    Below,
    AtLeast,
    Above,
    Equal,
    Unequal,
}

/// The first of these found in an expression splits it, in k6's order.
const OPERATORS: [(&str, Operator); 7] = [
    ("<=", Operator::AtMost),
    ("<", Operator::Below),
    (">=", Operator::AtLeast),
    (">", Operator::Above),
    ("===", Operator::Equal),
    ("==", Operator::Equal),
    ("!=", Operator::Unequal),
];

/// What is wrong with a threshold. The texts follow k6; all of them end a run with
/// [`ExitCode::INVALID_CONFIG`](crate::k6::ExitCode::INVALID_CONFIG).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ThresholdError {
    #[error("failed parsing threshold expression {}; reason: malformed threshold expression", quote(.0))]
    Malformed(String),
    #[error("failed parsing threshold expression's {} left hand side; reason: {}", quote(.0), .1)]
    Left(String, &'static str),
    #[error(
        "failed parsing threshold expression's {} right hand side; reason: {} is not a number",
        quote(.0),
        quote(.1)
    )]
    Right(String, String),
    #[error("unable to validate threshold expressions; reason: {0}")]
    Name(#[from] SelectorError),
    #[error("invalid threshold defined on {}; reason: no metric name {} found", .0, quote(.0))]
    NoMetric(String),
    #[error(
        "invalid threshold {} applied on metric {metric}; reason: unsupported aggregation method {method} on metric of type {kind}. supported aggregation methods for this metric are: {supported}",
        quote(source_text)
    )]
    Unsupported {
        source_text: String,
        metric: String,
        method: &'static str,
        kind: &'static str,
        supported: &'static str,
    },
}

impl Threshold {
    /// Parses `aggregation operator number`, with blanks allowed around each.
    pub fn parse(source: &str) -> Result<Self, ThresholdError> {
        let malformed = || ThresholdError::Malformed(source.to_owned());
        let (left, operator, right) = OPERATORS
            .iter()
            .find_map(|(text, operator)| {
                let (left, right) = source.split_once(text)?;
                Some((left.trim(), *operator, right.trim()))
            })
            .filter(|(left, _, right)| !left.is_empty() && !right.is_empty())
            .ok_or_else(malformed)?;
        let aggregation =
            Aggregation::parse(left).map_err(|reason| ThresholdError::Left(source.to_owned(), reason))?;
        let limit = right.parse().map_err(|_| ThresholdError::Right(source.to_owned(), right.to_owned()))?;
        Ok(Self { aggregation, operator, limit })
    }

    /// Whether the sink keeps to the limit. `run_duration` is the run clock; a counter's `rate`
    /// is its sum divided by it, and passes while it stands at zero. A rate without samples
    /// passes; the figures of every other empty sink are zero.
    pub fn eval(&self, sink: &Sink, run_duration: Duration) -> bool {
        self.figure(sink, run_duration).is_none_or(|figure| self.operator.holds(figure, self.limit))
    }

    fn figure(&self, sink: &Sink, run_duration: Duration) -> Option<f64> {
        match (sink, self.aggregation) {
            (Sink::Counter(counter), Aggregation::Count) => Some(counter.sum),
            (Sink::Counter(counter), Aggregation::Rate) => {
                (!run_duration.is_zero()).then(|| counter.sum / run_duration.as_secs_f64())
            }
            (Sink::Gauge(gauge), Aggregation::Value) => Some(gauge.value),
            (Sink::Rate(rate), Aggregation::Rate) => (rate.total > 0).then(|| rate.rate()),
            (Sink::Trend(trend), Aggregation::Avg) => Some(trend.avg()),
            (Sink::Trend(trend), Aggregation::Min) => Some(trend.min()),
            (Sink::Trend(trend), Aggregation::Max) => Some(trend.max()),
            (Sink::Trend(trend), Aggregation::Med) => Some(trend.med()),
            (Sink::Trend(trend), Aggregation::Percentile(p)) => Some(trend.percentile(p)),
            // What `fits` refuses.
            _ => None,
        }
    }

    /// The aggregation's name, `p` for percentiles.
    pub(super) fn method(&self) -> &'static str {
        self.aggregation.name()
    }

    /// Whether metrics of that kind have the figure.
    pub(super) fn fits(&self, kind: Kind) -> bool {
        use Aggregation as A;
        match kind {
            Kind::Counter => matches!(self.aggregation, A::Count | A::Rate),
            Kind::Gauge => matches!(self.aggregation, A::Value),
            Kind::Rate => matches!(self.aggregation, A::Rate),
            Kind::Trend => {
                matches!(self.aggregation, A::Avg | A::Min | A::Max | A::Med | A::Percentile(_))
            }
        }
    }
}

impl Aggregation {
    fn parse(text: &str) -> Result<Self, &'static str> {
        let named = [Self::Count, Self::Rate, Self::Value, Self::Avg, Self::Min, Self::Max, Self::Med];
        if let Some(found) = named.into_iter().find(|aggregation| aggregation.name() == text) {
            return Ok(found);
        }
        let rank = text
            .strip_prefix("p(")
            .and_then(|rest| rest.strip_suffix(')'))
            .ok_or("failed parsing method from expression")?;
        match rank.trim().parse() {
            Ok(rank) if (0.0..=100.0).contains(&rank) => Ok(Self::Percentile(rank)),
            _ => Err("malformed percentile value, provide a number between 0 and 100"),
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Count => "count",
            Self::Rate => "rate",
            Self::Value => "value",
            Self::Avg => "avg",
            Self::Min => "min",
            Self::Max => "max",
            Self::Med => "med",
            Self::Percentile(_) => "p",
        }
    }
}

impl Operator {
    fn holds(self, figure: f64, limit: f64) -> bool {
        match self {
            Self::AtMost => figure <= limit,
            Self::Below => figure < limit,
            Self::AtLeast => figure >= limit,
            Self::Above => figure > limit,
            Self::Equal => figure == limit,
            Self::Unequal => figure != limit,
        }
    }
}

/// The aggregations of a kind, as error texts list them.
pub(super) fn supported(kind: Kind) -> &'static str {
    match kind {
        Kind::Counter => "count, rate",
        Kind::Gauge => "value",
        Kind::Rate => "rate",
        Kind::Trend => "avg, min, max, med, p",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passes(source: &str, kind: Kind, values: &[f64]) -> bool {
        let mut sink = Sink::new(kind);
        values.iter().for_each(|v| sink.add(*v));
        Threshold::parse(source).unwrap().eval(&sink, Duration::from_secs(2))
    }

    #[test]
    fn expressions_hold_or_not() {
        use Kind::*;
        for (source, kind, values, want) in [
            ("p(95)<500", Trend, &[100.0, 499.0][..], true),
            ("p( 99.9 ) >= 7", Trend, &[7.0], true),
            (" avg < 3 ", Trend, &[2.0, 4.0], false),
            ("max<=4", Trend, &[2.0, 4.0], true),
            ("med==3", Trend, &[2.0, 4.0], true),
            ("count===6", Counter, &[2.0, 4.0], true),
            ("rate>2.9", Counter, &[2.0, 4.0], true),
            ("rate>3", Counter, &[2.0, 4.0], false),
            ("rate>0.99", Rate, &[1.0, 0.0], false),
            ("value!=4", Gauge, &[2.0, 4.0], false),
            ("value<1e3", Gauge, &[2.0], true),
        ] {
            assert_eq!(passes(source, kind, values), want, "{source}");
        }
    }

    #[test]
    fn empty_sinks_are_zero_but_rates_pass() {
        assert!(!passes("count>0", Kind::Counter, &[]));
        assert!(passes("count<5", Kind::Counter, &[]));
        assert!(passes("p(95)<1", Kind::Trend, &[]));
        assert!(!passes("value>0", Kind::Gauge, &[]));
        assert!(passes("rate>0.5", Kind::Rate, &[]));
        let threshold = Threshold::parse("rate>5").unwrap();
        assert!(threshold.eval(&Sink::new(Kind::Counter), Duration::ZERO));
    }
}
