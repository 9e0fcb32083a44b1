//! The sinks at an instant: what the summary, the progress lines and the REST API read.

use std::time::Duration;

use super::sink::Sink;
use super::{Contains, Kind};

/// Everything measured up to one moment.
#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    /// The run clock: from just before `setup()`, without what is left out; what counter rates are divided by.
    pub duration: Duration,
    /// What is in neither the duration nor the figures: the warm-up and the cool-down.
    pub left_out: (Duration, Duration),
    /// Metrics and sub-metrics that have samples or thresholds, in no particular order.
    pub metrics: Vec<MetricSnapshot>,
    /// Checks in first-seen order, one entry per (scenario, group, name).
    pub checks: Vec<CheckSnapshot>,
    /// Group paths (`::outer::inner`) in first-seen order, the root (`""`) left out. A path's
    /// parents are listed before it. `setup()` and `teardown()`, whose samples have such paths
    /// too, are no groups.
    pub groups: Vec<String>,
    /// The same metrics split by scenario and by group; empty unless the engine was asked for it
    /// (`--summary-mode=full`).
    pub sections: Vec<Section>,
}

/// One metric or sub-metric.
#[derive(Clone, Debug)]
pub struct MetricSnapshot {
    /// The metric's own name, without a selector.
    pub name: String,
    /// What stands between the braces of a sub-metric as the user wrote it: `status:200`.
    pub selector: Option<String>,
    pub kind: Kind,
    pub contains: Contains,
    pub sink: Sink,
    /// In the order in which the script lists them.
    pub thresholds: Vec<ThresholdSnapshot>,
}

impl MetricSnapshot {
    /// `name` or `name{selector}`.
    pub fn full_name(&self) -> String {
        match &self.selector {
            Some(selector) => format!("{}{{{selector}}}", self.name),
            None => self.name.clone(),
        }
    }
}

/// One threshold and how its last evaluation went.
#[derive(Clone, Debug, PartialEq)]
pub struct ThresholdSnapshot {
    /// The expression as written: `p(95)<500`.
    pub source: String,
    pub ok: bool,
}

/// The counts of one check in one group of one scenario.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckSnapshot {
    /// The scenario's name; `None` for samples without a scenario tag (setup, teardown).
    pub scenario: Option<String>,
    /// `""` for the root, else `::outer::inner`.
    pub group: String,
    pub name: String,
    pub passes: u64,
    pub fails: u64,
}

/// The metrics of one scenario, or of one group in it.
#[derive(Clone, Debug)]
pub struct Section {
    /// As in [`CheckSnapshot::scenario`].
    pub scenario: Option<String>,
    /// `""` for the scenario as a whole (samples of all its groups), else the group's path
    /// (samples of that group and of the groups inside it).
    pub group: String,
    /// Whole metrics only: neither sub-metrics nor thresholds.
    pub metrics: Vec<MetricSnapshot>,
}
