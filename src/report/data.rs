//! What the page reads: everything that it shows, as one JSON text.

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::board::{Board, Lane};
use super::distribution::Distribution;
use super::gaps::Gaps;
use super::outcomes::Outcomes;
use super::rounded::{Rounded, all};
use super::sampled::{self, Sampled};
use super::statistics::{self, Row};
use crate::metrics::packed::PackedTrend;
use crate::metrics::sink::Sink;
use crate::metrics::snapshot::{CheckSnapshot, MetricSnapshot};
use crate::metrics::{Kind, Packed, Snapshot};
use crate::record::{Meta, Of, Record};
use crate::summary::client::Client;
use crate::summary::style::Style;

/// The form of the data; the page and this file change together.
const FORMAT: u32 = 1;

/// How many series of whole metrics, and how many of scenarios, a page has at most.
const MOST_LANES: usize = 60;

/// How many scenarios can be chosen.
const MOST_SCENARIOS: usize = 12;

/// All that the page shows.
#[derive(Clone, Debug, Serialize)]
pub struct Data {
    format: u32,
    /// Whether the page is to ask for more.
    live: bool,
    /// The first bin of all arrays.
    from: usize,
    meta: Value,
    verdict: Value,
    grid: Grid,
    scenarios: Vec<String>,
    series: Vec<Value>,
    statistics: Vec<Row>,
    outcomes: Option<Outcomes>,
    gaps: Option<Gaps>,
    distributions: Vec<Distribution>,
    requests: Vec<Sampled>,
}

/// The bins that all series share.
#[derive(Clone, Copy, Debug, Serialize)]
struct Grid {
    /// Seconds.
    width: u32,
    bins: usize,
    seconds: u32,
}

/// What is told beside the figures.
#[derive(Clone, Debug, Default)]
pub struct About {
    pub meta: Meta,
    /// How long the run was measured, in seconds.
    pub duration: f64,
    /// `None` while the run goes on.
    pub exit_code: Option<u8>,
    /// A metric or sub-metric, the expression, whether it holds.
    pub thresholds: Vec<(String, String, bool)>,
    pub checks: Vec<CheckSnapshot>,
    pub client: Option<Client>,
}

/// How much of a run that goes on a page is to be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// All there is, for a page that has nothing.
    Whole,
    /// What is new since a second, for a page that has the rest.
    Since(u32),
}

impl Data {
    /// The data of a report.
    pub fn of(record: &Record, board: &Board) -> Self {
        let mut data = Self::live(&About::of(record), board, Part::Whole);
        data.live = false;
        data.requests = sampled::requests(&record.requests, record.meta.start);
        data
    }

    /// Whether the page is to ask for more.
    pub fn is_live(&self) -> bool {
        self.live
    }

    /// The title of the page.
    pub fn title(&self) -> String {
        let name = self.meta["name"].as_str().unwrap_or_default();
        if name.is_empty() { "ssek".to_owned() } else { format!("{name} · ssek") }
    }

    /// As the page reads it.
    pub fn json(&self) -> String {
        // Strings, numbers and lists of them can always be written.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// The data of a run that goes on.
    pub fn live(about: &About, board: &Board, part: Part) -> Self {
        let from = match part {
            Part::Whole => 0,
            Part::Since(second) => ((second / board.width) as usize).min(board.bins()),
        };
        let mut scenarios = board.scenarios();
        if scenarios.len() < 2 {
            // The only one is the whole.
            scenarios.clear();
        }
        scenarios.truncate(MOST_SCENARIOS);
        Self {
            format: FORMAT,
            live: true,
            from,
            meta: about.meta(),
            verdict: about.verdict(),
            grid: Grid { width: board.width, bins: board.bins(), seconds: board.seconds },
            series: series(board, &scenarios, from),
            scenarios: scenarios.into_iter().map(str::to_owned).collect(),
            statistics: statistics::rows(board, part != Part::Whole),
            outcomes: Outcomes::of(board),
            gaps: Gaps::of(board),
            distributions: Distribution::of(board),
            requests: Vec::new(),
        }
    }
}

impl About {
    fn of(record: &Record) -> Self {
        Self {
            meta: record.meta.clone(),
            duration: record.duration(),
            exit_code: Some(record.exit_code),
            thresholds: thresholds(&record.snapshot),
            checks: record.snapshot.checks.clone(),
            client: record.client.clone(),
        }
    }

    /// What people call the run.
    pub fn name(&self) -> &str {
        let target = &self.meta.target;
        match self.meta.name.as_str() {
            "" if target.contains("://") => target,
            "" => target.rsplit(['/', '\\']).next().unwrap_or(target),
            name => name,
        }
    }

    fn meta(&self) -> Value {
        let Meta { host, .. } = &self.meta;
        let mut machine = vec![format!("{} {}", host.os, host.arch), format!("{} CPUs", host.cpus)];
        if host.memory > 0 {
            machine.push(format!("{:.1} GiB", host.memory as f64 / (1_u64 << 30) as f64));
        }
        let mut details: Vec<(&str, String)> =
            self.meta.env.iter().map(|(name, value)| (name.as_str(), value.clone())).collect();
        if let Value::Object(options) = &self.meta.options {
            details
                .extend(options.iter().filter(|(_, v)| is_set(v)).map(|(k, v)| (k.as_str(), v.to_string())));
        }
        json!({
            "name": self.name(),
            "script": self.meta.target,
            "model": (!self.meta.models.is_empty()).then(|| self.meta.models.join(", ")),
            "start": self.meta.start / 1_000_000,
            "duration": Rounded(self.duration),
            "ssek": self.meta.ssek,
            "command": self.meta.command.join(" "),
            "host": machine.join(" · "),
            "runs": self.meta.runs,
            "details": details,
        })
    }

    fn verdict(&self) -> Value {
        let thresholds = self
            .thresholds
            .iter()
            .map(|(metric, source, ok)| json!({ "metric": metric, "source": source, "ok": ok }));
        let checks = self.checks.iter().map(|check| {
            json!({
                "scenario": check.scenario,
                "group": check.group,
                "name": check.name,
                "passes": check.passes,
                "fails": check.fails,
            })
        });
        json!({
            "exit": self.exit_code,
            "thresholds": thresholds.collect::<Vec<_>>(),
            "checks": checks.collect::<Vec<_>>(),
            "client": self.client.as_ref().map(client),
        })
    }
}

/// Whether an option says anything.
fn is_set(option: &Value) -> bool {
    match option {
        Value::Null => false,
        Value::Array(list) => !list.is_empty(),
        Value::Object(map) => !map.is_empty(),
        Value::String(text) => !text.is_empty(),
        _ => true,
    }
}

fn thresholds(snapshot: &Snapshot) -> Vec<(String, String, bool)> {
    let of = |metric: &MetricSnapshot| {
        let name = metric.full_name();
        metric
            .thresholds
            .iter()
            .map(move |one| (name.clone(), one.source.clone(), one.ok))
            .collect::<Vec<_>>()
    };
    let mut found: Vec<_> = snapshot.metrics.iter().flat_map(of).collect();
    // Stable: those of one metric stay in the order of the script.
    found.sort_by(|a, b| a.0.cmp(&b.0));
    found
}

/// The verdict on ssek itself, and what it is founded on.
fn client(client: &Client) -> Value {
    let line = client.line(Style { color: false });
    let figures = line.split(" → ").next().unwrap_or_default();
    let figures = figures.strip_prefix("client: ").unwrap_or(figures);
    let mut notes = vec![figures.to_owned()];
    notes.extend(Some(client.reason()).filter(|reason| !reason.is_empty()));
    json!({ "verdict": client.value()["verdict"], "notes": notes })
}

/// The series of whole metrics, and of the scenarios that can be chosen.
fn series(board: &Board, scenarios: &[&str], from: usize) -> Vec<Value> {
    let filled = || board.lanes.iter().filter(|lane| lane.total.count() > 0);
    let whole = filled().filter(|lane| lane.of == Of::All).take(MOST_LANES);
    let of_scenario = filled().filter(|lane| match &lane.of {
        Of::Scenario(name) => scenarios.contains(&name.as_str()),
        _ => false,
    });
    let bins = board.bins();
    whole.chain(of_scenario.take(MOST_LANES)).map(|lane| one_series(lane, from, bins)).collect()
}

fn one_series(lane: &Lane, from: usize, bins: usize) -> Value {
    let mut made = Map::new();
    made.insert("metric".to_owned(), lane.metric.clone().into());
    made.insert("kind".to_owned(), lane.kind.name().into());
    made.insert("contains".to_owned(), lane.contains.name().into());
    let scenario = match &lane.of {
        Of::Scenario(name) => name.as_str(),
        _ => "",
    };
    made.insert("scenario".to_owned(), scenario.into());
    let mut put = |name: &str, figure: &dyn Fn(&Packed) -> f64| {
        made.insert(name.to_owned(), json!(all(lane.map(from, bins, figure))));
    };
    match lane.kind {
        Kind::Trend => {
            let trend = |bin: &Packed, figure: &dyn Fn(&PackedTrend) -> f64| bin.trend().map_or(0.0, figure);
            put("count", &|bin| trend(bin, &|t| t.count() as f64));
            put("mean", &|bin| trend(bin, &|t| t.mean()));
            put("min", &|bin| trend(bin, &|t| t.min()));
            put("max", &|bin| trend(bin, &|t| t.max()));
            for (name, p) in [("p50", 50.0), ("p90", 90.0), ("p95", 95.0), ("p99", 99.0)] {
                put(name, &|bin| trend(bin, &|t| t.percentile(p)));
            }
        }
        Kind::Counter => put("sum", &|bin| match bin.sink() {
            Sink::Counter(counter) => counter.sum,
            _ => 0.0,
        }),
        Kind::Gauge => put("value", &|bin| match bin.sink() {
            Sink::Gauge(gauge) => gauge.value,
            _ => 0.0,
        }),
        Kind::Rate => {
            put("trues", &|bin| match bin.sink() {
                Sink::Rate(rate) => rate.trues as f64,
                _ => 0.0,
            });
            put("total", &|bin| bin.count() as f64);
        }
    }
    Value::Object(made)
}
