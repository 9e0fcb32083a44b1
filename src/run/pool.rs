//! All VUs of a run: initialised ahead, handed to scenarios, taken back.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::Result;
use crossbeam_channel::{Receiver, Sender, bounded, unbounded};
use tokio::sync::mpsc::unbounded_channel;

use super::gate::Worker;
use super::host::{Arrival, Birth, Host, Permits};
use crate::js::Interrupt;
use crate::js::interrupt::silence_interrupted_panics;
use crate::log;
use crate::vu::Test;
use crate::vu::user::InitError;

/// A driver that did not get a VU which is planned for it asks again so much later: the scenario that
/// has it is about to give it back.
pub const ASK_AGAIN: Duration = Duration::from_millis(5);

/// With as many VUs for each core, at most, each VU has a thread of its own, and the system shares the cores
/// out fairly however long their scripts compute.
const ALONE_PER_CORE: usize = 8;

/// Threads for each core where there are more VUs, and they can share a thread. Threads that are many wake one
/// by one, for an event each; of 50 VUs that send requests that takes 1.6 times the processor time.
const THREADS_PER_CORE: usize = 2;

/// A VU on its way to the scenario that asked for one more; it becomes idle when it does not get there.
pub struct Grown {
    worker: Option<Arc<Worker>>,
    free: Sender<Arc<Worker>>,
}

impl Grown {
    /// The VU; `None` if its init code failed.
    pub fn take(mut self) -> Option<Arc<Worker>> {
        self.worker.take()
    }
}

impl Drop for Grown {
    fn drop(&mut self) {
        if let Some(worker) = self.worker.take() {
            // Without a pool the VU ends, as it would in it.
            let _ = self.free.send(worker);
        }
    }
}

/// All VUs of a run.
pub struct Pool {
    test: Arc<Test>,
    idle: Receiver<Arc<Worker>>,
    free: Sender<Arc<Worker>>,
    permits: Permits,
    /// How many threads there may be.
    most_threads: usize,
    /// Whether each VU has a thread for itself.
    alone: bool,
    vus: Mutex<Vus>,
}

/// The VUs that were asked for; VU n is the n-th of them.
#[derive(Default)]
struct Vus {
    hosts: Vec<Host>,
    interrupts: Vec<Arc<Interrupt>>,
    /// How many more may be made while the test runs.
    spare: u32,
}

impl Pool {
    /// Makes `count` VUs, on `threads` threads at most if they can share one, the first VUs of as many
    /// threads at a time as there are cores; `spare` more may follow one by one while the test runs.
    ///
    /// Returns at once; the receiver tells when each is done.
    pub fn start(
        test: &Arc<Test>,
        count: u32,
        spare: u32,
        threads: Option<usize>,
    ) -> Result<(Self, Receiver<Result<(), InitError>>)> {
        silence_interrupted_panics();
        let (free, idle) = unbounded();
        let (ready_in, ready) = unbounded();
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let permits = bounded(cores);
        for _ in 0..cores {
            let _ = permits.0.send(());
        }
        let all = (count as usize).saturating_add(spare as usize);
        let most_threads = match (test.factories(), threads) {
            // While one VU is paused, the others come to no further statement.
            _ if test.debugger.is_some() => 1,
            (None, _) => usize::MAX,
            (Some(_), Some(threads)) => threads,
            (Some(_), None) if all <= cores * ALONE_PER_CORE => all,
            (Some(_), None) => cores * THREADS_PER_CORE,
        };
        let alone = all <= most_threads;
        let vus = Mutex::new(Vus { spare, ..Vus::default() });
        let pool = Self { test: test.clone(), idle, free, permits, most_threads, alone, vus };
        for _ in 0..count {
            let (free, ready) = (pool.free.clone(), ready_in.clone());
            let arrival: Arrival = Box::new(move |made| {
                let told = made.map(|worker| drop(free.send(worker)));
                let _ = ready.send(told);
            });
            pool.add(&mut pool.vus(), arrival)?;
        }
        Ok((pool, ready))
    }

    fn vus(&self) -> MutexGuard<'_, Vus> {
        self.vus.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes one more VU, on a thread of its own or on the one with the fewest.
    fn add(&self, vus: &mut Vus, arrival: Arrival) -> Result<()> {
        if vus.hosts.len() < self.most_threads {
            vus.hosts.push(Host::start(&self.test, vus.hosts.len(), &self.permits, self.alone)?);
        }
        let Some(host) = vus.hosts.iter_mut().min_by_key(|host| host.vus) else { return Ok(()) };
        let (commands, inbox) = unbounded_channel();
        let interrupt = Arc::new(Interrupt::default());
        vus.interrupts.push(interrupt.clone());
        let worker = Arc::new(Worker { id: vus.interrupts.len() as u32, commands, interrupt });
        host.add(Birth { worker, inbox, arrival });
        Ok(())
    }

    /// Sends one more VU as soon as its init code has run or failed. When the test has as many VUs as it
    /// may have, one that another scenario has given back takes its place.
    ///
    /// `false` if there is none to be had at present.
    pub fn grow(&self, to: &Sender<Grown>) -> bool {
        let mut vus = self.vus();
        let free = self.free.clone();
        if vus.spare == 0 {
            let taken = self.take();
            return taken.is_some_and(|worker| to.send(Grown { worker: Some(worker), free }).is_ok());
        }
        vus.spare -= 1;
        let to_start = to.clone();
        let sources = self.test.sources.clone();
        let arrival: Arrival = Box::new(move |made| {
            let worker = made.map_err(|error| match error {
                // The run has ended meanwhile, or a panic was reported already.
                InitError::Interrupted => {}
                error => {
                    let failure = super::load::init_failure(&sources, error).message;
                    log::error(format!("could not initialise one more VU: {failure}"));
                }
            });
            // A scenario that has ended meanwhile does not take it: another one may.
            let _ = to_start.send(Grown { worker: worker.ok(), free });
        });
        if let Err(error) = self.add(&mut vus, arrival) {
            vus.spare = 0;
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
        self.vus().interrupts.iter().for_each(|interrupt| interrupt.raise());
    }

    /// Ends every VU; each sends its last samples. One that is still at its init code is interrupted.
    pub fn finish(self) {
        self.interrupt_all();
        let Self { idle, free, vus, .. } = self;
        let vus = vus.into_inner().unwrap_or_else(PoisonError::into_inner);
        drop(free);
        // Workers own the senders that the VUs wait on.
        while idle.try_recv().is_ok() {}
        drop(idle);
        vus.hosts.into_iter().for_each(Host::finish);
    }
}
