//! Samples to series: seconds are gathered, packed when they are over, and their memory is bounded.
//!
//! What a sample costs is a look-up of its series' tally in its second. Where a series goes (its metric, its
//! scenario, sub-metrics, breakdowns) is worked out once, and used when the second is over.

use std::collections::HashMap;
use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::meta::SECOND;
use super::{Breakdown, MOST_VALUES, OTHERS, Of, Point, Series, TAGS};
use crate::metrics::packed::Tally;
use crate::metrics::{
    Definition, Kind, Metric, MetricId, Packed, Registry, Sample, SeriesId, TagSet, Timestamp,
};

/// A second is over when a sample comes that is so many seconds later; what comes later still is added to
/// what is packed.
const OPEN_SECONDS: u32 = 3;

/// How many bytes of points there may be before pairs of steps are merged: what an hour of some twenty trends
/// takes, twice.
const MOST_BYTES: usize = 96 << 20;

/// How many scenarios have series of their own.
const MOST_SCENARIOS: usize = 50;

/// Takes samples in and makes series of them.
#[derive(Debug)]
pub struct Collector {
    /// Of second 0; a whole second.
    start: Timestamp,
    step: u32,
    /// Sub-metrics: of which metric, the text, the tags.
    selectors: Vec<(MetricId, String, Pairs)>,
    open: Vec<Open>,
    newest: u32,
    routes: FxHashMap<SeriesId, Arc<Route>>,
    lanes: Vec<Lane>,
    by_lane: HashMap<(MetricId, Of), usize>,
    parts: Vec<Part>,
    by_part: HashMap<(MetricId, &'static str, Arc<str>), usize>,
    values: HashMap<(MetricId, &'static str), usize>,
    bytes: usize,
    most_bytes: usize,
}

type Pairs = Vec<(Arc<str>, Arc<str>)>;

/// A second that samples still come for.
#[derive(Debug, Default)]
struct Open {
    second: u32,
    tallies: FxHashMap<SeriesId, Tally>,
}

/// Where the samples of a series go.
#[derive(Debug)]
struct Route {
    metric: Arc<Metric>,
    lanes: Vec<usize>,
    parts: Vec<usize>,
}

/// A series of the record in the making.
#[derive(Debug)]
struct Lane {
    metric: Arc<Metric>,
    of: Of,
    points: Vec<Point>,
    total: Tally,
}

/// A breakdown in the making.
#[derive(Debug)]
struct Part {
    metric: Arc<Metric>,
    tag: &'static str,
    value: Arc<str>,
    total: Tally,
}

/// What a collector has made.
#[derive(Clone, Debug, Default)]
pub struct Collected {
    /// Nanoseconds since the Unix epoch.
    pub start: i64,
    pub step: u32,
    pub series: Vec<Series>,
    pub breakdowns: Vec<Breakdown>,
}

impl Collector {
    /// A collector for a run that begins at `start` and has these sub-metrics.
    pub fn new(start: Timestamp, definitions: &[Definition]) -> Self {
        let selectors = definitions.iter().filter_map(|definition| {
            let tags = definition.selector.suffix.clone()?;
            Some((definition.metric.id, tags, definition.selector.tags.clone()))
        });
        Self {
            start: Timestamp(start.0.div_euclid(SECOND) * SECOND),
            step: 1,
            selectors: selectors.collect(),
            open: Vec::new(),
            newest: 0,
            routes: FxHashMap::default(),
            lanes: Vec::new(),
            by_lane: HashMap::new(),
            parts: Vec::new(),
            by_part: HashMap::new(),
            values: HashMap::new(),
            bytes: 0,
            most_bytes: MOST_BYTES,
        }
    }

    /// Takes samples in. Samples from before the start count for the first second.
    pub fn add(&mut self, batch: &[Sample], registry: &Registry) {
        for sample in batch {
            let second = ((sample.time.0 - self.start.0) / SECOND).clamp(0, i64::from(u32::MAX)) as u32;
            let at = match self.open.last() {
                Some(open) if open.second == second => self.open.len() - 1,
                _ => self.open_at(second),
            };
            let tally = match self.open[at].tallies.get_mut(&sample.series) {
                Some(tally) => tally,
                None => {
                    let route = self.route(sample.series, registry);
                    let fresh = Tally::new(route.metric.kind);
                    self.open[at].tallies.entry(sample.series).or_insert(fresh)
                }
            };
            tally.add(sample.value);
        }
        self.close(self.newest.saturating_sub(OPEN_SECONDS));
    }

    /// Everything that came in up to now. Costs a copy of it, but the samples of the seconds that are still
    /// open are packed early.
    pub fn collected(&mut self) -> Collected {
        self.close(u32::MAX);
        let several = self.scenarios() > 1;
        let mut lanes: Vec<_> = self
            .lanes
            .iter_mut()
            .filter(|lane| several || !matches!(lane.of, Of::Scenario(_)))
            .map(Lane::series)
            .collect();
        sort(&mut lanes);
        let mut breakdowns: Vec<_> = self.parts.iter_mut().map(Part::breakdown).collect();
        breakdowns.sort_by(|a, b| a.metric.cmp(&b.metric));
        Collected { start: self.start.0, step: self.step, series: lanes, breakdowns }
    }

    /// What came in since the last call of this, with the totals of everything. Scenarios are told apart even
    /// where there is only one up to now. Not to be mixed with [`Self::collected`].
    pub fn drain(&mut self) -> Collected {
        self.close(u32::MAX);
        self.bytes = 0;
        let fresh = |lane: &mut Lane| {
            let points = std::mem::take(&mut lane.points);
            Series { points, ..lane.series() }
        };
        let series = self.lanes.iter_mut().map(fresh).collect();
        let breakdowns = self.parts.iter_mut().map(Part::breakdown).collect();
        Collected { start: self.start.0, step: self.step, series, breakdowns }
    }

    fn scenarios(&self) -> usize {
        let names = self.lanes.iter().filter_map(|lane| match &lane.of {
            Of::Scenario(name) => Some(name),
            _ => None,
        });
        names.collect::<std::collections::HashSet<_>>().len()
    }

    /// The place of a second among the open ones: it becomes the last, where the next sample looks first.
    #[cold]
    fn open_at(&mut self, second: u32) -> usize {
        match self.open.iter().position(|open| open.second == second) {
            Some(at) => {
                let last = self.open.len() - 1;
                self.open.swap(at, last);
            }
            None => self.open.push(Open { second, ..Open::default() }),
        }
        self.newest = self.newest.max(second);
        self.open.len() - 1
    }

    /// Packs the seconds before this one.
    fn close(&mut self, before: u32) {
        if !self.open.iter().any(|open| open.second < before) {
            return;
        }
        let (over, open): (Vec<_>, _) = self.open.drain(..).partition(|open| open.second < before);
        self.open = open;
        for second in over {
            self.pack(second);
        }
        while self.bytes > self.most_bytes {
            self.coarsen();
        }
    }

    fn pack(&mut self, second: Open) {
        let step = second.second / self.step * self.step;
        let mut sums: FxHashMap<usize, Tally> = FxHashMap::default();
        for (series, mut tally) in second.tallies {
            let Some(route) = self.routes.get(&series) else { continue };
            for part in &route.parts {
                self.parts[*part].total.merge(&mut tally);
            }
            let kind = route.metric.kind;
            for lane in &route.lanes {
                sums.entry(*lane).or_insert_with(|| Tally::new(kind)).merge(&mut tally);
            }
        }
        for (lane, mut sum) in sums {
            let lane = &mut self.lanes[lane];
            lane.total.merge(&mut sum);
            self.bytes += lane.add(step, sum.pack());
        }
    }

    /// Merges pairs of steps.
    fn coarsen(&mut self) {
        self.step *= 2;
        self.bytes = 0;
        for lane in &mut self.lanes {
            lane.points = coarser(std::mem::take(&mut lane.points), self.step, 0);
            self.bytes += lane.points.iter().map(|point| point.value.size()).sum::<usize>();
        }
        if self.bytes > self.most_bytes && self.step > self.newest {
            // One step left each: it is the number of series that takes the memory.
            self.most_bytes = self.bytes * 2;
        }
    }

    #[cold]
    fn route(&mut self, id: SeriesId, registry: &Registry) -> Arc<Route> {
        if let Some(route) = self.routes.get(&id) {
            return route.clone();
        }
        let series = registry.describe(id);
        let metric = series.metric;
        let mut lanes = vec![self.lane(&metric, Of::All)];
        let selectors =
            self.selectors.iter().filter(|(of, _, tags)| *of == metric.id && series.tags.contains_all(tags));
        for text in selectors.map(|(_, text, _)| text.clone()).collect::<Vec<_>>() {
            lanes.push(self.lane(&metric, Of::Selector(text)));
        }
        if let Some(scenario) = series.tags.get("scenario") {
            let of = Of::Scenario(scenario.to_owned());
            if self.by_lane.contains_key(&(metric.id, of.clone())) || self.scenarios() < MOST_SCENARIOS {
                lanes.push(self.lane(&metric, of));
            }
        }
        if metric.kind == Kind::Counter
            && let Some(outcome) = series.tags.get("outcome")
        {
            // How requests end is worth a look over time, whether somebody asked for the sub-metric or not.
            let lane = self.lane(&metric, Of::Selector(format!("outcome:{outcome}")));
            if !lanes.contains(&lane) {
                lanes.push(lane);
            }
        }
        let parts = self.parts_of(&metric, &series.tags);
        let route = Arc::new(Route { metric, lanes, parts });
        self.routes.insert(id, route.clone());
        route
    }

    fn lane(&mut self, metric: &Arc<Metric>, of: Of) -> usize {
        *self.by_lane.entry((metric.id, of.clone())).or_insert_with(|| {
            let total = Tally::new(metric.kind);
            self.lanes.push(Lane { metric: metric.clone(), of, points: Vec::new(), total });
            self.lanes.len() - 1
        })
    }

    fn parts_of(&mut self, metric: &Arc<Metric>, tags: &TagSet) -> Vec<usize> {
        let mut parts = Vec::new();
        for tag in TAGS {
            let Some(value) = tags.get(tag) else { continue };
            // Outside of groups there is nothing to tell.
            if value.is_empty() {
                continue;
            }
            let mut key = (metric.id, *tag, Arc::<str>::from(value));
            let known = self.values.entry((metric.id, *tag)).or_default();
            if !self.by_part.contains_key(&key) {
                if *known >= MOST_VALUES {
                    key.2 = OTHERS.into();
                } else {
                    *known += 1;
                }
            }
            let value = key.2.clone();
            parts.push(*self.by_part.entry(key).or_insert_with(|| {
                self.parts.push(Part { metric: metric.clone(), tag, value, total: Tally::new(metric.kind) });
                self.parts.len() - 1
            }));
        }
        parts
    }
}

impl Lane {
    /// Adds to a step; how many bytes more that takes.
    fn add(&mut self, second: u32, value: Packed) -> usize {
        let at = self.points.partition_point(|point| point.second < second);
        match self.points.get_mut(at) {
            Some(point) if point.second == second => {
                let before = point.value.size();
                point.value.merge(&value);
                point.value.size().saturating_sub(before)
            }
            _ => {
                let size = value.size();
                self.points.insert(at, Point { second, value });
                size
            }
        }
    }

    fn series(&mut self) -> Series {
        Series {
            metric: self.metric.name.to_string(),
            kind: self.metric.kind,
            contains: self.metric.contains,
            of: self.of.clone(),
            points: self.points.clone(),
            total: self.total.pack(),
        }
    }
}

impl Part {
    fn breakdown(&mut self) -> Breakdown {
        Breakdown {
            metric: self.metric.name.to_string(),
            kind: self.metric.kind,
            contains: self.metric.contains,
            tag: self.tag.to_owned(),
            value: self.value.to_string(),
            total: self.total.pack(),
        }
    }
}

/// By name, everything first, then the sub-metrics in the order of the script, then the scenarios.
pub(super) fn sort(series: &mut [Series]) {
    let rank = |of: &Of| match of {
        Of::All => 0,
        Of::Selector(_) => 1,
        Of::Scenario(_) => 2,
    };
    series.sort_by(|a, b| a.metric.cmp(&b.metric).then(rank(&a.of).cmp(&rank(&b.of))));
}

/// The points in steps of so many seconds, moved so many seconds to the right.
pub(super) fn coarser(points: Vec<Point>, step: u32, shift: u32) -> Vec<Point> {
    let mut merged: Vec<Point> = Vec::with_capacity(points.len());
    for mut point in points {
        point.second = point.second.saturating_add(shift) / step * step;
        match merged.last_mut() {
            Some(last) if last.second == point.second => last.value.merge(&point.value),
            _ => merged.push(point),
        }
    }
    merged
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::k6::builtin::{HTTP_REQ_DURATION, HTTP_REQS};

    const START: i64 = 1_000 * SECOND + 400_000_000;

    struct Feed {
        registry: Registry,
        collector: Collector,
    }

    impl Feed {
        fn new(definitions: &[&str]) -> Self {
            let registry = Registry::new();
            let made: Vec<_> = definitions
                .iter()
                .map(|name| Definition::without_thresholds(name, &registry).unwrap())
                .collect();
            Self { collector: Collector::new(Timestamp(START), &made), registry }
        }

        /// Adds a sample, so many milliseconds after second zero.
        fn add(&mut self, metric: &crate::k6::builtin::Builtin, tags: &[(&str, &str)], at: i64, value: f64) {
            let mut set = TagSet::default();
            tags.iter().for_each(|(key, value)| set.set(key, value));
            let series = self.registry.series(self.registry.builtin(metric), self.registry.tag_set(&set));
            let time = Timestamp(1_000 * SECOND + at * 1_000_000);
            self.collector.add(&[Sample { series, time, value }], &self.registry);
        }

        /// The points of a series: second and number of samples.
        fn points(&mut self, name: &str) -> Vec<(u32, u64)> {
            let collected = self.collector.collected();
            let series = collected.series.iter().find(|series| series.full_name() == name);
            let series = series.unwrap_or_else(|| panic!("no {name}"));
            series.points.iter().map(|point| (point.second, point.value.count())).collect()
        }
    }

    #[test]
    fn samples_go_to_their_seconds_however_late_they_come() {
        let mut feed = Feed::new(&[]);
        for at in [500, 900, 1_000, 9_500, 1_999, 700, -3_000, 9_600] {
            feed.add(&HTTP_REQ_DURATION, &[], at, at as f64);
        }
        assert_eq!(feed.points("http_req_duration"), [(0, 4), (1, 2), (9, 2)]);
        // What was asked for in between changes nothing.
        feed.add(&HTTP_REQ_DURATION, &[], 9_700, 1.0);
        assert_eq!(feed.points("http_req_duration"), [(0, 4), (1, 2), (9, 3)]);
        let collected = feed.collector.collected();
        assert_eq!(collected.series[0].total.count(), 9);
        assert_eq!((collected.start, collected.step), (1_000 * SECOND, 1));
    }

    #[test]
    fn sub_metrics_scenarios_and_tags_are_told_apart() {
        let mut feed = Feed::new(&["http_reqs{status:500}"]);
        for (scenario, status) in [("a", "200"), ("a", "500"), ("b", "200")] {
            feed.add(&HTTP_REQS, &[("scenario", scenario), ("status", status), ("group", "")], 10, 1.0);
        }
        assert_eq!(feed.points("http_reqs{status:500}"), [(0, 1)]);
        assert_eq!(feed.points("http_reqs{scenario:a}"), [(0, 2)]);
        let collected = feed.collector.collected();
        let shown = |b: &Breakdown| format!("{}={} {}", b.tag, b.value, b.total.count());
        let breakdowns: Vec<_> = collected.breakdowns.iter().map(shown).collect();
        assert_eq!(breakdowns, ["scenario=a 2", "status=200 2", "status=500 1", "scenario=b 1"]);
    }

    #[test]
    fn memory_is_bounded() {
        let mut feed = Feed::new(&[]);
        feed.collector.most_bytes = 20_000;
        for at in 0..3_000 {
            let name = format!("page {}", at % 150);
            feed.add(&HTTP_REQ_DURATION, &[("name", &name), ("scenario", "a")], at * 1_000, at as f64);
        }
        let collected = feed.collector.collected();
        assert!(collected.step > 1 && collected.step.is_power_of_two(), "{}", collected.step);
        assert_eq!(collected.series.len(), 1, "one scenario alone has no series of its own");
        let series = &collected.series[0];
        assert!(series.points.iter().map(|point| point.value.size()).sum::<usize>() < 20_000);
        assert!(series.points.iter().all(|point| point.second % collected.step == 0));
        assert_eq!(series.points.iter().map(|point| point.value.count()).sum::<u64>(), 3_000);
        let names: Vec<_> = collected.breakdowns.iter().filter(|b| b.tag == "name").collect();
        assert_eq!((names.len(), &*names[MOST_VALUES].value), (MOST_VALUES + 1, OTHERS));
        assert_eq!(names.iter().map(|b| b.total.count()).sum::<u64>(), 3_000);
    }
}
