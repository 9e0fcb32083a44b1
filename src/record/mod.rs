//! The record of a run, a value: what was measured in every second, which requests there were, on which machine.
//!
//! [`Collector`] makes one of samples; [`file`] writes and reads it; reports, summaries and comparisons are
//! made of it.

mod client;
pub mod collector;
pub mod compare;
pub mod file;
mod line;
pub mod merge;
pub mod meta;
pub mod recorder;
pub mod secrets;
mod summary;

use crate::metrics::trace::RequestTrace;
use crate::metrics::{Contains, Kind, Packed, Snapshot};
use crate::summary::client::Client;

pub use collector::{Collected, Collector};
pub use meta::{Host, Meta};
pub use recorder::{Origin, Recorder};

/// The version of the file format that this ssek writes, and the latest that it reads.
pub const VERSION: u32 = 1;

/// A run, or several that were merged.
#[derive(Clone, Debug, Default)]
pub struct Record {
    pub meta: Meta,
    /// How many seconds one point of a series stands for: 1, and in long runs with many series a power of two.
    pub step: u32,
    /// Metrics over time: for each metric everything, then its sub-metrics, then, where there are several
    /// scenarios, each of them. By name, in that order.
    pub series: Vec<Series>,
    /// Metrics by the values of a tag, whole runs.
    pub breakdowns: Vec<Breakdown>,
    /// The last figures: totals, thresholds, checks, groups, and metrics by scenario and group. Trends of a few
    /// thousand values are exact in it.
    pub snapshot: Snapshot,
    /// ssek's own state and the verdict on it, where it was judged.
    pub client: Option<Client>,
    /// Whether the run came to its end; else this is what a run that was killed has left.
    pub complete: bool,
    /// What the process ended with.
    pub exit_code: u8,
    /// An unbiased sample of the requests, by start.
    pub requests: Vec<RequestTrace>,
    /// Of how many requests it is a sample.
    pub request_count: u64,
    /// Samples that the record lacks, because the machine was too slow. The snapshot has them.
    pub missing: u64,
}

/// A metric, or some of its samples, over time.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    pub metric: String,
    pub kind: Kind,
    pub contains: Contains,
    pub of: Of,
    /// In ascending order; steps without samples have none.
    pub points: Vec<Point>,
    pub total: Packed,
}

/// Which samples of a metric.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Of {
    All,
    /// Those of a sub-metric: its tags as the user wrote them, `status:200`.
    Selector(String),
    /// Those of a scenario.
    Scenario(String),
}

/// A step of a series.
#[derive(Clone, Debug, PartialEq)]
pub struct Point {
    /// Where the step begins: seconds since [`Meta::second_zero`].
    pub second: u32,
    pub value: Packed,
}

/// All samples of a metric that have one value of one tag.
#[derive(Clone, Debug, PartialEq)]
pub struct Breakdown {
    pub metric: String,
    pub kind: Kind,
    pub contains: Contains,
    /// One of [`TAGS`].
    pub tag: String,
    /// Or [`OTHERS`].
    pub value: String,
    pub total: Packed,
}

/// The tags by which metrics are broken down.
pub const TAGS: &[&str] = &[
    "scenario",
    "group",
    "name",
    "outcome",
    "model",
    "status",
    "finish_reason",
    "method",
    "error_code",
    "expected_response",
];

/// How many values of a tag are told apart for one metric.
pub const MOST_VALUES: usize = 100;

/// Stands for all further values of a tag.
pub const OTHERS: &str = "(others)";

impl Record {
    /// The series of a metric with all its samples.
    pub fn whole(&self, metric: &str) -> Option<&Series> {
        self.series.iter().find(|series| series.metric == metric && series.of == Of::All)
    }

    /// How long the run was measured, in seconds; what counters are divided by.
    pub fn duration(&self) -> f64 {
        self.snapshot.duration.as_secs_f64()
    }

    /// The values of a tag that a metric was broken down by, in first-seen order.
    pub fn by<'a>(&'a self, metric: &'a str, tag: &'a str) -> impl Iterator<Item = &'a Breakdown> {
        self.breakdowns.iter().filter(move |found| found.metric == metric && found.tag == tag)
    }
}

impl Series {
    /// `name`, `name{status:200}` or `name{scenario:a}`.
    pub fn full_name(&self) -> String {
        match &self.of {
            Of::All => self.metric.clone(),
            Of::Selector(tags) => format!("{}{{{tags}}}", self.metric),
            Of::Scenario(name) => format!("{}{{scenario:{name}}}", self.metric),
        }
    }
}
