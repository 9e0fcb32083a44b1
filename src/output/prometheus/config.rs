//! What `K6_PROMETHEUS_RW_…` sets.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use url::Url;

use super::sigv4::Key;
use crate::metrics::sink::TrendSink;
use crate::metrics::trend_stat::TrendStat;
use crate::net::tls::{Tls, Version};
use crate::output::settings::{Settings, pairs};
use crate::output::web;

const DEFAULT_URL: &str = "http://localhost:9090/api/v1/write";

pub struct Config {
    pub url: Url,
    pub headers: Vec<(String, String)>,
    pub tls: Tls,
    pub push_interval: Duration,
    pub trend_stats: Vec<Stat>,
    pub native_histograms: bool,
    pub stale_markers: bool,
    /// Signs every request, for AWS.
    pub key: Option<Key>,
}

/// A figure of a trend that becomes a series of its own.
#[derive(Clone, Debug, PartialEq)]
pub enum Stat {
    Sum,
    Of(TrendStat),
}

impl Config {
    /// The argument is the server's URL, if there is one; `names` are those of all variables.
    pub fn read(arg: &str, env: &dyn Fn(&str) -> Option<String>, names: &[String]) -> Result<Self> {
        let settings = Settings::new("PROMETHEUS_RW", env);
        let (url, of) = match settings.some_text("SERVER_URL") {
            _ if !arg.is_empty() => {
                (arg.to_owned(), "the URL of the output experimental-prometheus-rw".to_owned())
            }
            Some(url) => (url, settings.name("SERVER_URL")),
            None => (DEFAULT_URL.to_owned(), String::new()),
        };
        let min = match settings.some_text("TLS_MINIMUM_VERSION").as_deref() {
            None | Some("1.3") => Version::Tls13,
            Some("1.2") => Version::Tls12,
            Some(other) => bail!("{}: '{other}' must be 1.2 or 1.3", settings.name("TLS_MINIMUM_VERSION")),
        };
        let tls = Tls {
            insecure_skip_verify: settings.boolean("INSECURE_SKIP_TLS_VERIFY")?.unwrap_or(false),
            min: Some(min),
            certificates: settings.certificate("CLIENT_CERTIFICATE", "CLIENT_CERTIFICATE_KEY")?,
            ..Tls::default()
        };
        let stats = settings.some_text("TREND_STATS").unwrap_or_else(|| "p(99)".to_owned());
        Ok(Self {
            url: web::url(&url, &of)?,
            headers: headers(&settings, names)?,
            tls,
            push_interval: settings.duration("PUSH_INTERVAL")?.unwrap_or(Duration::from_secs(5)),
            trend_stats: stats
                .split(',')
                .map(|stat| Stat::parse(stat.trim()).with_context(|| settings.name("TREND_STATS")))
                .collect::<Result<_>>()?,
            native_histograms: settings.boolean("TREND_AS_NATIVE_HISTOGRAM")?.unwrap_or(false),
            stale_markers: settings.boolean("STALE_MARKERS")?.unwrap_or(false),
            key: Key::read(&settings)?,
        })
    }
}

/// The headers of the protocol, then the user's.
fn headers(settings: &Settings<'_>, names: &[String]) -> Result<Vec<(String, String)>> {
    let mut headers: Vec<(String, String)> = [
        ("Content-Type", "application/x-protobuf"),
        ("Content-Encoding", "snappy"),
        ("X-Prometheus-Remote-Write-Version", "0.1.0"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into();
    if let Some(user) = settings.some_text("USERNAME") {
        let password = settings.text("PASSWORD").unwrap_or_default();
        headers.push(("Authorization".to_owned(), web::basic(&user, &password)));
    }
    if let Some(token) = settings.some_text("BEARER_TOKEN") {
        headers.push(("Authorization".to_owned(), format!("Bearer {token}")));
    }
    let mut own: Vec<_> = names
        .iter()
        .filter_map(|name| {
            let bare = name.strip_prefix("K6_").or_else(|| name.strip_prefix("SSEK_"))?;
            bare.strip_prefix("PROMETHEUS_RW_HEADERS_")
        })
        .filter(|name| !name.is_empty())
        .collect();
    own.sort_unstable();
    own.dedup();
    for name in own {
        if let Some(value) = settings.text(&format!("HEADERS_{name}")) {
            headers.push((name.to_owned(), value));
        }
    }
    if let Some(list) = settings.some_text("HTTP_HEADERS") {
        headers.extend(pairs(&list, ':').with_context(|| settings.name("HTTP_HEADERS"))?);
    }
    Ok(headers)
}

impl Stat {
    fn parse(text: &str) -> Result<Self> {
        Ok(if text == "sum" { Self::Sum } else { Self::Of(text.parse()?) })
    }

    /// What is put behind the metric's name: `p99` for `p(99)`, `p999` for `p(99.9)`.
    pub fn suffix(&self) -> String {
        match self {
            Self::Sum => "sum".to_owned(),
            Self::Of(stat) => stat.name().chars().filter(|c| !matches!(c, '(' | ')' | '.' | ' ')).collect(),
        }
    }

    /// The figure in the trend's unit.
    pub fn of(&self, trend: &TrendSink) -> f64 {
        match self {
            Self::Sum => trend.sum(),
            Self::Of(stat) => stat.of(trend),
        }
    }

    /// Whether it is a number of values, which has no unit.
    pub fn is_count(&self) -> bool {
        matches!(self, Self::Of(TrendStat::Count))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(arg: &str, variables: &[(&str, &str)]) -> Result<Config> {
        let env =
            |name: &str| variables.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
        let names: Vec<_> = variables.iter().map(|(name, _)| (*name).to_owned()).collect();
        Config::read(arg, &env, &names)
    }

    #[test]
    fn defaults_are_k6s() {
        let config = read("", &[]).unwrap();
        assert_eq!((config.url.as_str(), config.push_interval), (DEFAULT_URL, Duration::from_secs(5)));
        assert_eq!(config.trend_stats.iter().map(Stat::suffix).collect::<Vec<_>>(), ["p99"]);
        assert!(!config.native_histograms && !config.stale_markers && config.headers.len() == 3);
        assert_eq!(config.tls.min, Some(Version::Tls13));
    }

    #[test]
    fn variables_set_everything() {
        let config = read(
            "",
            &[
                ("K6_PROMETHEUS_RW_SERVER_URL", "http://a.test/push"),
                ("K6_PROMETHEUS_RW_PUSH_INTERVAL", "500ms"),
                ("K6_PROMETHEUS_RW_TREND_STATS", "avg,sum,count,p(99.9)"),
                ("K6_PROMETHEUS_RW_USERNAME", "me"),
                ("K6_PROMETHEUS_RW_PASSWORD", "you"),
                ("K6_PROMETHEUS_RW_HEADERS_X-Scope-OrgID", "7"),
                ("K6_PROMETHEUS_RW_HTTP_HEADERS", "X-A:b:c,X-D:e"),
                ("K6_PROMETHEUS_RW_TLS_MINIMUM_VERSION", "1.2"),
                ("K6_PROMETHEUS_RW_STALE_MARKERS", "true"),
            ],
        )
        .unwrap();
        assert_eq!((config.url.as_str(), config.push_interval.as_millis()), ("http://a.test/push", 500));
        let suffixes: Vec<_> = config.trend_stats.iter().map(Stat::suffix).collect();
        assert_eq!(suffixes, ["avg", "sum", "count", "p999"]);
        let own: Vec<_> = config.headers[3..].iter().map(|(k, v)| format!("{k}={v}")).collect();
        assert_eq!(own, ["Authorization=Basic bWU6eW91", "X-Scope-OrgID=7", "X-A=b:c", "X-D=e"]);
        assert!(config.stale_markers);
        let config = read("http://b.test/x", &[("K6_PROMETHEUS_RW_SERVER_URL", "http://a.test")]).unwrap();
        assert_eq!(config.url.as_str(), "http://b.test/x");
    }

    #[test]
    fn errors_name_the_variable() {
        for (name, value, want) in [
            ("SERVER_URL", "x", "K6_PROMETHEUS_RW_SERVER_URL is no URL"),
            ("TREND_STATS", "foo", "K6_PROMETHEUS_RW_TREND_STATS: invalid trend stat 'foo', unknown format"),
            ("HTTP_HEADERS", "s3cret", "K6_PROMETHEUS_RW_HTTP_HEADERS: entry 1 must be NAME:VALUE"),
            ("TLS_MINIMUM_VERSION", "1.1", "K6_PROMETHEUS_RW_TLS_MINIMUM_VERSION: '1.1' must be 1.2 or 1.3"),
            ("SIGV4_REGION", "eu", "to sign requests for AWS, K6_PROMETHEUS_RW_SIGV4_ACCESS_KEY and"),
            ("CLIENT_CERTIFICATE", "/dev/null", "K6_PROMETHEUS_RW_CLIENT_CERTIFICATE needs K6_"),
        ] {
            let error = read("", &[(&format!("K6_PROMETHEUS_RW_{name}"), value)]).err().unwrap();
            let error = format!("{error:#}");
            assert!(error.starts_with(want), "{error}");
        }
    }
}
