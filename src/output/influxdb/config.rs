//! What `influxdb=URL` and `K6_INFLUXDB_…` set.

use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail};
use url::Url;

use super::line::{FieldKind, Precision};
use crate::output::settings::{self, Settings};

pub struct Config {
    pub addr: Url,
    pub db: String,
    pub username: Option<String>,
    pub password: String,
    pub insecure: bool,
    /// How many bytes a packet has, over UDP.
    pub payload_size: usize,
    pub push_interval: Duration,
    pub concurrent_writes: usize,
    pub precision: Precision,
    /// The retention policy; empty: the database's own.
    pub retention: String,
    pub consistency: String,
    /// Tags that become fields, which InfluxDB keeps no index of.
    pub tags_as_fields: Vec<(String, FieldKind)>,
}

impl Config {
    /// Defaults, then the environment, then the argument.
    pub fn read(arg: &str, env: &dyn Fn(&str) -> Option<String>) -> Result<Self> {
        let settings = Settings::new("INFLUXDB", env);
        let mut config = Self {
            // A constant that is a URL.
            addr: Url::parse("http://localhost:8086")?,
            db: settings.some_text("DB").unwrap_or_else(|| "k6".to_owned()),
            username: settings.some_text("USERNAME"),
            password: settings.text("PASSWORD").unwrap_or_default(),
            insecure: settings.boolean("INSECURE")?.unwrap_or(false),
            payload_size: settings.number("PAYLOAD_SIZE")?.unwrap_or(512),
            push_interval: settings.duration("PUSH_INTERVAL")?.unwrap_or(Duration::from_secs(1)),
            concurrent_writes: settings.number("CONCURRENT_WRITES")?.unwrap_or(4),
            precision: Precision::default(),
            retention: settings.text("RETENTION").unwrap_or_default(),
            consistency: settings.text("CONSISTENCY").unwrap_or_default(),
            tags_as_fields: Vec::new(),
        };
        if let Some(text) = settings.some_text("PRECISION") {
            config.precision = Precision::parse(&text).with_context(|| settings.name("PRECISION"))?;
        }
        let fields = settings.some_text("TAGS_AS_FIELDS").unwrap_or_else(|| "vu,iter,url".to_owned());
        config.tags_as_fields = fields_of(&fields).with_context(|| settings.name("TAGS_AS_FIELDS"))?;
        if let Some(addr) = settings.some_text("ADDR") {
            config.address(&addr).with_context(|| settings.name("ADDR"))?;
        }
        if !arg.is_empty() {
            config.address(arg).context("the URL of the output influxdb")?;
        }
        if config.concurrent_writes == 0 || config.payload_size == 0 {
            bail!("the output influxdb: concurrentWrites and payload_size must be above 0");
        }
        if let Some(proxy) = settings.some_text("PROXY") {
            Url::parse(&proxy).map_err(|error| anyhow!("{} is no URL: {error}", settings.name("PROXY")))?;
        }
        Ok(config)
    }

    /// `http://user:password@host:8086/db?pushInterval=2s`
    fn address(&mut self, text: &str) -> Result<()> {
        let url = Url::parse(text).map_err(|error| anyhow!("no URL: {error}"))?;
        if !matches!(url.scheme(), "http" | "https" | "udp") || url.host_str().is_none_or(str::is_empty) {
            bail!("it must begin with http://, https:// or udp:// and a host");
        }
        if !url.username().is_empty() {
            self.username = decoded(url.username());
            self.password = url.password().and_then(decoded).unwrap_or_default();
        }
        let db = url.path().trim_matches('/');
        if !db.is_empty() {
            self.db = db.to_owned();
        }
        let queries: Vec<_> = url.query_pairs().map(|(k, v)| (k.into_owned(), v.into_owned())).collect();
        if queries.iter().any(|(key, _)| key == "tagsAsFields") {
            self.tags_as_fields.clear();
        }
        for (key, value) in &queries {
            self.set(key, value).with_context(|| format!("its parameter {key}"))?;
        }
        let mut addr = url;
        // Neither fails on what has a host.
        let _ = addr.set_username("");
        let _ = addr.set_password(None);
        addr.set_path("");
        addr.set_query(None);
        addr.set_fragment(None);
        self.addr = addr;
        Ok(())
    }

    fn set(&mut self, key: &str, value: &str) -> Result<()> {
        match key {
            "insecure" if value.is_empty() => {}
            "insecure" => self.insecure = settings::boolean(value)?,
            "payload_size" => self.payload_size = settings::number(value)?,
            "precision" => self.precision = Precision::parse(value)?,
            "retention" => value.clone_into(&mut self.retention),
            "consistency" => value.clone_into(&mut self.consistency),
            "pushInterval" => self.push_interval = settings::duration(value)?,
            "concurrentWrites" => self.concurrent_writes = settings::number(value)?,
            "tagsAsFields" => self.tags_as_fields.extend(fields_of(value)?),
            "db" => value.clone_into(&mut self.db),
            _ => bail!(
                "unknown query parameter; there are insecure, payload_size, precision, retention, consistency, pushInterval, concurrentWrites and tagsAsFields"
            ),
        }
        Ok(())
    }

    /// Where points are written to.
    pub fn write_url(&self) -> Url {
        let mut url = self.addr.clone();
        url.set_path("/write");
        let mut query = url.query_pairs_mut();
        query.append_pair("db", &self.db).append_pair("precision", self.precision.parameter());
        for (key, value) in [("rp", &self.retention), ("consistency", &self.consistency)] {
            if !value.is_empty() {
                query.append_pair(key, value);
            }
        }
        drop(query);
        url
    }

    /// Where the database is made.
    pub fn create_url(&self) -> Url {
        let mut url = self.addr.clone();
        url.set_path("/query");
        let name = self.db.replace('\\', "\\\\").replace('"', "\\\"");
        url.query_pairs_mut().append_pair("q", &format!("CREATE DATABASE \"{name}\""));
        url
    }
}

/// `vu:int,iter:int,url`
fn fields_of(list: &str) -> Result<Vec<(String, FieldKind)>> {
    let entries = list.split(',').map(str::trim).filter(|entry| !entry.is_empty());
    entries
        .map(|entry| match entry.split_once(':') {
            Some((name, kind)) => Ok((name.to_owned(), FieldKind::parse(kind)?)),
            None => Ok((entry.to_owned(), FieldKind::String)),
        })
        .collect()
}

/// The credentials of a URL, whose parts are percent-encoded.
fn decoded(text: &str) -> Option<String> {
    let pair = format!("x={}", text.replace('+', "%2B").replace('&', "%26"));
    url::form_urlencoded::parse(pair.as_bytes()).next().map(|(_, value)| value.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(arg: &str, variables: &[(&str, &str)]) -> Result<Config> {
        let find = |name: &str| variables.iter().find(|(key, _)| format!("K6_INFLUXDB_{key}") == name);
        Config::read(arg, &|name| find(name).map(|(_, value)| (*value).to_owned()))
    }

    #[test]
    fn defaults_are_k6s() {
        let config = read("", &[]).unwrap();
        assert_eq!(config.write_url().as_str(), "http://localhost:8086/write?db=k6&precision=ns");
        assert_eq!(config.create_url().query(), Some("q=CREATE+DATABASE+%22k6%22"));
        assert_eq!((config.concurrent_writes, config.push_interval), (4, Duration::from_secs(1)));
        let names: Vec<_> = config.tags_as_fields.iter().map(|(name, _)| &**name).collect();
        assert_eq!(names, ["vu", "iter", "url"]);
    }

    #[test]
    fn the_url_wins_over_the_environment() {
        let variables =
            [("DB", "no"), ("ADDR", "http://b.test:1"), ("RETENTION", "week"), ("PASSWORD", "no")];
        let config = read(
            "https://me:p%40ss+w@a.test:9/mydb?precision=ms&pushInterval=2s&tagsAsFields=vu:int&insecure=true",
            &variables,
        )
        .unwrap();
        assert_eq!(config.write_url().as_str(), "https://a.test:9/write?db=mydb&precision=ms&rp=week");
        assert_eq!((config.username.as_deref(), &*config.password), (Some("me"), "p@ss+w"));
        assert_eq!((config.push_interval.as_secs(), config.insecure), (2, true));
        assert_eq!(config.tags_as_fields, [("vu".to_owned(), FieldKind::Int)]);
        assert_eq!(read("", &variables).unwrap().write_url().host_str(), Some("b.test"));
    }

    #[test]
    fn errors_say_where() {
        for (arg, variables, want) in [
            (
                "http://a?x=1",
                vec![],
                "the URL of the output influxdb: its parameter x: unknown query parameter",
            ),
            ("a:s3cret@b", vec![], "the URL of the output influxdb: it must begin with http://"),
            ("", vec![("ADDR", "x")], "K6_INFLUXDB_ADDR: no URL"),
            ("", vec![("PRECISION", "1d")], "K6_INFLUXDB_PRECISION: '1d' must be ns, u, ms, s, m or h"),
            ("", vec![("TAGS_AS_FIELDS", "vu:word")], "K6_INFLUXDB_TAGS_AS_FIELDS: unknown type 'word'"),
            ("http://a?concurrentWrites=0", vec![], "the output influxdb: concurrentWrites"),
        ] {
            let error = format!("{:#}", read(arg, &variables).err().unwrap());
            assert!(error.starts_with(want), "{error}");
        }
    }
}
