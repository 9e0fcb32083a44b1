//! `arrivals` as scripts write it: by which law iterations of an open model start.

use std::fmt;

use serde_json::{Value, json};

use crate::k6::json::{Fields, Json, Mismatch};

/// Shapes beyond these are hardly told from gaps of zero, and from even ones.
const SHAPES: std::ops::RangeInclusive<f64> = 0.001..=1e6;

/// How the starts lie around the rate.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Law {
    /// k6's: as even as the rate is.
    #[default]
    Even,
    /// A Poisson process: exponential gaps, whose mean follows the rate.
    Poisson,
    /// Gamma gaps of this shape, whose mean follows the rate.
    Gamma(f64),
    /// At the times that stand in a file, whatever the rate.
    Trace(String),
}

impl Law {
    /// Whether a seed decides on the starts.
    pub fn is_random(&self) -> bool {
        matches!(self, Self::Poisson | Self::Gamma(_))
    }

    /// What is wrong with it.
    pub(in crate::executor) fn check(&self, problems: &mut Vec<String>) {
        match self {
            Self::Gamma(shape) if !SHAPES.contains(shape) => problems.push(format!(
                "the shape of gamma arrivals must be from {} to {}, but is {shape}",
                SHAPES.start(),
                SHAPES.end()
            )),
            Self::Trace(file) if file.is_empty() => {
                problems.push("the trace of the arrivals needs the name of a file".to_owned());
            }
            _ => {}
        }
    }
}

/// `poisson`, `gamma of shape 0.5`, `trace a.txt`
impl fmt::Display for Law {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Even => f.write_str("even"),
            Self::Poisson => f.write_str("poisson"),
            Self::Gamma(shape) => write!(f, "gamma of shape {shape}"),
            Self::Trace(file) => write!(f, "trace {file}"),
        }
    }
}

/// `"even"`, `"poisson"`, `{"gamma": SHAPE}`, `{"trace": "FILE"}`
impl Json for Law {
    fn from_json(value: &Value) -> Result<Option<Self>, Mismatch> {
        let wrong =
            || Mismatch::new(value, r#"must be "even", "poisson", {"gamma": SHAPE} or {"trace": "FILE"}"#);
        match value {
            Value::Null => Ok(None),
            Value::String(name) if name == "even" => Ok(Some(Self::Even)),
            Value::String(name) if name == "poisson" => Ok(Some(Self::Poisson)),
            Value::Object(_) => {
                let mut fields = Fields::of(value)?;
                let (gamma, trace) = (fields.take::<Value>("gamma")?, fields.take::<String>("trace")?);
                let known = fields.unknown().next().is_none();
                match (gamma, trace) {
                    (Some(shape), None) if known => match shape.as_f64() {
                        Some(shape) => Ok(Some(Self::Gamma(shape))),
                        None => Err(Mismatch::new(&shape, "must be a number").at("gamma")),
                    },
                    (None, Some(file)) if known => Ok(Some(Self::Trace(file))),
                    _ => Err(wrong()),
                }
            }
            _ => Err(wrong()),
        }
    }

    fn to_json(&self) -> Value {
        match self {
            Self::Even => "even".into(),
            Self::Poisson => "poisson".into(),
            Self::Gamma(shape) => json!({ "gamma": shape }),
            Self::Trace(file) => json!({ "trace": file }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn laws_are_read_and_shown() {
        for (json, law) in [
            (json!("even"), Law::Even),
            (json!("poisson"), Law::Poisson),
            (json!({"gamma": 0.5}), Law::Gamma(0.5)),
            (json!({"trace": "a.txt"}), Law::Trace("a.txt".to_owned())),
        ] {
            assert_eq!(Law::from_json(&json), Ok(Some(law.clone())));
            assert_eq!(law.to_json(), json);
        }
        assert_eq!(Law::from_json(&Value::Null), Ok(None));
    }

    #[test]
    fn what_is_wrong_is_said() {
        for json in [json!("Poisson"), json!(1), json!({}), json!({"gamma": 1, "x": 1})] {
            let error = Law::from_json(&json).unwrap_err().at("arrivals").to_string();
            let want = r#"arrivals must be "even", "poisson", {"gamma": SHAPE} or {"trace": "FILE"}"#;
            assert!(error.ends_with(want), "{error}");
        }
        let error = Law::from_json(&json!({"gamma": "2"})).unwrap_err().at("arrivals").to_string();
        assert!(error.ends_with("arrivals.gamma must be a number"), "{error}");
        for (law, count) in [(Law::Gamma(0.0), 1), (Law::Gamma(2.0), 0), (Law::Trace(String::new()), 1)] {
            let mut problems = Vec::new();
            law.check(&mut problems);
            assert_eq!(problems.len(), count, "{problems:?}");
        }
    }
}
