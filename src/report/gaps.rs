//! The gaps between events as a heat map: how many there were of each length in each bin.

use std::collections::BTreeMap;

use serde::Serialize;

use super::board::{Board, Lane};
use super::rounded::{Rounded, all};
use crate::metrics::packed::PackedTrend;

/// Rows of lengths that grow by the same factor, and the cells that are not empty.
#[derive(Clone, Debug, Serialize)]
pub struct Gaps {
    pub metric: &'static str,
    /// The lower edge of row 0, in milliseconds.
    pub shortest: f64,
    /// How many rows there are to ten times the length.
    pub decade: f64,
    /// Bin, row, count.
    pub cells: Vec<(usize, usize, u64)>,
    /// By bin, in milliseconds.
    pub p50: Vec<Option<Rounded>>,
    pub p99: Vec<Option<Rounded>>,
}

/// The metrics that have gaps, the better first.
const METRICS: &[&str] = &["sse_event_gap", "llm_inter_token_latency"];

const ROWS_PER_DECADE: f64 = 8.0;
/// The lower edge of row 0, in milliseconds. Shorter gaps are in it, too: those of events that were read at once.
const SHORTEST: f64 = 0.1;
/// How many rows there can be: up to a hundred seconds.
const MOST_ROWS: usize = 48;

impl Gaps {
    /// The gaps of a board, from a bin on; `None` where it has none at all.
    pub fn of(board: &Board, from: usize) -> Option<Self> {
        let found = METRICS.iter().find_map(|metric| Some((*metric, board.whole(metric)?)));
        let (metric, lane) = found.filter(|(_, lane)| lane.total.count() > 0)?;
        let bins = board.bins();
        let percentile = |p| {
            let values = lane.map(from, bins, |bin| bin.trend().map_or(0.0, |trend| trend.percentile(p)));
            // Its axis is logarithmic.
            all(values.into_iter().map(|value| value.map(|value| value.max(SHORTEST))).collect())
        };
        Some(Self {
            metric,
            shortest: SHORTEST,
            decade: ROWS_PER_DECADE,
            cells: cells(lane, from),
            p50: percentile(50.0),
            p99: percentile(99.0),
        })
    }
}

fn cells(lane: &Lane, from: usize) -> Vec<(usize, usize, u64)> {
    let bins = lane.bins.iter().enumerate().skip(from);
    let trends = bins.filter_map(|(bin, value)| Some((bin, value.as_ref()?.trend()?)));
    trends.flat_map(|(bin, trend)| rows(trend).into_iter().map(move |(row, n)| (bin, row, n))).collect()
}

/// How many values each row has.
fn rows(trend: &PackedTrend) -> BTreeMap<usize, u64> {
    let mut rows = BTreeMap::new();
    for (value, count) in trend.values() {
        *rows.entry(row(value)).or_default() += count;
    }
    rows
}

fn row(value: f64) -> usize {
    if value <= SHORTEST {
        return 0;
    }
    (((value / SHORTEST).log10() * ROWS_PER_DECADE) as usize).min(MOST_ROWS - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The lower edge of a row, as the page computes it.
    fn edge(row: usize) -> f64 {
        SHORTEST * 10_f64.powf(row as f64 / ROWS_PER_DECADE)
    }

    #[test]
    fn a_value_is_between_the_edges_of_its_row() {
        for value in [0.1001, 0.5, 1.0, 19.7, 250.0, 99_000.0] {
            let row = row(value);
            assert!(edge(row) <= value * 1.000_001 && value < edge(row + 1), "{value} in row {row}");
        }
        assert_eq!((row(0.0), row(-1.0), row(1e9)), (0, 0, MOST_ROWS - 1));
    }
}
