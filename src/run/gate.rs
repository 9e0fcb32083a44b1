//! How a VU is told to work for a scenario, and when to start its iterations.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use crossbeam_channel::Sender;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender};

use crate::js::Interrupt;
use crate::vu::ScenarioRun;

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
