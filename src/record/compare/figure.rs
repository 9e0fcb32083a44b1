//! The figures of a metric that are compared.

use std::fmt;

use crate::metrics::Kind;

/// One figure of a metric.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Figure {
    /// The mean of a trend.
    Avg,
    /// A percentile of a trend, 0 to 100.
    Percentile(f64),
    /// Of a counter, its growth per second; of a rate, the share of hits.
    Rate,
}

impl Figure {
    /// Those that are looked at unasked.
    pub fn of(kind: Kind) -> &'static [Self] {
        match kind {
            Kind::Trend => {
                &[Self::Avg, Self::Percentile(50.0), Self::Percentile(95.0), Self::Percentile(99.0)]
            }
            Kind::Counter | Kind::Rate => &[Self::Rate],
            // The last value of a gauge says nothing of the run.
            Kind::Gauge => &[],
        }
    }

    /// Reads `avg`, `mean`, `med`, `p99`, `p(99.9)`, `rate`.
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "avg" | "mean" => return Some(Self::Avg),
            "med" => return Some(Self::Percentile(50.0)),
            "rate" => return Some(Self::Rate),
            _ => {}
        }
        let number = text.strip_prefix('p')?;
        let number = number.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')).unwrap_or(number);
        let p = number.trim().parse().ok()?;
        (0.0..=100.0).contains(&p).then_some(Self::Percentile(p))
    }

    /// Whether metrics of that kind have it.
    pub fn fits(self, kind: Kind) -> bool {
        match kind {
            Kind::Trend => self != Self::Rate,
            Kind::Counter | Kind::Rate => self == Self::Rate,
            Kind::Gauge => false,
        }
    }
}

impl fmt::Display for Figure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Avg => f.write_str("avg"),
            Self::Percentile(p) => write!(f, "p{p}"),
            Self::Rate => f.write_str("rate"),
        }
    }
}
