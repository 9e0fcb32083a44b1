//! The series of the charts: of each kind of metric what can be drawn of it.

use serde_json::{Map, Value, json};

use super::board::{Board, Lane};
use super::rounded::all;
use crate::metrics::packed::PackedTrend;
use crate::metrics::sink::Sink;
use crate::metrics::{Kind, Packed};
use crate::record::Of;

/// How many series of whole metrics, and how many of scenarios, a page has at most.
const MOST: usize = 60;

/// The series of whole metrics, and of these scenarios, from a bin on.
pub fn series(board: &Board, scenarios: &[&str], from: usize) -> Vec<Value> {
    let filled = || board.lanes.iter().filter(|lane| lane.total.count() > 0);
    let whole = filled().filter(|lane| lane.of == Of::All).take(MOST);
    let of_scenario = filled().filter(|lane| match &lane.of {
        Of::Scenario(name) => scenarios.contains(&name.as_str()),
        _ => false,
    });
    let bins = board.bins();
    whole.chain(of_scenario.take(MOST)).map(|lane| one(lane, from, bins)).collect()
}

fn one(lane: &Lane, from: usize, bins: usize) -> Value {
    let scenario = match &lane.of {
        Of::Scenario(name) => name.as_str(),
        _ => "",
    };
    let mut made = Map::new();
    for (key, value) in [
        ("metric", lane.metric.as_str()),
        ("kind", lane.kind.name()),
        ("contains", lane.contains.name()),
        ("scenario", scenario),
    ] {
        made.insert(key.to_owned(), value.into());
    }
    for (name, figure) in figures(lane.kind) {
        made.insert((*name).to_owned(), json!(all(lane.map(from, bins, figure))));
    }
    Value::Object(made)
}

/// A name in the page's data, and how to get the figure.
type Figure = (&'static str, fn(&Packed) -> f64);

fn figures(kind: Kind) -> &'static [Figure] {
    match kind {
        Kind::Trend => &[
            ("count", |bin| bin.count() as f64),
            ("mean", |bin| trend(bin, PackedTrend::mean)),
            ("min", |bin| trend(bin, PackedTrend::min)),
            ("max", |bin| trend(bin, PackedTrend::max)),
            ("p50", |bin| trend(bin, |trend| trend.percentile(50.0))),
            ("p90", |bin| trend(bin, |trend| trend.percentile(90.0))),
            ("p95", |bin| trend(bin, |trend| trend.percentile(95.0))),
            ("p99", |bin| trend(bin, |trend| trend.percentile(99.0))),
        ],
        Kind::Counter => &[("sum", |bin| match bin.sink() {
            Sink::Counter(counter) => counter.sum,
            _ => 0.0,
        })],
        Kind::Gauge => &[("value", |bin| match bin.sink() {
            Sink::Gauge(gauge) => gauge.value,
            _ => 0.0,
        })],
        Kind::Rate => &[
            ("total", |bin| bin.count() as f64),
            ("trues", |bin| match bin.sink() {
                Sink::Rate(rate) => rate.trues as f64,
                _ => 0.0,
            }),
        ],
    }
}

fn trend(bin: &Packed, figure: impl Fn(&PackedTrend) -> f64) -> f64 {
    bin.trend().map_or(0.0, figure)
}
