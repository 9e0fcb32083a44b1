//! Drives one scenario with an open plan: iterations start when they are due, in whatever VU is free.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender, TryRecvError, never, select, unbounded};
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

use super::gate::{Assignment, Gate, Starts, Worker};
use super::job::Job;
use super::live::Status;
use super::pool::{ASK_AGAIN, Grown, Pool};
use crate::executor::Open;
use crate::log;
use crate::vu::Test;

/// Starts that are overdue are made this many at a time; between them the driver listens.
const BURST: usize = 1_000;
/// A driver that is so much behind its plan at the plan's end gives up on the rest.
const LATEST: Duration = Duration::from_millis(100);

/// Iterations that are counted as dropped between two looks at whether the run is to stop.
const COUNTED: usize = 1_000_000;

/// Runs the scenario to its end.
pub fn drive(job: &Job<Open>, pool: &Pool, test: &Arc<Test>) {
    Driver::new(job, pool, test).run();
}

/// The slots of VUs that have no iteration, those that have waited longest first.
#[derive(Clone, Default)]
struct Free(Arc<Mutex<VecDeque<u32>>>);

impl Free {
    fn slots(&self) -> MutexGuard<'_, VecDeque<u32>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct Driver<'a> {
    job: &'a Job<Open>,
    pool: &'a Pool,
    start: Instant,
    /// Nothing is due after this.
    end: Instant,
    /// Nothing runs after this.
    hard_end: Instant,
    /// The scenario's VUs by slot; `None` once they have left.
    workers: Vec<Option<Arc<Worker>>>,
    gate: Arc<Gate>,
    /// Brings each VU, by slot, its next due time; cleared when there are no more.
    starts: Vec<UnboundedSender<Instant>>,
    free: Free,
    /// Told the slot of a VU that leaves.
    leave: Sender<u32>,
    left: Receiver<u32>,
    /// Brings the VU that is being initialised.
    grow: Sender<Grown>,
    grown: Receiver<Grown>,
    growing: bool,
    /// How many of the VUs that were initialised ahead have been taken.
    planned: u32,
    /// How many VUs may still be initialised.
    unplanned: u32,
    /// Starts that VUs were sent.
    sent: u64,
    warned: bool,
    aborted: bool,
    /// Whether `stopAfter` ended the scenario.
    over: bool,
}

impl<'a> Driver<'a> {
    fn new(job: &'a Job<Open>, pool: &'a Pool, test: &Arc<Test>) -> Self {
        let start = job.scenario.started;
        let (leave, left) = unbounded();
        let (grow, grown) = unbounded();
        let free = Free::default();
        Self {
            job,
            pool,
            start,
            end: start + job.plan.duration,
            hard_end: start + job.plan.duration + job.plan.graceful_stop,
            workers: Vec::new(),
            gate: Arc::new(gate(job, test, free.clone())),
            starts: Vec::new(),
            free,
            leave,
            left,
            grow,
            grown,
            growing: false,
            planned: 0,
            unplanned: job.plan.max_vus.saturating_sub(job.plan.pre_allocated_vus),
            sent: 0,
            warned: false,
            aborted: false,
            over: false,
        }
    }

    fn run(mut self) {
        self.job.live.begin(self.start);
        let job = self.job;
        let start = self.start;
        let mut times = job.plan.arrivals.iter();
        let mut last = Duration::ZERO;
        let mut next_time = || {
            let time = times.next()?;
            job.live.set_gap(time - last);
            last = time;
            Some(start + time)
        };
        let mut next = next_time();
        let mut behind = false;
        let [over, all_over] = job.scenario.over();
        // Users who are to come come, however late; a rate is kept up or given up.
        let users = job.plan.arrivals.users().is_some();
        let latest = if users { Duration::MAX } else { LATEST };
        while !self.aborted && !self.over {
            let short = self.take_planned();
            let now = self.job.clock.now();
            // VUs that are planned are about to come from another scenario: users wait for them.
            let hold = users && short && next.is_some_and(|due| due <= now && now < due + LATEST);
            let mut dropped = 0;
            for _ in 0..BURST {
                let Some(due) = next.filter(|due| *due <= now && !self.over && !hold) else { break };
                dropped += u64::from(!self.begin_iteration(due));
                next = next_time();
            }
            if dropped > 0 {
                self.job.dropped.report((0..dropped).map(|_| (None, 1)));
                self.ask_for_more();
            }
            if now >= self.end && next.is_none() {
                break;
            }
            if self.over {
                break;
            }
            if now.saturating_duration_since(self.end) >= latest {
                behind = true;
                break;
            }
            let wake = next.unwrap_or(self.end);
            let timer = self.job.clock.timer(match short {
                true if hold => now + ASK_AGAIN,
                true => wake.min(now + ASK_AGAIN),
                false => wake,
            });
            select! {
                recv(self.grown) -> grown => if let Ok(grown) = grown { self.take_grown(grown) },
                recv(self.left) -> slot => if let Ok(slot) = slot { self.part(slot) },
                recv(job.stop) -> _ => self.aborted = true,
                recv(over) -> _ => self.over = true,
                recv(all_over) -> _ => self.over = true,
                recv(timer) -> _ => {}
            }
        }
        if behind {
            self.give_up(u64::from(next.is_some()), times);
        }
        self.finish();
    }

    /// The plan is over and the driver is not through with it: what it has not come to is dropped. `before` of them
    /// were taken from `rest` already.
    fn give_up(&self, before: u64, mut rest: impl Iterator<Item = Duration>) {
        let mut dropped = before;
        loop {
            let more = rest.by_ref().take(COUNTED).count();
            dropped += more as u64;
            // Nobody waits for the number of a plan of billions.
            if more < COUNTED || matches!(self.job.stop.try_recv(), Err(TryRecvError::Disconnected)) {
                break;
            }
        }
        self.job.dropped.report([(None, dropped)]);
        log::warn(format!(
            "Scenario {} fell behind its arrival rate: its time was over before ssek came to {dropped} iterations, which \
             are counted as dropped; lower the rate, or share the test among several machines",
            self.job.scenario.name
        ));
    }

    /// Lets a VU start an iteration, if one is free.
    fn begin_iteration(&mut self, due: Instant) -> bool {
        if self.job.scenario.has_rules() {
            if self.free.slots().is_empty() {
                return false;
            }
            if !self.job.scenario.may_start() {
                self.over = true;
                return true;
            }
        }
        loop {
            let Some(slot) = self.free.slots().pop_front() else { return false };
            // A VU that has left does not take it.
            if self.starts.get(slot as usize).is_some_and(|starts| starts.send(due).is_ok()) {
                self.sent += 1;
                return true;
            }
        }
    }

    /// Takes VUs that were initialised ahead, as many as are planned; `true` if some are lacking.
    fn take_planned(&mut self) -> bool {
        while self.planned < self.job.plan.pre_allocated_vus {
            let Some(worker) = self.pool.take() else { return true };
            self.planned += 1;
            self.employ(worker);
        }
        false
    }

    fn employ(&mut self, worker: Arc<Worker>) {
        let slot = self.workers.len() as u32;
        let (starts, due) = unbounded_channel();
        self.starts.push(starts);
        worker.assign(Assignment {
            scenario: self.job.scenario.clone(),
            setup_data: self.job.setup_data.clone(),
            slot,
            starts: Starts::Due(due),
            gate: self.gate.clone(),
            done: self.leave.clone(),
        });
        self.workers.push(Some(worker));
        self.job.live.set_allocated(self.workers.len() as u32);
        self.free.slots().push_back(slot);
    }

    /// An iteration found no VU: has one more initialised, unless that is going on or there are no
    /// more to be had.
    fn ask_for_more(&mut self) {
        let plan = &self.job.plan;
        if self.unplanned == 0 {
            if !self.warned {
                self.warned = true;
                let text = format!(
                    "Insufficient VUs, reached {} active VUs and cannot initialize more",
                    plan.max_vus
                );
                let scenario = &self.job.scenario;
                let fields = [("executor", scenario.executor), ("scenario", scenario.name.as_str())];
                log::emit(log::Level::Warn, &text, &fields);
            }
        } else if !self.growing && self.pool.grow(&self.grow) {
            self.growing = true;
            self.unplanned -= 1;
        }
    }

    fn take_grown(&mut self, grown: Grown) {
        self.growing = false;
        if let Some(worker) = grown.take() {
            self.employ(worker);
        }
    }

    /// Takes a VU off the scenario.
    fn part(&mut self, slot: u32) {
        if let Some(worker) = self.workers[slot as usize].take() {
            self.pool.give_back(worker);
        }
    }

    /// Waits until running iterations have ended, and cuts them off when their time is over.
    fn finish(mut self) {
        self.job.live.set_status(Status::Stopping);
        if self.over {
            self.hard_end = self.hard_end.min(self.job.clock.now() + self.job.plan.graceful_stop);
        }
        // Free VUs leave when nothing can be due any more.
        self.starts.clear();
        let mut killed = false;
        while self.workers.iter().any(Option::is_some) {
            if !killed && (self.aborted || self.job.clock.now() >= self.hard_end) {
                killed = true;
                self.workers.iter().flatten().for_each(|worker| worker.kill(&self.gate));
            }
            let timer = if killed { never() } else { self.job.clock.timer(self.hard_end) };
            let stop = if self.aborted { never() } else { self.job.stop.clone() };
            select! {
                recv(self.left) -> slot => if let Ok(slot) = slot { self.part(slot) },
                // Too late for this scenario: dropped here, the VU is free for another.
                recv(self.grown) -> _ => {}
                recv(stop) -> _ => self.aborted = true,
                recv(timer) -> _ => {}
            }
        }
        // Starts that a VU was sent and did not get to before it was cut off.
        let missed = self.sent.saturating_sub(self.job.live.taken());
        self.job.dropped.report((0..missed).map(|_| (None, 1)));
        self.job.live.finish(if self.aborted { Status::Interrupted } else { Status::Done });
    }
}

/// Counts the VUs at work, and notes who is free again.
fn gate(job: &Job<Open>, test: &Arc<Test>, free: Free) -> Gate {
    let (live, counters) = (job.live.clone(), test.clone());
    let (live_after, counters_after) = (live.clone(), test.clone());
    Gate {
        may_start: Box::new(move || {
            live.take(u64::MAX);
            live.enter();
            counters.counters.vus_active.fetch_add(1, Ordering::Relaxed);
            true
        }),
        ended: Box::new(move |slot| {
            live_after.leave();
            live_after.complete();
            counters_after.counters.vus_active.fetch_sub(1, Ordering::Relaxed);
            free.slots().push_back(slot);
        }),
        killed: AtomicBool::new(false),
        pace: None,
    }
}
