//! How requests ended, over time.

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::board::{Board, Lane};
use super::rounded::{Rounded, all};
use crate::metrics::Packed;
use crate::metrics::sink::Sink;
use crate::record::Of;

/// The counts of each outcome by bin.
#[derive(Clone, Debug, Serialize)]
pub struct Outcomes {
    pub metric: &'static str,
    /// Of an outcome's name: how many there were in each bin.
    pub values: Map<String, Value>,
}

/// Counters with a tag `outcome`, the better first.
const COUNTERS: &[&str] = &["llm_requests", "sse_streams"];

/// The rate that tells of plain requests.
const FAILED: &str = "http_req_failed";

impl Outcomes {
    /// Those of a board, from a bin on; `None` where it has none at all.
    pub fn of(board: &Board, from: usize) -> Option<Self> {
        let mut counted = COUNTERS.iter().filter_map(|metric| Self::counted(board, metric, from));
        counted.next().or_else(|| Self::requests(board, from))
    }

    fn counted(board: &Board, metric: &'static str, from: usize) -> Option<Self> {
        let mut values = Map::new();
        for lane in board.lanes.iter().filter(|lane| lane.metric == metric && lane.total.count() > 0) {
            let Of::Selector(selector) = &lane.of else { continue };
            let Some(outcome) = selector.strip_prefix("outcome:") else { continue };
            values.insert(outcome.to_owned(), json!(sums(lane, from, board.bins())));
        }
        (!values.is_empty()).then_some(Self { metric, values })
    }

    fn requests(board: &Board, from: usize) -> Option<Self> {
        let lane = board.whole(FAILED).filter(|lane| lane.total.count() > 0)?;
        let count = |of: fn(u64, u64) -> u64| {
            let count = |bin: &Packed| match bin.sink() {
                Sink::Rate(rate) => of(rate.trues, rate.total) as f64,
                _ => 0.0,
            };
            all(lane.map(from, board.bins(), count))
        };
        let mut values = Map::new();
        values.insert("ok".to_owned(), json!(count(|trues, total| total - trues)));
        values.insert("failed".to_owned(), json!(count(|trues, _| trues)));
        Some(Self { metric: FAILED, values })
    }
}

fn sums(lane: &Lane, from: usize, bins: usize) -> Vec<Option<Rounded>> {
    let sum = |bin: &Packed| match bin.sink() {
        Sink::Counter(counter) => counter.sum,
        _ => 0.0,
    };
    all(lane.map(from, bins, sum))
}
