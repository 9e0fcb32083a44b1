//! What all users of a run share.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio::sync::watch;

use super::asking::Asking;
use super::counting::Counting;
use super::schedule::Schedule;
use super::tally::Tally;
use super::workload::{Work, Workload};
use crate::executor::{Budget, Plan};
use crate::vu::Test;

/// The run as its threads see it.
pub struct Stage {
    pub test: Arc<Test>,
    pub workload: Arc<Workload>,
    pub asking: Arc<Asking>,
    pub plan: Plan,
    pub tally: Tally,
    pub counting: Counting,
    /// When the first request may start.
    pub start: Instant,
    /// How many pieces of work start at most.
    limit: Option<u64>,
    /// The place of the first of them in the workload.
    first: u64,
    /// Places of the workload that were taken.
    taken: AtomicU64,
    /// Requests, or conversations, that are going on.
    active: AtomicU32,
    /// Becomes true when everything is to be cut off.
    cut: watch::Receiver<bool>,
}

impl Stage {
    /// A run that starts at `start`; `cut` tells when what still runs is to be cut off.
    pub fn new(
        test: Arc<Test>,
        (workload, asking): (Arc<Workload>, Arc<Asking>),
        (plan, schedule): (Plan, &Schedule),
        start: Instant,
        cut: watch::Receiver<bool>,
    ) -> Self {
        Self {
            test,
            workload,
            asking,
            plan,
            tally: Tally::default(),
            counting: Counting::default(),
            start,
            limit: schedule.limit,
            first: schedule.first,
            taken: AtomicU64::new(0),
            active: AtomicU32::new(0),
            cut,
        }
    }

    /// Takes the next piece of work, in a closed model; `mine` is what the user has taken so far.
    pub fn take(&self, mine: u64) -> Option<Work> {
        if let Plan::Closed(plan) = &self.plan
            && let Budget::PerVu(each) = plan.budget
            && mine >= each
        {
            return None;
        }
        let shared = match &self.plan {
            Plan::Closed(plan) => match plan.budget {
                Budget::Shared(total) => Some(total),
                Budget::PerVu(_) | Budget::Unlimited => None,
            },
            Plan::Open(_) => None,
        };
        let total = [shared, self.limit].into_iter().flatten().min().unwrap_or(u64::MAX);
        let next = |taken: u64| (taken < total).then_some(taken + 1);
        let place = self.taken.fetch_update(Ordering::Relaxed, Ordering::Relaxed, next).ok()?;
        self.work(place)
    }

    /// The piece of work with this number, from zero.
    pub fn work(&self, number: u64) -> Option<Work> {
        self.workload.at(self.first.checked_add(number)?)
    }

    /// How many starts an open model has, at most.
    pub fn limit(&self) -> u64 {
        self.limit.unwrap_or(u64::MAX)
    }

    /// Whether something may start at this moment.
    pub fn is_open(&self) -> bool {
        Instant::now() < self.end() && !*self.cut.borrow()
    }

    /// Whether nothing has cut the run off: what was due before the end starts, if late.
    pub fn may_go_on(&self) -> bool {
        !*self.cut.borrow()
    }

    /// Nothing starts after this.
    pub fn end(&self) -> Instant {
        self.start + self.plan.duration()
    }

    /// Nothing runs after this.
    pub fn hard_end(&self) -> Instant {
        let graceful = match &self.plan {
            Plan::Closed(plan) => plan.graceful_stop,
            Plan::Open(plan) => plan.graceful_stop,
        };
        self.end() + graceful
    }

    /// Returns when everything is to be cut off.
    pub async fn cut(&self) {
        let mut cut = self.cut.clone();
        if cut.wait_for(|cut| *cut).await.is_err() {
            // Nobody is left who could say it.
            std::future::pending().await
        }
    }

    /// Waits, unless everything is cut off first; `false` if it is.
    pub async fn pause(&self, time: Duration) -> bool {
        tokio::select! {
            () = self.cut() => false,
            () = tokio::time::sleep(time) => true,
        }
    }

    /// One more is going on, if there are not so many already.
    pub fn enter(&self, most: u32) -> bool {
        let next = |active: u32| (active < most).then_some(active + 1);
        self.active.fetch_update(Ordering::Relaxed, Ordering::Relaxed, next).is_ok()
    }

    /// One has ended.
    pub fn leave(&self) {
        self.active.fetch_sub(1, Ordering::Relaxed);
    }

    /// What part of a number of pieces of work has been taken; `None` where there is no number.
    pub fn share_taken(&self) -> Option<f64> {
        let total = match &self.plan {
            Plan::Closed(plan) => match plan.budget {
                Budget::Shared(total) => Some(total),
                Budget::PerVu(each) => Some(each * u64::from(plan.max_vus())),
                Budget::Unlimited => None,
            },
            Plan::Open(_) => None,
        };
        total.map(|total| self.taken.load(Ordering::Relaxed) as f64 / total.max(1) as f64)
    }

    /// How many are going on.
    pub fn active(&self) -> u32 {
        self.active.load(Ordering::Relaxed)
    }
}
