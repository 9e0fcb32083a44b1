//! One call of `setup`, `teardown` or `handleSummary` on a thread and in a VU of its own.

use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use crossbeam_channel::{Receiver, bounded, never, select};

use super::clock::Clock;
use crate::js::Interrupt;
use crate::js::interrupt::running;
use crate::vu::fiber::STACK;
use crate::vu::lifecycle::CallError;
use crate::vu::user::InitError;
use crate::vu::{Test, VirtualUser};

/// How a call ended.
pub enum Called<T> {
    Returned(T),
    Failed(CallError),
    /// The VU for it could not be made.
    NotMade(InitError),
    TimedOut,
    /// The run was stopped meanwhile.
    Stopped,
    /// The thread died.
    Died,
}

/// Runs `call` in a fresh VU with number 0. A `stop` that yields or closes interrupts it.
pub fn call<T: Send + 'static>(
    test: &Arc<Test>,
    name: &str,
    limit: Duration,
    stop: Option<Receiver<()>>,
    call: impl FnOnce(&mut VirtualUser) -> Result<T, CallError> + Send + 'static,
) -> Result<Called<T>> {
    let interrupt = Arc::new(Interrupt::default());
    let clock = Clock::start(test);
    let (done, result) = bounded(1);
    let test = test.clone();
    let inner = interrupt.clone();
    let thread = std::thread::Builder::new()
        .name(name.to_owned())
        .stack_size(STACK)
        .spawn(move || {
            let _running = running(&inner);
            let called = match VirtualUser::new(&test, 0, inner.clone(), &Rc::default()) {
                Ok(mut user) => match call(&mut user) {
                    Ok(value) => Called::Returned(value),
                    Err(error) => Called::Failed(error),
                },
                Err(error) => Called::NotMade(error),
            };
            let _ = done.send(called);
        })
        .with_context(|| format!("could not start the thread of {name}()"))?;
    let stop = stop.unwrap_or_else(never);
    let end = clock.now() + limit;
    let ended = loop {
        select! {
            recv(result) -> called => break called.unwrap_or(Called::Died),
            recv(clock.timer(end)) -> _ => {
                if clock.now() < end {
                    continue;
                }
                interrupt.raise();
                let _ = result.recv();
                break Called::TimedOut;
            }
            recv(stop) -> _ => {
                interrupt.raise();
                let _ = result.recv();
                break Called::Stopped;
            }
        }
    };
    let _ = thread.join();
    Ok(ended)
}
