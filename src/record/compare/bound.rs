//! `--fail-on 'p99(llm_time_to_first_token)>+10%'`: how much worse a figure may be.

use std::str::FromStr;

use super::figure::Figure;

/// A figure of a metric, and the change that is too much.
#[derive(Clone, Debug, PartialEq)]
pub struct Bound {
    /// As typed.
    pub source: String,
    pub figure: Figure,
    /// `name` or `name{tags}`.
    pub metric: String,
    /// Whether it is growth that is bounded; else decline.
    pub above: bool,
    /// Signed: in the metric's unit (milliseconds, bytes, shares from 0 to 1), or relative, 0.1 for 10 %.
    pub limit: f64,
    pub relative: bool,
}

/// Why an expression could not be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "cannot read --fail-on '{expression}': {reason}; write it like 'p99(http_req_duration)>+10%' or 'rate(http_reqs)<-5%'"
)]
pub struct BoundError {
    expression: String,
    reason: String,
}

impl FromStr for Bound {
    type Err = BoundError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text).map_err(|reason| BoundError { expression: text.to_owned(), reason })
    }
}

impl Bound {
    fn parse(text: &str) -> Result<Self, String> {
        // Tags may hold either sign.
        let close = text.rfind(')').ok_or("there is no figure(metric) in it")?;
        let (left, right) = (text[..close].trim(), text[close + 1..].trim());
        // `p(99)(m)` has a pair of its own.
        let open = match left.strip_prefix("p(").and_then(|rest| rest.find(')')) {
            Some(inner) => left[inner + 3..].find('(').map(|at| at + inner + 3),
            None => left.find('('),
        };
        let open = open.ok_or("there is no figure(metric) in it")?;
        let (figure, metric) = (left[..open].trim(), left[open + 1..].trim());
        let figure = Figure::parse(figure).ok_or_else(|| {
            format!("'{figure}' is no figure that can be tested; there are avg, med, pN and rate")
        })?;
        if metric.is_empty() {
            return Err("the metric is missing".to_owned());
        }
        let above = match right.chars().next() {
            Some('>') => true,
            Some('<') => false,
            _ => return Err("after the metric there must be > or <".to_owned()),
        };
        let number = right[1..].trim_start_matches('=').trim();
        let (number, scale, relative) = if let Some(number) = number.strip_suffix('%') {
            (number, 0.01, true)
        } else if let Some(number) = number.strip_suffix("ms") {
            (number, 1.0, false)
        } else if let Some(number) = number.strip_suffix('s') {
            (number, 1000.0, false)
        } else {
            (number, 1.0, false)
        };
        let limit: f64 = number.trim().parse().map_err(|_| format!("'{}' is no number", &right[1..]))?;
        if !limit.is_finite() {
            return Err("the bound must be finite".to_owned());
        }
        if (above && limit < 0.0) || (!above && limit > 0.0) {
            return Err(
                "it would hold for runs that are equal; the change bounded is growth (>+…) or decline (<-…)"
                    .to_owned(),
            );
        }
        let (source, metric) = (text.to_owned(), metric.to_owned());
        Ok(Self { source, figure, metric, above, limit: limit * scale, relative })
    }

    /// Whether going from `base` to `head` is beyond it. From zero, any growth is beyond a relative bound.
    pub fn is_exceeded(&self, base: f64, head: f64) -> bool {
        let limit = if self.relative { base.abs() * self.limit } else { self.limit };
        if self.above { head - base > limit } else { head - base < limit }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_are_read() {
        for (text, want) in [
            ("p99(m)>+10%", "p99 m above 0.1 relative"),
            ("p(99.9)(m{a:b(c)}) > 10 %", "p99.9 m{a:b(c)} above 0.1 relative"),
            ("med(m)>+50ms", "p50 m above 50"),
            ("avg( m )>1.5s", "avg m above 1500"),
            ("rate(http_reqs)<-5%", "rate http_reqs below -0.05 relative"),
            ("rate(http_req_failed)>0.01", "rate http_req_failed above 0.01"),
        ] {
            let bound: Bound = text.parse().unwrap();
            let side = if bound.above { "above" } else { "below" };
            let relative = if bound.relative { " relative" } else { "" };
            let shown = format!("{} {} {side} {}{relative}", bound.figure, bound.metric, bound.limit);
            assert_eq!(shown, want, "{text}");
        }
    }

    #[test]
    fn others_are_refused() {
        for (text, want) in [
            ("p99", "there is no figure(metric) in it"),
            ("max(m)>1%", "'max' is no figure that can be tested"),
            ("p101(m)>1%", "'p101' is no figure"),
            ("p99()>1%", "the metric is missing"),
            ("p99(m)=1%", "there must be > or <"),
            ("p99(m)>x%", "'x%' is no number"),
            ("p99(m)>-5%", "it would hold for runs that are equal"),
        ] {
            let error = text.parse::<Bound>().unwrap_err().to_string();
            assert!(error.contains(want) && error.contains("write it like"), "{text}: {error}");
        }
    }

    #[test]
    fn changes_are_beyond_or_not() {
        let exceeded = |text: &str, base, head| text.parse::<Bound>().unwrap().is_exceeded(base, head);
        assert!(exceeded("avg(m)>+10%", 100.0, 110.1) && !exceeded("avg(m)>+10%", 100.0, 110.0));
        assert!(exceeded("avg(m)>+10%", 0.0, 0.1) && !exceeded("avg(m)>+10%", 100.0, 50.0));
        assert!(exceeded("rate(m)<-10%", 100.0, 89.0) && !exceeded("rate(m)<-10%", 100.0, 200.0));
        assert!(exceeded("avg(m)>+5ms", 100.0, 105.5) && !exceeded("avg(m)>+5ms", 100.0, 104.5));
    }
}
