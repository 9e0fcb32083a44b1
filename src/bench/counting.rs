//! Requests whose tokens are still to be counted when they end: that and recording them is done beside the threads that
//! read streams, and neither the next request nor the end of the run's clock waits for it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::{Context as _, Result};
use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, unbounded};

use super::local::Local;
use super::recording::{Asked, keep};
use super::stage::Stage;
use crate::llm::{Ended, counting};
use crate::log;

/// The user is told what the end of the run waits for when that takes longer.
const PATIENCE: Duration = Duration::from_secs(1);

/// Those that are on their way.
pub struct Counting {
    send: Sender<Message>,
    counted: Receiver<Message>,
    /// Handed over and not recorded.
    pending: AtomicU64,
}

enum Message {
    Counted(Box<(Ended, Asked)>),
    /// No more will be handed over.
    Over,
}

impl Default for Counting {
    fn default() -> Self {
        let (send, counted) = unbounded();
        Self { send, counted, pending: AtomicU64::new(0) }
    }
}

impl Counting {
    /// Has a request counted and recorded. Waits where too many are on their way, unless the run is cut off.
    pub async fn hand_over(&self, stage: &Stage, ended: Ended, asked: Asked) {
        let pool = counting::pool();
        let place = tokio::select! {
            biased;
            place = pool.place() => place,
            () = stage.cut() => None,
        };
        self.pending.fetch_add(1, Ordering::AcqRel);
        let mut work = Sending { what: Some(Box::new((ended, asked))), to: self.send.clone() };
        pool.hand_over(place, move || work.count());
    }

    /// Starts the thread that records them.
    ///
    /// # Errors
    /// The system has no thread left.
    pub fn start(stage: &Arc<Stage>) -> Result<JoinHandle<()>> {
        let stage = stage.clone();
        let thread = std::thread::Builder::new().name("counted".to_owned());
        thread.spawn(move || stage.counting.record(&stage)).context("could not start a thread")
    }

    fn record(&self, stage: &Stage) {
        let Some(network) = stage.test.network() else { return };
        let local = Local::new(&stage.test, network, 0, 1);
        let mut is_over = false;
        while !is_over || self.pending.load(Ordering::Acquire) > 0 {
            let message = match self.counted.recv_timeout(PATIENCE) {
                Ok(message) => message,
                Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => {
                    if is_over {
                        let left = self.pending.load(Ordering::Acquire);
                        log::info(format!("the tokens of {left} answers are still being counted"));
                    }
                    continue;
                }
            };
            match message {
                Message::Counted(what) => {
                    let (ended, asked) = *what;
                    keep(stage, &local, &asked, &ended.into_report());
                    self.pending.fetch_sub(1, Ordering::AcqRel);
                }
                Message::Over => is_over = true,
            }
            if self.counted.is_empty() {
                local.samples.flush();
            }
        }
        local.samples.flush();
    }

    /// Waits until all that was handed over is recorded. No more may follow.
    pub fn finish(&self, thread: JoinHandle<()>) {
        let _ = self.send.send(Message::Over);
        thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
    }
}

/// Sends a request on to be recorded, also where counting panicked: then with estimates.
struct Sending {
    what: Option<Box<(Ended, Asked)>>,
    to: Sender<Message>,
}

impl Sending {
    fn count(&mut self) {
        if let Some(what) = &mut self.what {
            what.0.count_here();
        }
    }
}

impl Drop for Sending {
    fn drop(&mut self) {
        if let Some(what) = self.what.take() {
            // Whoever would take it is there until it came.
            let _ = self.to.send(Message::Counted(what));
        }
    }
}
