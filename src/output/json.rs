//! `--out json`: one JSON object a line. A metric is declared before its first value.

use std::collections::HashMap;
use std::io::Write;
use std::sync::Arc;

use anyhow::{Context, Result};
use serde_json::{Map, Value, json};

use super::file::{Target, is_stdout};
use super::timestamp::Rfc3339;
use super::{CACHED_SERIES, Output, OutputContext, OutputKind};
use crate::k6::duration::GoDuration;
use crate::metrics::{Definition, Metric, MetricId, Registry, Sample, SeriesId, ThresholdSpec};

/// The entry in [`OUTPUTS`](super::OUTPUTS).
pub const OUTPUT: OutputKind = OutputKind { name: "json", open };

fn open(arg: &str, context: &OutputContext<'_>) -> Result<Box<dyn Output>> {
    let target = Target::create(arg).with_context(|| format!("could not open {arg} for the json output"))?;
    let mut definitions: HashMap<MetricId, Vec<Definition>> = HashMap::new();
    for definition in context.definitions {
        definitions.entry(definition.metric.id).or_default().push(definition.clone());
    }
    Ok(Box::new(Json {
        name: arg.to_owned(),
        target,
        definitions,
        declared: Vec::new(),
        lines: HashMap::new(),
        times: Rfc3339::default(),
        buffer: Vec::new(),
    }))
}

struct Json {
    name: String,
    target: Target,
    definitions: HashMap<MetricId, Vec<Definition>>,
    /// By metric number, whether its declaration is written.
    declared: Vec<bool>,
    /// The parts of a series' lines that never change.
    lines: HashMap<SeriesId, Line>,
    times: Rfc3339,
    buffer: Vec<u8>,
}

struct Line {
    /// Up to the time.
    head: Box<[u8]>,
    /// From behind the value.
    tail: Box<[u8]>,
}

impl Output for Json {
    fn describe(&self) -> String {
        if is_stdout(&self.name) { "json(stdout)".to_owned() } else { format!("json ({})", self.name) }
    }

    fn write(&mut self, batch: &[Sample], registry: &Registry) -> Result<()> {
        self.buffer.clear();
        for sample in batch {
            self.append(sample, registry)?;
        }
        Ok(self.target.write_all(&self.buffer)?)
    }

    fn flush(&mut self) -> Result<()> {
        Ok(self.target.flush()?)
    }

    fn finish(&mut self) -> Result<()> {
        Ok(self.target.finish()?)
    }
}

impl Json {
    fn append(&mut self, sample: &Sample, registry: &Registry) -> Result<()> {
        if !self.lines.contains_key(&sample.series) {
            let series = registry.describe(sample.series);
            self.declare(&series.metric)?;
            let line = Line::new(&series.metric.name, &series.tags.tags, &series.tags.metadata)?;
            if self.lines.len() >= CACHED_SERIES {
                self.lines.clear();
            }
            self.lines.insert(sample.series, line);
        }
        if let Some(line) = self.lines.get(&sample.series) {
            self.buffer.extend_from_slice(&line.head);
            self.times.append_nanos(&mut self.buffer, sample.time);
            self.buffer.extend_from_slice(b"\",\"value\":");
            append_number(&mut self.buffer, sample.value);
            self.buffer.extend_from_slice(&line.tail);
        }
        Ok(())
    }

    fn declare(&mut self, metric: &Metric) -> Result<()> {
        let at = metric.id.0 as usize;
        if self.declared.len() <= at {
            self.declared.resize(at + 1, false);
        }
        if !std::mem::replace(&mut self.declared[at], true) {
            let definitions = self.definitions.get(&metric.id).map_or(&[][..], Vec::as_slice);
            serde_json::to_writer(&mut self.buffer, &declaration(metric, definitions))?;
            self.buffer.push(b'\n');
        }
        Ok(())
    }
}

impl Line {
    fn new(metric: &str, tags: &[(Arc<str>, Arc<str>)], metadata: &[(Arc<str>, Arc<str>)]) -> Result<Self> {
        let head =
            format!(r#"{{"metric":{},"type":"Point","data":{{"time":""#, serde_json::to_string(metric)?);
        let tags = if tags.is_empty() { Value::Null } else { object(tags) };
        let mut tail = format!(r#","tags":{tags}"#);
        if !metadata.is_empty() {
            tail += &format!(r#","metadata":{}"#, object(metadata));
        }
        tail += "}}\n";
        Ok(Self { head: head.into_bytes().into(), tail: tail.into_bytes().into() })
    }
}

/// The line that comes before a metric's first value.
fn declaration(metric: &Metric, definitions: &[Definition]) -> Value {
    let whole = definitions.iter().filter(|definition| definition.selector.suffix.is_none());
    let thresholds: Vec<_> =
        whole.flat_map(|definition| &definition.thresholds).map(|(spec, _)| threshold(spec)).collect();
    let mut seen = Vec::new();
    let mut submetrics = Vec::new();
    for selector in definitions.iter().map(|definition| &definition.selector) {
        let Some(suffix) = &selector.suffix else { continue };
        // The engine, too, makes one sub-metric of those with equal tags.
        if !seen.contains(&&selector.tags) {
            seen.push(&selector.tags);
            submetrics.push(json!({
                "name": format!("{}{{{suffix}}}", metric.name),
                "suffix": suffix,
                "tags": object(&selector.tags),
            }));
        }
    }
    json!({
        "type": "Metric",
        "data": {
            "name": &*metric.name,
            "type": metric.kind.name(),
            "contains": metric.contains.name(),
            "thresholds": thresholds,
            "submetrics": if submetrics.is_empty() { Value::Null } else { Value::Array(submetrics) },
        },
        "metric": &*metric.name,
    })
}

/// The threshold as a script would write it; the delay in Go's notation.
fn threshold(spec: &ThresholdSpec) -> Value {
    if !spec.abort_on_fail {
        return Value::String(spec.source.clone());
    }
    let delay = match spec.delay_abort_eval {
        delay if delay.is_zero() => Value::Null,
        delay => Value::String(GoDuration::from(delay).to_string()),
    };
    json!({ "threshold": spec.source, "abortOnFail": true, "delayAbortEval": delay })
}

fn object(pairs: &[(Arc<str>, Arc<str>)]) -> Value {
    let pairs = pairs.iter().map(|(key, value)| (key.to_string(), Value::String(value.to_string())));
    Value::Object(pairs.collect::<Map<_, _>>())
}

/// The shortest digits that give the number back, as JSON: whole numbers without a fraction,
/// powers of ten only for the very small and the very large.
fn append_number(to: &mut Vec<u8>, value: f64) {
    let plain = value == 0.0 || (1e-6..1e21).contains(&value.abs());
    // Writing to a vector cannot fail.
    let _ = if !value.is_finite() {
        write!(to, "null")
    } else if plain {
        write!(to, "{value}")
    } else {
        write!(to, "{value:e}")
    };
}

#[cfg(test)]
mod tests {
    use crate::record::Origin;
    use std::io::Read;
    use std::time::Duration;

    use super::super::tests::{samples, written};
    use super::*;
    use crate::k6::system_tag::SystemTags;
    use crate::metrics::definition::definitions;

    const WANT: &str = r#"{"type":"Metric","data":{"name":"checks","type":"rate","contains":"default","thresholds":["rate>0.9",{"threshold":"rate>0.5","abortOnFail":true,"delayAbortEval":"1.5s"}],"submetrics":null},"metric":"checks"}
{"metric":"checks","type":"Point","data":{"time":"2026-11-22T00:48:32.722520622Z","value":1,"tags":{"check":"a \"b\", <c>","group":"","zone":"x"}}}
{"type":"Metric","data":{"name":"http_req_duration","type":"trend","contains":"time","thresholds":[],"submetrics":[{"name":"http_req_duration{expected_response:true}","suffix":"expected_response:true","tags":{"expected_response":"true"}}]},"metric":"http_req_duration"}
{"metric":"http_req_duration","type":"Point","data":{"time":"2026-11-22T00:48:32.7225206Z","value":61.225384,"tags":{"a":"1","b":"2","status":"200"},"metadata":{"iter":"0","vu":"7"}}}
{"type":"Metric","data":{"name":"vus","type":"gauge","contains":"default","thresholds":[],"submetrics":null},"metric":"vus"}
{"metric":"vus","type":"Point","data":{"time":"2026-11-22T00:48:32Z","value":1.5e-9,"tags":null}}
{"metric":"checks","type":"Point","data":{"time":"2026-11-22T00:48:32Z","value":0,"tags":{"check":"a \"b\", <c>","group":"","zone":"x"}}}
"#;

    #[test]
    fn lines_are_k6s() {
        let registry = Registry::new();
        let plain = ThresholdSpec { source: "rate>0.9".to_owned(), ..ThresholdSpec::default() };
        let aborting = ThresholdSpec {
            source: "rate>0.5".to_owned(),
            abort_on_fail: true,
            delay_abort_eval: Duration::from_millis(1500),
        };
        let entries = [("checks".to_owned(), vec![plain, aborting])];
        let definitions = definitions(&entries, true, SystemTags::DEFAULT, &registry).unwrap();
        let context = OutputContext {
            system_tags: SystemTags::DEFAULT,
            definitions: &definitions,
            env: &|_| None,
            origin: &Origin::default(),
        };
        let samples = samples(&registry);
        let plain = written("json=FILE", &context, &registry, &samples);
        assert_eq!(String::from_utf8(plain).unwrap(), WANT);

        let packed = written("json=FILE.gz", &context, &registry, &samples);
        let mut text = String::new();
        flate2::read::GzDecoder::new(&*packed).read_to_string(&mut text).unwrap();
        assert_eq!(text, WANT);
        let packed = written("json=FILE.zst", &context, &registry, &samples);
        assert_eq!(String::from_utf8(zstd::decode_all(&*packed).unwrap()).unwrap(), WANT);
    }

    #[test]
    fn numbers_read_back() {
        for (value, want) in
            [(0.1 + 0.2, "0.30000000000000004"), (-5.0, "-5"), (1e300, "1e300"), (174_000_000.0, "174000000")]
        {
            let mut text = Vec::new();
            append_number(&mut text, value);
            assert_eq!(String::from_utf8(text).unwrap(), want);
        }
    }

    #[test]
    fn nothing_and_a_dash_are_the_standard_output() {
        let context = OutputContext {
            system_tags: SystemTags::NONE,
            definitions: &[],
            env: &|_| None,
            origin: &Origin::default(),
        };
        assert_eq!(super::super::open("json", &context).unwrap().describe(), "json(stdout)");
        assert_eq!(super::super::open("json=-", &context).unwrap().describe(), "json(stdout)");
    }
}
