//! One measurement of a load, as the figures that the search and the table need.

use crate::bench::live::{counter, whole};
use crate::bench::session::Measured;
use crate::metrics::Snapshot;
use crate::metrics::sink::Sink;

/// The figures; times in milliseconds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Trial {
    /// Requests that met the objectives; without any, those that ended well.
    pub good: u64,
    pub total: u64,
    /// Requests that did not end well.
    pub failed: u64,
    /// Of those that ended well.
    pub requests_per_second: f64,
    pub tokens_per_second: f64,
    pub ttft: Percentiles,
    pub tpot: Percentiles,
    pub e2e: Percentiles,
    /// More and more requests went on at once, to the end.
    pub queues_up: bool,
    /// Whether ssek itself was too busy.
    pub suspect: bool,
}

/// Of a trend; zero where there is none.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Percentiles {
    pub p50: f64,
    pub p99: f64,
}

impl Percentiles {
    fn of(snapshot: &Snapshot, name: &str) -> Self {
        match whole(snapshot, name) {
            Some(Sink::Trend(trend)) => Self { p50: trend.percentile(50.0), p99: trend.percentile(99.0) },
            _ => Self::default(),
        }
    }
}

impl Trial {
    /// The figures of a measurement; `open`: requests started by the clock.
    pub fn of(measured: &Measured, open: bool) -> Self {
        let snapshot = &measured.result.snapshot;
        let seconds = snapshot.duration.as_secs_f64().max(f64::MIN_POSITIVE);
        let total = counter(snapshot, "llm_requests");
        let ok_part = snapshot
            .metrics
            .iter()
            .find(|m| m.name == "llm_requests" && m.selector.as_deref() == Some("outcome:ok"));
        let ok = match ok_part.map(|metric| &metric.sink) {
            Some(Sink::Counter(counter)) => counter.sum,
            _ => 0.0,
        };
        let (good, of) = match whole(snapshot, "llm_goodput") {
            Some(Sink::Rate(rate)) if rate.total > 0 => (rate.trues, rate.total),
            _ => (ok as u64, total as u64),
        };
        // What was due and could not start is nobody's good request.
        let dropped = counter(snapshot, "dropped_iterations") as u64;
        Self {
            good,
            total: of + dropped,
            failed: (total - ok) as u64 + dropped,
            requests_per_second: ok / seconds,
            tokens_per_second: counter(snapshot, "llm_completion_tokens_total") / seconds,
            ttft: Percentiles::of(snapshot, "llm_time_to_first_token"),
            tpot: Percentiles::of(snapshot, "llm_time_per_output_token"),
            e2e: Percentiles::of(snapshot, "llm_request_duration"),
            queues_up: open && queues_up(&measured.active),
            suspect: measured.client.as_ref().is_some_and(|client| client.is_suspect()),
        }
    }
}

/// Whether requests in flight, counted at equal distances, were half as many again in the last third of the time as
/// in the middle one, and more than a few.
fn queues_up(active: &[u32]) -> bool {
    let third = active.len() / 3;
    if third == 0 {
        return false;
    }
    let mean = |part: &[u32]| part.iter().map(|count| f64::from(*count)).sum::<f64>() / part.len() as f64;
    let (middle, last) = (mean(&active[third..active.len() - third]), mean(&active[active.len() - third..]));
    last > middle * 1.5 + 3.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queues_that_grow_are_seen() {
        assert!(queues_up(&[10, 20, 40, 60, 80, 100, 120, 140, 160]));
        assert!(!queues_up(&[10, 50, 50, 52, 48, 50, 51, 49, 55]));
        assert!(!queues_up(&[0, 1, 1, 2, 3, 4]) && !queues_up(&[]) && !queues_up(&[1, 900]));
    }
}
