//! The settings of `--secret-source=url=…`: on the command line, in variables, in a JSON file.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Value;
use url::Url;

use crate::k6;
use crate::k6::duration::GoDuration;

/// Stands for the key in the URL.
pub const KEY: &str = "{key}";

/// A source that asks a server for each secret.
#[derive(Clone, Debug, PartialEq)]
pub struct UrlSource {
    /// With [`KEY`] in it.
    pub url_template: String,
    pub method: String,
    pub headers: BTreeMap<String, String>,
    /// Where the secret is in a JSON answer, as a GJSON path; `None`: it is all of the answer.
    pub response_path: Option<String>,
    /// For one request.
    pub timeout: Duration,
    pub requests_per_minute: u32,
    /// How many requests may be sent at once when none was for a while.
    pub burst: u32,
    /// After the first attempt.
    pub max_retries: u32,
    /// How long the first retry waits; each further one waits twice as long.
    pub retry_backoff: Duration,
}

impl Default for UrlSource {
    /// k6's defaults.
    fn default() -> Self {
        Self {
            url_template: String::new(),
            method: "GET".to_owned(),
            headers: BTreeMap::new(),
            response_path: None,
            timeout: Duration::from_secs(30),
            requests_per_minute: 300,
            burst: 10,
            max_retries: 3,
            retry_backoff: Duration::from_secs(1),
        }
    }
}

/// The settings, and what each is called behind `K6_SECRET_SOURCE_URL_`.
const SETTINGS: [(&str, &str); 8] = [
    ("urlTemplate", "URL_TEMPLATE"),
    ("method", "METHOD"),
    ("responsePath", "RESPONSE_PATH"),
    ("timeout", "TIMEOUT"),
    ("requestsPerMinuteLimit", "REQUESTS_PER_MINUTE_LIMIT"),
    ("requestsBurst", "REQUESTS_BURST"),
    ("maxRetries", "MAX_RETRIES"),
    ("retryBackoff", "RETRY_BACKOFF"),
];

impl UrlSource {
    /// The command line's `settings`, each `NAME=VALUE`, over the file that `config=` names, over variables.
    ///
    /// # Errors
    ///
    /// A setting is unknown or has a bad value, or there is no URL with a place for the key.
    pub(super) fn read(settings: &[&str], env: &dyn Fn(&str) -> Option<String>) -> Result<Self, String> {
        let mut source = Self::default();
        for (name, variable) in SETTINGS {
            let value = k6::env_var(&format!("SECRET_SOURCE_URL_{variable}"), env);
            if let Some(value) = value.filter(|value| !value.is_empty()) {
                source.set(name, &value)?;
            }
        }
        let mut own = Vec::new();
        for setting in settings {
            match setting.split_once('=') {
                Some(("config", path)) => source.read_file(path)?,
                Some((name, value)) => own.push((name, value)),
                None => {
                    return Err("its settings are written NAME=VALUE, with commas between them".to_owned());
                }
            }
        }
        for (name, value) in own {
            source.set(name, value)?;
        }
        source.check()?;
        Ok(source)
    }

    fn read_file(&mut self, path: &str) -> Result<(), String> {
        let text = std::fs::read(path).map_err(|error| format!("could not read '{path}': {error}"))?;
        let Ok(Value::Object(json)) = serde_json::from_slice(&text) else {
            return Err(format!("'{path}' holds no JSON object"));
        };
        for (name, value) in json {
            let text = |value: &Value| match value {
                Value::String(text) => Ok(text.clone()),
                Value::Number(number) => Ok(number.to_string()),
                _ => Err(format!("{name} in '{path}' is neither a string nor a number")),
            };
            match &value {
                Value::Null => {}
                Value::Object(headers) if name == "headers" => {
                    for (header, value) in headers {
                        self.headers.insert(header.clone(), text(value)?);
                    }
                }
                value => self.set(&name, &text(value)?)?,
            }
        }
        Ok(())
    }

    fn set(&mut self, name: &str, value: &str) -> Result<(), String> {
        let duration = || match GoDuration::parse(value) {
            Ok(duration) if duration.0 > 0 => Ok(duration.to_std()),
            _ => Err(format!("{name} must be a duration such as 30s, and more than 0")),
        };
        let number = |least: u32| match value.parse() {
            Ok(number) if number >= least => Ok(number),
            _ => Err(format!("{name} must be a whole number, {least} or more")),
        };
        match name {
            "urlTemplate" => value.clone_into(&mut self.url_template),
            "method" => value.clone_into(&mut self.method),
            "responsePath" => self.response_path = Some(value.to_owned()).filter(|path| !path.is_empty()),
            "timeout" => self.timeout = duration()?,
            "requestsPerMinuteLimit" => self.requests_per_minute = number(1)?,
            "requestsBurst" => self.burst = number(1)?,
            "maxRetries" => self.max_retries = number(0)?,
            "retryBackoff" => self.retry_backoff = duration()?,
            _ => match name.strip_prefix("headers.") {
                Some(header) if !header.is_empty() => {
                    self.headers.insert(header.to_owned(), value.to_owned());
                }
                _ => {
                    let names: Vec<_> = SETTINGS.iter().map(|(name, _)| *name).collect();
                    return Err(format!(
                        "there is no setting '{name}'; there are config, {} and headers.NAME, and urlTemplate is \
                         needed",
                        names.join(", ")
                    ));
                }
            },
        }
        Ok(())
    }

    fn check(&self) -> Result<(), String> {
        if !self.url_template.contains(KEY) {
            return Err(format!("it needs urlTemplate=URL, with {KEY} where the secret's name belongs"));
        }
        match self.url_of("key") {
            Some(url) if matches!(url.scheme(), "http" | "https") => Ok(()),
            _ => Err("urlTemplate is no URL that begins with https:// or http://".to_owned()),
        }
    }

    /// Where a secret is; `None` if the key makes no URL.
    pub fn url_of(&self, key: &str) -> Option<Url> {
        Url::parse(&self.url_template.replace(KEY, key)).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_wins_over_the_file_over_variables() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("c.json");
        let json = r#"{"urlTemplate":"http://h/{key}","headers":{"A":"1","B":"2"},"timeout":"5s","requestsBurst":3}"#;
        std::fs::write(&path, json).unwrap();
        let env = |name: &str| match name {
            "K6_SECRET_SOURCE_URL_TIMEOUT" => Some("1s".to_owned()),
            "K6_SECRET_SOURCE_URL_MAX_RETRIES" => Some("0".to_owned()),
            _ => None,
        };
        let config = format!("config={}", path.display());
        let source = UrlSource::read(&["headers.B=3", "method=POST", &config], &env).unwrap();
        let headers = [("A", "1"), ("B", "3")].map(|(k, v)| (k.to_owned(), v.to_owned()));
        let want = UrlSource {
            url_template: "http://h/{key}".to_owned(),
            method: "POST".to_owned(),
            headers: headers.into(),
            timeout: Duration::from_secs(5),
            burst: 3,
            max_retries: 0,
            ..UrlSource::default()
        };
        assert_eq!(source, want);
        assert_eq!(source.url_of("a").unwrap().as_str(), "http://h/a");
    }

    #[test]
    fn bad_settings() {
        for (settings, word) in [
            (&["method=GET"][..], "needs urlTemplate=URL"),
            (&["urlTemplate=http://h/"], "{key}"),
            (&["urlTemplate=/{key}"], "no URL"),
            (&["urlTemplate=http://h/{key}", "timeout=0"], "timeout must be"),
            (&["urlTemplate=http://h/{key}", "maxRetries=-1"], "0 or more"),
            (&["urlTemplate=http://h/{key}", "requestsBurst=0"], "1 or more"),
            (&["urlTemplate=http://h/{key}", "burst=1"], "no setting 'burst'"),
            (&["config=/no/such"], "could not read"),
            (&["alone"], "NAME=VALUE"),
        ] {
            let error = UrlSource::read(settings, &|_| None).unwrap_err();
            assert!(error.contains(word), "{settings:?}: {error}");
        }
    }
}
