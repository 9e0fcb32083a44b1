//! A thread on which VUs live, each on a fiber of its own.

use std::cell::RefCell;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context as Task, Poll};
use std::thread::JoinHandle;
use std::time::Instant;

use anyhow::{Context as _, Result};
use crossbeam_channel::{Receiver, Sender};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::JoinSet;

use super::gate::{Assignment, Starts, Worker};
use crate::js::Interrupt;
use crate::log;
use crate::vu::fiber::{self, Fiber};
use crate::vu::lag;
use crate::vu::samples::MAX_AGE;
use crate::vu::user::InitError;
use crate::vu::{Mates, Outcome, Stop, Test, VirtualUser};

/// Turns of fibers and connections between two looks at sockets and timers: a VU that never waits takes up
/// to a millisecond a turn, and must not make the others read late.
const TURNS: u32 = 16;

/// Gets the VU that was made, on its own thread.
pub type Arrival = Box<dyn FnOnce(Result<Arc<Worker>, InitError>) + Send>;

/// One for each thread whose first VU may run its init code at the same time.
pub type Permits = (Sender<()>, Receiver<()>);

/// A VU that is to be made.
pub struct Birth {
    pub worker: Arc<Worker>,
    /// What the worker is sent.
    pub inbox: UnboundedReceiver<Assignment>,
    pub arrival: Arrival,
}

/// The thread.
pub struct Host {
    births: UnboundedSender<Birth>,
    thread: JoinHandle<()>,
    /// How many VUs were sent to it.
    pub vus: u32,
}

impl Host {
    /// Starts the thread, without VUs; `alone` says that there will never be more than one.
    pub fn start(test: &Arc<Test>, place: usize, permits: &Permits, alone: bool) -> Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .event_interval(TURNS)
            .build()
            .context("no I/O for VUs: the limit of open files may be too low (see ulimit -n)")?;
        let (births, newborn) = unbounded_channel();
        let (test, permits) = (test.clone(), permits.clone());
        let thread = std::thread::Builder::new()
            .name(format!("vus-{}", place + 1))
            .spawn(move || runtime.block_on(host(&test, newborn, &permits, alone)))
            .context(
                "could not start a thread for VUs; the limit of processes may be too low (see ulimit -u)",
            )?;
        Ok(Self { births, thread, vus: 0 })
    }

    /// Makes a VU on the thread.
    pub fn add(&mut self, birth: Birth) {
        self.vus += 1;
        // The thread ends only after `finish`.
        let _ = self.births.send(birth);
    }

    /// Waits until every VU has ended, which they do when their workers are dropped.
    pub fn finish(self) {
        drop(self.births);
        // A panic has been reported by the hook already.
        let _ = self.thread.join();
    }
}

/// The thread's main loop: fibers, samples that have waited long enough, and a look at how late it is.
async fn host(test: &Arc<Test>, mut newborn: UnboundedReceiver<Birth>, permits: &Permits, alone: bool) {
    let mates = Rc::new(Mates::new(alone));
    let mut fibers = JoinSet::new();
    let mut tick = tokio::time::interval(MAX_AGE);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut probe = pin!(lag::probe(test));
    let mut open = true;
    while open || !fibers.is_empty() {
        tokio::select! {
            biased;
            birth = newborn.recv(), if open => match birth {
                Some(birth) => bear(birth, test, &mates, permits, &mut fibers),
                None => open = false,
            },
            Some(_) = fibers.join_next() => {}
            never = &mut probe => match never {},
            _ = tick.tick() => mates.samples.flush_if_old(Instant::now()),
        }
    }
    mates.samples.flush();
}

fn bear(birth: Birth, test: &Arc<Test>, mates: &Rc<Mates>, permits: &Permits, fibers: &mut JoinSet<()>) {
    let Birth { worker, inbox, arrival } = birth;
    let interrupt = worker.interrupt.clone();
    let (test, mates, permits) = (test.clone(), mates.clone(), permits.clone());
    // The arrival must be told of a failure, too: it stays here until the fiber takes it.
    let newborn = Rc::new(RefCell::new(Some((worker, inbox, arrival))));
    let inner = newborn.clone();
    let fiber = Fiber::new(interrupt, move || {
        if let Some((worker, inbox, arrival)) = inner.take() {
            live(worker, inbox, arrival, &test, &mates, &permits);
        }
    });
    match fiber {
        // SAFETY: see `Pinned`.
        Ok(fiber) => drop(fibers.spawn(Pinned(fiber))),
        Err(error) => {
            if let Some((_, _, arrival)) = newborn.take() {
                let text = format!(
                    "no stack for one more VU: {error}; the limit of memory maps may be too low (see vm.max_map_count)"
                );
                arrival(Err(InitError::Load(text)));
            }
        }
    }
}

/// A fiber that a task may hold.
struct Pinned(Fiber);

// SAFETY: tasks must be `Send`, but those of a current-thread runtime are polled and dropped only on
// the thread that runs and then drops it: the host's.
unsafe impl Send for Pinned {}

impl Future for Pinned {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, task: &mut Task<'_>) -> Poll<()> {
        Pin::new(&mut self.0).poll(task)
    }
}

/// A VU's life: init code, then work until the pool and the drivers have dropped its worker, which
/// holds the other end of `inbox`.
fn live(
    worker: Arc<Worker>,
    inbox: UnboundedReceiver<Assignment>,
    arrival: Arrival,
    test: &Arc<Test>,
    mates: &Rc<Mates>,
    permits: &Permits,
) {
    // Those who come later find most of the work done.
    let first = mates.admit();
    if first {
        let _ = permits.1.recv();
    }
    let (id, interrupt) = (worker.id, worker.interrupt.clone());
    let made = make(test, id, &interrupt, mates);
    if first {
        let _ = permits.0.send(());
    }
    let user = match made {
        Ok(user) => user,
        Err(error) => return arrival(Err(error)),
    };
    if first {
        // Parsing touched hundreds of KiB that an iteration never reaches again.
        super::stack::trim();
    }
    test.counters.vus_initialised.fetch_add(1, Ordering::Relaxed);
    // The pool ends the loop by dropping every worker: none may stay here.
    arrival(Ok(worker));
    let remake = || {
        interrupt.rearm();
        make(test, id, &interrupt, mates)
    };
    work(user, inbox, test, &remake);
}

/// Runs the init code; a panic in it stops the test, unless an interrupt brought it about.
fn make(
    test: &Arc<Test>,
    id: u32,
    interrupt: &Arc<Interrupt>,
    mates: &Rc<Mates>,
) -> Result<VirtualUser, InitError> {
    let made = catch_unwind(AssertUnwindSafe(|| VirtualUser::new(test, id, interrupt.clone(), mates)));
    made.unwrap_or_else(|_| {
        if !interrupt.is_raised() {
            test.control.stop(Stop::Panic);
        }
        Err(InitError::Interrupted)
    })
}

fn work(
    user: VirtualUser,
    mut inbox: UnboundedReceiver<Assignment>,
    test: &Arc<Test>,
    remake: &dyn Fn() -> Result<VirtualUser, InitError>,
) {
    let mut sound = Some(user);
    while let Some(assignment) = told(&mut inbox) {
        let active = Active::new(test, &assignment);
        // A VU in the place of one that an interrupt has ruined.
        let mut user = match sound.take().map_or_else(remake, Ok) {
            Ok(user) => user,
            // Init code that ran before only fails when it is interrupted.
            Err(_) => continue,
        };
        user.clear_interrupt();
        let worked = catch_unwind(AssertUnwindSafe(|| iterate(&mut user, assignment)));
        match worked {
            Ok(Ok(())) => {}
            Ok(Err(text)) => log::error(text),
            Err(_) => {
                test.control.stop(Stop::Panic);
                drop(active);
                // Drivers wait for the word of each VU that they send to work.
                while let Some(assignment) = told(&mut inbox) {
                    drop(Active::new(test, &assignment));
                }
                return;
            }
        }
        drop(active);
        if !user.is_ruined {
            sound = Some(user);
        }
    }
}

/// Runs iterations until the gate closes.
fn iterate(user: &mut VirtualUser, assignment: Assignment) -> Result<(), String> {
    let Assignment { scenario, setup_data, slot, mut starts, gate, .. } = assignment;
    user.activate(&scenario, setup_data.as_deref())?;
    let mut reckoned = None;
    while !gate.killed.load(Ordering::SeqCst) {
        if let Some(pace) = &gate.pace {
            reckoned = Some(match reckoned {
                Some(last) => pace.wait(last + pace.every, &user.state.interrupt),
                None => Instant::now(),
            });
            if gate.killed.load(Ordering::SeqCst) {
                break;
            }
        }
        let due = match &mut starts {
            Starts::Looping => None,
            Starts::Due(due) => match told(due) {
                Some(due) => Some(due),
                None => break,
            },
        };
        if !(gate.may_start)() {
            break;
        }
        user.state.scheduled.set(due);
        let outcome = user.iterate();
        (gate.ended)(slot);
        if outcome == Outcome::Interrupted {
            break;
        }
    }
    user.state.samples.flush();
    Ok(())
}

/// The next message of a channel, `None` when there will be none.
fn told<T>(channel: &mut UnboundedReceiver<T>) -> Option<T> {
    if let Ok(message) = channel.try_recv() {
        return Some(message);
    }
    fiber::wait(channel.recv()).ok().flatten()
}

/// Counts a VU that loops as active, and tells its driver when it no longer is, whatever happened to it.
struct Active<'a> {
    test: &'a Test,
    slot: u32,
    loops: bool,
    done: Sender<u32>,
}

impl<'a> Active<'a> {
    fn new(test: &'a Test, assignment: &Assignment) -> Self {
        let loops = matches!(assignment.starts, Starts::Looping);
        test.counters.vus_active.fetch_add(u32::from(loops), Ordering::Relaxed);
        Self { test, slot: assignment.slot, loops, done: assignment.done.clone() }
    }
}

impl Drop for Active<'_> {
    fn drop(&mut self) {
        self.test.counters.vus_active.fetch_sub(u32::from(self.loops), Ordering::Relaxed);
        // A driver that has ended does not listen.
        let _ = self.done.send(self.slot);
    }
}
