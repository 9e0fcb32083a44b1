//! Starts each scenario at its time, and waits for all of them.

use std::sync::Arc;
use std::time::Instant;

use anyhow::Result;
use crossbeam_channel::select;

use super::closed::{self, Dropped, Job};
use super::display::Display;
use super::live::{Live, Status};
use super::pool::Pool;
use super::stop::StopSignal;
use crate::executor::Plan;
use crate::k6::{SystemTag, builtin};
use crate::metrics::{Sample, TagSet, Timestamp};
use crate::options::{Resolved, Scenario};
use crate::vu::{ScenarioRun, Test};

/// Runs all scenarios to their ends.
pub fn run(
    pool: &Pool,
    test: &Arc<Test>,
    resolved: &Resolved,
    display: &Display,
    stop: &StopSignal,
    setup_data: Option<&Arc<str>>,
) -> Result<()> {
    let start = Instant::now();
    let mut plans = Vec::new();
    for scenario in &resolved.options.scenarios {
        plans.push(scenario.executor.plan()?);
    }
    std::thread::scope(|scope| {
        for (place, (scenario, plan)) in resolved.options.scenarios.iter().zip(plans).enumerate() {
            let live = display.live(place);
            scope.spawn(move || {
                let stopped = stop.receiver();
                if !scenario.start_time.is_zero() {
                    let due = crossbeam_channel::at(start + scenario.start_time);
                    select! {
                        recv(due) -> _ => {}
                        recv(stopped) -> _ => return live.finish(Status::Interrupted),
                    }
                }
                let Plan::Closed(plan) = plan;
                let job = Job {
                    scenario: Arc::new(scenario_run(scenario, &live, plan.duration, plan.budget)),
                    plan,
                    setup_data: setup_data.cloned(),
                    live,
                    stop: stopped,
                };
                let dropped = closed::drive(&job, pool);
                report_dropped(test, scenario, &dropped);
            });
        }
    });
    Ok(())
}

fn scenario_run(
    scenario: &Scenario,
    live: &Arc<Live>,
    duration: std::time::Duration,
    budget: crate::executor::Budget,
) -> ScenarioRun {
    let live = live.clone();
    let seats = live.seats();
    let progress = move || {
        let done = live.taken() as f64;
        match budget {
            crate::executor::Budget::Unlimited => {
                (live.elapsed().as_secs_f64() / duration.as_secs_f64().max(f64::MIN_POSITIVE)).min(1.0)
            }
            crate::executor::Budget::Shared(total) => done / (total.max(1)) as f64,
            crate::executor::Budget::PerVu(each) => done / (each * u64::from(seats)).max(1) as f64,
        }
    };
    let executor = scenario.executor.common().executor;
    ScenarioRun::new(
        &scenario.name,
        executor,
        &scenario.exec,
        scenario.env.clone(),
        scenario.tags.clone(),
        Box::new(progress),
    )
}

/// Emits `dropped_iterations` for what a scenario could not start in its time.
fn report_dropped(test: &Test, scenario: &Scenario, dropped: &Dropped) {
    let Some(samples) = test.samples() else { return };
    let metric = test.registry.builtin(&builtin::DROPPED_ITERATIONS);
    let system = test.system_tags();
    let batch = dropped.iter().map(|(vu, count)| {
        let mut tags = TagSet::default();
        if let Some(options) = test.options() {
            options.tags.iter().for_each(|(k, v)| tags.set(k, v));
        }
        scenario.tags.iter().for_each(|(k, v)| tags.set(k, v));
        if system.has(SystemTag::Scenario) {
            tags.set("scenario", &scenario.name);
        }
        if let Some(vu) = vu.filter(|_| system.has(SystemTag::Vu)) {
            tags.set_metadata("vu", &vu.to_string());
        }
        let series = test.registry.series(metric, test.registry.tag_set(&tags));
        Sample { series, time: Timestamp::now(), value: *count as f64 }
    });
    let batch: Vec<_> = batch.collect();
    if !batch.is_empty() {
        // The engine outlives the scenarios.
        let _ = samples.send(batch);
    }
}
