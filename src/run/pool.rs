//! The VU threads: initialised ahead, handed to scenarios, taken back.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

use anyhow::{Context as _, Result};
use crossbeam_channel::{Receiver, Sender, bounded, unbounded};

use crate::js::Interrupt;
use crate::vu::user::InitError;
use crate::vu::{Outcome, ScenarioRun, Stop, Test, VirtualUser};

/// Virtual stack of a VU thread; only touched pages cost memory. The engine's parser takes up to
/// 26 KiB for each level of nesting.
pub const STACK: usize = 16 * 1024 * 1024;

/// What a VU does for a scenario until its gate closes.
pub struct Assignment {
    pub scenario: Arc<ScenarioRun>,
    /// What `setup()` returned, as JSON.
    pub setup_data: Option<Arc<str>>,
    /// The VU's place in the scenario.
    pub slot: u32,
    pub gate: Arc<Gate>,
    /// Told the slot when the VU is free again.
    pub done: Sender<u32>,
}

/// Says whether a VU may start another iteration.
pub struct Gate {
    /// Asked before each iteration.
    pub may_start: Box<dyn Fn() -> bool + Send + Sync>,
    /// Told after each iteration.
    pub ended: Box<dyn Fn() + Send + Sync>,
    /// Set before the VU is interrupted, so that an interrupt which comes early is not lost.
    pub killed: AtomicBool,
}

/// One VU thread.
pub struct Worker {
    pub id: u32,
    commands: Sender<Assignment>,
    interrupt: Arc<Interrupt>,
}

impl Worker {
    /// Cuts off the iteration that runs behind this gate.
    pub fn kill(&self, gate: &Gate) {
        gate.killed.store(true, Ordering::SeqCst);
        self.interrupt.raise();
    }

    /// Starts to work for a scenario.
    pub fn assign(&self, assignment: Assignment) {
        // The thread lives as long as the pool.
        let _ = self.commands.send(assignment);
    }
}

/// All VU threads of a run.
pub struct Pool {
    test: Arc<Test>,
    idle: Receiver<Arc<Worker>>,
    free: Sender<Arc<Worker>>,
    threads: Vec<JoinHandle<()>>,
    interrupts: Vec<Arc<Interrupt>>,
}

impl Pool {
    /// Starts `count` threads and runs the init code in each, as many at a time as there are cores.
    ///
    /// Returns at once; [`Self::ready`] tells when they are done.
    pub fn start(test: &Arc<Test>, count: u32) -> Result<(Self, Receiver<Result<(), InitError>>)> {
        let (free, idle) = unbounded();
        let (ready_in, ready) = unbounded();
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let (permits, permit) = bounded(cores);
        for _ in 0..cores {
            let _ = permits.send(());
        }
        let mut pool = Self { test: test.clone(), idle, free, threads: Vec::new(), interrupts: Vec::new() };
        for id in 1..=count {
            pool.spawn(id, (permits.clone(), permit.clone()), ready_in.clone())?;
        }
        Ok((pool, ready))
    }

    fn spawn(
        &mut self,
        id: u32,
        permits: (Sender<()>, Receiver<()>),
        ready: Sender<Result<(), InitError>>,
    ) -> Result<()> {
        let (commands, inbox) = unbounded();
        let interrupt = Arc::new(Interrupt::default());
        let worker = Arc::new(Worker { id, commands, interrupt: interrupt.clone() });
        let free = self.free.clone();
        let test = self.test.clone();
        self.interrupts.push(interrupt.clone());
        let thread = std::thread::Builder::new()
            .name(format!("vu-{id}"))
            .stack_size(STACK)
            .spawn(move || {
                let _ = permits.1.recv();
                let made = VirtualUser::new(&test, id, interrupt);
                let _ = permits.0.send(());
                match made {
                    Ok(user) => {
                        super::stack::trim();
                        test.counters.vus_initialised.fetch_add(1, Ordering::Relaxed);
                        let _ = free.send(worker);
                        let _ = ready.send(Ok(()));
                        // The pool ends the loop by dropping every worker's sender.
                        drop((free, ready));
                        work(user, &test, &inbox);
                    }
                    Err(error) => drop(ready.send(Err(error))),
                }
            })
            .with_context(|| {
                format!("could not start the thread of VU {id}; the limit of processes or memory maps may be too low")
            })?;
        self.threads.push(thread);
        Ok(())
    }

    /// Takes an idle VU; `None` if every one is busy.
    pub fn take(&self) -> Option<Arc<Worker>> {
        self.idle.try_recv().ok()
    }

    /// Gives a VU back.
    pub fn give_back(&self, worker: Arc<Worker>) {
        let _ = self.free.send(worker);
    }

    /// Interrupts the init code of VUs that are still at it.
    pub fn interrupt_all(&self) {
        self.interrupts.iter().for_each(|interrupt| interrupt.raise());
    }

    /// Ends every thread; each sends its last samples.
    pub fn finish(self) {
        let Self { idle, free, threads, .. } = self;
        drop(free);
        // Workers own the senders that the threads wait on.
        while idle.try_recv().is_ok() {}
        drop(idle);
        for thread in threads {
            // A panic has been reported by the hook already.
            let _ = thread.join();
        }
    }
}

/// A VU thread's life: ends when the pool and the drivers have dropped the worker, which holds the
/// other end of `inbox`.
fn work(mut user: VirtualUser, test: &Test, inbox: &Receiver<Assignment>) {
    while let Ok(Assignment { scenario, setup_data, slot, gate, done }) = inbox.recv() {
        let active = Active::new(test, slot, done);
        user.clear_interrupt();
        let worked = catch_unwind(AssertUnwindSafe(|| {
            user.activate(&scenario, setup_data.as_deref())?;
            while !gate.killed.load(Ordering::SeqCst) && (gate.may_start)() {
                let outcome = user.iterate();
                (gate.ended)();
                if outcome == Outcome::Interrupted {
                    break;
                }
            }
            user.state.samples.flush();
            Ok::<_, String>(())
        }));
        drop(active);
        match worked {
            Ok(Ok(())) => {}
            Ok(Err(text)) => crate::log::error(&text),
            Err(_) => {
                test.control.stop(Stop::Panic);
                return;
            }
        }
    }
}

/// Counts a VU as active, and tells its driver when it no longer is, whatever happened to it.
struct Active<'a> {
    test: &'a Test,
    slot: u32,
    done: Sender<u32>,
}

impl<'a> Active<'a> {
    fn new(test: &'a Test, slot: u32, done: Sender<u32>) -> Self {
        test.counters.vus_active.fetch_add(1, Ordering::Relaxed);
        Self { test, slot, done }
    }
}

impl Drop for Active<'_> {
    fn drop(&mut self) {
        self.test.counters.vus_active.fetch_sub(1, Ordering::Relaxed);
        // A driver that has ended does not listen.
        let _ = self.done.send(self.slot);
    }
}
