//! The rows of the statistics table: every metric, as a whole and by the values of tags.

use std::collections::HashMap;

use serde::Serialize;

use super::board::Board;
use super::rounded::Rounded;
use crate::metrics::sink::Sink;
use crate::metrics::{Contains, Kind, Packed};
use crate::record::{Breakdown, Of};

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

/// How many values of a tag a metric has rows for.
const MOST_VALUES: usize = 40;

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
    let parts = most_frequent(&board.breakdowns);
    let parts = parts.into_iter().filter(|part| !only_few || FEW.contains(&part.tag.as_str()));
    let parts = parts.filter_map(|part| {
        row(&part.metric, part.kind, part.contains, (&part.tag, &part.value), &part.total)
    });
    let mut rows: Vec<_> = lanes.chain(parts).collect();
    // Stable: values stay in the order in which they came up.
    rows.sort_by(|a, b| a.metric.cmp(&b.metric));
    rows
}

/// Of each metric and tag the values that came most often, in the order in which they came up.
fn most_frequent(parts: &[Breakdown]) -> Vec<&Breakdown> {
    let mut by_tag: HashMap<(&str, &str), Vec<u64>> = HashMap::new();
    for part in parts {
        by_tag.entry((&part.metric, &part.tag)).or_default().push(part.total.count());
    }
    for counts in by_tag.values_mut() {
        counts.sort_unstable_by(|a, b| b.cmp(a));
    }
    // Of those that came as often as the last one that is shown, the first.
    let mut ties: HashMap<(&str, &str), usize> = HashMap::new();
    let mut shown = Vec::new();
    for part in parts {
        let key = (part.metric.as_str(), part.tag.as_str());
        let counts = &by_tag[&key];
        let places = counts.len().min(MOST_VALUES);
        let (count, least) = (part.total.count(), counts[places - 1]);
        if count == least {
            let ties = ties.entry(key).or_default();
            *ties += 1;
            if *ties <= places - counts.partition_point(|count| *count > least) {
                shown.push(part);
            }
        } else if count > least {
            shown.push(part);
        }
    }
    shown
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::sink::CounterSink;

    #[test]
    fn the_values_that_came_most_often_are_shown() {
        let part = |value: u64| Breakdown {
            metric: "http_reqs".to_owned(),
            kind: Kind::Counter,
            contains: Contains::Default,
            tag: "name".to_owned(),
            value: value.to_string(),
            total: Packed::Counter(CounterSink { sum: 1.0, count: value / 2 }),
        };
        let parts: Vec<_> = (1..=100).map(part).collect();
        let shown: Vec<_> = most_frequent(&parts).iter().map(|part| part.value.clone()).collect();
        assert_eq!((shown.len(), shown[0].as_str(), shown[39].as_str()), (40, "60", "100"));
        assert_eq!(most_frequent(&parts[..3]).len(), 3);
    }
}
