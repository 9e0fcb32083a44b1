//! Thresholds as typed: expressions per metric, not yet parsed.

use serde_json::{Value, json};

use crate::k6::duration::GoDuration;
use crate::k6::json::{Fields, Json, Mismatch};
use crate::metrics::threshold::ThresholdSpec;

/// Thresholds by metric (`name` or `name{tag:value}`), in the order in which they were written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Thresholds(pub Vec<(String, Vec<ThresholdSpec>)>);

impl Json for ThresholdSpec {
    fn from_json(value: &Value) -> Result<Option<Self>, Mismatch> {
        if let Value::String(source) = value {
            return Ok(Some(Self { source: source.clone(), ..Self::default() }));
        }
        let mut fields = Fields::of(value).map_err(|_| {
            Mismatch::new(value, "must be a string or { threshold, abortOnFail, delayAbortEval }")
        })?;
        let Some(source) = fields.take("threshold")? else {
            return Err(Mismatch::new(value, "must have the expression as `threshold`"));
        };
        Ok(Some(Self {
            source,
            abort_on_fail: fields.take("abortOnFail")?.unwrap_or(false),
            delay_abort_eval: fields.take::<GoDuration>("delayAbortEval")?.unwrap_or_default().to_std(),
        }))
    }

    fn to_json(&self) -> Value {
        if !self.abort_on_fail && self.delay_abort_eval.is_zero() {
            return self.source.as_str().into();
        }
        let delay = GoDuration::from(self.delay_abort_eval);
        json!({
            "threshold": self.source,
            "abortOnFail": self.abort_on_fail,
            "delayAbortEval": if delay.0 == 0 { Value::Null } else { delay.to_json() },
        })
    }
}

impl Json for Thresholds {
    fn from_json(value: &Value) -> Result<Option<Self>, Mismatch> {
        let entries = match value {
            Value::Null => return Ok(None),
            Value::Object(entries) => entries,
            _ => return Err(Mismatch::new(value, "must be an object of metric names")),
        };
        let mut thresholds = Vec::new();
        for (metric, list) in entries {
            let specs = Vec::from_json(list).map_err(|error| match list {
                Value::String(_) => Mismatch::new(list, "must be an array of thresholds").at(metric),
                _ => error.at(metric),
            })?;
            thresholds.push((metric.clone(), specs.unwrap_or_default()));
        }
        Ok(Some(Self(thresholds)))
    }

    fn to_json(&self) -> Value {
        let mut sorted: Vec<_> = self.0.iter().collect();
        sorted.sort_by_key(|(metric, _)| metric);
        sorted.into_iter().map(|(metric, specs)| (metric.clone(), specs.to_json())).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn both_forms_are_read_and_shown() {
        let typed =
            json!({"m": ["p(95)<200", {"threshold": "rate<1", "abortOnFail": true, "delayAbortEval": "1m"}]});
        let thresholds = Thresholds::from_json(&typed).unwrap().unwrap();
        assert_eq!(thresholds.0[0].1[1].delay_abort_eval, Duration::from_secs(60));
        assert_eq!(
            thresholds.to_json(),
            json!({"m": ["p(95)<200", {"threshold": "rate<1", "abortOnFail": true, "delayAbortEval": "1m0s"}]})
        );
        let error = Thresholds::from_json(&json!({"m": "p(95)<200"})).unwrap_err();
        assert!(error.to_string().ends_with("m must be an array of thresholds"), "{error}");
    }
}
