//! The rows of the statistics table: every metric, as a whole and by the values of tags.

use serde::Serialize;

use super::board::Board;
use super::rounded::Rounded;
use crate::metrics::sink::Sink;
use crate::metrics::{Contains, Kind, Packed};
use crate::record::Of;

/// One row. Which figures there are depends on the kind: of trends all from `mean` to `sd`, of counters `sum`,
/// of rates `trues` and `total`, of gauges `last`, `min` and `max`. Times are milliseconds.
#[derive(Clone, Debug, Serialize)]
pub struct Row {
    pub metric: String,
    pub kind: &'static str,
    pub contains: &'static str,
    /// By which tag it is split: empty for the whole test, `selector` for sub-metrics.
    pub tag: String,
    pub value: String,
    #[serde(flatten)]
    pub figures: Figures,
}

/// The figures of a row.
#[derive(Clone, Debug, Serialize)]
#[serde(untagged)]
pub enum Figures {
    Counter {
        sum: Rounded,
    },
    Gauge {
        last: Rounded,
        min: Rounded,
        max: Rounded,
    },
    Rate {
        trues: u64,
        total: u64,
    },
    Trend {
        count: u64,
        mean: Rounded,
        min: Rounded,
        p50: Rounded,
        p90: Rounded,
        p95: Rounded,
        p99: Rounded,
        p999: Rounded,
        max: Rounded,
        sd: Rounded,
    },
}

/// The tags of rows that the page needs for its cards, or that are few.
const FEW: &[&str] = &["scenario", "outcome"];

/// All rows: of the whole test, by sub-metric and by tags; or only the few that a page that is open needs again
/// and again.
pub fn rows(board: &Board, only_few: bool) -> Vec<Row> {
    let lanes = board.lanes.iter().filter_map(|lane| {
        let (tag, value) = match &lane.of {
            Of::All => ("", ""),
            Of::Selector(text) => ("selector", text.as_str()),
            // These are breakdowns, too.
            Of::Scenario(_) => return None,
        };
        row(&lane.metric, lane.kind, lane.contains, (tag, value), &lane.total)
    });
    let parts = board.breakdowns.iter().filter(|part| !only_few || FEW.contains(&part.tag.as_str()));
    let parts = parts.filter_map(|part| {
        row(&part.metric, part.kind, part.contains, (&part.tag, &part.value), &part.total)
    });
    let mut rows: Vec<_> = lanes.chain(parts).collect();
    // Stable: values stay in the order in which they came up.
    rows.sort_by(|a, b| a.metric.cmp(&b.metric));
    rows
}

fn row(
    metric: &str,
    kind: Kind,
    contains: Contains,
    (tag, value): (&str, &str),
    total: &Packed,
) -> Option<Row> {
    (total.count() > 0).then(|| Row {
        metric: metric.to_owned(),
        kind: kind.name(),
        contains: contains.name(),
        tag: tag.to_owned(),
        value: value.to_owned(),
        figures: figures(total),
    })
}

fn figures(total: &Packed) -> Figures {
    if let Some(trend) = total.trend() {
        let percentile = |p| Rounded(trend.percentile(p));
        return Figures::Trend {
            count: trend.count(),
            mean: Rounded(trend.mean()),
            min: Rounded(trend.min()),
            p50: percentile(50.0),
            p90: percentile(90.0),
            p95: percentile(95.0),
            p99: percentile(99.0),
            p999: percentile(99.9),
            max: Rounded(trend.max()),
            sd: Rounded(trend.deviation()),
        };
    }
    match total.sink() {
        Sink::Gauge(gauge) => {
            Figures::Gauge { last: Rounded(gauge.value), min: Rounded(gauge.min), max: Rounded(gauge.max) }
        }
        Sink::Rate(rate) => Figures::Rate { trues: rate.trues, total: rate.total },
        Sink::Counter(counter) => Figures::Counter { sum: Rounded(counter.sum) },
        Sink::Trend(trend) => Figures::Counter { sum: Rounded(trend.sum()) },
    }
}
