//! What `K6_OTEL_…` sets.

use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail};
use url::Url;

use crate::net::grpc::endpoint;
use crate::net::tls::Tls;
use crate::output::settings::{Settings, pairs};
use crate::output::web;

pub struct Config {
    pub service_name: String,
    pub service_version: String,
    pub metric_prefix: String,
    pub export_interval: Duration,
    pub exporter: Exporter,
    /// Sent with every export.
    pub headers: Vec<(String, String)>,
    pub tls: Tls,
    /// Rates are one counter with an attribute, not two counters.
    pub single_counter_for_rate: bool,
}

/// Where exports go.
#[derive(Clone, Debug, PartialEq)]
pub enum Exporter {
    Http(Url),
    Grpc { host: String, port: u16, address: String, insecure: bool },
}

impl Config {
    pub fn read(env: &dyn Fn(&str) -> Option<String>) -> Result<Self> {
        let settings = Settings::new("OTEL", env);
        if settings.text("EXPORTER_TYPE").is_some() {
            bail!("K6_OTEL_EXPORTER_TYPE is no longer supported, use K6_OTEL_EXPORTER_PROTOCOL instead");
        }
        let service_name = settings.text("SERVICE_NAME").or_else(|| env("OTEL_SERVICE_NAME"));
        let service_name = service_name.unwrap_or_else(|| "k6".to_owned());
        let version =
            settings.text("SERVICE_VERSION").unwrap_or_else(|| env!("CARGO_PKG_VERSION").to_owned());
        for (value, what) in [(&service_name, "name"), (&version, "version")] {
            if value.is_empty() {
                bail!("error validating OpenTelemetry output config: providing service {what} is required");
            }
        }
        // Samples come in at once; there is nothing that a flush would be needed for.
        settings.duration("FLUSH_INTERVAL")?;
        let exporter = exporter(&settings)?;
        let mut headers = match settings.some_text("HEADERS") {
            Some(list) => pairs(&list, '=').with_context(|| settings.name("HEADERS"))?,
            None => Vec::new(),
        };
        headers.iter_mut().for_each(|(_, value)| *value = unescaped(value));
        if let (Exporter::Http(_), Some(user)) = (&exporter, settings.some_text("HTTP_EXPORTER_USERNAME")) {
            let password = settings.text("HTTP_EXPORTER_PASSWORD").unwrap_or_default();
            headers.push(("Authorization".to_owned(), web::basic(&user, &password)));
        }
        let tls = Tls {
            insecure_skip_verify: settings.boolean("TLS_INSECURE_SKIP_VERIFY")?.unwrap_or(false),
            authorities: settings.file("TLS_CERTIFICATE")?.into_iter().collect(),
            certificates: settings.certificate("TLS_CLIENT_CERTIFICATE", "TLS_CLIENT_KEY")?,
            ..Tls::default()
        };
        Ok(Self {
            service_name,
            service_version: version,
            metric_prefix: settings.text("METRIC_PREFIX").unwrap_or_default(),
            export_interval: settings.duration("EXPORT_INTERVAL")?.unwrap_or(Duration::from_secs(10)),
            exporter,
            headers,
            tls,
            single_counter_for_rate: settings.boolean("SINGLE_COUNTER_FOR_RATE")?.unwrap_or(true),
        })
    }

    /// What the banner says.
    pub fn describe(&self) -> String {
        match &self.exporter {
            Exporter::Http(url) => format!("opentelemetry (http/protobuf, {})", web::shown(url)),
            Exporter::Grpc { address, insecure: true, .. } => {
                format!("opentelemetry (grpc (insecure), {address})")
            }
            Exporter::Grpc { address, .. } => format!("opentelemetry (grpc, {address})"),
        }
    }
}

fn exporter(settings: &Settings<'_>) -> Result<Exporter> {
    let invalid = |why: String| anyhow!("error validating OpenTelemetry output config: {why}");
    let address = |name: &str, default: &str| settings.text(name).unwrap_or_else(|| default.to_owned());
    let insecure = |name: &str| Ok::<_, anyhow::Error>(settings.boolean(name)?.unwrap_or(false));
    match settings.some_text("EXPORTER_PROTOCOL").as_deref() {
        None | Some("grpc") => {
            let address = address("GRPC_EXPORTER_ENDPOINT", "localhost:4317");
            if address.is_empty() {
                return Err(invalid("gRPC exporter endpoint is required".to_owned()));
            }
            let (host, port) = endpoint::parse(&address).map_err(invalid)?;
            Ok(Exporter::Grpc { host, port, address, insecure: insecure("GRPC_EXPORTER_INSECURE")? })
        }
        Some("http/protobuf") => {
            let address = address("HTTP_EXPORTER_ENDPOINT", "localhost:4318");
            if address.is_empty() {
                return Err(invalid("HTTP exporter endpoint is required".to_owned()));
            }
            if address.contains("://") {
                return Err(invalid(
                    "HTTP exporter endpoint must only be host and port, no scheme".to_owned(),
                ));
            }
            let scheme = if insecure("HTTP_EXPORTER_INSECURE")? { "http" } else { "https" };
            let path = settings.text("HTTP_EXPORTER_URL_PATH").unwrap_or_else(|| "/v1/metrics".to_owned());
            let path = path.trim_start_matches('/');
            let url = format!("{scheme}://{address}/{path}");
            Ok(Exporter::Http(web::url(&url, &settings.name("HTTP_EXPORTER_ENDPOINT"))?))
        }
        Some(other) => Err(invalid(format!(
            "unsupported exporter protocol {other:?}, only \"grpc\" and \"http/protobuf\" are supported"
        ))),
    }
}

/// A value of the W3C's baggage, which may have `%20` and the like.
fn unescaped(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let code = tail.get(..2).filter(|_| *first == b'%').and_then(|code| hex::decode(code).ok());
        match code {
            Some(code) => {
                bytes.extend(code);
                rest = &tail[2..];
            }
            None => {
                bytes.push(*first);
                rest = tail;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(variables: &[(&str, &str)]) -> Result<Config> {
        let find =
            |name: &str| variables.iter().find(|(key, _)| format!("K6_OTEL_{key}") == name || *key == name);
        Config::read(&|name| find(name).map(|(_, value)| (*value).to_owned()))
    }

    #[test]
    fn defaults_are_k6s() {
        let config = read(&[]).unwrap();
        assert_eq!(config.describe(), "opentelemetry (grpc, localhost:4317)");
        assert_eq!((&*config.service_name, &*config.metric_prefix), ("k6", ""));
        assert_eq!(config.export_interval, Duration::from_secs(10));
        assert!(config.single_counter_for_rate && config.headers.is_empty());
        let config = read(&[("EXPORTER_PROTOCOL", "http/protobuf")]).unwrap();
        assert_eq!(config.describe(), "opentelemetry (http/protobuf, https://localhost:4318/v1/metrics)");
    }

    #[test]
    fn variables_set_everything() {
        let config = read(&[
            ("EXPORTER_PROTOCOL", "http/protobuf"),
            ("HTTP_EXPORTER_ENDPOINT", "a.test:9"),
            ("HTTP_EXPORTER_INSECURE", "true"),
            ("HTTP_EXPORTER_URL_PATH", "/x/y"),
            ("HTTP_EXPORTER_USERNAME", "a"),
            ("HTTP_EXPORTER_PASSWORD", "b"),
            ("HEADERS", "k1=v%201,k2=v=2,k3=5%"),
            ("EXPORT_INTERVAL", "500ms"),
            ("OTEL_SERVICE_NAME", "mine"),
        ])
        .unwrap();
        assert_eq!(config.describe(), "opentelemetry (http/protobuf, http://a.test:9/x/y)");
        let headers: Vec<_> = config.headers.iter().map(|(k, v)| format!("{k}: {v}")).collect();
        assert_eq!(headers, ["k1: v 1", "k2: v=2", "k3: 5%", "Authorization: Basic YTpi"]);
        assert_eq!((config.export_interval.as_millis(), &*config.service_name), (500, "mine"));
        let config = read(&[("GRPC_EXPORTER_INSECURE", "1"), ("GRPC_EXPORTER_ENDPOINT", "b:7")]).unwrap();
        assert_eq!(config.describe(), "opentelemetry (grpc (insecure), b:7)");
    }

    #[test]
    fn errors_say_what_is_wrong() {
        let http = ("EXPORTER_PROTOCOL", "http/protobuf");
        for (variables, want) in [
            (vec![("EXPORTER_PROTOCOL", "http/json")], "unsupported exporter protocol \"http/json\""),
            (vec![http, ("HTTP_EXPORTER_ENDPOINT", "http://a")], "must only be host and port, no scheme"),
            (vec![("SERVICE_NAME", "")], "providing service name is required"),
            (vec![("GRPC_EXPORTER_ENDPOINT", "")], "gRPC exporter endpoint is required"),
            (vec![("EXPORTER_TYPE", "grpc")], "use K6_OTEL_EXPORTER_PROTOCOL instead"),
            (vec![("EXPORT_INTERVAL", "x")], "K6_OTEL_EXPORT_INTERVAL: 'x' is no duration"),
        ] {
            let error = format!("{:#}", read(&variables).err().unwrap());
            assert!(error.contains(want), "{error}");
        }
    }
}
