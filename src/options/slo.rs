//! `slo`: the objectives of calls of language models, `'ttft<500ms,tpot<50ms'` or `{ ttft: '500ms' }`.

use serde_json::Value;

use super::value::Text;
use crate::k6::json::{Json, Mismatch};
use crate::llm::Slo;

impl Text for Slo {
    fn from_text(text: &str) -> Result<Self, String> {
        Self::parse(text)
    }
}

impl Json for Slo {
    fn from_json(value: &Value) -> Result<Option<Self>, Mismatch> {
        let wrong = |error: String| Mismatch::new(value, format!("is no objective: {error}"));
        match value {
            Value::Null => Ok(None),
            Value::String(text) => Self::parse(text).map(Some).map_err(wrong),
            Value::Object(entries) => {
                let mut slo = Self::default();
                for (name, bound) in entries {
                    let bound = bound.as_str().map_or_else(|| bound.to_string(), str::to_owned);
                    slo.set(name, &bound).map_err(wrong)?;
                }
                Ok(Some(slo))
            }
            _ => Err(Mismatch::new(value, "must be like 'ttft<500ms,tpot<50ms' or { ttft: '500ms' }")),
        }
    }

    fn to_json(&self) -> Value {
        Value::from(self.to_string())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn both_forms_are_shown_as_one() {
        for (given, wanted) in [
            (json!("ttft<500ms, tpot<=50"), "ttft<500ms,tpot<=50ms"),
            (json!({"ttft": "1.5s", "rate": 20}), "ttft<=1500ms,rate>=20"),
        ] {
            let slo = Slo::from_json(&given).unwrap().unwrap();
            assert_eq!(slo.to_json(), json!(wanted));
            assert_eq!(Slo::from_text(wanted), Ok(slo));
        }
        for wrong in [json!(5), json!("x"), json!({"x": "1s"})] {
            assert!(Slo::from_json(&wrong).is_err(), "{wrong}");
        }
    }
}
