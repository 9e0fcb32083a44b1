//! The threads that do the work: a few, each with a runtime of its own for many users.

use std::rc::Rc;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use crossbeam_channel::{Receiver, Sender, bounded, never, select};
use tokio::runtime::Runtime;
use tokio::sync::watch;
use tokio::task::LocalSet;

use super::local::Local;
use super::stage::Stage;
use super::{arrivals, users};
use crate::executor::Plan;
use crate::vu::lag;
use crate::vu::samples::MAX_AGE;

/// Turns of tasks between two looks at sockets and timers.
const TURNS: u32 = 16;

/// What is cut off may say goodbye for so long; after that the threads are left to themselves.
const GOODBYE: Duration = Duration::from_secs(5);

/// More threads than these do not help: the kernel's work is the most of it.
const MOST: usize = 8;

/// How many threads there are where nothing else is said.
pub fn usual_threads() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from).min(MOST)
}

/// Runtimes whose threads have not started.
pub struct Crew(Vec<Runtime>);

impl Crew {
    /// So many threads, at least one.
    ///
    /// # Errors
    /// The limit of open files is too low.
    pub fn new(threads: usize) -> Result<Self> {
        let make = |_| {
            let made =
                tokio::runtime::Builder::new_current_thread().enable_all().event_interval(TURNS).build();
            made.context("no I/O for the requests: the limit of open files may be too low (see ulimit -n)")
        };
        Ok(Self((0..threads.max(1)).map(make).collect::<Result<_>>()?))
    }

    /// Runs to the end of the plan, or until `stop` is closed; `cut` reaches those who still have requests then.
    /// Whether it was stopped.
    ///
    /// # Errors
    /// The system has no thread left.
    pub fn work(self, stage: &Arc<Stage>, stop: &Receiver<()>, cut: &watch::Sender<bool>) -> Result<bool> {
        let threads = self.0.len();
        let (done, ended) = bounded::<()>(0);
        let start = |(place, runtime): (usize, Runtime)| {
            let (stage, done) = (stage.clone(), done.clone());
            std::thread::Builder::new()
                .name(format!("bench-{}", place + 1))
                .spawn(move || work(&runtime, &stage, place, threads, &done))
                .context("could not start a thread for requests; the limit of processes may be too low (see ulimit -u)")
        };
        let handles = self.0.into_iter().enumerate().map(start).collect::<Result<Vec<_>>>()?;
        drop(done);
        let hard_end = crossbeam_channel::at(stage.hard_end());
        let (mut stop, mut hard_end) = (stop.clone(), hard_end);
        let (mut stopped, mut given_up) = (false, never());
        loop {
            select! {
                recv(ended) -> _ => break,
                recv(stop) -> _ => {
                    stopped = true;
                    stop = never();
                }
                recv(hard_end) -> _ => hard_end = never(),
                recv(given_up) -> _ => return Ok(stopped),
            }
            // The receivers may be gone already.
            if !cut.send_replace(true) {
                given_up = crossbeam_channel::after(GOODBYE);
            }
        }
        handles.into_iter().for_each(joined);
        Ok(stopped)
    }
}

fn joined(handle: JoinHandle<()>) {
    handle.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
}

/// A thread's work. `_done` is dropped with it.
fn work(runtime: &Runtime, stage: &Arc<Stage>, place: usize, threads: usize, _done: &Sender<()>) {
    let Some(network) = stage.test.network() else { return };
    let (place, threads) = (place as u32, threads as u32);
    let local = Rc::new(Local::new(&stage.test, network, place, threads));
    let tasks = LocalSet::new();
    tasks.block_on(runtime, async {
        let all = async {
            match &stage.plan {
                Plan::Closed(plan) => users::run(stage, &local, plan, place, threads).await,
                Plan::Open(plan) => arrivals::run(stage, &local, plan, place, threads).await,
            }
        };
        let mut tick = tokio::time::interval(MAX_AGE);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let ticks = async {
            loop {
                tick.tick().await;
                local.samples.flush_if_old(Instant::now());
            }
        };
        tokio::select! {
            () = all => {}
            () = ticks => {}
            never = lag::probe(&stage.test) => match never {},
        }
    });
    local.samples.flush();
}
