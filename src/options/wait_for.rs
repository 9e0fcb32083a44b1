//! `waitFor`: a URL that must answer before the test begins, and how long to wait for that.

use serde_json::{Value, json};

use super::value::Text;
use crate::k6::duration::GoDuration;
use crate::k6::json::{Fields, Json, Mismatch};

/// How long to wait, unless `timeout` says otherwise.
const TIMEOUT: GoDuration = GoDuration::from_secs(60);

/// As typed. Levels merge field by field.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WaitForLayer {
    pub url: Option<String>,
    pub timeout: Option<GoDuration>,
}

/// What to wait for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WaitFor {
    pub url: url::Url,
    pub timeout: GoDuration,
}

impl WaitForLayer {
    /// What it means; the error says what is wrong.
    pub fn settled(&self) -> Result<WaitFor, String> {
        let timeout = self.timeout.unwrap_or(TIMEOUT);
        if timeout.0 <= 0 {
            return Err(format!("waitFor.timeout must be more than 0, but is {timeout}"));
        }
        let Some(text) = self.url.as_deref().filter(|url| !url.is_empty()) else {
            return Err("waitFor has no url: set it with --wait-for URL, or { url, timeout }".to_owned());
        };
        match url::Url::parse(text) {
            Ok(url) if matches!(url.scheme(), "http" | "https") => Ok(WaitFor { url, timeout }),
            _ => Err(format!("waitFor must be a URL such as http://localhost:8000/health, but is '{text}'")),
        }
    }
}

/// A bare URL.
impl Text for WaitForLayer {
    fn from_text(text: &str) -> Result<Self, String> {
        let layer = Self { url: Some(text.to_owned()), timeout: None };
        layer.settled().map(|_| layer)
    }
}

/// A URL, or `{ url, timeout }`.
impl Json for WaitForLayer {
    fn from_json(value: &Value) -> Result<Option<Self>, Mismatch> {
        match value {
            Value::Null => return Ok(None),
            Value::String(url) => return Ok(Some(Self { url: Some(url.clone()), timeout: None })),
            _ => {}
        }
        let wrong = |_| Mismatch::new(value, "must be a URL or { url, timeout }");
        let mut fields = Fields::of(value).map_err(wrong)?;
        let layer = Self { url: fields.take("url")?, timeout: fields.take("timeout")? };
        match fields.unknown().next() {
            Some(field) => {
                Err(Mismatch::new(value, format!("has an unknown field '{field}': allowed are url, timeout")))
            }
            None => Ok(Some(layer)),
        }
    }

    fn to_json(&self) -> Value {
        json!({ "url": self.url, "timeout": self.timeout.as_ref().map(Json::to_json) })
    }

    fn over(self, lower: Self) -> Self {
        Self { url: self.url.or(lower.url), timeout: self.timeout.or(lower.timeout) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_are_read_and_merged() {
        let script = WaitForLayer::from_json(&json!({"url": "http://a/", "timeout": "5m"})).unwrap().unwrap();
        let flag = WaitForLayer::from_text("https://b/health").unwrap();
        let merged = flag.over(script).settled().unwrap();
        assert_eq!((merged.url.as_str(), merged.timeout), ("https://b/health", GoDuration::from_secs(300)));
        let bare = WaitForLayer::from_json(&json!("http://a")).unwrap().unwrap();
        assert_eq!(bare.settled().map(|wait| wait.timeout), Ok(TIMEOUT));
    }

    #[test]
    fn what_is_wrong_is_said() {
        for (json, want) in [
            (json!({"timeout": "5s"}), "has no url"),
            (json!("localhost:8000"), "must be a URL such as"),
            (json!({"url": "http://a", "timeout": 0}), "must be more than 0"),
        ] {
            let error = WaitForLayer::from_json(&json).unwrap().unwrap().settled().unwrap_err();
            assert!(error.contains(want), "{error}");
        }
        assert!(
            WaitForLayer::from_json(&json!({"uri": "x"})).is_err() && WaitForLayer::from_text("x").is_err()
        );
    }
}
