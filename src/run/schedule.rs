//! What a run tells of iterations that start later than they were due.

use crate::executor::{Law, Plan};
use crate::k6::builtin;
use crate::log;
use crate::metrics::sink::Sink;
use crate::metrics::{Definition, Snapshot};
use crate::options::runtime::StreamingMode;
use crate::options::{Resolved, RuntimeOptions};
use crate::summary::client::milliseconds;
use crate::vu::Test;

/// Later than this is late, in milliseconds: no timer and no scheduler of an idle machine explains it.
const LATE: f64 = 100.0;
/// With so many iterations one in a hundred is enough for the warning; with fewer it takes half of them.
const MANY: u64 = 100;

/// Registers the metrics where a scenario has an open model. Goes before the thresholds are read.
pub fn prepare(test: &Test, resolved: &Resolved) {
    let options = &resolved.options;
    let mut plans = options.scenarios_with_work().map(|scenario| scenario.executor.plan(&options.share));
    if plans.any(|plan| matches!(plan, Plan::Open(_))) && !test.schedule.prepare(test) {
        let names = builtin::SCHEDULED.iter().map(|metric| metric.name).collect::<Vec<_>>().join(" or ");
        log::debug(format!("the script has a metric {names} of its own, so late starts are not measured"));
    }
}

/// Decides whether the summary has the metrics: where something asks for them that k6 does not have. What the
/// script made itself is always there.
pub fn decide(
    test: &Test,
    resolved: &Resolved,
    definitions: &[Definition],
    runtime: &RuntimeOptions,
) -> bool {
    let watched = |definition: &Definition| {
        builtin::is_scheduled(&definition.metric.name) && !definition.thresholds.is_empty()
    };
    let beyond_k6 = || resolved.options.scenarios.iter().any(|s| *s.executor.law() != Law::Even);
    let asked = match runtime.streaming {
        StreamingMode::On => true,
        StreamingMode::Off => false,
        StreamingMode::Auto => test.streaming.is_asked() || beyond_k6() || definitions.iter().any(watched),
    };
    asked || !test.schedule.is_on()
}

/// Warns where iterations started so late that what they measured is not what the plan asked for.
pub fn warn_if_late(test: &Test, snapshot: &Snapshot) {
    if !test.schedule.is_on() {
        return;
    }
    let delay = snapshot
        .metrics
        .iter()
        .find(|metric| metric.name == builtin::SCHEDULE_DELAY.name && metric.selector.is_none());
    let Some(Sink::Trend(delay)) = delay.map(|metric| &metric.sink) else { return };
    if let Some(text) = lateness(delay.count(), delay.med(), delay.percentile(99.0), delay.max()) {
        log::warn(text);
    }
}

/// The warning, if there is one to give; times in milliseconds.
fn lateness(count: u64, median: f64, p99: f64, max: f64) -> Option<String> {
    let usual = if count >= MANY { p99 } else { median };
    (count > 0 && usual > LATE).then(|| {
        format!(
            "Iterations started later than they were due (schedule_delay: median {}, p(99) {}, max {}): ssek could \
             not keep up with the arrival rate, and durations do not show that wait; see \
             iteration_duration_scheduled, lower the rate, or share the test among several machines",
            milliseconds(median),
            milliseconds(p99),
            milliseconds(max)
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hundredth_of_many_or_half_of_a_few() {
        for (count, median, p99, warns) in [
            (0, 0.0, 0.0, false),
            (10, 2.0, 500.0, false),
            (10, 101.0, 500.0, true),
            (1000, 0.1, 99.0, false),
            (1000, 0.1, 101.0, true),
        ] {
            assert_eq!(lateness(count, median, p99, 1e3).is_some(), warns, "{count} {median} {p99}");
        }
        let text = lateness(1000, 0.1, 250.0, 1234.0).unwrap();
        assert!(text.contains("median 0.10 ms, p(99) 250 ms, max 1.2 s"), "{text}");
    }
}
