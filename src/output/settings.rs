//! What the environment says about an output: `K6_PROMETHEUS_RW_PUSH_INTERVAL=1s`.

use std::str::FromStr;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail};

use crate::k6::duration::GoDuration;
use crate::k6::env_var;
use crate::net::client_certificate::ClientCertificate;

/// The variables of one output.
pub struct Settings<'a> {
    /// What its names begin with, behind `K6_`: `STATSD`.
    prefix: &'static str,
    env: &'a dyn Fn(&str) -> Option<String>,
}

impl<'a> Settings<'a> {
    pub fn new(prefix: &'static str, env: &'a dyn Fn(&str) -> Option<String>) -> Self {
        Self { prefix, env }
    }

    /// The whole name of a variable.
    pub fn name(&self, name: &str) -> String {
        format!("K6_{}_{name}", self.prefix)
    }

    /// A variable as it is; `None` where it is not set.
    pub fn text(&self, name: &str) -> Option<String> {
        env_var(&format!("{}_{name}", self.prefix), self.env)
    }

    /// A variable that is set to something.
    pub fn some_text(&self, name: &str) -> Option<String> {
        self.text(name).filter(|text| !text.is_empty())
    }

    /// `true`, `1`, `f`, …
    pub fn boolean(&self, name: &str) -> Result<Option<bool>> {
        self.some_text(name).map(|text| boolean(&text).with_context(|| self.name(name))).transpose()
    }

    /// A time, in Go's notation; without a unit milliseconds.
    pub fn duration(&self, name: &str) -> Result<Option<Duration>> {
        self.some_text(name).map(|text| duration(&text).with_context(|| self.name(name))).transpose()
    }

    /// A whole number.
    pub fn number<T: FromStr>(&self, name: &str) -> Result<Option<T>> {
        self.some_text(name).map(|text| number(&text).with_context(|| self.name(name))).transpose()
    }

    /// The text of the file that a variable names.
    pub fn file(&self, name: &str) -> Result<Option<String>> {
        let read = |path: String| {
            std::fs::read_to_string(&path)
                .with_context(|| format!("{}: could not read '{path}'", self.name(name)))
        };
        self.some_text(name).map(read).transpose()
    }

    /// The certificate to show, from the files that two variables name.
    pub fn certificate(&self, certificate: &str, key: &str) -> Result<Vec<ClientCertificate>> {
        match (self.file(certificate)?, self.file(key)?) {
            (Some(shown), Some(secret)) => {
                let certificate = ClientCertificate::from_pem(&shown, &secret, &[])
                    .map_err(|error| anyhow!("{} and {}: {error}", self.name(certificate), self.name(key)))?;
                Ok(vec![certificate])
            }
            (None, None) => Ok(Vec::new()),
            (Some(_), None) => bail!("{} needs {}, too", self.name(certificate), self.name(key)),
            (None, Some(_)) => bail!("{} needs {}, too", self.name(key), self.name(certificate)),
        }
    }
}

/// Go's spellings of a truth value.
pub fn boolean(text: &str) -> Result<bool> {
    match text {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Ok(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Ok(false),
        _ => bail!("'{text}' must be true or false"),
    }
}

/// See [`Settings::duration`].
pub fn duration(text: &str) -> Result<Duration> {
    match GoDuration::parse(text) {
        Ok(duration) if !duration.to_std().is_zero() => Ok(duration.to_std()),
        Ok(_) => bail!("'{text}' must be longer than nothing"),
        Err(_) => bail!("'{text}' is no duration; write it as 500ms, 10s or 1m30s"),
    }
}

/// See [`Settings::number`].
pub fn number<T: FromStr>(text: &str) -> Result<T> {
    text.parse().map_err(|_| anyhow!("'{text}' is no number that can be used here"))
}

/// `name:value,name:value` or `name=value,…`, by the sign between them; values may hold that sign, too.
///
/// # Errors
///
/// Says which pair has no such sign; not its value, which may be a secret.
pub fn pairs(text: &str, sign: char) -> Result<Vec<(String, String)>> {
    let pairs = text.split(',').filter(|pair| !pair.trim().is_empty());
    pairs
        .enumerate()
        .map(|(index, pair)| match pair.split_once(sign) {
            Some((name, value)) if !name.trim().is_empty() => {
                Ok((name.trim().to_owned(), value.trim().to_owned()))
            }
            _ => bail!("entry {} must be NAME{sign}VALUE", index + 1),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_and_what_is_wrong_with_them() {
        let env = |name: &str| match name {
            "K6_X_ON" => Some("T".to_owned()),
            "K6_X_EVERY" => Some("1m30s".to_owned()),
            "SSEK_X_COUNT" => Some("7".to_owned()),
            "K6_X_COUNT" => Some("8".to_owned()),
            "K6_X_WRONG" => Some("maybe".to_owned()),
            "K6_X_ZERO" => Some("0s".to_owned()),
            "K6_X_EMPTY" => Some(String::new()),
            "K6_X_CERT" => Some("/nowhere.pem".to_owned()),
            _ => None,
        };
        let settings = Settings::new("X", &env);
        assert_eq!(settings.boolean("ON").unwrap(), Some(true));
        assert_eq!(settings.duration("EVERY").unwrap(), Some(Duration::from_secs(90)));
        assert_eq!(settings.number::<u16>("COUNT").unwrap(), Some(7));
        assert_eq!((settings.boolean("NONE").unwrap(), settings.duration("EMPTY").unwrap()), (None, None));
        assert_eq!((settings.text("EMPTY"), settings.some_text("EMPTY")), (Some(String::new()), None));
        for (error, want) in [
            (settings.boolean("WRONG").map(drop), "K6_X_WRONG: 'maybe' must be true or false"),
            (
                settings.number::<u8>("WRONG").map(drop),
                "K6_X_WRONG: 'maybe' is no number that can be used here",
            ),
            (settings.duration("ZERO").map(drop), "K6_X_ZERO: '0s' must be longer than nothing"),
            (settings.file("CERT").map(drop), "K6_X_CERT: could not read '/nowhere.pem'"),
        ] {
            let error = format!("{:#}", error.unwrap_err());
            assert!(error.starts_with(want), "{error}");
        }
    }

    #[test]
    fn pairs_keep_the_rest() {
        let read = pairs("X-A: b:c, X-D:e", ':').unwrap();
        assert_eq!(read, [("X-A".to_owned(), "b:c".to_owned()), ("X-D".to_owned(), "e".to_owned())]);
        assert!(pairs("", '=').unwrap().is_empty());
        let error = pairs("a=1,s3cret", '=').unwrap_err().to_string();
        assert_eq!(error, "entry 2 must be NAME=VALUE");
    }
}
