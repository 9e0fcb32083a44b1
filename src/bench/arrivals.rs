//! An open model: requests start when they are due.

use std::rc::Rc;
use std::sync::Arc;
use std::time::Instant;

use tokio::task::JoinSet;

use super::iteration;
use super::local::Local;
use super::stage::Stage;
use crate::executor::Open;
use crate::k6::builtin;
use crate::vu::wake::Wake;

/// Starts that are overdue are made this many at a time; between them sockets are looked at.
const BURST: u32 = 100;

/// The starts of one of `threads` threads, to the end of the last one.
pub async fn run(stage: &Arc<Stage>, local: &Rc<Local>, plan: &Open, place: u32, threads: u32) {
    let wake = Wake::new();
    let mut going = JoinSet::new();
    let mut overdue = 0;
    for (number, due) in (0..stage.limit()).zip(plan.arrivals.iter()) {
        if number % u64::from(threads) != u64::from(place) {
            continue;
        }
        let due = stage.start + due;
        if due > Instant::now() {
            overdue = 0;
            tokio::select! {
                biased;
                () = stage.cut() => break,
                () = wake.at(due) => {}
            }
        } else {
            overdue += 1;
            if u32::is_multiple_of(overdue, BURST) {
                tokio::task::yield_now().await;
            }
        }
        if !stage.may_go_on() {
            break;
        }
        while going.try_join_next().is_some() {}
        let Some(work) = stage.work(number) else { break };
        if !stage.enter(plan.max_vus) {
            drop_one(stage, local);
            continue;
        }
        let (stage, local) = (stage.clone(), local.clone());
        going.spawn_local(async move {
            let client = local.borrow_client();
            iteration::run(&stage, &local, (client.0, &client.1), &work, Some(due)).await;
            local.return_client(client);
            stage.leave();
        });
    }
    while let Some(ended) = going.join_next().await {
        if let Err(error) = ended
            && error.is_panic()
        {
            std::panic::resume_unwind(error.into_panic());
        }
    }
}

/// Too many requests are going on: one that was due does not start.
fn drop_one(stage: &Stage, local: &Local) {
    let tags = stage.test.registry.tag_set(&local.tags(None, 0, 1));
    local.record(&builtin::DROPPED_ITERATIONS, tags, Instant::now(), 1.0);
}
