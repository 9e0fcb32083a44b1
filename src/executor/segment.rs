//! Execution segments: `1/4:1/2`, `0.25:50%`, `20%`, and sequences of their borders.

use std::fmt;
use std::str::FromStr;

use serde_json::Value;

use crate::k6::json::{Json, Mismatch};

/// A fraction in lowest terms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fraction {
    pub(super) numerator: i64,
    /// Positive.
    pub(super) denominator: i64,
}

/// A part of the test, above `from` up to `to`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Segment {
    pub from: Fraction,
    pub to: Fraction,
}

/// The borders of all segments of a test, rising.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SegmentSequence(pub Vec<Fraction>);

pub(super) const ZERO: Fraction = Fraction { numerator: 0, denominator: 1 };
pub(super) const ONE: Fraction = Fraction { numerator: 1, denominator: 1 };

impl Fraction {
    fn parse(text: &str) -> Result<Self, String> {
        let wrong = || format!("'{text}' is not a fraction, a decimal number or a percentage");
        let (number, percent) = match text.strip_suffix('%') {
            Some(number) => (number, 100),
            None => (text, 1),
        };
        let (numerator, denominator) = match number.split_once('/') {
            Some((above, below)) => {
                (above.parse().map_err(|_| wrong())?, below.parse().map_err(|_| wrong())?)
            }
            None => {
                let (whole, part) = number.split_once('.').unwrap_or((number, ""));
                let digits = u32::try_from(part.len()).map_err(|_| wrong())?;
                let scale = 10_i64.checked_pow(digits).ok_or_else(wrong)?;
                (format!("{whole}{part}").parse::<i64>().map_err(|_| wrong())?, scale)
            }
        };
        let denominator: i64 = denominator.checked_mul(percent).ok_or_else(wrong)?;
        if denominator <= 0 {
            return Err(wrong());
        }
        let divisor = gcd(numerator.unsigned_abs(), denominator.unsigned_abs());
        // The divisor is at most the denominator, so it fits.
        let divisor = (divisor as i64).max(1);
        Ok(Self { numerator: numerator / divisor, denominator: denominator / divisor })
    }

    fn less(self, other: Self) -> bool {
        let cross = |a: Self, b: Self| i128::from(a.numerator) * i128::from(b.denominator);
        cross(self, other) < cross(other, self)
    }
}

pub(super) fn gcd(a: u64, b: u64) -> u64 {
    if b == 0 { a } else { gcd(b, a % b) }
}

impl fmt::Display for Fraction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.denominator {
            1 => write!(f, "{}", self.numerator),
            denominator => write!(f, "{}/{denominator}", self.numerator),
        }
    }
}

impl Segment {
    /// The whole test.
    pub const FULL: Self = Self { from: ZERO, to: ONE };
}

impl fmt::Display for Segment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.from, self.to)
    }
}

impl FromStr for Segment {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text.is_empty() {
            return Ok(Self::FULL);
        }
        let (from, to) = match text.split_once(':') {
            Some((from, to)) => (Fraction::parse(from)?, Fraction::parse(to)?),
            None => (ZERO, Fraction::parse(text)?),
        };
        if from.less(ZERO) {
            return Err(format!("segment start value must be at least 0 but was {from}"));
        }
        if !from.less(to) {
            return Err(format!("segment start({from}) must be less than its end({to})"));
        }
        if ONE.less(to) {
            return Err(format!("segment end value can't be more than 1 but was {to}"));
        }
        Ok(Self { from, to })
    }
}

impl fmt::Display for SegmentSequence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.iter().map(Fraction::to_string).collect::<Vec<_>>().join(","))
    }
}

impl FromStr for SegmentSequence {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let borders = text.split(',').map(Fraction::parse).collect::<Result<Vec<_>, _>>()?;
        if borders.len() < 2 {
            return Err("at least two points are needed for an execution segment sequence".to_owned());
        }
        for pair in borders.windows(2) {
            format!("{}:{}", pair[0], pair[1]).parse::<Segment>()?;
        }
        Ok(Self(borders))
    }
}

impl Json for Segment {
    fn from_json(value: &Value) -> Result<Option<Self>, Mismatch> {
        from_string(value)
    }

    fn to_json(&self) -> Value {
        self.to_string().into()
    }
}

impl Json for SegmentSequence {
    fn from_json(value: &Value) -> Result<Option<Self>, Mismatch> {
        from_string(value)
    }

    fn to_json(&self) -> Value {
        self.to_string().into()
    }
}

fn from_string<T: FromStr<Err = String>>(value: &Value) -> Result<Option<T>, Mismatch> {
    let text = String::from_json(value)?.filter(|text| !text.is_empty());
    let wrong = |error| Mismatch::new(value, format!("is not valid: {error}"));
    text.map(|text| text.parse().map_err(wrong)).transpose()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn segments_in_all_forms() {
        for (text, want) in
            [("1/4:1/2", "1/4:1/2"), ("0.25:50%", "1/4:1/2"), ("20%", "0:1/5"), ("0:1", "0:1"), ("", "0:1")]
        {
            assert_eq!(text.parse::<Segment>().unwrap().to_string(), want);
        }
        for bad in ["1/2:1/4", "-1:1", "0:2", "a:b", "1/0", "1/2:1/2"] {
            assert!(bad.parse::<Segment>().is_err(), "{bad}");
        }
    }

    #[test]
    fn sequences_rise() {
        let sequence = "0,25%,0.5,1".parse::<SegmentSequence>().unwrap();
        assert_eq!(sequence.to_json(), "0,1/4,1/2,1");
        for bad in ["0,1/2,1/4", "1", "0,0"] {
            assert!(bad.parse::<SegmentSequence>().is_err(), "{bad}");
        }
    }
}
