//! Promises, timers and asynchronous host calls of one VU.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::{Context as Task, Poll, Waker};
use std::time::{Duration, Instant};

use boa_engine::builtins::promise::PromiseState;
use boa_engine::job::{GenericJob, Job, JobExecutor, NativeAsyncJob, PromiseJob};
use boa_engine::object::JsObject;
use boa_engine::object::builtins::{JsFunction, JsPromise};
use boa_engine::{Context, JsError, JsNativeError, JsResult, JsValue};
use futures_util::FutureExt;
use futures_util::future::LocalBoxFuture;
use futures_util::stream::{FuturesUnordered, StreamExt};
use tokio::sync::Notify;

use super::background::Background;
use super::hooks::rejection_reason;

/// What runs on the VU's thread when an asynchronous host call is done.
pub type Completion = Box<dyn FnOnce(&mut Context) -> JsResult<()>>;

/// How an iteration came to its end.
#[derive(Debug)]
pub enum LoopError {
    /// A callback threw.
    Thrown(JsError),
    /// A promise was rejected and nobody handled it; the reason.
    Rejected(JsValue),
}

impl LoopError {
    /// The thrown value, or the reason of the rejection, as an engine error.
    pub fn into_error(self) -> JsError {
        match self {
            Self::Thrown(error) => error,
            Self::Rejected(reason) => JsError::from_opaque(reason),
        }
    }
}

impl From<JsError> for LoopError {
    fn from(error: JsError) -> Self {
        Self::Thrown(error)
    }
}

/// The queues of one context. Single-threaded, like the context.
#[derive(Default)]
pub struct EventLoop {
    promise_jobs: RefCell<VecDeque<PromiseJob>>,
    async_jobs: RefCell<VecDeque<NativeAsyncJob>>,
    generic_jobs: RefCell<VecDeque<GenericJob>>,
    /// Rejected promises that have no handler yet.
    rejections: RefCell<Vec<JsObject>>,
    /// Timers by due time, then by id, which is the order in which they fire.
    timers: RefCell<BTreeMap<(Instant, u32), Timer>>,
    due: RefCell<HashMap<u32, Instant>>,
    last_timer: Cell<u32>,
    /// Host calls that have been started and not completed.
    pending: Cell<usize>,
    completions: RefCell<VecDeque<Completion>>,
    /// Host calls under way, which are driven whenever the VU waits for something.
    calls: RefCell<FuturesUnordered<Call>>,
    polled: Polled,
    /// Signalled when a completion arrives.
    arrived: Notify,
}

/// What wakes the calls that were polled in the last turn.
type Polled = Rc<RefCell<Vec<Waker>>>;

/// An asynchronous host call, or a task that completes nothing.
struct Call {
    future: LocalBoxFuture<'static, Option<Completion>>,
    polled: Polled,
}

impl Future for Call {
    type Output = Option<Completion>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Task<'_>) -> Poll<Option<Completion>> {
        let done = self.future.poll_unpin(cx);
        if done.is_pending() {
            self.polled.borrow_mut().push(cx.waker().clone());
        }
        done
    }
}

struct Timer {
    callback: JsFunction,
    args: Vec<JsValue>,
    every: Option<Duration>,
    /// Whether the loop may end before it fires.
    is_idle: bool,
}

impl EventLoop {
    /// Runs `callback(...args)` after a delay; again and again if `repeat`. Returns the timer's id.
    pub fn set_timer(&self, callback: JsFunction, args: Vec<JsValue>, delay: Duration, repeat: bool) -> u32 {
        let id = self.last_timer.get() + 1;
        self.last_timer.set(id);
        let timer = Timer { callback, args, every: repeat.then_some(delay), is_idle: false };
        self.schedule(id, Instant::now() + delay, timer);
        id
    }

    /// Runs `callback()` after a delay, if the loop goes on for so long: it does not keep it from its end.
    pub fn set_idle_timer(&self, callback: JsFunction, delay: Duration) {
        let id = self.last_timer.get() + 1;
        self.last_timer.set(id);
        self.schedule(
            id,
            Instant::now() + delay,
            Timer { callback, args: Vec::new(), every: None, is_idle: true },
        );
    }

    /// Forgets a timer; unknown ids are passed over.
    pub fn clear_timer(&self, id: u32) {
        if let Some(at) = self.due.borrow_mut().remove(&id) {
            self.timers.borrow_mut().remove(&(at, id));
        }
    }

    fn schedule(&self, id: u32, at: Instant, timer: Timer) {
        self.due.borrow_mut().insert(id, at);
        self.timers.borrow_mut().insert((at, id), timer);
    }

    /// Announces an asynchronous host call: the loop does not end before [`Self::complete`].
    pub fn begin(&self) {
        self.pending.set(self.pending.get() + 1);
    }

    /// Hands in what is to run for a host call that was announced with [`Self::begin`].
    pub fn complete(&self, completion: Completion) {
        self.completions.borrow_mut().push_back(completion);
        self.arrived.notify_one();
    }

    /// Takes back a [`Self::begin`] that nothing will complete.
    pub fn release(&self) {
        self.pending.set(self.pending.get().saturating_sub(1));
    }

    /// Starts an asynchronous host call. It goes on while the VU waits, for whatever.
    pub fn spawn(&self, call: impl Future<Output = Completion> + 'static) {
        self.begin();
        self.push(Box::pin(call.map(Some)));
    }

    /// Starts a task that goes on while the VU waits, for whatever. The loop may end before it does.
    pub fn spawn_background(&self, task: impl Future<Output = ()> + 'static) -> Background {
        let (handle, running) = Background::new(task);
        self.push(Box::pin(running.map(|()| None)));
        handle
    }

    fn push(&self, future: LocalBoxFuture<'static, Option<Completion>>) {
        self.calls.borrow().push(Call { future, polled: self.polled.clone() });
    }

    /// Drives the calls that [`Self::spawn`] started; `task` is woken when one of them can go on.
    pub fn poll_calls(&self, task: &mut Task<'_>) {
        let mut calls = self.calls.borrow_mut();
        self.polled.borrow_mut().clear();
        if calls.is_empty() {
            return;
        }
        while let Poll::Ready(Some(done)) = calls.poll_next_unpin(task) {
            if let Some(completion) = done {
                self.complete(completion);
            }
        }
    }

    /// Wakes what may have been forgotten, for a runtime that is left and entered again: it forgets whom it
    /// owes a turn when `block_on` returns, and a call that had yielded would not be woken. It pays such debts
    /// between two turns, so only the calls of the last turn can be concerned, however many there are in all.
    pub fn wake_calls(&self) {
        self.polled.borrow().iter().for_each(Waker::wake_by_ref);
    }

    /// Resolves when a host call completes.
    pub async fn completion(&self) {
        if self.completions.borrow().is_empty() {
            let mut arrived = pin!(self.arrived.notified());
            std::future::poll_fn(|task| {
                self.poll_calls(task);
                arrived.as_mut().poll(task)
            })
            .await;
        }
    }

    pub(super) fn rejected(&self, promise: JsObject) {
        self.rejections.borrow_mut().push(promise);
    }

    pub(super) fn handled(&self, promise: &JsObject) {
        self.rejections.borrow_mut().retain(|p| !JsObject::equals(p, promise));
    }

    /// Runs all promise jobs; then reports the first rejection that nobody handled.
    pub fn run_microtasks(self: &Rc<Self>, context: &mut Context) -> Result<(), LoopError> {
        self.clone().run_jobs(context)?;
        let unhandled = self.rejections.borrow_mut().drain(..).find_map(|p| rejection_reason(&p));
        unhandled.map_or(Ok(()), |reason| Err(LoopError::Rejected(reason)))
    }

    /// Runs until nothing is left to do: no job, no timer, no pending host call.
    ///
    /// `wait` blocks until the given instant, or until a host call completes; it fails when the VU is
    /// interrupted.
    pub fn run(
        self: &Rc<Self>,
        context: &mut Context,
        wait: &dyn Fn(Option<Instant>) -> JsResult<()>,
    ) -> Result<(), LoopError> {
        loop {
            self.run_microtasks(context)?;
            let completion = self.completions.borrow_mut().pop_front();
            if let Some(completion) = completion {
                self.release();
                completion(context)?;
                continue;
            }
            let first = self.timers.borrow().first_key_value().map(|(key, _)| *key);
            match first {
                Some((at, id)) if at <= Instant::now() => self.fire(at, id, context)?,
                Some(_) if self.pending.get() == 0 && self.is_idle() => {
                    self.due.borrow_mut().clear();
                    self.timers.borrow_mut().clear();
                    return Ok(());
                }
                Some((at, _)) => wait(Some(at))?,
                None if self.pending.get() > 0 => wait(None)?,
                None => return Ok(()),
            }
        }
    }

    /// Runs the loop after a call until nothing is left to do, and waits for the promise that an
    /// async function returned.
    pub fn settle(
        self: &Rc<Self>,
        called: JsResult<JsValue>,
        context: &mut Context,
        wait: &dyn Fn(Option<Instant>) -> JsResult<()>,
    ) -> Result<JsValue, LoopError> {
        let value = called?;
        let promise = value.as_object().and_then(|object| JsPromise::from_object(object).ok());
        self.run(context, wait)?;
        match promise.map(|p| p.state()) {
            None => Ok(value),
            Some(PromiseState::Fulfilled(value)) => Ok(value),
            Some(PromiseState::Rejected(reason)) => Err(LoopError::Rejected(reason)),
            // Nothing is left that could settle it; k6 ends the iteration there too.
            Some(PromiseState::Pending) => Ok(JsValue::undefined()),
        }
    }

    /// Whether no timer is left that must fire.
    fn is_idle(&self) -> bool {
        self.timers.borrow().values().all(|timer| timer.is_idle)
    }

    fn fire(&self, at: Instant, id: u32, context: &mut Context) -> JsResult<()> {
        let Some(timer) = self.timers.borrow_mut().remove(&(at, id)) else { return Ok(()) };
        self.due.borrow_mut().remove(&id);
        let callback = timer.callback.clone();
        let args = timer.args.clone();
        if let Some(every) = timer.every {
            // Rescheduled before the call, so that the callback can clear it.
            self.schedule(id, (at + every).max(Instant::now()), timer);
        }
        callback.call(&JsValue::undefined(), &args, context).map(drop)
    }

    /// Drops everything queued, at the end of an interrupted or failed iteration. Returns the number
    /// of timers that will not fire.
    pub fn clear(&self) -> usize {
        self.promise_jobs.borrow_mut().clear();
        self.async_jobs.borrow_mut().clear();
        self.generic_jobs.borrow_mut().clear();
        self.rejections.borrow_mut().clear();
        self.completions.borrow_mut().clear();
        self.calls.borrow_mut().clear();
        self.polled.borrow_mut().clear();
        self.pending.set(0);
        self.due.borrow_mut().clear();
        let timers = self.timers.borrow().values().filter(|timer| !timer.is_idle).count();
        self.timers.borrow_mut().clear();
        timers
    }
}

impl JobExecutor for EventLoop {
    fn enqueue_job(self: Rc<Self>, job: Job, _context: &mut Context) {
        match job {
            Job::PromiseJob(job) => self.promise_jobs.borrow_mut().push_back(job),
            Job::AsyncJob(job) => self.async_jobs.borrow_mut().push_back(job),
            Job::GenericJob(job) => self.generic_jobs.borrow_mut().push_back(job),
            // Timers are our own (above); cleanup callbacks of finalization registries may be
            // skipped by a host.
            _ => {}
        }
    }

    fn run_jobs(self: Rc<Self>, context: &mut Context) -> JsResult<()> {
        loop {
            let job = self.promise_jobs.borrow_mut().pop_front();
            if let Some(job) = job {
                job.call(context)?;
                continue;
            }
            let job = self.async_jobs.borrow_mut().pop_front();
            if let Some(job) = job {
                // The only futures that reach this queue are our module loader's, which are ready
                // when first polled.
                let cell = RefCell::new(&mut *context);
                let done = job.call(&cell).now_or_never();
                done.unwrap_or_else(|| {
                    Err(JsNativeError::typ().with_message("a module did not load at once").into())
                })?;
                continue;
            }
            let job = self.generic_jobs.borrow_mut().pop_front();
            match job {
                Some(job) => drop(job.call(context)?),
                None => break,
            }
        }
        context.clear_kept_objects();
        Ok(())
    }
}
