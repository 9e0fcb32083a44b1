//! How a VU is told to work for a scenario, and when to start its iterations.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crossbeam_channel::Sender;
use tokio::sync::Notify;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender};

use crate::js::Interrupt;
use crate::vu::{ScenarioRun, fiber};

/// What a VU does for a scenario until its gate closes.
pub struct Assignment {
    pub scenario: Arc<ScenarioRun>,
    /// What `setup()` returned, as JSON.
    pub setup_data: Option<Arc<str>>,
    /// The VU's place in the scenario.
    pub slot: u32,
    pub starts: Starts,
    pub gate: Arc<Gate>,
    /// Told the slot when the VU is free again.
    pub done: Sender<u32>,
}

/// What brings a VU to start an iteration.
pub enum Starts {
    /// It has ended the one before. The VU counts as active until the gate closes.
    Looping,
    /// It is sent the time at which one is due. The VU counts as active while it runs it.
    Due(UnboundedReceiver<Instant>),
}

/// Says whether a VU may start iterations.
pub struct Gate {
    /// Asked, and so told, before each iteration; `false` when there are no more.
    pub may_start: Box<dyn Fn() -> bool + Send + Sync>,
    /// Told the slot after each iteration.
    pub ended: Box<dyn Fn(u32) + Send + Sync>,
    /// Set before the VU is interrupted, so that an interrupt which comes early is not lost.
    pub killed: AtomicBool,
    /// How far apart iterations start at least.
    pub pace: Option<Pace>,
}

impl Gate {
    /// Has a VU that waits for its pace look again whether there is more to do.
    pub fn hurry(&self) {
        if let Some(pace) = &self.pace {
            pace.look.notify_one();
        }
    }
}

/// The least time between the starts of a VU's iterations.
pub struct Pace {
    pub every: Duration,
    /// Whether another iteration could start at all.
    pub has_more: Box<dyn Fn() -> bool + Send + Sync>,
    look: Notify,
}

impl Pace {
    /// A pace of a VU that has more to do as long as `has_more` says so.
    pub fn new(every: Duration, has_more: impl Fn() -> bool + Send + Sync + 'static) -> Self {
        Self { every, has_more: Box::new(has_more), look: Notify::new() }
    }

    /// Waits, in a VU's fiber, until the next iteration may start, and says from when the one after it
    /// is reckoned: from the time at which this one was due, so that late timers do not add up, or from
    /// now if the iteration before took longer than the pace, so that nothing has to be caught up on.
    pub fn wait(&self, due: Instant, interrupt: &Interrupt) -> Instant {
        let now = Instant::now();
        if now >= due {
            return now;
        }
        while (self.has_more)() && !interrupt.is_raised() && Instant::now() < due {
            let waiting = async {
                tokio::select! {
                    () = std::future::poll_fn(|task| interrupt.poll_raised(task)) => {}
                    () = self.look.notified() => {}
                    () = tokio::time::sleep_until(due.into()) => {}
                }
            };
            if fiber::wait(waiting).is_err() {
                break;
            }
        }
        due
    }
}

/// A VU as its drivers see it.
pub struct Worker {
    pub id: u32,
    pub commands: UnboundedSender<Assignment>,
    pub interrupt: Arc<Interrupt>,
}

impl Worker {
    /// Cuts off the iteration that runs behind this gate.
    pub fn kill(&self, gate: &Gate) {
        gate.killed.store(true, Ordering::SeqCst);
        self.interrupt.raise();
    }

    /// Starts to work for a scenario.
    pub fn assign(&self, assignment: Assignment) {
        // The VU lives as long as the pool.
        let _ = self.commands.send(assignment);
    }
}
