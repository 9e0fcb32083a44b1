//! Users or iterations a second, as typed: any number, not only whole ones.

use std::fmt;

use serde_json::Value;

use crate::k6::json::{Json, Mismatch};

/// So many a second.
#[derive(Clone, Copy, Debug, Default, PartialEq, PartialOrd)]
pub struct Rate(pub f64);

/// The highest rate that is taken: nobody starts that many, and sums of it stay exact.
const HIGHEST: f64 = 1e9;

impl Rate {
    /// What is wrong with the rate called `name`: it is required, finite, and not negative.
    pub(super) fn check(rate: Option<Self>, name: &str, problems: &mut Vec<String>) {
        match rate {
            None => problems.push(format!("the {name} isn't specified")),
            Some(Self(rate)) if rate < 0.0 => problems.push(format!("the {name} can't be negative")),
            Some(Self(rate)) if rate > HIGHEST => {
                problems.push(format!("the {name} must be at most {HIGHEST}, but is {rate}"));
            }
            Some(_) => {}
        }
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.2}", self.0)
    }
}

/// Numbers, or numeric strings (so that `rate: __ENV.RATE` works).
impl Json for Rate {
    fn from_json(value: &Value) -> Result<Option<Self>, Mismatch> {
        let parsed = match value {
            Value::Null => return Ok(None),
            Value::String(text) if text.is_empty() => return Ok(None),
            Value::String(text) => text.parse().ok(),
            Value::Number(number) => number.as_f64(),
            _ => None,
        };
        let parsed = parsed.filter(|rate: &f64| rate.is_finite());
        parsed.map(|rate| Some(Self(rate))).ok_or_else(|| Mismatch::new(value, "must be a number"))
    }

    fn to_json(&self) -> Value {
        if self.0.fract() == 0.0 && self.0.abs() < 1e15 { (self.0 as i64).into() } else { self.0.into() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn numbers_and_numeric_strings() {
        for (value, want) in [
            (json!(0.5), Some(Some(Rate(0.5)))),
            (json!("2"), Some(Some(Rate(2.0)))),
            (json!(""), Some(None)),
            (json!("NaN"), None),
            (json!(true), None),
        ] {
            assert_eq!(Rate::from_json(&value).ok(), want, "{value}");
        }
        assert_eq!((Rate(2.0).to_json(), Rate(0.5).to_json()), (json!(2), json!(0.5)));
    }
}
