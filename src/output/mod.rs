//! Samples out, while running: `--out json=file`, `--out csv=file`, `--out ssek=file`.

pub mod csv;
pub mod dashboard;
pub mod delivery;
pub mod end;
pub mod file;
pub mod flush;
pub mod github;
pub mod influxdb;
pub mod json;
pub mod junit;
pub mod opentelemetry;
pub mod prometheus;
pub mod record;
pub mod report;
pub mod settings;
pub mod slots;
pub mod statsd;
pub mod timestamp;
pub mod udp;
pub mod verdicts;
pub mod web;

use std::time::Duration;

use anyhow::{Result, bail};

use crate::k6::system_tag::SystemTags;
use crate::metrics::{Definition, Registry, Sample};
use crate::record::Origin;
pub use end::End;

/// Somewhere samples go. [`flush`] calls it from a thread of its own, so it may block.
pub trait Output: Send {
    /// What the banner says: `json (out.json)`.
    fn describe(&self) -> String;

    /// Writes some samples. After an error it is not called again.
    fn write(&mut self, batch: &[Sample], registry: &Registry) -> Result<()>;

    /// Hands over what [`write`](Self::write) has held back, about every
    /// [`interval`](Self::interval).
    fn flush(&mut self) -> Result<()> {
        Ok(())
    }

    /// The time between two flushes.
    fn interval(&self) -> Duration {
        Duration::from_millis(200)
    }

    /// Takes note of what the run came to, after the last sample and before [`finish`](Self::finish). Not called
    /// where the run broke off before its end.
    fn conclude(&mut self, _: &End) -> Result<()> {
        Ok(())
    }

    /// Writes what is left, after the last sample.
    fn finish(&mut self) -> Result<()>;
}

/// What outputs may know of the run.
#[derive(Clone, Copy)]
pub struct OutputContext<'a> {
    pub system_tags: SystemTags,
    /// The run's thresholds and sub-metrics.
    pub definitions: &'a [Definition],
    /// Looks up an environment variable.
    pub env: &'a dyn Fn(&str) -> Option<String>,
    /// What a record says of the run, and where its requests leave traces.
    pub origin: &'a Origin,
}

/// An output that `--out` knows.
pub struct OutputKind {
    pub name: &'static str,
    /// Takes what stands behind `name=`, or nothing, and opens the file or connection.
    pub open: fn(arg: &str, context: &OutputContext<'_>) -> Result<Box<dyn Output>>,
}

/// Every output there is, by name.
pub const OUTPUTS: &[OutputKind] = &[
    csv::OUTPUT,
    opentelemetry::EXPERIMENTAL,
    prometheus::OUTPUT,
    github::OUTPUT,
    influxdb::OUTPUT,
    json::OUTPUT,
    junit::OUTPUT,
    opentelemetry::OUTPUT,
    report::OUTPUT,
    record::OUTPUT,
    statsd::OUTPUT,
    dashboard::OUTPUT,
];

/// What k6 and its extensions have, and ssek does not.
const ABSENT: &[&str] = &["cloud", "datadog", "kafka", "prometheus", "timescaledb"];

/// For how many series an output keeps rendered text before it starts afresh, so that a test with
/// ever new tag values does not fill the memory.
const CACHED_SERIES: usize = 50_000;

/// Opens the output that `--out` or `K6_OUT` names: `json`, `json=out.json`.
pub fn open(spec: &str, context: &OutputContext<'_>) -> Result<Box<dyn Output>> {
    let (name, arg) = spec.split_once('=').unwrap_or((spec, ""));
    if let Some(kind) = OUTPUTS.iter().find(|kind| kind.name == name) {
        return (kind.open)(arg, context);
    }
    let available = OUTPUTS.iter().map(|kind| kind.name).collect::<Vec<_>>().join(", ");
    if ABSENT.contains(&name) {
        bail!("the output type '{name}' is not available in ssek yet, available types are: {available}");
    }
    bail!("invalid output type '{name}', available types are: {available}");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::k6::builtin::{CHECKS, HTTP_REQ_DURATION, VUS};
    use crate::metrics::{SeriesId, TagSet, Timestamp};

    /// What the output writes to a file for the given samples.
    pub fn written(
        spec: &str,
        context: &OutputContext<'_>,
        registry: &Registry,
        samples: &[Sample],
    ) -> Vec<u8> {
        let dir = tempfile::tempdir().unwrap();
        let ending = spec.split_once("FILE").map_or("", |(_, ending)| ending);
        let path = dir.path().join(match ending {
            ".gz" | ".zst" => format!("out{ending}"),
            _ => "out".to_owned(),
        });
        let spec = spec.replace("FILE", dir.path().join("out").to_str().unwrap());
        let mut output = open(&spec, context).unwrap();
        for batch in samples.chunks(2) {
            output.write(batch, registry).unwrap();
        }
        output.finish().unwrap();
        std::fs::read(path).unwrap()
    }

    /// A check, a timing with metadata, and a gauge without tags.
    pub fn samples(registry: &Registry) -> Vec<Sample> {
        let series = |metric, tags: &[(&str, &str)], metadata: &[(&str, &str)]| -> SeriesId {
            let mut set = TagSet::default();
            tags.iter().for_each(|(key, value)| set.set(key, value));
            metadata.iter().for_each(|(key, value)| set.set_metadata(key, value));
            registry.series(registry.builtin(&metric), registry.tag_set(&set))
        };
        let check = series(CHECKS, &[("group", ""), ("check", "a \"b\", <c>"), ("zone", "x")], &[]);
        let timing = series(
            HTTP_REQ_DURATION,
            &[("status", "200"), ("b", "2"), ("a", "1")],
            &[("vu", "7"), ("iter", "0")],
        );
        let gauge = series(VUS, &[], &[]);
        let second = 1_795_308_512_000_000_000;
        [(check, 1.0, 722_520_622), (timing, 61.225384, 722_520_600), (gauge, 1.5e-9, 0), (check, 0.0, 0)]
            .into_iter()
            .map(|(series, value, nanos)| Sample { series, value, time: Timestamp(second + nanos) })
            .collect()
    }

    #[test]
    fn what_cannot_be_opened_is_explained() {
        let context = OutputContext {
            system_tags: SystemTags::DEFAULT,
            definitions: &[],
            env: &|_| None,
            origin: &Origin::default(),
        };
        let names = OUTPUTS.iter().map(|kind| kind.name).collect::<Vec<_>>();
        assert!(names.is_sorted(), "{names:?}");
        for (spec, want) in [
            ("foo", "invalid output type 'foo', available types are: {names}"),
            ("kafka=x", "the output type 'kafka' is not available in ssek yet, available types are: {names}"),
            ("json=/nowhere/out.json", "could not open /nowhere/out.json for the json output"),
            (
                "csv=fileName=x,shape=y",
                "unknown option 'shape' of the csv output; there are fileName, saveInterval and timeFormat",
            ),
            (
                "csv=timeFormat=noon",
                "unknown time format 'noon' for the csv output; there are unix, unix_milli, unix_micro, unix_nano, rfc3339 and rfc3339_nano",
            ),
            ("csv=saveInterval=x", "the csv output's saveInterval 'x' is no duration"),
        ] {
            let error = open(spec, &context).err().unwrap();
            assert_eq!(error.to_string(), want.replace("{names}", &names.join(", ")));
        }
    }
}
