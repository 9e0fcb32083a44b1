//! What `--out web-dashboard=…` and `K6_WEB_DASHBOARD_*` set. A setting of the argument wins.

use std::time::Duration;

use anyhow::{Result, bail};

use crate::k6;
use crate::k6::duration::GoDuration;
use crate::log;

/// Where and how often the page is served.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// The address or name to listen on: this machine only, unless somebody says otherwise.
    pub host: String,
    /// `None`: nothing is served, which is what `-1` says.
    pub port: Option<u16>,
    /// The time between two updates of the page.
    pub period: Duration,
    /// Whether to open a browser.
    pub open: bool,
    /// Where to write the report at the end.
    pub export: Option<String>,
}

/// What k6's dashboard has and this one does not.
const IGNORED: &[&str] = &["record", "tag", "tags"];

const DEFAULT_PORT: u16 = 5665;
const DEFAULT_PERIOD: Duration = Duration::from_secs(1);
/// Faster than that, nobody looks.
const SHORTEST_PERIOD: Duration = Duration::from_millis(200);

impl Settings {
    /// Reads `port=5665&host=127.0.0.1&…` and what it leaves open from the environment.
    ///
    /// # Errors
    /// For settings that there are not, and bad values.
    pub fn read(arg: &str, env: &dyn Fn(&str) -> Option<String>) -> Result<Self> {
        let mut settings = Self {
            host: "127.0.0.1".to_owned(),
            port: Some(DEFAULT_PORT),
            period: DEFAULT_PERIOD,
            open: false,
            export: None,
        };
        for name in ["PORT", "HOST", "PERIOD", "OPEN", "EXPORT", "RECORD", "TAGS"] {
            let variable = format!("WEB_DASHBOARD_{name}");
            if let Some(value) = k6::env_var(&variable, env).filter(|value| !value.is_empty()) {
                settings.set(&name.to_lowercase(), &value, &format!("K6_{variable}"))?;
            }
        }
        for (key, value) in url::form_urlencoded::parse(arg.as_bytes()) {
            settings.set(&key, &value, &format!("'{key}' of the web dashboard"))?;
        }
        Ok(settings)
    }

    fn set(&mut self, key: &str, value: &str, place: &str) -> Result<()> {
        match key {
            "host" => {
                let bare = value.trim_matches(['[', ']']);
                self.host = if bare.is_empty() { "127.0.0.1".to_owned() } else { bare.to_owned() };
            }
            "port" => {
                self.port = match value.parse::<i32>() {
                    Ok(-1) => None,
                    Ok(port) if u16::try_from(port).is_ok() => Some(port as u16),
                    _ => bail!(
                        "{place} has the value '{value}', which is no port: give 0 to 65535, or -1 to serve nothing"
                    ),
                };
            }
            "period" => match GoDuration::parse(value) {
                Ok(period) => self.period = period.to_std().max(SHORTEST_PERIOD),
                Err(_) => bail!("{place} has the value '{value}', which is no duration such as 2s"),
            },
            "open" => {
                self.open = match value {
                    "" | "true" | "1" => true,
                    "false" | "0" => false,
                    _ => bail!("{place} has the value '{value}'; it is true or false"),
                };
            }
            "export" | "report" => self.export = Some(value.to_owned()).filter(|path| !path.is_empty()),
            key if IGNORED.contains(&key) => log::warn(format!(
                "{place} is ignored: ssek's dashboard shows all tags, and --out ssek=run.ssek records a run"
            )),
            _ => {
                bail!("the web dashboard has no setting '{key}'; it has export, host, open, period and port")
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(arg: &str, env: &[(&str, &str)]) -> Result<Settings, String> {
        let env = |name: &str| env.iter().find(|(key, _)| *key == name).map(|(_, v)| (*v).to_owned());
        Settings::read(arg, &env).map_err(|error| error.to_string())
    }

    #[test]
    fn it_is_for_this_machine_unless_asked_otherwise() {
        let plain = read("", &[]).unwrap();
        assert_eq!((plain.host.as_str(), plain.port, plain.open), ("127.0.0.1", Some(5665), false));
        let env = [
            ("K6_WEB_DASHBOARD_PORT", "0"),
            ("K6_WEB_DASHBOARD_PERIOD", "5s"),
            ("SSEK_WEB_DASHBOARD_EXPORT", "a b.html"),
        ];
        let set = read("host=0.0.0.0&port=-1&open=true", &env).unwrap();
        assert_eq!((set.host.as_str(), set.port, set.open), ("0.0.0.0", None, true));
        assert_eq!((set.period, set.export.as_deref()), (Duration::from_secs(5), Some("a b.html")));
        assert_eq!(read("report=x.html&period=1ms&tags=url&host=[::1]", &[]).unwrap().host, "::1");
    }

    #[test]
    fn bad_values_are_named() {
        for (arg, want) in [
            ("port=70000", "'port' of the web dashboard has the value '70000'"),
            ("period=soon", "no duration"),
            ("open=maybe", "true or false"),
            ("colour=red", "no setting 'colour'"),
        ] {
            let error = read(arg, &[]).unwrap_err();
            assert!(error.contains(want), "{error}");
        }
        let error = read("", &[("K6_WEB_DASHBOARD_PORT", "x")]).unwrap_err();
        assert!(error.starts_with("K6_WEB_DASHBOARD_PORT has the value 'x'"), "{error}");
    }
}
