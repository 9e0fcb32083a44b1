//! `stopAfter`: what ends a scenario, or the whole test, before its time.

use serde_json::{Value, json};

use super::base::shown;
use super::rate::Rate;
use crate::k6::json::{Fields, Json, Mismatch};

/// The rules as typed; the first that applies ends the scenario or test.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StopAfter {
    /// So many iterations start.
    pub iterations: Option<i64>,
    /// So many iterations fail.
    pub errors: Option<i64>,
    pub error_rate: Option<ErrorRate>,
}

/// Of the last so many iterations that ended, this share failed.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct ErrorRate {
    /// Above 0, at most 1.
    pub rate: Option<Rate>,
    /// Nothing is judged before so many have ended.
    pub last: Option<i64>,
}

/// The most iterations that a rate may look back on; each is remembered.
const MOST_REMEMBERED: i64 = 1_000_000;

impl StopAfter {
    /// What is wrong, in the words of other options.
    pub fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        if *self == Self::default() {
            problems.push("stopAfter needs at least one of iterations, errors, errorRate".to_owned());
        }
        for (name, number) in [("iterations", self.iterations), ("errors", self.errors)] {
            if let Some(number) = number.filter(|number| *number <= 0) {
                problems.push(format!("stopAfter.{name} must be more than 0, but is {number}"));
            }
        }
        if let Some(ErrorRate { rate, last }) = self.error_rate {
            match rate {
                None => problems.push("stopAfter.errorRate.rate isn't specified".to_owned()),
                Some(Rate(rate)) if !(rate > 0.0 && rate <= 1.0) => problems
                    .push(format!("stopAfter.errorRate.rate must be above 0 and at most 1, but is {rate}")),
                Some(_) => {}
            }
            match last {
                None => problems.push("stopAfter.errorRate.last isn't specified".to_owned()),
                Some(last) if !(1..=MOST_REMEMBERED).contains(&last) => problems.push(format!(
                    "stopAfter.errorRate.last must be from 1 to {MOST_REMEMBERED}, but is {last}"
                )),
                Some(_) => {}
            }
        }
        problems
    }
}

impl Json for StopAfter {
    fn from_json(value: &Value) -> Result<Option<Self>, Mismatch> {
        if value.is_null() {
            return Ok(None);
        }
        let mut fields = Fields::of(value)?;
        let rules = Self {
            iterations: fields.take("iterations")?,
            errors: fields.take("errors")?,
            error_rate: fields.take("errorRate")?,
        };
        match fields.unknown().next() {
            Some(field) => Err(Mismatch::new(
                value,
                format!("has an unknown field '{field}': allowed are iterations, errors, errorRate"),
            )),
            None => Ok(Some(rules)),
        }
    }

    fn to_json(&self) -> Value {
        json!({
            "iterations": shown(&self.iterations),
            "errors": shown(&self.errors),
            "errorRate": shown(&self.error_rate),
        })
    }
}

impl Json for ErrorRate {
    fn from_json(value: &Value) -> Result<Option<Self>, Mismatch> {
        if value.is_null() {
            return Ok(None);
        }
        let mut fields = Fields::of(value)?;
        let rate = Self { rate: fields.take("rate")?, last: fields.take("last")? };
        match fields.unknown().next() {
            Some(field) => {
                Err(Mismatch::new(value, format!("has an unknown field '{field}': allowed are rate, last")))
            }
            None => Ok(Some(rate)),
        }
    }

    fn to_json(&self) -> Value {
        json!({ "rate": shown(&self.rate), "last": shown(&self.last) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_are_strict() {
        for (json, want) in [
            (json!({"errors": 3, "errorRate": {"rate": 0.5, "last": 10}}), ""),
            (json!({}), "stopAfter needs at least one of iterations, errors, errorRate"),
            (json!({"iterations": 0}), "stopAfter.iterations must be more than 0, but is 0"),
            (
                json!({"errorRate": {"rate": 1.5}}),
                "stopAfter.errorRate.rate must be above 0 and at most 1, but is 1.5, \
                 stopAfter.errorRate.last isn't specified",
            ),
        ] {
            assert_eq!(StopAfter::from_json(&json).unwrap().unwrap().problems().join(", "), want);
        }
        let error = StopAfter::from_json(&json!({"seconds": 3})).unwrap_err().to_string();
        assert!(error.contains("unknown field 'seconds': allowed are iterations"), "{error}");
    }
}
