//! The VU threads: initialised ahead, handed to scenarios, taken back.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use crossbeam_channel::{Receiver, Sender, bounded, unbounded};

use crate::js::Interrupt;
use crate::js::interrupt::silence_interrupted_panics;
use crate::log;
use crate::vu::user::InitError;
use crate::vu::{Outcome, ScenarioRun, Stop, Test, VirtualUser};

/// Virtual stack of a VU thread; only touched pages cost memory. The engine's parser takes up to
/// 26 KiB for each level of nesting.
pub const STACK: usize = 16 * 1024 * 1024;

/// A driver that did not get a VU which is planned for it asks again so much later: the scenario that
/// has it is about to give it back.
pub const ASK_AGAIN: Duration = Duration::from_millis(5);

/// What a VU does for a scenario until its gate closes.
pub struct Assignment {
    pub scenario: Arc<ScenarioRun>,
    /// What `setup()` returned, as JSON.
    pub setup_data: Option<Arc<str>>,
    /// The VU's place in the scenario.
    pub slot: u32,
    /// Whether the VU counts as active until the gate closes, or (as the gate itself counts) only
    /// while it runs an iteration.
    pub loops: bool,
    pub gate: Arc<Gate>,
    /// Told the slot when the VU is free again.
    pub done: Sender<u32>,
}

/// How an iteration comes to start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// The VU was ready for it.
    Free,
    /// It was due at that time.
    Due(Instant),
}

/// Says when a VU starts its iterations.
pub struct Gate {
    /// Asked before each iteration, waits for its start; `None` when there are no more.
    pub next: Box<dyn Fn() -> Option<Start> + Send + Sync>,
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
    /// One for each VU whose init code may run at the same time.
    permits: (Sender<()>, Receiver<()>),
    threads: Mutex<Threads>,
}

/// The threads that were started; VU n is the n-th of them.
#[derive(Default)]
struct Threads {
    handles: Vec<JoinHandle<()>>,
    interrupts: Vec<Arc<Interrupt>>,
    /// How many more may be started while the test runs.
    spare: u32,
}

/// Gets the VU that was made, on its own thread.
type Arrival = Box<dyn FnOnce(Result<Arc<Worker>, InitError>) + Send>;

impl Pool {
    /// Starts `count` threads and runs the init code in each, as many at a time as there are cores;
    /// `spare` more may follow one by one while the test runs.
    ///
    /// Returns at once; the receiver tells when each is done.
    pub fn start(
        test: &Arc<Test>,
        count: u32,
        spare: u32,
    ) -> Result<(Self, Receiver<Result<(), InitError>>)> {
        silence_interrupted_panics();
        let (free, idle) = unbounded();
        let (ready_in, ready) = unbounded();
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let permits = bounded(cores);
        for _ in 0..cores {
            let _ = permits.0.send(());
        }
        let threads = Mutex::new(Threads { spare, ..Threads::default() });
        let pool = Self { test: test.clone(), idle, free, permits, threads };
        for _ in 0..count {
            let (free, ready) = (pool.free.clone(), ready_in.clone());
            let arrival: Arrival = Box::new(move |made| {
                let told = made.map(|worker| drop(free.send(worker)));
                let _ = ready.send(told);
            });
            pool.spawn(&mut pool.threads(), arrival)?;
        }
        Ok((pool, ready))
    }

    fn threads(&self) -> MutexGuard<'_, Threads> {
        self.threads.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn spawn(&self, threads: &mut Threads, arrival: Arrival) -> Result<()> {
        let id = threads.handles.len() as u32 + 1;
        let (commands, inbox) = unbounded();
        let interrupt = Arc::new(Interrupt::default());
        let worker = Arc::new(Worker { id, commands, interrupt: interrupt.clone() });
        let test = self.test.clone();
        let permits = self.permits.clone();
        threads.interrupts.push(interrupt.clone());
        let thread = std::thread::Builder::new()
            .name(format!("vu-{id}"))
            .stack_size(STACK)
            .spawn(move || {
                let _ = permits.1.recv();
                let made = VirtualUser::new(&test, id, interrupt.clone());
                let _ = permits.0.send(());
                match made {
                    Ok(user) => {
                        super::stack::trim();
                        test.counters.vus_initialised.fetch_add(1, Ordering::Relaxed);
                        // The pool ends the loop by dropping every worker: none may stay here.
                        arrival(Ok(worker));
                        work(user, &test, id, &interrupt, &inbox);
                    }
                    Err(error) => arrival(Err(error)),
                }
            })
            .with_context(|| {
                format!("could not start the thread of VU {id}; the limit of processes or memory maps may be too low")
            })?;
        threads.handles.push(thread);
        Ok(())
    }

    /// Sends one more VU as soon as its init code has run, `None` if that failed. When the test has as
    /// many VUs as it may have, one that another scenario has given back takes its place.
    ///
    /// `false` if there is none to be had at present.
    pub fn grow(&self, to: &Sender<Option<Arc<Worker>>>) -> bool {
        let mut threads = self.threads();
        if threads.spare == 0 {
            return self.take().is_some_and(|worker| to.send(Some(worker)).is_ok());
        }
        threads.spare -= 1;
        let (to_start, free) = (to.clone(), self.free.clone());
        let sources = self.test.sources.clone();
        let arrival: Arrival = Box::new(move |made| {
            let worker = made.map_err(|error| {
                let failure = super::load::init_failure(&sources, error).message;
                log::error(format!("could not initialise one more VU: {failure}"));
            });
            if let Err(unsent) = to_start.send(worker.ok())
                && let Some(worker) = unsent.0
            {
                // The scenario has ended meanwhile; another one may use the VU.
                let _ = free.send(worker);
            }
        });
        if let Err(error) = self.spawn(&mut threads, arrival) {
            threads.spare = 0;
            log::error(format!("{error:#}"));
            return false;
        }
        true
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
        self.threads().interrupts.iter().for_each(|interrupt| interrupt.raise());
    }

    /// Ends every thread; each sends its last samples.
    pub fn finish(self) {
        let Self { idle, free, threads, .. } = self;
        let threads = threads.into_inner().unwrap_or_else(PoisonError::into_inner);
        drop(free);
        // Workers own the senders that the threads wait on.
        while idle.try_recv().is_ok() {}
        drop(idle);
        for thread in threads.handles {
            // A panic has been reported by the hook already.
            let _ = thread.join();
        }
    }
}

/// A VU thread's life: ends when the pool and the drivers have dropped the worker, which holds the
/// other end of `inbox`.
fn work(
    user: VirtualUser,
    test: &Arc<Test>,
    id: u32,
    interrupt: &Arc<Interrupt>,
    inbox: &Receiver<Assignment>,
) {
    let mut sound = Some(user);
    while let Ok(Assignment { scenario, setup_data, slot, loops, gate, done }) = inbox.recv() {
        let active = Active::new(test, slot, loops, done);
        let mut user = match sound.take().map_or_else(|| remake(test, id, interrupt), Ok) {
            Ok(user) => user,
            // Init code that ran before only fails when it is interrupted.
            Err(_) => continue,
        };
        user.clear_interrupt();
        let worked = catch_unwind(AssertUnwindSafe(|| {
            user.activate(&scenario, setup_data.as_deref())?;
            while !gate.killed.load(Ordering::SeqCst)
                && let Some(start) = (gate.next)()
            {
                user.state.scheduled.set(match start {
                    Start::Free => None,
                    Start::Due(at) => Some(at),
                });
                let outcome = user.iterate();
                if !loops {
                    // Nobody knows how long it will be until the next one.
                    user.state.samples.flush();
                }
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
            Ok(Err(text)) => log::error(text),
            Err(_) => {
                test.control.stop(Stop::Panic);
                return;
            }
        }
        if !user.is_ruined {
            sound = Some(user);
        }
    }
}

/// A VU in the place of one that an interrupt has ruined.
fn remake(test: &Arc<Test>, id: u32, interrupt: &Arc<Interrupt>) -> Result<VirtualUser, InitError> {
    interrupt.rearm();
    VirtualUser::new(test, id, interrupt.clone())
}

/// Counts a VU that loops as active, and tells its driver when it no longer is, whatever happened to it.
struct Active<'a> {
    test: &'a Test,
    slot: u32,
    loops: bool,
    done: Sender<u32>,
}

impl<'a> Active<'a> {
    fn new(test: &'a Test, slot: u32, loops: bool, done: Sender<u32>) -> Self {
        test.counters.vus_active.fetch_add(u32::from(loops), Ordering::Relaxed);
        Self { test, slot, loops, done }
    }
}

impl Drop for Active<'_> {
    fn drop(&mut self) {
        self.test.counters.vus_active.fetch_sub(u32::from(self.loops), Ordering::Relaxed);
        // A driver that has ended does not listen.
        let _ = self.done.send(self.slot);
    }
}
