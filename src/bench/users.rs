//! A closed model: users who ask one thing after the other.

use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;

use super::iteration;
use super::local::Local;
use super::stage::Stage;
use crate::executor::Closed;

/// The users of one of `threads` threads, to their ends.
pub async fn run(stage: &Arc<Stage>, local: &Rc<Local>, plan: &Closed, place: u32, threads: u32) {
    let mut users = JoinSet::new();
    for number in (place..plan.max_vus()).step_by(threads as usize) {
        let begins = begins(plan, number);
        users.spawn_local(user(stage.clone(), local.clone(), number + 1, begins));
    }
    while let Some(ended) = users.join_next().await {
        if let Err(error) = ended
            && error.is_panic()
        {
            std::panic::resume_unwind(error.into_panic());
        }
    }
}

/// When the user with this number, from zero, is there: when the curve first wants more than so many.
fn begins(plan: &Closed, number: u32) -> Duration {
    plan.curve.iter().find(|step| step.vus > number).map_or(Duration::MAX, |step| step.at)
}

async fn user(stage: Arc<Stage>, local: Rc<Local>, number: u32, begins: Duration) {
    let Some(begins) = stage.start.checked_add(begins) else { return };
    tokio::select! {
        () = stage.cut() => return,
        () = tokio::time::sleep_until(begins.into()) => {}
    }
    let mut client = local.client(number);
    let mut mine = 0;
    while stage.is_open() {
        if mine > 0 && local.opens_anew {
            client = local.client(number);
        }
        let Some(work) = stage.take(mine) else { break };
        mine += 1;
        stage.enter(u32::MAX);
        iteration::run(&stage, &local, (number, &client), &work, None).await;
        stage.leave();
        // Answers that are there already must not keep the thread's other users waiting.
        tokio::task::yield_now().await;
    }
}
