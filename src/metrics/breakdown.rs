//! What the summary shows beside whole metrics: checks, groups, and metrics by scenario and group.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::sync::Arc;

use super::ingest::Sinks;
use super::sink::Sink;
use super::snapshot::{CheckSnapshot, MetricSnapshot, Section};
use super::{Metric, TagSet, Timestamp};
use crate::k6::{SystemTag, builtin};

/// The sinks behind checks and sections, in the order of their first samples. These come in by thread, not by
/// time, so the times decide.
pub(super) struct Breakdown {
    checks: HashMap<CheckKey, (First, u32)>,
    groups: HashMap<String, First>,
    /// `None` unless sections were asked for.
    sections: Option<Sections>,
}

#[derive(Clone, PartialEq, Eq, Hash)]
struct CheckKey {
    scenario: Option<Arc<str>>,
    group: Arc<str>,
    name: Arc<str>,
}

#[derive(Default)]
struct Sections {
    list: Vec<SectionSinks>,
    places: HashMap<(Option<Arc<str>>, String), usize>,
}

struct SectionSinks {
    scenario: Option<Arc<str>>,
    group: String,
    metrics: Vec<(Arc<Metric>, u32)>,
}

/// When and where the first sample of a check or a group was taken.
#[derive(Clone, PartialEq, Eq)]
struct First {
    at: Timestamp,
    scenario: Option<Arc<str>>,
    /// How many of its like were known before.
    place: usize,
}

/// First samples of two scenarios that are less than this apart, in nanoseconds, came at once: which VU a busy
/// machine ran first means nothing. They are shown as k6 shows them nearly always: of scenarios that begin
/// together, it is the last that runs first.
const AT_ONCE: i64 = 10_000_000;

impl First {
    /// Keeps the earlier of two.
    fn or(&mut self, at: Timestamp, scenario: &Option<Arc<str>>) {
        if at < self.at {
            self.at = at;
            self.scenario.clone_from(scenario);
        }
    }

    /// The order in which things are shown. `start` is the earliest of them all.
    fn order(&self, start: Timestamp) -> impl Ord + use<> {
        ((self.at.0 - start.0) / AT_ONCE, Reverse(self.scenario.clone()), self.at, self.place)
    }
}

/// Those things in the order of their first samples.
fn in_order<T>(mut things: Vec<T>, first: impl Fn(&T) -> &First) -> Vec<T> {
    let start = things.iter().map(|thing| first(thing).at).min().unwrap_or(Timestamp(0));
    things.sort_by_cached_key(|thing| first(thing).order(start));
    things
}

impl Breakdown {
    /// Nothing seen yet.
    pub fn new(sections: bool) -> Self {
        Self { checks: HashMap::new(), groups: HashMap::new(), sections: sections.then(Sections::default) }
    }

    /// `at` is the time of the first sample. Adds to `targets` the sinks that samples of `metric` with these tags feed here.
    pub fn route(
        &mut self,
        metric: &Arc<Metric>,
        tags: &TagSet,
        at: Timestamp,
        sinks: &mut Sinks,
        targets: &mut Vec<u32>,
    ) {
        let value = |tag: SystemTag| {
            let found = tags.tags.iter().find(|(key, _)| &**key == tag.name());
            found.map(|(_, value)| value.clone())
        };
        let scenario = value(SystemTag::Scenario);
        let group = value(SystemTag::Group).unwrap_or_else(|| "".into());
        if &*metric.name == builtin::CHECKS.name
            && let Some(name) = value(SystemTag::Check)
        {
            let key = CheckKey { scenario: scenario.clone(), group: group.clone(), name };
            targets.push(self.check_sink(key, metric, at, sinks));
        }
        let paths = if scenario.is_none() && is_phase(&group) { Vec::new() } else { lineage(&group) };
        for path in &paths {
            let next = self.groups.len();
            let first = || First { at, scenario: scenario.clone(), place: next };
            self.groups.entry((*path).to_owned()).or_insert_with(first).or(at, &scenario);
        }
        if let Some(sections) = &mut self.sections {
            for path in [""].into_iter().chain(paths) {
                targets.push(sections.sink(&scenario, path, metric, sinks));
            }
        }
    }

    /// See [`Snapshot::groups`](super::Snapshot::groups).
    pub fn groups(&self) -> Vec<String> {
        let groups = in_order(self.groups.iter().collect(), |(_, first)| first);
        groups.into_iter().map(|(path, _)| path.clone()).collect()
    }

    /// See [`Snapshot::checks`](super::Snapshot::checks).
    pub fn checks(&self, sinks: &Sinks) -> Vec<CheckSnapshot> {
        let checks = in_order(self.checks.iter().collect(), |(_, (first, _))| first);
        let snapshot = |(key, (_, sink)): (&CheckKey, &(First, u32))| {
            let Sink::Rate(rate) = sinks.get(*sink) else { return None };
            Some(CheckSnapshot {
                scenario: key.scenario.as_deref().map(str::to_owned),
                group: key.group.to_string(),
                name: key.name.to_string(),
                passes: rate.trues,
                fails: rate.total - rate.trues,
            })
        };
        checks.into_iter().filter_map(snapshot).collect()
    }

    /// See [`Snapshot::sections`](super::Snapshot::sections).
    pub fn sections(&self, sinks: &Sinks) -> Vec<Section> {
        let list = self.sections.as_ref().map_or(&[][..], |sections| &sections.list);
        list.iter().map(|section| section.snapshot(sinks)).collect()
    }

    fn check_sink(&mut self, key: CheckKey, metric: &Metric, at: Timestamp, sinks: &mut Sinks) -> u32 {
        let (place, scenario) = (self.checks.len(), key.scenario.clone());
        let made = || (First { at, scenario: scenario.clone(), place }, sinks.make(metric));
        let (first, sink) = self.checks.entry(key).or_insert_with(made);
        first.or(at, &scenario);
        *sink
    }
}

impl Sections {
    fn sink(
        &mut self,
        scenario: &Option<Arc<str>>,
        group: &str,
        metric: &Arc<Metric>,
        sinks: &mut Sinks,
    ) -> u32 {
        let place = *self.places.entry((scenario.clone(), group.to_owned())).or_insert_with(|| {
            let (scenario, group) = (scenario.clone(), group.to_owned());
            self.list.push(SectionSinks { scenario, group, metrics: Vec::new() });
            self.list.len() - 1
        });
        let metrics = &mut self.list[place].metrics;
        if let Some((_, sink)) = metrics.iter().find(|(known, _)| known.id == metric.id) {
            return *sink;
        }
        let sink = sinks.make(metric);
        metrics.push((metric.clone(), sink));
        sink
    }
}

impl SectionSinks {
    fn snapshot(&self, sinks: &Sinks) -> Section {
        let metrics = self.metrics.iter().map(|(metric, sink)| MetricSnapshot {
            name: metric.name.to_string(),
            selector: None,
            kind: metric.kind,
            contains: metric.contains,
            sink: sinks.get(*sink).clone(),
            thresholds: Vec::new(),
        });
        Section {
            scenario: self.scenario.as_deref().map(str::to_owned),
            group: self.group.clone(),
            metrics: metrics.collect(),
        }
    }
}

/// A group's path after those of the groups around it, outermost first; nothing for the root.
fn lineage(group: &str) -> Vec<&str> {
    let inner = group.match_indices("::").map(|(at, _)| at).skip(1);
    inner.chain([group.len()]).filter(|end| *end > 0).map(|end| &group[..end]).collect()
}

/// Whether a group path is that of `setup()` or `teardown()`, which are no groups of the script.
fn is_phase(group: &str) -> bool {
    ["::setup", "::teardown"]
        .into_iter()
        .filter_map(|phase| group.strip_prefix(phase))
        .any(|rest| rest.is_empty() || rest.starts_with("::"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::k6::builtin::{CHECKS, DATA_SENT, HTTP_REQS, VUS};
    use crate::metrics::Registry;

    type Fed<'a> = (builtin::Builtin, &'a [(&'a str, &'a str)], f64);

    /// Feeds one value each and returns the breakdown with its sinks.
    fn fed(sections: bool, samples: &[Fed<'_>]) -> (Breakdown, Sinks) {
        let (registry, mut sinks) = (Registry::new(), Sinks::default());
        let mut breakdown = Breakdown::new(sections);
        for (time, (metric, tags, value)) in samples.iter().enumerate() {
            let mut set = TagSet::default();
            tags.iter().for_each(|(key, value)| set.set(key, value));
            let metric = registry.metric(registry.builtin(metric));
            let mut targets = Vec::new();
            breakdown.route(&metric, &set, Timestamp(time as i64 * AT_ONCE), &mut sinks, &mut targets);
            targets.into_iter().for_each(|target| sinks.add(target, *value));
        }
        (breakdown, sinks)
    }

    #[test]
    fn checks_and_groups_in_the_order_they_came() {
        let (breakdown, sinks) = fed(
            false,
            &[
                (CHECKS, &[("scenario", "s"), ("group", "::b::c"), ("check", "z")], 1.0),
                (CHECKS, &[("scenario", "s"), ("group", ""), ("check", "a")], 1.0),
                (CHECKS, &[("scenario", "t"), ("check", "a")], 0.0),
                (CHECKS, &[("scenario", "s"), ("group", "::a"), ("check", "z")], 1.0),
                (CHECKS, &[("scenario", "s"), ("group", "::a"), ("check", "z"), ("more", "1")], 0.0),
                (CHECKS, &[("group", "::setup"), ("check", "up")], 1.0),
            ],
        );
        let shown = |c: &CheckSnapshot| {
            let scenario = c.scenario.as_deref().unwrap_or("-");
            format!("{scenario}{} {} {}/{}", c.group, c.name, c.passes, c.fails)
        };
        assert_eq!(
            breakdown.checks(&sinks).iter().map(shown).collect::<Vec<_>>(),
            ["s::b::c z 1/0", "s a 1/0", "t a 0/1", "s::a z 1/1", "-::setup up 1/0"]
        );
        assert_eq!(breakdown.groups(), ["::b", "::b::c", "::a"]);
        assert!(breakdown.sections(&sinks).is_empty());
    }

    #[test]
    fn what_scenarios_did_first_at_once_is_shown_last_scenario_first() {
        let mut breakdown = Breakdown::new(false);
        let (registry, mut sinks) = (Registry::new(), Sinks::default());
        let metric = registry.metric(registry.builtin(&CHECKS));
        let mut see = |scenario: &str, name: &str, at: i64| {
            let mut tags = TagSet::default();
            [("scenario", scenario), ("group", &format!("::{name}")), ("check", name)]
                .iter()
                .for_each(|(key, value)| tags.set(key, value));
            breakdown.route(&metric, &tags, Timestamp(at), &mut sinks, &mut Vec::new());
        };
        see("b", "late", 5 * AT_ONCE);
        see("a", "one", AT_ONCE);
        see("b", "three", AT_ONCE + 9);
        see("b", "two", AT_ONCE + 5);
        let names: Vec<_> = breakdown.checks(&sinks).into_iter().map(|check| check.name).collect();
        assert_eq!(names, ["two", "three", "one", "late"]);
        assert_eq!(breakdown.groups(), ["::two", "::three", "::one", "::late"]);
    }

    #[test]
    fn sections_hold_the_groups_inside_them() {
        let (breakdown, sinks) = fed(
            true,
            &[
                (HTTP_REQS, &[("scenario", "s"), ("group", "::a::b")], 1.0),
                (HTTP_REQS, &[("scenario", "s"), ("group", "::a")], 1.0),
                (HTTP_REQS, &[("scenario", "s"), ("group", "")], 1.0),
                (HTTP_REQS, &[("scenario", "t"), ("group", "::a")], 1.0),
                (VUS, &[], 7.0),
                (DATA_SENT, &[("group", "::setup")], 3.0),
            ],
        );
        let figure = |m: &MetricSnapshot| match &m.sink {
            Sink::Counter(counter) => format!(" {}={}", m.name, counter.sum),
            Sink::Gauge(gauge) => format!(" {}={}", m.name, gauge.value),
            other => format!(" {other:?}"),
        };
        let shown = |s: &Section| {
            let figures: String = s.metrics.iter().map(figure).collect();
            format!("{}{}{figures}", s.scenario.as_deref().unwrap_or("-"), s.group)
        };
        assert_eq!(
            breakdown.sections(&sinks).iter().map(shown).collect::<Vec<_>>(),
            [
                "s http_reqs=3",
                "s::a http_reqs=2",
                "s::a::b http_reqs=1",
                "t http_reqs=1",
                "t::a http_reqs=1",
                "- vus=7 data_sent=3",
            ]
        );
    }

    #[test]
    fn unnamed_groups_have_paths_too() {
        assert_eq!(lineage("::a::"), ["::a", "::a::"]);
        assert_eq!(lineage("::::b"), ["::", "::::b"]);
        assert!(lineage("").is_empty());
        assert!(is_phase("::setup::in") && !is_phase("::setups"));
    }
}
