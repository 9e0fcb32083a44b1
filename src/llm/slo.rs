//! Service level objectives: what a request must keep to count as good.

use std::fmt;
use std::time::Duration;

use super::report::Report;
use crate::k6::duration::GoDuration;

/// Conditions that must all hold.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Slo {
    conditions: Vec<Condition>,
}

/// A figure of a request, and its bound.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Condition {
    pub figure: Figure,
    /// Times in milliseconds; the rate in tokens a second.
    pub bound: f64,
    /// The bound itself will do.
    pub inclusive: bool,
}

/// What can be bounded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Figure {
    /// Time to the first token.
    Ttft,
    /// Time to the first visible token.
    Ttfvt,
    /// Time per output token.
    Tpot,
    /// The longest gap between events with content.
    Itl,
    /// Time to the last token.
    Duration,
    /// Output tokens a second, which have a lower bound.
    Rate,
}

const NAMES: [(&str, Figure); 9] = [
    ("ttft", Figure::Ttft),
    ("ttfvt", Figure::Ttfvt),
    ("tpot", Figure::Tpot),
    ("itl", Figure::Itl),
    ("duration", Figure::Duration),
    ("e2e", Figure::Duration),
    ("e2el", Figure::Duration),
    ("rate", Figure::Rate),
    ("tps", Figure::Rate),
];

impl Slo {
    /// Reads `ttft<500ms,tpot<=50ms,rate>20`.
    ///
    /// # Errors
    ///
    /// A sentence about the part that is none.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut slo = Self::default();
        for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
            let at = part
                .find(['<', '>', ':', '='])
                .ok_or_else(|| format!("{part:?} is no objective; write it like ttft<500ms"))?;
            let (name, rest) = part.split_at(at);
            let bound = rest.trim_start_matches(['<', '>', ':', '=']);
            let sign = &rest[..rest.len() - bound.len()];
            let figure = figure(name.trim())?;
            let fits = if figure == Figure::Rate { sign.starts_with('>') } else { sign.starts_with('<') };
            if !fits && !matches!(sign, ":" | "=") {
                let wanted = if figure == Figure::Rate { '>' } else { '<' };
                return Err(format!("{part:?}: {} is bounded with {wanted}", name.trim()));
            }
            slo.add(figure, bound.trim(), sign.len() > 1)?;
        }
        if slo.conditions.is_empty() {
            return Err("no objective is given; write them like ttft<500ms,tpot<50ms".to_owned());
        }
        Ok(slo)
    }

    /// Adds what an object's entry says, `ttft: '500ms'`.
    ///
    /// # Errors
    ///
    /// An unknown figure, or a bound that is none.
    pub fn set(&mut self, name: &str, bound: &str) -> Result<(), String> {
        self.add(figure(name)?, bound, true)
    }

    fn add(&mut self, figure: Figure, bound: &str, inclusive: bool) -> Result<(), String> {
        let bound = if figure == Figure::Rate {
            let rate = bound.parse::<f64>().ok().filter(|rate| rate.is_finite());
            rate.ok_or_else(|| format!("{bound:?} is no number of tokens a second"))?
        } else {
            let time = GoDuration::parse(bound).map_err(|_| {
                format!("{bound:?} is no duration; use 500ms, 1.5s or a number of milliseconds")
            })?;
            time.to_std().as_secs_f64() * 1e3
        };
        self.conditions.push(Condition { figure, bound, inclusive });
        Ok(())
    }

    /// The conditions, in their order.
    pub fn conditions(&self) -> &[Condition] {
        &self.conditions
    }

    /// Whether a request kept all of them. One that did not end well never does; a figure that it has not, such as
    /// the time per token of an answer of one token, is no objection.
    pub fn is_met(&self, report: &Report) -> bool {
        report.is_ok() && self.conditions.iter().all(|condition| condition.holds(report))
    }
}

impl fmt::Display for Slo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, condition) in self.conditions.iter().enumerate() {
            let name =
                NAMES.iter().find(|(_, figure)| *figure == condition.figure).map_or("", |(name, _)| name);
            let is_rate = condition.figure == Figure::Rate;
            let sign = if is_rate { ">" } else { "<" };
            let (comma, or_equal) =
                (if place > 0 { "," } else { "" }, if condition.inclusive { "=" } else { "" });
            let unit = if is_rate { "" } else { "ms" };
            write!(f, "{comma}{name}{sign}{or_equal}{}{unit}", condition.bound)?;
        }
        Ok(())
    }
}

impl Condition {
    fn holds(&self, report: &Report) -> bool {
        let milliseconds = |time: Option<Duration>| time.map(|time| time.as_secs_f64() * 1e3);
        let tokens = report.tokens.completion.count;
        let marks = &report.marks;
        let value = match self.figure {
            Figure::Ttft => milliseconds(marks.time_to_first_token()),
            Figure::Ttfvt => milliseconds(marks.time_to_first_visible_token()),
            Figure::Tpot => milliseconds(marks.time_per_output_token(tokens)),
            Figure::Itl => milliseconds(report.arrivals.longest_gap()),
            Figure::Duration => milliseconds(marks.duration()),
            // What has to be exceeded is compared upside down.
            Figure::Rate => marks.tokens_per_second(tokens).map(|rate| -rate),
        };
        let bound = if self.figure == Figure::Rate { -self.bound } else { self.bound };
        value.is_none_or(|value| value < bound || (self.inclusive && value == bound))
    }
}

fn figure(name: &str) -> Result<Figure, String> {
    let known = NAMES.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
    known.map(|(_, figure)| *figure).ok_or_else(|| {
        format!("{name:?} is no figure of a request; there are ttft, ttfvt, tpot, itl, duration, rate")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objectives_in_both_forms() {
        let slo = Slo::parse("ttft<500ms, tpot<=50ms,rate>20").unwrap();
        let shown: Vec<_> = slo.conditions().iter().map(|c| (c.figure, c.bound, c.inclusive)).collect();
        assert_eq!(
            shown,
            [(Figure::Ttft, 500.0, false), (Figure::Tpot, 50.0, true), (Figure::Rate, 20.0, false)]
        );
        let mut object = Slo::default();
        object.set("e2e", "1.5s").unwrap();
        object.set("itl", "80").unwrap();
        let shown: Vec<_> = object.conditions().iter().map(|c| (c.figure, c.bound)).collect();
        assert_eq!(shown, [(Figure::Duration, 1500.0), (Figure::Itl, 80.0)]);
    }

    #[test]
    fn what_is_no_objective() {
        for (text, wanted) in [
            ("", "no objective is given"),
            ("fast", "is no objective"),
            ("speed<1s", "is no figure"),
            ("ttft<soon", "is no duration"),
            ("ttft>1s", "bounded with <"),
            ("rate<9", "bounded with >"),
            ("rate>x", "is no number"),
        ] {
            let error = Slo::parse(text).unwrap_err();
            assert!(error.contains(wanted), "{text}: {error}");
        }
    }
}
