//! The columns of a trend: `avg`, `p(95)`, ….

use std::str::FromStr;

use crate::metrics::sink::TrendSink;

/// One figure that is made of a trend.
#[derive(Clone, Debug, PartialEq)]
pub enum TrendStat {
    Avg,
    Min,
    Med,
    Max,
    /// How many values there are.
    Count,
    Percentile {
        /// As the user wrote it: `p(99.9)`.
        label: String,
        /// 0 to 100.
        p: f64,
    },
}

/// Why a text is no trend stat.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TrendStatError {
    #[error("invalid trend stat '{0}', unknown format")]
    Unknown(String),
    #[error("invalid trend stat '{0}', the percentile must be a number from 0 to 100")]
    Percentile(String),
}

impl TrendStat {
    /// `avg,min,med,max,p(90),p(95)`
    pub fn defaults() -> Vec<Self> {
        let percentile = |p: f64| Self::Percentile { label: format!("p({p})"), p };
        vec![Self::Avg, Self::Min, Self::Med, Self::Max, percentile(90.0), percentile(95.0)]
    }

    /// The name of the column.
    pub fn name(&self) -> &str {
        match self {
            Self::Avg => "avg",
            Self::Min => "min",
            Self::Med => "med",
            Self::Max => "max",
            Self::Count => "count",
            Self::Percentile { label, .. } => label,
        }
    }

    /// The figure, in the unit of the trend's values; 0 where there are none.
    pub fn of(&self, trend: &TrendSink) -> f64 {
        match self {
            Self::Avg => trend.avg(),
            Self::Min => trend.min(),
            Self::Med => trend.med(),
            Self::Max => trend.max(),
            Self::Count => trend.count() as f64,
            Self::Percentile { p, .. } => trend.percentile(*p),
        }
    }
}

impl FromStr for TrendStat {
    type Err = TrendStatError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "avg" => return Ok(Self::Avg),
            "min" => return Ok(Self::Min),
            "med" => return Ok(Self::Med),
            "max" => return Ok(Self::Max),
            "count" => return Ok(Self::Count),
            _ => {}
        }
        let inner = text.strip_prefix("p(").and_then(|rest| rest.strip_suffix(')'));
        let Some(inner) = inner else {
            return Err(TrendStatError::Unknown(text.to_owned()));
        };
        match inner.trim().parse::<f64>() {
            Ok(p) if (0.0..=100.0).contains(&p) => Ok(Self::Percentile { label: text.to_owned(), p }),
            _ => Err(TrendStatError::Percentile(text.to_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::Kind;
    use crate::metrics::sink::Sink;

    #[test]
    fn stats_parse_and_evaluate() {
        let mut sink = Sink::new(Kind::Trend);
        [4.0, 1.0, 2.0, 3.0, 10.0].into_iter().for_each(|v| sink.add(v));
        let Sink::Trend(trend) = sink else { panic!("a trend was asked for") };
        let cases = [("avg", 4.0), ("min", 1.0), ("med", 3.0), ("max", 10.0), ("count", 5.0), ("p(75)", 4.0)];
        for (text, value) in cases {
            let stat: TrendStat = text.parse().unwrap();
            assert_eq!((stat.name(), stat.of(&trend)), (text, value));
        }
    }

    #[test]
    fn other_texts_are_refused() {
        let refused = |text: &str| text.parse::<TrendStat>().unwrap_err().to_string();
        assert_eq!(refused("foo"), "invalid trend stat 'foo', unknown format");
        assert_eq!(refused(""), "invalid trend stat '', unknown format");
        assert_eq!(refused("p95"), "invalid trend stat 'p95', unknown format");
        for text in ["p(x)", "p()", "p(101)", "p(-1)", "p(NaN)"] {
            let wanted =
                format!("invalid trend stat '{text}', the percentile must be a number from 0 to 100");
            assert_eq!(refused(text), wanted);
        }
    }

    #[test]
    fn the_defaults_are_k6s() {
        let names: Vec<_> = TrendStat::defaults().iter().map(|s| s.name().to_owned()).collect();
        assert_eq!(names, ["avg", "min", "med", "max", "p(90)", "p(95)"]);
    }
}
