//! From a run's samples and its end to its record.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::meta::{Meta, SECOND};
use super::secrets::Scrub;
use super::{Collected, Collector, Of, Record, Series};
use crate::metrics::snapshot::MetricSnapshot;
use crate::metrics::trace::Traces;
use crate::metrics::{Definition, Packed, Registry, Sample, Snapshot, Timestamp};
use crate::summary::Summary;

/// How many requests a record shows.
pub const REQUESTS: usize = 200;

/// What is known of a run before it begins.
#[derive(Clone, Debug, Default)]
pub struct Origin {
    pub meta: Meta,
    pub scrub: Arc<Scrub>,
    /// Where the run's requests leave their traces.
    pub traces: Arc<Traces>,
}

/// What is known of it at its end.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    pub summary: &'a Summary,
    pub exit_code: u8,
    /// When its clock started; `None` if it never did.
    pub start: Option<Timestamp>,
}

/// Makes the record of one run.
#[derive(Debug)]
pub struct Recorder {
    collector: Collector,
    origin: Origin,
}

impl Origin {
    /// What the process itself tells. `target` is the script or the URL, `options` are as scripts see them.
    pub fn this(target: &str, options: serde_json::Value, traces: Arc<Traces>) -> Self {
        let lossy = |text: std::ffi::OsString| text.to_string_lossy().into_owned();
        let command: Vec<_> = std::env::args_os().map(lossy).collect();
        let variables: Vec<_> =
            std::env::vars_os().map(|(name, value)| (lossy(name), lossy(value))).collect();
        let (scrub, mut command) = Scrub::learn(variables.iter().cloned(), &command);
        if let Some(program) = command.first_mut() {
            // Where ssek is installed is nobody's business.
            "ssek".clone_into(program);
        }
        let ours = variables.iter().filter(|(name, _)| name.starts_with("K6_") || name.starts_with("SSEK_"));
        let env = ours.map(|(name, value)| (name.clone(), scrub.named(name, value))).collect();
        let stem = Path::new(target).file_stem().map(|stem| stem.to_string_lossy().into_owned());
        let meta = Meta {
            ssek: env!("CARGO_PKG_VERSION").to_owned(),
            target: target.to_owned(),
            name: stem.filter(|stem| stem != "-").unwrap_or_default(),
            command,
            options,
            host: super::Host::this(),
            env,
            runs: 1,
            ..Meta::default()
        };
        Self { meta, scrub: Arc::new(scrub), traces }
    }
}

impl Recorder {
    /// A recorder for a run that begins after now, with these sub-metrics. Asks for a sample of its requests.
    pub fn new(origin: &Origin, definitions: &[Definition]) -> Self {
        origin.traces.want(REQUESTS);
        Self { collector: Collector::new(Timestamp::now(), definitions), origin: origin.clone() }
    }

    /// Takes samples in.
    pub fn add(&mut self, batch: &[Sample], registry: &Registry) {
        self.collector.add(batch, registry);
    }

    /// The record so far, without what is known at the end only.
    pub fn so_far(&mut self) -> Record {
        let collected = self.collector.collected();
        let metrics: Vec<_> = collected.series.iter().filter_map(total).collect();
        let points = collected.series.iter().filter_map(|series| series.points.last());
        let seconds = points.map(|point| point.second + collected.step).max().unwrap_or(0);
        let snapshot =
            Snapshot { duration: Duration::from_secs(seconds.into()), metrics, ..Snapshot::default() };
        let mut record = self.record(collected, snapshot);
        self.origin.scrub.record(&mut record);
        record
    }

    /// The record of the whole run.
    pub fn conclude(&mut self, facts: Facts<'_>) -> Record {
        let mut collected = self.collector.collected();
        let snapshot = facts.summary.snapshot.clone();
        let missing = missing(&collected.series, &snapshot);
        for series in &mut collected.series {
            let selector = match &series.of {
                Of::All => None,
                Of::Selector(tags) => Some(tags),
                Of::Scenario(_) => continue,
            };
            let last = snapshot
                .metrics
                .iter()
                .find(|metric| metric.name == series.metric && metric.selector.as_ref() == selector);
            if let Some(metric) = last.filter(|_| missing > 0) {
                series.total = Packed::of(&metric.sink);
            }
        }
        if let Some(start) = facts.start {
            collected.begin_at(start);
        }
        let mut record = self.record(collected, snapshot);
        let options = &facts.summary.options;
        record.meta.shows_streaming = options.streaming;
        record.meta.shows_schedule = options.schedule;
        record.client = facts.summary.client.clone();
        record.exit_code = facts.exit_code;
        record.missing = missing;
        record.complete = true;
        self.origin.scrub.record(&mut record);
        record
    }

    fn record(&self, collected: Collected, snapshot: Snapshot) -> Record {
        let mut meta = self.origin.meta.clone();
        meta.start = collected.start;
        let models = collected.breakdowns.iter().filter(|found| found.tag == "model");
        meta.models = models.map(|found| found.value.clone()).collect();
        meta.models.sort();
        meta.models.dedup();
        Record {
            meta,
            step: collected.step,
            series: collected.series,
            breakdowns: collected.breakdowns,
            snapshot,
            requests: self.origin.traces.sample(),
            request_count: self.origin.traces.begun(),
            ..Record::default()
        }
    }
}

impl Collected {
    /// Makes the second of this instant second 0; what came before it counts for that.
    fn begin_at(&mut self, start: Timestamp) {
        let zero = self.start.div_euclid(SECOND);
        let early = u32::try_from(start.0.div_euclid(SECOND) - zero).unwrap_or(0);
        for series in &mut self.series {
            let mut points = std::mem::take(&mut series.points);
            points.iter_mut().for_each(|point| point.second = point.second.saturating_sub(early));
            series.points = super::collector::coarser(points, self.step, 0);
        }
        self.start = start.0;
    }
}

/// A series of a whole metric or of a sub-metric as a figure of the summary.
fn total(series: &Series) -> Option<MetricSnapshot> {
    let selector = match &series.of {
        Of::All => None,
        Of::Selector(tags) => Some(tags.clone()),
        Of::Scenario(_) => return None,
    };
    Some(MetricSnapshot {
        name: series.metric.clone(),
        selector,
        kind: series.kind,
        contains: series.contains,
        sink: series.total.sink(),
        thresholds: Vec::new(),
    })
}

/// How many samples the engine saw and the collector did not.
fn missing(series: &[Series], snapshot: &Snapshot) -> u64 {
    let whole = snapshot.metrics.iter().filter(|metric| metric.selector.is_none());
    let lacks = |metric: &MetricSnapshot| {
        let seen = series.iter().find(|series| series.metric == metric.name && series.of == Of::All);
        Packed::of(&metric.sink).count().saturating_sub(seen.map_or(0, |series| series.total.count()))
    };
    whole.map(lacks).sum()
}
