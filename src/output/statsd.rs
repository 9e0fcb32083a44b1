//! `--out statsd`: every sample as a line of StatsD's protocol, over UDP: `k6.http_req_duration:61.2|ms|#status:200`.

use std::collections::HashMap;
use std::io::Write;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use super::settings::Settings;
use super::udp::Packets;
use super::{CACHED_SERIES, Output, OutputContext, OutputKind};
use crate::k6::SystemTag;
use crate::k6::builtin::CHECKS;
use crate::metrics::{Kind, Registry, Sample, Series, SeriesId};

/// The entry in [`OUTPUTS`](super::OUTPUTS).
pub const OUTPUT: OutputKind = OutputKind { name: "statsd", open };

/// What passes through most networks in one piece.
const LARGEST_PACKET: usize = 1432;

/// What `K6_STATSD_…` sets.
struct Config {
    addr: String,
    namespace: String,
    push_interval: Duration,
    /// Lines in a packet, at most.
    buffer_size: u64,
    enable_tags: bool,
    tag_blocklist: Vec<String>,
}

struct StatsD {
    config: Config,
    lines: HashMap<SeriesId, Line>,
    line: Vec<u8>,
    packets: Packets,
}

/// The parts of a series' lines that never change.
enum Line {
    /// What is before the value and behind it.
    Value { head: String, tail: String },
    /// A check counts as one of two.
    Check { pass: String, fail: String },
}

fn open(arg: &str, context: &OutputContext<'_>) -> Result<Box<dyn Output>> {
    let config = Config::read(arg, context.env)?;
    let name = format!("statsd ({})", config.addr);
    let packets = Packets::to(&config.addr, name, LARGEST_PACKET, config.buffer_size);
    let packets = packets.context("the output statsd")?;
    Ok(Box::new(StatsD { config, lines: HashMap::new(), line: Vec::new(), packets }))
}

impl Config {
    /// The argument is the address, if there is one.
    fn read(arg: &str, env: &dyn Fn(&str) -> Option<String>) -> Result<Self> {
        let settings = Settings::new("STATSD", env);
        let addr = settings.some_text("ADDR").unwrap_or_else(|| "localhost:8125".to_owned());
        let blocked = settings.text("TAG_BLOCKLIST").unwrap_or_else(|| "vu,iter,url".to_owned());
        let config = Self {
            addr: if arg.is_empty() { addr } else { arg.to_owned() },
            namespace: settings.text("NAMESPACE").unwrap_or_else(|| "k6.".to_owned()),
            push_interval: settings.duration("PUSH_INTERVAL")?.unwrap_or(Duration::from_secs(1)),
            buffer_size: settings.number("BUFFER_SIZE")?.unwrap_or(20),
            enable_tags: settings.boolean("ENABLE_TAGS")?.unwrap_or(false),
            tag_blocklist: blocked.split(',').map(|tag| tag.trim().to_owned()).collect(),
        };
        if config.buffer_size == 0 {
            bail!("{}: '0' must be above 0", settings.name("BUFFER_SIZE"));
        }
        Ok(config)
    }
}

impl Output for StatsD {
    fn describe(&self) -> String {
        format!("statsd ({})", self.config.addr)
    }

    fn write(&mut self, batch: &[Sample], registry: &Registry) -> Result<()> {
        for sample in batch.iter().filter(|sample| sample.value.is_finite()) {
            if !self.lines.contains_key(&sample.series) {
                let line = Line::new(&registry.describe(sample.series), &self.config);
                if self.lines.len() >= CACHED_SERIES {
                    self.lines.clear();
                }
                self.lines.insert(sample.series, line);
            }
            self.line.clear();
            match self.lines.get(&sample.series) {
                Some(Line::Value { head, tail }) => write!(self.line, "{head}{}{tail}", sample.value)?,
                Some(Line::Check { pass, .. }) if sample.value != 0.0 => write!(self.line, "{pass}")?,
                Some(Line::Check { fail, .. }) => write!(self.line, "{fail}")?,
                None => continue,
            }
            self.packets.put(&self.line);
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<()> {
        self.packets.flush();
        Ok(())
    }

    fn interval(&self) -> Duration {
        self.config.push_interval
    }

    fn finish(&mut self) -> Result<()> {
        self.packets.finish();
        Ok(())
    }
}

impl Line {
    fn new(series: &Series, config: &Config) -> Self {
        let metric = &series.metric;
        let check = SystemTag::Check.name();
        let check = (*metric.name == *CHECKS.name).then(|| series.tags.get(check)).flatten();
        let tags = if config.enable_tags { tags(series, config, check.is_some()) } else { String::new() };
        let namespace = &config.namespace;
        if let Some(check) = check {
            let check = bare(check, &[':', '|', '@']);
            let line = |result: &str| format!("{namespace}check.{check}.{result}:1|c{tags}");
            return Self::Check { pass: line("pass"), fail: line("fail") };
        }
        let kind = match metric.kind {
            Kind::Counter | Kind::Rate => "c",
            Kind::Gauge => "g",
            Kind::Trend => "ms",
        };
        Self::Value { head: format!("{namespace}{}:", metric.name), tail: format!("|{kind}{tags}") }
    }
}

/// `|#key:value,key:value`, or nothing.
fn tags(series: &Series, config: &Config, without_check: bool) -> String {
    let is_hidden = |key: &str| {
        config.tag_blocklist.iter().any(|blocked| blocked == key)
            || (without_check && key == SystemTag::Check.name())
    };
    let pairs = series.tags.tags.iter().chain(&series.tags.metadata);
    let shown: Vec<_> = pairs
        .filter(|(key, value)| !value.is_empty() && !is_hidden(key))
        .map(|(key, value)| format!("{}:{}", bare(key, &[':', ',', '|']), bare(value, &[',', '|'])))
        .collect();
    if shown.is_empty() { String::new() } else { format!("|#{}", shown.join(",")) }
}

/// The text without the signs of the protocol, which has no way to write them.
fn bare(text: &str, special: &[char]) -> String {
    text.chars().map(|c| if c.is_control() || special.contains(&c) { '_' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::super::tests::samples;
    use super::*;

    fn lines(variables: &[(&str, &str)]) -> Vec<String> {
        let env = |name: &str| {
            let found = variables.iter().find(|(key, _)| format!("K6_STATSD_{key}") == name);
            found.map(|(_, value)| (*value).to_owned())
        };
        let config = Config::read("", &env).unwrap();
        let registry = Registry::new();
        let line = |sample: &Sample| match Line::new(&registry.describe(sample.series), &config) {
            Line::Value { head, tail } => format!("{head}{}{tail}", sample.value),
            Line::Check { pass, fail } => {
                if sample.value == 0.0 {
                    fail
                } else {
                    pass
                }
            }
        };
        samples(&registry).iter().map(line).collect()
    }

    #[test]
    fn kinds_and_checks() {
        assert_eq!(
            lines(&[]),
            [
                "k6.check.a \"b\", <c>.pass:1|c",
                "k6.http_req_duration:61.225384|ms",
                "k6.vus:0.0000000015|g",
                "k6.check.a \"b\", <c>.fail:1|c",
            ]
        );
    }

    #[test]
    fn tags_are_datadogs() {
        let shown = lines(&[("ENABLE_TAGS", "true"), ("TAG_BLOCKLIST", "vu,b"), ("NAMESPACE", "")]);
        assert_eq!(
            shown[..2],
            ["check.a \"b\", <c>.pass:1|c|#zone:x", "http_req_duration:61.225384|ms|#a:1,status:200,iter:0",]
        );
    }
}
