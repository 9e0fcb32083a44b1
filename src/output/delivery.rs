//! How outputs send over the network: a bounded queue, a thread, attempts, and an honest account of what was lost.
//!
//! An output puts a [`Parcel`] into the queue and goes on at once. The thread hands it to a [`Carrier`]; what fails
//! for a reason that may pass is tried again, with longer and longer pauses, a few times. What cannot be delivered,
//! and what no longer fits into the queue, is lost and counted. The first trouble is told at once, the sum at the
//! end.

use std::future::Future;
use std::io;
use std::pin::pin;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use rand::Rng;
use tokio::sync::{mpsc, watch};

use crate::log;

/// How many bytes may wait for the other side.
const QUEUED_BYTES: usize = 64 * 1024 * 1024;

/// How often a parcel is sent, at most.
const ATTEMPTS: u32 = 6;

/// The pause after the first failure; each further one is twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// A server may ask for so long a pause (`Retry-After`).
const LONGEST_ASKED_PAUSE: Duration = Duration::from_secs(30);

/// How long the end of a run waits for what is still to be delivered.
pub const LAST_DELIVERIES: Duration = Duration::from_secs(10);

/// What is sent at once.
#[derive(Clone, Debug)]
pub struct Parcel {
    pub body: Bytes,
    /// How many of what the output counts are in it; see [`Delivery::start`].
    pub holds: u64,
}

/// Why a parcel did not arrive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    /// Without credentials.
    pub text: String,
    pub again: Again,
}

/// Whether it makes sense to try again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Again {
    Never,
    Soon,
    /// When the other side asked for it.
    After(Duration),
}

impl Trouble {
    pub fn passing(text: impl Into<String>) -> Self {
        Self { text: text.into(), again: Again::Soon }
    }

    pub fn lasting(text: impl Into<String>) -> Self {
        Self { text: text.into(), again: Again::Never }
    }
}

/// What knows the way. It lives on the thread of its delivery, inside a runtime.
pub trait Carrier: 'static {
    fn send(&self, body: Bytes) -> impl Future<Output = Result<(), Trouble>>;
}

/// A queue to a carrier.
pub struct Delivery {
    queue: mpsc::UnboundedSender<Parcel>,
    account: Arc<Account>,
    until: watch::Sender<Option<Instant>>,
    thread: JoinHandle<()>,
}

/// What came of the parcels.
struct Account {
    /// The output's name, and what [`Parcel::holds`] counts: `samples`.
    name: String,
    unit: &'static str,
    queued_bytes: AtomicUsize,
    /// Neither delivered nor lost yet.
    pending: AtomicU64,
    delivered: AtomicU64,
    lost: AtomicU64,
    /// The last trouble. While there was none, nothing was said.
    trouble: Mutex<Option<String>>,
}

impl Delivery {
    /// Starts the thread, which makes its carrier itself and has so many parcels on their way at once. With one,
    /// parcels arrive in order.
    ///
    /// # Errors
    ///
    /// The system has no thread, or nothing to wait with, left.
    pub fn start<C: Carrier>(
        name: String,
        unit: &'static str,
        at_once: usize,
        carrier: impl FnOnce() -> C + Send + 'static,
    ) -> io::Result<Self> {
        let (queue, parcels) = mpsc::unbounded_channel();
        let (until, end) = watch::channel(None);
        let account = Arc::new(Account {
            name,
            unit,
            queued_bytes: AtomicUsize::new(0),
            pending: AtomicU64::new(0),
            delivered: AtomicU64::new(0),
            lost: AtomicU64::new(0),
            trouble: Mutex::new(None),
        });
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let shared = account.clone();
        let thread = std::thread::Builder::new().name("delivery".to_owned()).spawn(move || {
            // Client libraries may start tasks that need not be able to change threads.
            let tasks = tokio::task::LocalSet::new();
            tasks.block_on(&runtime, async { run(carrier(), parcels, end, at_once.max(1), &shared).await });
        })?;
        Ok(Self { queue, account, until, thread })
    }

    /// Puts a parcel into the queue, or counts it as lost where that is full. Never waits.
    pub fn put(&self, parcel: Parcel) {
        let size = parcel.body.len();
        let before = self.account.queued_bytes.load(Ordering::Relaxed);
        if before > 0 && before + size > QUEUED_BYTES {
            let limit = QUEUED_BYTES / 1024 / 1024;
            return self.account.lose(parcel.holds, &format!("{limit} MiB were waiting already"));
        }
        self.account.queued_bytes.fetch_add(size, Ordering::Relaxed);
        self.account.pending.fetch_add(parcel.holds, Ordering::Relaxed);
        // Fails only where the thread has panicked, which comes to light at the end.
        let _ = self.queue.send(parcel);
    }

    /// How many were lost so far.
    pub fn lost(&self) -> u64 {
        self.account.lost.load(Ordering::Relaxed)
    }

    /// Waits a while until everything is delivered, and says what was not.
    pub fn finish(self) {
        let Self { queue, account, until, thread } = self;
        until.send_replace(Some(Instant::now() + LAST_DELIVERIES));
        drop(queue);
        if let Err(panic) = thread.join() {
            std::panic::resume_unwind(panic);
        }
        if let Some(text) = account.verdict() {
            log::error(text);
        }
    }
}

impl Account {
    /// Takes note of a failure; the first one is told.
    fn trouble(&self, text: &str, goes_on: &str) {
        let mut last = self.trouble.lock().unwrap_or_else(|e| e.into_inner());
        if last.replace(text.to_owned()).is_none() {
            log::warn(format!("Sending to the output {} failed, {goes_on}: {text}", self.name));
        }
    }

    fn lose(&self, holds: u64, text: &str) {
        self.trouble(text, "the run goes on");
        self.lost.fetch_add(holds, Ordering::Relaxed);
    }

    /// The line at the end, if anything was lost.
    fn verdict(&self) -> Option<String> {
        let (lost, delivered) = (self.lost.load(Ordering::Relaxed), self.delivered.load(Ordering::Relaxed));
        if lost == 0 {
            return None;
        }
        let trouble = self.trouble.lock().unwrap_or_else(|e| e.into_inner());
        Some(format!(
            "{lost} of {} {} could not be delivered to the output {}; the summary is complete; last trouble: {}",
            lost + delivered,
            self.unit,
            self.name,
            trouble.as_deref().unwrap_or("none")
        ))
    }
}

async fn run<C: Carrier>(
    carrier: C,
    mut parcels: mpsc::UnboundedReceiver<Parcel>,
    mut end: watch::Receiver<Option<Instant>>,
    at_once: usize,
    account: &Account,
) {
    let carrier = &carrier;
    let mut running = FuturesUnordered::new();
    let mut is_open = true;
    let mut too_late = pin!(async move {
        // Whoever drops the other end without a word waits for nothing.
        match end.wait_for(Option::is_some).await.ok().and_then(|until| *until) {
            Some(until) => tokio::time::sleep_until(until.into()).await,
            None => std::future::pending().await,
        }
    });
    while is_open || !running.is_empty() {
        tokio::select! {
            biased;
            () = &mut too_late => break,
            Some(()) = running.next() => {}
            parcel = parcels.recv(), if is_open && running.len() < at_once => match parcel {
                Some(parcel) => running.push(deliver(carrier, parcel, account)),
                None => is_open = false,
            },
        }
    }
    let pending = account.pending.swap(0, Ordering::Relaxed);
    if pending > 0 {
        let late = format!("still not delivered {} s after the end of the run", LAST_DELIVERIES.as_secs());
        let last = account.trouble.lock().unwrap_or_else(|e| e.into_inner()).clone();
        account.lose(pending, &last.map_or(late.clone(), |text| format!("{late}, before that: {text}")));
    }
}

async fn deliver(carrier: &impl Carrier, parcel: Parcel, account: &Account) {
    let outcome = attempts(carrier, &parcel, account).await;
    account.queued_bytes.fetch_sub(parcel.body.len(), Ordering::Relaxed);
    account.pending.fetch_sub(parcel.holds, Ordering::Relaxed);
    match outcome {
        Ok(()) => {
            account.delivered.fetch_add(parcel.holds, Ordering::Relaxed);
        }
        Err(text) => account.lose(parcel.holds, &text),
    }
}

async fn attempts(carrier: &impl Carrier, parcel: &Parcel, account: &Account) -> Result<(), String> {
    let mut pause = FIRST_PAUSE;
    for attempt in 1.. {
        let Err(Trouble { text, again }) = carrier.send(parcel.body.clone()).await else { return Ok(()) };
        let wait = match again {
            Again::Never => return Err(text),
            _ if attempt == ATTEMPTS => return Err(text),
            Again::After(asked) => asked.min(LONGEST_ASKED_PAUSE),
            // Somewhat by chance, so that many clients do not come back at once.
            Again::Soon => pause.mul_f64(rand::rng().random_range(0.5..1.0)),
        };
        account.trouble(&text, "it is tried again");
        tokio::time::sleep(wait).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::collections::VecDeque;

    use super::*;

    /// Fails with these, one after the other, and then takes everything.
    struct Scripted {
        troubles: RefCell<VecDeque<Trouble>>,
        arrived: Arc<Mutex<Vec<Bytes>>>,
    }

    impl Carrier for Scripted {
        async fn send(&self, body: Bytes) -> Result<(), Trouble> {
            match self.troubles.borrow_mut().pop_front() {
                Some(trouble) => Err(trouble),
                None => {
                    self.arrived.lock().unwrap().push(body);
                    Ok(())
                }
            }
        }
    }

    fn deliver_all(parcels: &[(&'static str, u64)], troubles: Vec<Trouble>) -> (Vec<Bytes>, Option<String>) {
        let arrived = Arc::<Mutex<Vec<Bytes>>>::default();
        let shared = arrived.clone();
        let carrier = move || Scripted { troubles: RefCell::new(troubles.into()), arrived: shared };
        let delivery = Delivery::start("x (y)".to_owned(), "samples", 1, carrier).unwrap();
        for (body, holds) in parcels {
            delivery.put(Parcel { body: Bytes::from_static(body.as_bytes()), holds: *holds });
        }
        let account = delivery.account.clone();
        delivery.finish();
        assert_eq!(account.queued_bytes.load(Ordering::Relaxed), 0);
        let arrived = arrived.lock().unwrap().clone();
        (arrived, account.verdict())
    }

    #[test]
    fn what_passes_is_tried_again_in_order() {
        let after = Trouble { text: "busy".to_owned(), again: Again::After(Duration::from_millis(1)) };
        let troubles = vec![Trouble::passing("down"), after];
        assert_eq!(deliver_all(&[("a", 3), ("b", 4)], troubles), (vec!["a".into(), "b".into()], None));
    }

    #[test]
    fn what_lasts_is_lost_and_counted() {
        let (arrived, verdict) =
            deliver_all(&[("a", 3), ("b", 4)], vec![Trouble::lasting("400 Bad Request")]);
        assert_eq!(arrived, ["b"]);
        assert_eq!(
            verdict.as_deref(),
            Some(
                "3 of 7 samples could not be delivered to the output x (y); the summary is complete; last trouble: 400 Bad Request"
            )
        );
    }

    #[test]
    fn attempts_end() {
        let after = Trouble { text: "busy".to_owned(), again: Again::After(Duration::ZERO) };
        let (arrived, verdict) = deliver_all(&[("a", 1), ("b", 1)], vec![after; ATTEMPTS as usize]);
        assert_eq!(arrived, ["b"]);
        assert!(verdict.unwrap().starts_with("1 of 2 samples"));
    }

    #[test]
    fn what_does_not_fit_is_lost_at_once() {
        struct Stuck(Arc<tokio::sync::Notify>);
        impl Carrier for Stuck {
            async fn send(&self, _: Bytes) -> Result<(), Trouble> {
                self.0.notified().await;
                self.0.notify_one();
                Ok(())
            }
        }
        let free = Arc::<tokio::sync::Notify>::default();
        let gate = free.clone();
        let delivery = Delivery::start("x".to_owned(), "pushes", 1, move || Stuck(gate)).unwrap();
        let large = Bytes::from(vec![0; QUEUED_BYTES - 1]);
        delivery.put(Parcel { body: large.clone(), holds: 1 });
        delivery.put(Parcel { body: large, holds: 1 });
        delivery.put(Parcel { body: Bytes::from_static(b"s"), holds: 1 });
        assert_eq!(delivery.lost(), 1);
        free.notify_one();
        let account = delivery.account.clone();
        delivery.finish();
        assert_eq!(account.delivered.load(Ordering::Relaxed), 2);
    }
}
