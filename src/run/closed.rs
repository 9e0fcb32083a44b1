//! Drives one scenario with a closed plan: so many VUs loop, and the curve says how many.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crossbeam_channel::{never, select, unbounded};

use super::gate::{Assignment, Gate, Pace, Starts, Worker};
use super::job::Job;
use super::live::Status;
use super::pool::{ASK_AGAIN, Pool};
use crate::executor::{Budget, Closed};

/// A VU at work in a place of the scenario.
struct Seat {
    worker: Arc<Worker>,
    gate: Arc<Gate>,
    wanted: Arc<AtomicBool>,
    /// When a VU that the curve has taken away is cut off.
    deadline: Option<Instant>,
}

/// Runs the scenario to its end, and reports what it could not start.
pub fn drive(job: &Job<Closed>, pool: &Pool) {
    Driver::new(job, pool).run();
}

struct Driver<'a> {
    job: &'a Job<Closed>,
    pool: &'a Pool,
    start: Instant,
    /// Nothing starts after this.
    end: Instant,
    /// Nothing runs after this.
    hard_end: Instant,
    seats: Vec<Option<Seat>>,
    /// For budgets by VU: what each seat has started.
    started: Vec<Arc<AtomicU64>>,
    /// For budgets by VU: who sat there.
    ids: Vec<u32>,
    /// Seats whose budget is used up.
    spent: Vec<bool>,
    /// Whether a seat is empty because there was no VU for it.
    short: bool,
    aborted: bool,
    /// Whether `stopAfter` ended the scenario.
    over: bool,
}

impl<'a> Driver<'a> {
    fn new(job: &'a Job<Closed>, pool: &'a Pool) -> Self {
        let start = job.scenario.started;
        let seats = job.plan.max_vus() as usize;
        Self {
            job,
            pool,
            start,
            end: start + job.plan.duration,
            hard_end: start + job.plan.duration + job.plan.graceful_stop,
            seats: std::iter::repeat_with(|| None).take(seats).collect(),
            started: std::iter::repeat_with(Arc::default).take(seats).collect(),
            ids: vec![0; seats],
            spent: vec![false; seats],
            short: false,
            aborted: false,
            over: false,
        }
    }

    fn run(mut self) {
        let (done, freed) = unbounded();
        self.job.live.begin(self.start);
        let [mut over, mut all_over] = self.job.scenario.over();
        loop {
            let now = self.job.clock.now();
            let open = now < self.end && !self.aborted && !self.over;
            let wanted = if open { self.job.plan.vus_at(now - self.start) } else { 0 };
            if open {
                self.seat(wanted, &done);
            } else if self.seats.iter().any(Option::is_some) {
                self.job.live.set_status(Status::Stopping);
            }
            self.unseat(wanted, now, open);
            self.cut_off(now);
            let busy = self.seats.iter().filter(|s| s.is_some()).count();
            self.job.live.set_vus(busy as u32);
            if busy == 0 && (!open || self.is_exhausted()) {
                break;
            }
            let timer = self.job.clock.timer(self.next_event(now));
            let stop = if self.aborted { never() } else { self.job.stop.clone() };
            select! {
                recv(freed) -> seat => if let Ok(seat) = seat { self.free(seat) },
                recv(stop) -> _ => self.aborted = true,
                recv(over) -> _ => { over = never(); self.stop_early() }
                recv(all_over) -> _ => { all_over = never(); self.stop_early() }
                recv(timer) -> _ => {}
            }
        }
        let interrupted = self.aborted;
        self.job.live.finish(if interrupted { Status::Interrupted } else { Status::Done });
        // What a rule kept from starting was not to start.
        if !interrupted && !self.over {
            self.job.dropped.report(self.dropped());
        }
    }

    /// No more iterations start; those that run get the graceful stop from now on.
    fn stop_early(&mut self) {
        if !self.over {
            self.over = true;
            self.hard_end = self.hard_end.min(self.job.clock.now() + self.job.plan.graceful_stop);
        }
    }

    /// Starts VUs in the seats that the curve wants and nobody sits in.
    fn seat(&mut self, wanted: u32, done: &crossbeam_channel::Sender<u32>) {
        self.short = false;
        for place in 0..wanted as usize {
            if let Some(seat) = &mut self.seats[place] {
                // Wanted again before it was gone: the same VU goes on.
                seat.deadline = None;
                seat.wanted.store(true, Ordering::SeqCst);
                continue;
            }
            if self.spent[place] {
                continue;
            }
            let Some(worker) = self.pool.take() else {
                self.short = true;
                continue;
            };
            let wanted = Arc::new(AtomicBool::new(true));
            let gate = Arc::new(Gate {
                may_start: Box::new(self.rule(place, wanted.clone())),
                ended: {
                    let live = self.job.live.clone();
                    Box::new(move |_| live.complete())
                },
                killed: AtomicBool::new(false),
                pace: self.job.plan.pace.map(|every| Pace::new(every, self.outlook(place, wanted.clone()))),
            });
            self.ids[place] = worker.id;
            worker.assign(Assignment {
                scenario: self.job.scenario.clone(),
                setup_data: self.job.setup_data.clone(),
                slot: place as u32,
                starts: Starts::Looping,
                gate: gate.clone(),
                done: done.clone(),
            });
            self.seats[place] = Some(Seat { worker, gate, wanted, deadline: None });
        }
    }

    /// Says whether the VU in a seat may start another iteration, and counts it.
    fn rule(&self, place: usize, wanted: Arc<AtomicBool>) -> impl Fn() -> bool + Send + Sync + use<> {
        let end = self.end;
        let clock = self.job.clock.clone();
        let live = self.job.live.clone();
        let own = self.started[place].clone();
        let budget = self.job.plan.budget;
        let scenario = self.job.scenario.clone();
        let in_budget = move || match budget {
            Budget::Unlimited => true,
            Budget::Shared(total) => live.take(total),
            Budget::PerVu(total) => {
                let free = own.load(Ordering::Relaxed) < total;
                if free {
                    own.fetch_add(1, Ordering::Relaxed);
                    live.take(u64::MAX);
                }
                free
            }
        };
        move || {
            if !wanted.load(Ordering::SeqCst) || clock.now() >= end {
                return false;
            }
            in_budget() && scenario.may_start()
        }
    }

    /// Says whether the VU in a seat has more to do, without counting anything.
    fn outlook(&self, place: usize, wanted: Arc<AtomicBool>) -> impl Fn() -> bool + Send + Sync + use<> {
        let end = self.end;
        let clock = self.job.clock.clone();
        let live = self.job.live.clone();
        let own = self.started[place].clone();
        let budget = self.job.plan.budget;
        move || {
            let open = wanted.load(Ordering::SeqCst) && clock.now() < end;
            open && match budget {
                Budget::Unlimited => true,
                Budget::Shared(total) => live.taken() < total,
                Budget::PerVu(total) => own.load(Ordering::Relaxed) < total,
            }
        }
    }

    /// Tells VUs that the curve no longer wants to finish, and by when.
    fn unseat(&mut self, wanted: u32, now: Instant, open: bool) {
        let grace = self.job.plan.graceful_ramp_down.filter(|_| open);
        for seat in self.seats.iter_mut().skip(wanted as usize).flatten() {
            let was_wanted = seat.wanted.swap(false, Ordering::SeqCst);
            if !was_wanted && seat.deadline.is_some() {
                continue;
            }
            seat.gate.hurry();
            let by = grace.map_or(self.hard_end, |grace| (now + grace).min(self.hard_end));
            seat.deadline.get_or_insert(by);
        }
    }

    /// Cuts off VUs whose time is over: at once when the run is aborted.
    fn cut_off(&mut self, now: Instant) {
        for seat in self.seats.iter_mut().flatten() {
            let over = self.aborted || now >= self.hard_end || seat.deadline.is_some_and(|by| now >= by);
            if over && !seat.gate.killed.load(Ordering::SeqCst) {
                seat.worker.kill(&seat.gate);
            }
        }
    }

    /// Takes back the VU of a seat whose loop has ended.
    fn free(&mut self, place: u32) {
        let place = place as usize;
        let Some(seat) = self.seats[place].take() else { return };
        let budget_is_over = match self.job.plan.budget {
            Budget::Unlimited => false,
            Budget::Shared(total) => self.job.live.taken() >= total,
            Budget::PerVu(total) => self.started[place].load(Ordering::Relaxed) >= total,
        };
        self.spent[place] = budget_is_over;
        self.pool.give_back(seat.worker);
        if budget_is_over && matches!(self.job.plan.budget, Budget::Shared(_)) {
            self.seats.iter().flatten().for_each(|seat| seat.gate.hurry());
        }
    }

    fn is_exhausted(&self) -> bool {
        match self.job.plan.budget {
            Budget::Unlimited => false,
            Budget::Shared(total) => self.job.live.taken() >= total,
            // Those whose turn in the ramp-up is to come have not started.
            Budget::PerVu(_) => self.spent.iter().all(|spent| *spent),
        }
    }

    /// The next moment at which something is due without anybody saying so.
    fn next_event(&self, now: Instant) -> Instant {
        let elapsed = now.saturating_duration_since(self.start);
        let curve = &self.job.plan.curve;
        let step = curve.get(curve.partition_point(|step| step.at <= elapsed)).map(|s| self.start + s.at);
        let deadlines = self
            .seats
            .iter()
            .flatten()
            .filter(|s| !s.gate.killed.load(Ordering::SeqCst))
            .filter_map(|s| s.deadline);
        [self.end, self.hard_end]
            .into_iter()
            .chain(step)
            .chain(self.short.then(|| now + ASK_AGAIN))
            .chain(deadlines)
            .filter(|at| *at > now)
            .min()
            // Every VU has been told to end: only their word is left to wait for.
            .unwrap_or(now + Duration::from_secs(1))
    }

    /// What was not started before the end, by VU where the budget is by VU.
    fn dropped(&self) -> Vec<(Option<u32>, u64)> {
        let missing = |total: u64, started: u64| (total > started).then(|| total - started);
        match self.job.plan.budget {
            Budget::Unlimited => Vec::new(),
            Budget::Shared(total) => {
                missing(total, self.job.live.taken()).map(|n| (None, n)).into_iter().collect()
            }
            Budget::PerVu(total) => self
                .started
                .iter()
                .zip(&self.ids)
                .filter_map(|(started, id)| {
                    Some((Some(*id), missing(total, started.load(Ordering::Relaxed))?))
                })
                .collect(),
        }
    }
}
