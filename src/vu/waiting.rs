//! How a VU waits: its fiber is suspended, or, of a VU without one, its thread blocked.

use std::future::Future;
use std::pin::pin;
use std::task::Poll;
use std::time::{Duration, Instant};

use boa_engine::{Context, JsResult};
use tokio::runtime::Runtime;

use super::lag::Timer;
use super::{State, fiber};
use crate::js::go_error;
use crate::js::interrupt::interrupted;

/// A sleep that would keep samples from a threshold's next evaluation; shorter ones are not worth a
/// channel operation.
const LONG_SLEEP: Duration = Duration::from_secs(1);

impl State {
    /// The runtime of a VU that has its thread for itself.
    pub(super) fn runtime(&self) -> Result<&Runtime, String> {
        if let Some(runtime) = self.runtime.get() {
            return Ok(runtime);
        }
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|e| format!("no I/O for this VU: {e}; the limit of open files may be too low"))?;
        Ok(self.runtime.get_or_init(|| runtime))
    }

    /// Waits for a future. Fails, uncatchably, when the VU is interrupted.
    ///
    /// Every blocking host call goes through here: this is the seam at which a VU's fiber is suspended.
    /// A VU without a fiber (init, setup, teardown, summary) blocks its thread.
    pub fn block_on<F: Future>(&self, future: F, context: &mut Context) -> JsResult<F::Output> {
        let mut future = pin!(future);
        let waiting = std::future::poll_fn(|task| {
            if self.interrupt.poll_raised(task).is_ready() {
                return Poll::Ready(Err(interrupted()));
            }
            if let Poll::Ready(output) = future.as_mut().poll(task) {
                return Poll::Ready(Ok(output));
            }
            // Asynchronous host calls go on meanwhile.
            self.event_loop.poll_calls(task);
            Poll::Pending
        });
        match fiber::wait(waiting) {
            Ok(output) => output,
            Err(waiting) => self.block_thread_on(waiting).map_err(|text| go_error(text, context))?,
        }
    }

    fn block_thread_on<F: Future>(&self, future: F) -> Result<F::Output, String> {
        self.event_loop.wake_calls();
        Ok(self.runtime()?.block_on(async {
            let output = future.await;
            if self.multiplexed.get() {
                // The runtime forgets deferred wake-ups when it is left; an HTTP/2 connection's task
                // that used up its budget just now would never run again.
                tokio::task::yield_now().await;
            }
            output
        }))
    }

    /// Sleeps, driving the VU's connections meanwhile, so that a connection which the server closes
    /// is noticed now and not at the next request.
    pub fn sleep(&self, time: Duration, context: &mut Context) -> JsResult<()> {
        if time >= LONG_SLEEP && !fiber::is_inside() {
            self.samples.flush();
        }
        let due = Instant::now() + time;
        let timer = Timer::until(due);
        // Made inside the future: a timer belongs to the runtime that polls it.
        self.block_on(async { tokio::time::sleep_until(due.into()).await }, context)?;
        timer.ended(self);
        Ok(())
    }

    /// Waits until `until`, or until an asynchronous host call completes.
    pub fn wait(&self, until: Option<Instant>) -> JsResult<()> {
        let event_loop = &self.event_loop;
        let timer = until.map(Timer::until);
        let waiting = async {
            let mut completion = pin!(event_loop.completion());
            // Made inside the future: a timer belongs to the runtime that polls it.
            let mut due = pin!(async {
                match until {
                    Some(at) => tokio::time::sleep_until(at.into()).await,
                    None => std::future::pending().await,
                }
            });
            std::future::poll_fn(|task| {
                if self.interrupt.poll_raised(task).is_ready() {
                    return Poll::Ready(Err(interrupted()));
                }
                if completion.as_mut().poll(task).is_ready() {
                    return Poll::Ready(Ok(()));
                }
                if due.as_mut().poll(task).is_ready() {
                    timer.into_iter().for_each(|timer| timer.ended(self));
                    return Poll::Ready(Ok(()));
                }
                Poll::Pending
            })
            .await
        };
        match fiber::wait(waiting) {
            Ok(result) => result,
            Err(waiting) => {
                self.samples.flush();
                self.block_thread_on(waiting).map_err(|_| interrupted())?
            }
        }
    }
}
