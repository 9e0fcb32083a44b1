//! What the page reads: everything that it shows, as one JSON text.

use serde::Serialize;
use serde_json::Value;

use super::about::About;
use super::board::Board;
use super::distribution::Distribution;
use super::gaps::Gaps;
use super::lines;
use super::outcomes::Outcomes;
use super::sampled::{self, Sampled};
use super::statistics::{self, Row};
use crate::record::Record;

/// The form of the data; the page and this file change together.
const FORMAT: u32 = 1;

/// How many scenarios can be chosen.
const MOST_SCENARIOS: usize = 12;

/// How many requests a report shows, and how many a run that goes on.
const MOST_REQUESTS: usize = 100;
const MOST_LIVE: usize = 25;

/// All that the page shows.
#[derive(Clone, Debug, Serialize)]
pub struct Data {
    format: u32,
    /// Whether the page is to ask for more.
    live: bool,
    /// Counts what a page that is open has been told.
    tick: u64,
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
        Self { live: false, ..Self::made(&About::of(record), board, Part::Whole, MOST_REQUESTS) }
    }

    /// The data of a run that goes on.
    pub fn live(about: &About, board: &Board, part: Part) -> Self {
        Self::made(about, board, part, MOST_LIVE)
    }

    fn made(about: &About, board: &Board, part: Part, most_requests: usize) -> Self {
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
            tick: about.tick,
            from,
            meta: about.meta(),
            verdict: about.verdict(),
            grid: Grid { width: board.width, bins: board.bins(), seconds: board.seconds },
            series: lines::series(board, &scenarios, from),
            scenarios: scenarios.into_iter().map(str::to_owned).collect(),
            statistics: statistics::rows(board, part != Part::Whole),
            outcomes: Outcomes::of(board, from),
            gaps: Gaps::of(board, from),
            distributions: Distribution::of(board),
            requests: sampled::requests(&about.requests, about.meta.second_zero(), most_requests),
        }
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
}
