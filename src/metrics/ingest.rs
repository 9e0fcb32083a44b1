//! Samples to sinks: which sinks a series feeds is worked out once, then looked up by number.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use super::breakdown::Breakdown;
use super::definition::Definition;
use super::sink::Sink;
use super::snapshot::{MetricSnapshot, Snapshot, ThresholdSnapshot};
use super::threshold::{Threshold, ThresholdSpec};
use super::{Metric, MetricId, Registry, Sample, Series, SeriesId, Timestamp};
use crate::log;

/// The number of distinct series above which a run is warned, then at each doubling.
const SERIES_LIMIT: usize = 100_000;

/// All sinks of a run.
pub struct Ingest {
    registry: Arc<Registry>,
    /// Which sinks each series feeds, by series number.
    routes: Vec<Route>,
    /// The sink numbers that routes point into; a route never changes once it is there.
    targets: Vec<u32>,
    sinks: Sinks,
    entries: Vec<Entry>,
    /// The entries of each metric: its own first, if it has one, then its sub-metrics.
    by_metric: HashMap<MetricId, Vec<usize>>,
    breakdown: Breakdown,
    series_seen: usize,
    warn_above: usize,
}

/// A range of [`Ingest::targets`]; empty until the series is first seen. Every seen series feeds
/// at least its metric.
#[derive(Clone, Copy, Default)]
struct Route {
    start: u32,
    end: u32,
}

/// Sinks by number.
#[derive(Default)]
pub(super) struct Sinks(Vec<Sink>);

impl Sinks {
    /// The number of a new, empty sink for samples of `metric`.
    pub fn make(&mut self, metric: &Metric) -> u32 {
        self.0.push(Sink::new(metric.kind));
        self.0.len() as u32 - 1
    }

    pub fn get(&self, number: u32) -> &Sink {
        &self.0[number as usize]
    }

    #[inline]
    pub fn add(&mut self, number: u32, value: f64) {
        self.0[number as usize].add(value);
    }
}

/// A metric or sub-metric.
struct Entry {
    metric: Arc<Metric>,
    suffix: Option<String>,
    tags: Vec<(Arc<str>, Arc<str>)>,
    sink: u32,
    thresholds: Vec<Judged>,
}

/// A threshold and its last evaluation.
struct Judged {
    spec: ThresholdSpec,
    threshold: Threshold,
    ok: bool,
}

/// What an evaluation of all thresholds found.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Verdict {
    /// The full names of the metrics with a crossed threshold, sorted.
    pub crossed: Vec<String>,
    /// Whether one of those thresholds wants the run to end now.
    pub abort: bool,
}

impl Ingest {
    /// An empty set of sinks with the sub-metrics of `definitions`; with `sections`, samples are
    /// also split by scenario and group.
    pub fn new(registry: Arc<Registry>, definitions: Vec<Definition>, sections: bool) -> Self {
        let mut ingest = Self {
            registry,
            routes: Vec::new(),
            targets: Vec::new(),
            sinks: Sinks::default(),
            entries: Vec::new(),
            by_metric: HashMap::new(),
            breakdown: Breakdown::new(sections),
            series_seen: 0,
            warn_above: SERIES_LIMIT,
        };
        for definition in definitions {
            ingest.define(definition);
        }
        ingest
    }

    /// Adds samples to their sinks.
    pub fn add(&mut self, batch: &[Sample]) {
        for sample in batch {
            let targets = match self.routes.get(sample.series.0 as usize) {
                Some(route) if route.end > 0 => route.start as usize..route.end as usize,
                _ => self.route(sample.series, sample.time),
            };
            for target in &self.targets[targets] {
                self.sinks.add(*target, sample.value);
            }
        }
    }

    /// Evaluates all thresholds. A `final_time` takes in metrics without samples; before that they
    /// are passed over.
    pub fn judge(&mut self, run_duration: Duration, final_time: bool) -> Verdict {
        let mut verdict = Verdict::default();
        for entry in &mut self.entries {
            let sink = self.sinks.get(entry.sink);
            if sink.is_empty() && !final_time {
                continue;
            }
            for judged in &mut entry.thresholds {
                judged.ok = judged.threshold.eval(sink, run_duration);
                verdict.abort |= !judged.ok && judged.spec.wants_abort(run_duration);
            }
            if entry.thresholds.iter().any(|judged| !judged.ok) {
                verdict.crossed.push(entry.full_name());
            }
        }
        verdict.crossed.sort();
        verdict
    }

    /// A copy of everything there is.
    pub fn snapshot(&self, duration: Duration) -> Snapshot {
        let shown = |entry: &&Entry| !entry.thresholds.is_empty() || !self.sinks.get(entry.sink).is_empty();
        Snapshot {
            duration,
            left_out: Default::default(),
            metrics: self.entries.iter().filter(shown).map(|entry| entry.snapshot(&self.sinks)).collect(),
            checks: self.breakdown.checks(&self.sinks),
            groups: self.breakdown.groups(),
            sections: self.breakdown.sections(&self.sinks),
        }
    }

    /// Makes the sub-metric of a definition, or gives its thresholds to the one with the same tags.
    fn define(&mut self, definition: Definition) {
        let Definition { selector, metric, thresholds } = definition;
        let same = self.entries_of(&metric).iter().copied().find(|at| {
            let entry = &self.entries[*at];
            entry.suffix.is_some() == selector.suffix.is_some() && entry.tags == selector.tags
        });
        let at = same.unwrap_or_else(|| self.new_entry(metric, selector.suffix, selector.tags));
        let judged = thresholds.into_iter().map(|(spec, threshold)| Judged { spec, threshold, ok: true });
        self.entries[at].thresholds.extend(judged);
    }

    fn entries_of(&self, metric: &Metric) -> &[usize] {
        self.by_metric.get(&metric.id).map_or(&[], Vec::as_slice)
    }

    fn new_entry(
        &mut self,
        metric: Arc<Metric>,
        suffix: Option<String>,
        tags: Vec<(Arc<str>, Arc<str>)>,
    ) -> usize {
        let at = self.entries.len();
        let sink = self.sinks.make(&metric);
        let of_metric = self.by_metric.entry(metric.id).or_default();
        of_metric.insert(if suffix.is_none() { 0 } else { of_metric.len() }, at);
        self.entries.push(Entry { metric, suffix, tags, sink, thresholds: Vec::new() });
        at
    }

    /// Works out where the samples of a series go; once per series.
    #[cold]
    fn route(&mut self, id: SeriesId, at: Timestamp) -> Range<usize> {
        let Series { metric, tags } = self.registry.describe(id);
        let start = self.targets.len();
        let own = self.entries_of(&metric).first().copied();
        if own.is_none_or(|at| self.entries[at].suffix.is_some()) {
            self.new_entry(metric.clone(), None, Vec::new());
        }
        for at in self.by_metric.get(&metric.id).into_iter().flatten() {
            let entry = &self.entries[*at];
            if tags.contains_all(&entry.tags) {
                self.targets.push(entry.sink);
            }
        }
        self.breakdown.route(&metric, &tags, at, &mut self.sinks, &mut self.targets);
        self.count_series();
        if self.routes.len() <= id.0 as usize {
            self.routes.resize(id.0 as usize + 1, Route::default());
        }
        self.routes[id.0 as usize] = Route { start: start as u32, end: self.targets.len() as u32 };
        start..self.targets.len()
    }

    fn count_series(&mut self) {
        self.series_seen += 1;
        if self.series_seen > self.warn_above {
            log::warn(format!(
                "The test has made more than {} distinct time series, above the suggested limit of {SERIES_LIMIT}; memory grows with each. Look for tags whose values never repeat, such as URLs with ids in them: give those requests a common `name` tag, or use the http.url helper.",
                self.warn_above
            ));
            self.warn_above *= 2;
        }
    }
}

impl Entry {
    fn full_name(&self) -> String {
        match &self.suffix {
            Some(suffix) => format!("{}{{{suffix}}}", self.metric.name),
            None => self.metric.name.to_string(),
        }
    }

    fn snapshot(&self, sinks: &Sinks) -> MetricSnapshot {
        MetricSnapshot {
            name: self.metric.name.to_string(),
            selector: self.suffix.clone(),
            kind: self.metric.kind,
            contains: self.metric.contains,
            sink: sinks.get(self.sink).clone(),
            thresholds: self.thresholds.iter().map(Judged::snapshot).collect(),
        }
    }
}

impl Judged {
    fn snapshot(&self) -> ThresholdSnapshot {
        ThresholdSnapshot { source: self.spec.source.clone(), ok: self.ok }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::{Contains, Kind, TagSet, Timestamp};

    fn series(registry: &Registry, metric: &str, tags: &[(&str, &str)]) -> SeriesId {
        let mut set = TagSet::default();
        tags.iter().for_each(|(key, value)| set.set(key, value));
        registry.series(registry.find(metric).unwrap().id, registry.tag_set(&set))
    }

    fn samples(series: SeriesId, values: &[f64]) -> Vec<Sample> {
        values.iter().map(|value| Sample { series, time: Timestamp(0), value: *value }).collect()
    }

    fn define(registry: &Registry, name: &str, sources: &[&str]) -> Definition {
        let spec = |source: &&str| ThresholdSpec { source: (*source).to_owned(), ..ThresholdSpec::default() };
        let specs: Vec<_> = sources.iter().map(spec).collect();
        Definition::resolve(name, &specs, registry).unwrap()
    }

    fn figures(snapshot: &Snapshot) -> Vec<String> {
        let shown = |m: &MetricSnapshot| match &m.sink {
            Sink::Trend(trend) => format!("{} {}", m.full_name(), trend.count()),
            Sink::Counter(counter) => format!("{} {}", m.full_name(), counter.sum),
            Sink::Rate(rate) => format!("{} {}/{}", m.full_name(), rate.trues, rate.total),
            Sink::Gauge(gauge) => format!("{} {}", m.full_name(), gauge.value),
        };
        let mut figures: Vec<_> = snapshot.metrics.iter().map(shown).collect();
        figures.sort();
        figures
    }

    #[test]
    fn sub_metrics_take_what_matches() {
        let registry = Arc::new(Registry::new());
        let definitions = vec![
            define(&registry, "http_req_duration{kind:a}", &["max<5000"]),
            define(&registry, "http_req_duration{kind:none}", &["max<1", "avg>0"]),
            define(&registry, "http_req_duration{expected_response:true}", &[]),
        ];
        let mut ingest = Ingest::new(registry.clone(), definitions, false);
        let a = series(&registry, "http_req_duration", &[("kind", "a"), ("expected_response", "true")]);
        let b = series(&registry, "http_req_duration", &[("kind", "b"), ("expected_response", "false")]);
        ingest.add(&samples(a, &[1.0, 2.0]));
        ingest.add(&samples(b, &[3.0]));
        ingest.add(&samples(a, &[4.0]));
        assert_eq!(ingest.judge(Duration::from_secs(1), false), Verdict::default());
        let verdict = ingest.judge(Duration::from_secs(1), true);
        assert_eq!(verdict.crossed, ["http_req_duration{kind:none}"]);
        let snapshot = ingest.snapshot(Duration::ZERO);
        assert_eq!(
            figures(&snapshot),
            [
                "http_req_duration 4",
                "http_req_duration{expected_response:true} 3",
                "http_req_duration{kind:a} 3",
                "http_req_duration{kind:none} 0",
            ]
        );
        assert!(snapshot.sections.is_empty());
    }

    #[test]
    fn sub_metrics_with_equal_tags_are_one() {
        let registry = Arc::new(Registry::new());
        let definitions = vec![
            define(&registry, "http_req_duration{ expected_response: 'true' }", &["max<5"]),
            define(&registry, "http_req_duration{expected_response:true}", &[]),
        ];
        let ingest = Ingest::new(registry, definitions, false);
        assert_eq!(
            figures(&ingest.snapshot(Duration::ZERO)),
            ["http_req_duration{expected_response: 'true'} 0"]
        );
    }

    #[test]
    fn aborting_waits_for_its_delay() {
        let registry = Arc::new(Registry::new());
        registry.register("errs", Kind::Counter, Contains::Default).unwrap();
        let spec = ThresholdSpec {
            source: "count<3".to_owned(),
            abort_on_fail: true,
            delay_abort_eval: Duration::from_secs(5),
        };
        let definition = Definition::resolve("errs", &[spec], &registry).unwrap();
        let mut ingest = Ingest::new(registry.clone(), vec![definition], false);
        ingest.add(&samples(series(&registry, "errs", &[]), &[2.0, 2.0]));
        for (seconds, abort) in [(2, false), (5, false), (6, true)] {
            let verdict = ingest.judge(Duration::from_secs(seconds), false);
            assert_eq!(verdict, Verdict { crossed: vec!["errs".to_owned()], abort }, "{seconds}");
        }
    }
}
