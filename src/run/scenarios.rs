//! Starts each scenario at its time, and waits for all of them.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crossbeam_channel::{never, select};

use super::clock::Clock;
use super::course::Course;
use super::display::Display;
use super::dropped::Dropped;
use super::job::Job;
use super::live::{Live, Status};
use super::pool::Pool;
use super::stop::StopSignal;
use super::{closed, open};
use crate::executor::{Budget, Plan, Segment, Share};
use crate::log;
use crate::options::{Resolved, Scenario};
use crate::vu::{ScenarioRun, StopRules, Test};

/// Runs all scenarios to their ends.
pub fn run(
    pool: &Pool,
    test: &Arc<Test>,
    resolved: &Resolved,
    display: &Display,
    stop: &StopSignal,
    course: &Course,
) {
    let start = Instant::now();
    let options = &resolved.options;
    for idle in options.scenarios.iter().filter(|s| !s.executor.has_work(&options.share)) {
        let segment = resolved.consolidated.execution_segment.unwrap_or(Segment::FULL);
        let name = &idle.name;
        log::debug(format!("Executor '{name}' is disabled for segment {segment} due to lack of work!"));
    }
    let rules_of_test = options.stop_after.as_ref().map(|rules| {
        let scale = |iterations| options.share.scale(iterations);
        Arc::new(StopRules::new("the test".to_owned(), rules, scale))
    });
    std::thread::scope(|scope| {
        for (place, scenario) in options.scenarios_with_work().enumerate() {
            let live = display.live(place);
            let plan = scenario.plan(&options.share, options.seed);
            let rules = rules(scenario, &options.share, rules_of_test.as_ref());
            let over = rules_of_test.as_ref().map_or_else(never, |rules| rules.over().clone());
            scope.spawn(move || {
                let stop = stop.receiver();
                if !scenario.start_time.is_zero() {
                    let due = crossbeam_channel::at(start + scenario.start_time);
                    select! {
                        recv(due) -> _ => {}
                        recv(stop) -> _ => return live.finish(Status::Interrupted),
                        recv(over) -> _ => return live.finish(Status::Done),
                    }
                }
                let progress = progress(&plan, &live);
                let scenario_run = Arc::new(scenario_run(scenario, &options.share, progress).under(rules));
                let clock = Clock::start(test);
                let setup_data = course.setup_data();
                let dropped = Dropped::new(test, scenario);
                match plan {
                    Plan::Closed(plan) => {
                        let job =
                            Job { plan, scenario: scenario_run, setup_data, live, clock, dropped, stop };
                        closed::drive(&job, pool);
                    }
                    Plan::Open(plan) => {
                        let job =
                            Job { plan, scenario: scenario_run, setup_data, live, clock, dropped, stop };
                        open::drive(&job, pool, test);
                    }
                }
            });
        }
    });
}

/// What may end a scenario before its time: its own rules, and the whole test's.
fn rules(scenario: &Scenario, share: &Share, of_test: Option<&Arc<StopRules>>) -> Vec<Arc<StopRules>> {
    let own = scenario.executor.common().stop_after.as_ref().map(|rules| {
        let stripe = scenario.executor.stripe(share);
        let whose = format!("scenario '{}'", scenario.name);
        Arc::new(StopRules::new(whose, rules, |iterations| stripe.scale(iterations)))
    });
    own.into_iter().chain(of_test.cloned()).collect()
}

/// How far a scenario is, from 0 to 1.
fn progress(plan: &Plan, live: &Arc<Live>) -> Box<dyn Fn() -> f64 + Send + Sync> {
    let live = live.clone();
    let duration = plan.duration();
    let by_time = |live: &Live, duration: Duration| {
        (live.elapsed().as_secs_f64() / duration.as_secs_f64().max(f64::MIN_POSITIVE)).min(1.0)
    };
    let total = match plan {
        Plan::Open(_) => None,
        Plan::Closed(plan) => match plan.budget {
            Budget::Unlimited => None,
            Budget::Shared(total) => Some(total),
            Budget::PerVu(each) => Some(each.saturating_mul(live.seats().into())),
        },
    };
    match total {
        None => Box::new(move || by_time(&live, duration)),
        Some(total) => Box::new(move || live.taken() as f64 / total.max(1) as f64),
    }
}

fn scenario_run(
    scenario: &Scenario,
    share: &Share,
    progress: Box<dyn Fn() -> f64 + Send + Sync>,
) -> ScenarioRun {
    ScenarioRun::new(
        &scenario.name,
        scenario.executor.common().executor,
        &scenario.exec,
        scenario.env.clone(),
        scenario.tags.clone(),
        scenario.executor.stripe(share),
        progress,
    )
}
