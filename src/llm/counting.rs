//! Threads that count tokens, so that the threads which read streams need not: a text of a hundred kilobytes takes a
//! tokenizer longer than many servers take to say the next word.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender, unbounded};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::log;

/// More threads than these do not count: they would take the time of those that read.
const MOST: usize = 4;

/// Answers that wait or are being counted, at most; whoever has one more waits until there is room.
const ROOM: usize = 512;

/// A count that takes longer is told of.
const LONG: Duration = Duration::from_secs(1);

/// How nice the threads are to others, where the system knows this of threads: reading goes before counting.
#[cfg(target_os = "linux")]
const NICENESS: libc::c_int = 10;

/// Room for a piece of work among those that may wait; given back when that is done.
pub struct Place(#[expect(dead_code, reason = "is held")] OwnedSemaphorePermit);

type Job = (Box<dyn FnOnce() + Send>, Option<Place>);

/// The threads and their queue.
pub struct Pool {
    /// `None` where the system gave no thread: then work is done where it comes up.
    jobs: Option<Sender<Job>>,
    room: Arc<Semaphore>,
    late: Late,
}

/// Counts that took long.
#[derive(Debug, Default)]
struct Late {
    count: AtomicU64,
    /// In microseconds.
    longest: AtomicU64,
}

static POOL: OnceLock<Pool> = OnceLock::new();

/// The pool that all calls of the process share; its threads start with the first text.
pub fn pool() -> &'static Pool {
    POOL.get_or_init(|| {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Pool::new((cores / 2).clamp(1, MOST), ROOM)
    })
}

/// What there is to say about counts that came late since this was asked last; `None`: none did.
pub fn take_lateness() -> Option<String> {
    POOL.get().and_then(Pool::take_lateness)
}

impl Pool {
    /// `threads` threads, for which `room` pieces of work may wait or be under way.
    pub fn new(threads: usize, room: usize) -> Self {
        let (jobs, queue) = unbounded();
        let started = (0..threads).filter(|place| start(*place, &queue)).count();
        if started == 0 {
            log::warn("no thread was left to count tokens, so the threads that read streams do it");
        }
        let jobs = (started > 0).then_some(jobs);
        Self { jobs, room: Arc::new(Semaphore::new(room)), late: Late::default() }
    }

    /// Waits until there is room for a piece of work.
    pub async fn place(&self) -> Option<Place> {
        self.room.clone().acquire_owned().await.ok().map(Place)
    }

    /// Hands work over: that it is done is not waited for. Without a place it is one more than there should be.
    pub fn hand_over(&self, place: Option<Place>, work: impl FnOnce() + Send + 'static) {
        match &self.jobs {
            // The threads go on for as long as the pool is there.
            Some(jobs) => drop(jobs.send((Box::new(work), place))),
            None => work(),
        }
    }

    /// Takes note of what somebody had to wait for: from the end of an answer to its count.
    pub fn waited(&self, since: Instant) {
        let time = since.elapsed();
        if time > LONG {
            self.late.count.fetch_add(1, Ordering::Relaxed);
            let micros = u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
            self.late.longest.fetch_max(micros, Ordering::Relaxed);
        }
    }

    fn take_lateness(&self) -> Option<String> {
        let count = self.late.count.swap(0, Ordering::Relaxed);
        let longest = Duration::from_micros(self.late.longest.swap(0, Ordering::Relaxed));
        (count > 0).then(|| {
            let (who, long) = (if count == 1 { "answer" } else { "answers" }, longest.as_secs_f64());
            format!(
                "counting tokens fell behind: {count} {who} waited more than a second for it, {long:.1} s at most. \
                 The counts are whole and no stream was read later for it, but users who need a count asked again \
                 later; ask the server for its usage, or take a smaller load"
            )
        })
    }
}

/// Starts a thread that works until nobody can hand it work any more. `false`: the system has none left.
fn start(place: usize, queue: &Receiver<Job>) -> bool {
    let queue = queue.clone();
    let thread = std::thread::Builder::new().name(format!("count-{}", place + 1));
    let started = thread.spawn(move || {
        #[cfg(target_os = "linux")]
        be_nice();
        for (work, _place) in queue {
            // The panic has been told of; whoever waits for the result hears that there is none.
            let _ = catch_unwind(AssertUnwindSafe(work));
        }
    });
    started.is_ok()
}

/// Lets others go first. Linux has a niceness for each thread: setpriority(2), "C library/kernel differences".
#[cfg(target_os = "linux")]
fn be_nice() {
    // SAFETY: no memory is touched. That it fails is no harm: counting then has the priority of reading.
    unsafe { libc::setpriority(libc::PRIO_PROCESS, 0, NICENESS) };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_that_takes_long_keeps_nobody_from_reading() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let pool = Pool::new(1, 2);
        let (go_on, gate) = crossbeam_channel::bounded::<()>(0);
        let (done, mut ended) = tokio::sync::mpsc::unbounded_channel();
        runtime.block_on(async {
            // Nothing opens the gate but the one thread that handed the work over.
            for _ in 0..2 {
                let (gate, done) = (gate.clone(), done.clone());
                pool.hand_over(pool.place().await, move || {
                    let _ = gate.recv();
                    let _ = done.send(());
                });
            }
            let full = tokio::time::timeout(Duration::from_millis(1), pool.place());
            assert!(full.await.is_err(), "there is no room for a third");
            drop(go_on);
            assert_eq!((ended.recv().await, ended.recv().await), (Some(()), Some(())));
            pool.hand_over(pool.place().await, || panic!("a panic of work is nobody else's"));
            pool.hand_over(None, move || done.send(()).unwrap_or_default());
            assert_eq!(ended.recv().await, Some(()));
        });
    }

    #[test]
    fn lateness_is_told_once() {
        let pool = Pool::new(1, 1);
        pool.waited(Instant::now());
        assert_eq!(pool.take_lateness(), None);
        let Some(earlier) = Instant::now().checked_sub(Duration::from_millis(2500)) else { return };
        pool.waited(earlier);
        pool.waited(earlier);
        let said = pool.take_lateness().unwrap();
        assert!(said.contains("2 answers") && said.contains("2.5 s"), "{said}");
        assert_eq!(pool.take_lateness(), None);
    }
}
