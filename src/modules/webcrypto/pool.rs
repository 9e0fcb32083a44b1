//! Threads for what would keep a VU's thread busy for too long.

use std::sync::OnceLock;
use std::thread;

use crossbeam_channel::{Sender, unbounded};
use tokio::sync::oneshot;

use super::refusal::Refusal;
use super::work::{Output, Work};

type Result = std::result::Result<Output, Refusal>;

struct Job {
    work: Work,
    done: oneshot::Sender<Result>,
}

/// The queue of the process: as many threads as there are cores, from the first job on.
fn queue() -> &'static Sender<Job> {
    static QUEUE: OnceLock<Sender<Job>> = OnceLock::new();
    QUEUE.get_or_init(|| {
        let (sender, jobs) = unbounded::<Job>();
        let cores = thread::available_parallelism().map_or(1, usize::from);
        for _ in 0..cores {
            let jobs = jobs.clone();
            // Where the system has no thread left, fewer do; with none, calls fail with an error.
            let _ = thread::Builder::new().name("crypto".to_owned()).spawn(move || {
                for Job { work, done } in jobs {
                    // Nobody waits any longer when the VU was interrupted.
                    if !done.is_closed() {
                        let _ = done.send(work.run());
                    }
                }
            });
        }
        sender
    })
}

/// Computes on another thread.
///
/// # Errors
///
/// Those of the work, or that there is no thread.
pub async fn compute(work: Work) -> Result {
    let (done, outcome) = oneshot::channel();
    let lost = || Refusal::operation("there is no thread for the computation");
    queue().send(Job { work, done }).map_err(|_| lost())?;
    outcome.await.unwrap_or_else(|_| Err(lost()))
}
