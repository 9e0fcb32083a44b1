//! `warmup` and `cooldown`: what they need of the scenarios.

use std::time::Duration;

use super::layer::{Layer, Scenarios};
use crate::executor::{Budget, Executor, Plan, Share};
use crate::k6::duration::GoDuration;

/// When the scenario that takes longest starts no more iterations, and whether it may end long before
/// because it has so many iterations to do.
fn regular_end(executor: &dyn Executor) -> (Duration, bool) {
    let plan = executor.plan(&Share::whole());
    let counted = matches!(&plan, Plan::Closed(plan) if plan.budget != Budget::Unlimited);
    (executor.common().start_time().saturating_add(plan.duration()), counted)
}

/// How long scenarios start iterations.
pub fn regular_length<'a>(executors: impl IntoIterator<Item = &'a dyn Executor>) -> Duration {
    executors.into_iter().map(|executor| regular_end(executor).0).max().unwrap_or_default()
}

/// Checks the windows. The scenarios are known to be valid.
pub(super) fn check(layer: &Layer, problems: &mut Vec<String>) {
    for (name, window) in [("warmup", layer.warmup), ("cooldown", layer.cooldown)] {
        problems.extend(
            window
                .filter(|window| window.0 < 0)
                .map(|window| format!("{name} can't be negative, but is {window}")),
        );
    }
    let (warmup, cooldown) = (layer.warmup.unwrap_or_default(), layer.cooldown.unwrap_or_default());
    if warmup.0.max(cooldown.0) <= 0 || warmup.0.min(cooldown.0) < 0 {
        return;
    }
    let none = Scenarios::default();
    let scenarios = &layer.scenarios.as_ref().unwrap_or(&none).0;
    let length = regular_length(scenarios.values().map(AsRef::as_ref));
    if warmup.to_std().saturating_add(cooldown.to_std()) >= length {
        problems.push(format!(
            "warmup ({warmup}) and cooldown ({cooldown}) leave nothing of the test's {} to measure",
            GoDuration::from(length)
        ));
    }
    let counted = scenarios.iter().find(|(_, executor)| regular_end(executor.as_ref()) == (length, true));
    if let Some((name, _)) = counted.filter(|_| cooldown.0 > 0) {
        problems.push(format!(
            "cooldown needs an end that is known beforehand, but scenario {name} ends when its iterations are done: \
             use an executor with a duration"
        ));
    }
}
