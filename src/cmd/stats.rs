//! `ssek stats`: the figures of a running test, from its REST API.

use std::fmt::Write as _;
use std::io::{Read as _, Write as _};
use std::net::{TcpStream, ToSocketAddrs as _};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use serde_json::{Map, Value};

use super::print;
use crate::k6::ExitCode;
use crate::run::api::Listen;

/// How long the API may take to accept a connection, and between parts of its answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// The command line of `ssek stats`.
#[derive(Debug, clap::Args)]
pub(super) struct StatsArgs {}

/// Prints all metrics as YAML.
///
/// # Errors
/// There is no address, nobody answers there, or it is no API of a load test.
pub(super) fn run(_: &StatsArgs, api: Option<Listen>) -> Result<ExitCode> {
    let Some(api) = api else {
        bail!(
            "The REST API server is disabled, but this command needs to read metrics from it. Enable it by setting \
             --address or K6_ADDRESS."
        );
    };
    let address = &api.address;
    let answer = get(address, "/v1/metrics").with_context(|| {
        format!("no figures from the REST API on {address}; does a test with that --address run?")
    })?;
    let metrics: Value = serde_json::from_str(&answer)
        .with_context(|| format!("what listens on {address} is no REST API of a test"))?;
    print(&yaml(metrics["data"].as_array().map_or(&[], Vec::as_slice)));
    Ok(ExitCode::OK)
}

/// The body of the answer. HTTP/1.0 is enough: the answer comes in one piece and ends with the connection.
fn get(address: &str, path: &str) -> Result<String> {
    let place = if address.starts_with(':') { format!("localhost{address}") } else { address.to_owned() };
    let mut last = None;
    for target in place.to_socket_addrs()? {
        match TcpStream::connect_timeout(&target, PATIENCE) {
            Ok(stream) => return ask(stream, &place, path),
            Err(error) => last = Some(error),
        }
    }
    match last {
        Some(error) => Err(error.into()),
        None => bail!("the host has no address"),
    }
}

fn ask(mut stream: TcpStream, host: &str, path: &str) -> Result<String> {
    stream.set_read_timeout(Some(PATIENCE))?;
    write!(stream, "GET {path} HTTP/1.0\r\nHost: {host}\r\nAccept: application/json\r\n\r\n")?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    let answer = String::from_utf8_lossy(&answer);
    let (head, body) = answer.split_once("\r\n\r\n").context("the answer is not HTTP")?;
    let status = head.lines().next().unwrap_or_default();
    if status.split(' ').nth(1) != Some("200") {
        bail!("it answers: {status}");
    }
    Ok(body.to_owned())
}

/// The metrics in the shape that k6 prints.
fn yaml(metrics: &[Value]) -> String {
    if metrics.is_empty() {
        return "[]\n".to_owned();
    }
    let mut out = String::new();
    for metric in metrics {
        let attributes = &metric["attributes"];
        // Writing to a String cannot fail.
        let _ = writeln!(out, "- name: {}", scalar(&metric["id"]));
        for key in ["type", "contains"] {
            let _ = writeln!(out, "  {key}:\n    type: {}\n    valid: true", scalar(&attributes[key]));
        }
        let tainted = attributes["tainted"].as_bool().map(|tainted| tainted.to_string()).unwrap_or_default();
        let _ = writeln!(out, "  tainted: \"{tainted}\"");
        let empty = Map::new();
        let sample = attributes["sample"].as_object().unwrap_or(&empty);
        let _ = writeln!(out, "  sample:{}", if sample.is_empty() { " {}" } else { "" });
        for (name, value) in sample {
            let _ = writeln!(out, "    {}: {}", scalar(&name.as_str().into()), scalar(value));
        }
    }
    out
}

/// A value on one line: a word as it is, any other text in JSON's quotes, which YAML reads too.
fn scalar(value: &Value) -> String {
    let plain = |text: &str| {
        text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && text.chars().all(|c| c.is_ascii_alphanumeric() || "_-.()/".contains(c))
            && !["true", "false", "null", "yes", "no", "on", "off", "y", "n"]
                .contains(&text.to_ascii_lowercase().as_str())
    };
    match value.as_str() {
        Some(text) if plain(text) => text.to_owned(),
        _ => value.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn metrics_become_yaml() {
        let metric = |id: &str, tainted: Value, sample: Value| {
            let attributes =
                json!({ "type": "trend", "contains": "time", "tainted": tainted, "sample": sample });
            json!({ "type": "metrics", "id": id, "attributes": attributes })
        };
        let metrics = [
            metric("http_reqs", Value::Null, json!({})),
            metric("a{b:c}", true.into(), json!({ "avg": 1.5, "p(90)": 2 })),
        ];
        assert_eq!(
            yaml(&metrics),
            r#"- name: http_reqs
  type:
    type: trend
    valid: true
  contains:
    type: time
    valid: true
  tainted: ""
  sample: {}
- name: "a{b:c}"
  type:
    type: trend
    valid: true
  contains:
    type: time
    valid: true
  tainted: "true"
  sample:
    avg: 1.5
    p(90): 2
"#
        );
        assert_eq!(yaml(&[]), "[]\n");
    }
}
