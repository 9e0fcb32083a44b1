//! The end-of-test result, a value, and its faces: text, `handleSummary`'s data, JSON files.
//!
//! Everything here is a pure function of what was measured and of how it is to be shown.

pub mod class;
pub mod client;
pub mod collation;
pub mod data;
pub mod export;
pub mod left_out;
pub mod metric_names;
pub mod number;
pub mod style;
pub mod text;
pub mod verdict;

use std::cmp::Ordering;
use std::time::Duration;

use client::Client;

use crate::k6::builtin;
use crate::k6::duration::TimeUnit;
use crate::metrics::Snapshot;
use crate::metrics::sink::CounterSink;
use crate::metrics::snapshot::MetricSnapshot;
use crate::metrics::trend_stat::TrendStat;
use crate::options::runtime::SummaryMode;

/// What was measured, together with how the user wants to see it.
#[derive(Clone, Debug, Default)]
pub struct Summary {
    pub snapshot: Snapshot,
    /// ssek's own state, where it is of interest.
    pub client: Option<Client>,
    pub options: SummaryOptions,
}

/// How the result is shown.
#[derive(Clone, Debug)]
pub struct SummaryOptions {
    /// The columns of trends, in order.
    pub trend_stats: Vec<TrendStat>,
    /// The unit of all times; `None` picks one by size.
    pub time_unit: Option<TimeUnit>,
    pub mode: SummaryMode,
    /// Whether the figures have ssek's own metrics of event streams, which k6 does not have.
    pub streaming: bool,
    /// Whether the script calls language models with `ssek/llm`: metrics of those names are ssek's then.
    pub models: bool,
    /// Whether they have those of late starts, which it does not have, either.
    pub schedule: bool,
    /// Whether the user asked for no colours.
    pub no_color: bool,
    pub stdout_is_terminal: bool,
    pub stderr_is_terminal: bool,
}

impl Default for SummaryOptions {
    fn default() -> Self {
        Self {
            trend_stats: TrendStat::defaults(),
            time_unit: None,
            mode: SummaryMode::Compact,
            streaming: false,
            models: false,
            schedule: false,
            no_color: false,
            stdout_is_terminal: false,
            stderr_is_terminal: false,
        }
    }
}

impl Summary {
    /// What the summary prints to standard output: the text with the blank lines around it, or
    /// nothing where it is disabled.
    pub fn stdout(&self) -> Option<String> {
        match self.options.mode {
            SummaryMode::Disabled => None,
            SummaryMode::Compact | SummaryMode::Full | SummaryMode::Llm => {
                Some(format!("\n{}\n\n", text::render(self)))
            }
        }
    }
}

impl SummaryOptions {
    /// The heading under which a metric is shown. Names that are ssek's for calls of models are the script's own where
    /// it does not call any.
    fn heading(&self, name: &str) -> &'static str {
        if self.models && class::is_of_models(name) { class::LLM } else { class::heading(name) }
    }

    /// Whether the metric has a place in the figures. One with thresholds has: they have to be told of.
    fn includes(&self, metric: &MetricSnapshot) -> bool {
        let hidden = (!self.streaming && builtin::is_streaming(&metric.name))
            || (!self.schedule && builtin::is_scheduled(&metric.name));
        !hidden || !metric.thresholds.is_empty()
    }
}

/// The order in which metrics are shown: by name, each before its sub-metrics.
pub fn by_name(a: &MetricSnapshot, b: &MetricSnapshot) -> Ordering {
    collation::compare(&a.name, &b.name).then_with(|| match (&a.selector, &b.selector) {
        (Some(a), Some(b)) => collation::compare(a, b),
        (a, b) => a.is_some().cmp(&b.is_some()),
    })
}

/// A counter's growth per second of the run; 0 for a run of no length.
fn per_second(sum: f64, duration: Duration) -> f64 {
    if duration.is_zero() { 0.0 } else { sum / duration.as_secs_f64() }
}

/// [`per_second`] of a counter.
pub fn counter_rate(counter: &CounterSink, duration: Duration) -> f64 {
    per_second(counter.sum, duration)
}

/// The last part of a group path: `inner` of `::outer::inner`.
fn group_name(path: &str) -> &str {
    path.rsplit_once(SEPARATOR).map_or(path, |(_, name)| name)
}

/// The path of the group around a group, `""` for the root.
fn parent_group(path: &str) -> &str {
    path.rsplit_once(SEPARATOR).map_or("", |(parent, _)| parent)
}

/// What k6 puts before each part of a group path.
const SEPARATOR: &str = "::";
