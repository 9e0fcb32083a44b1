//! Stopping JavaScript from another thread: `while (true) {}` ends at the hard deadline.
//!
//! The engine reads its limits at each loop turn and call. An interrupt writes limits of zero, which
//! ends the script with an error that no `catch` sees. The write races with those reads; each limit
//! is one aligned word, and the engine's next read sees either the old or the new value, which is
//! all that is asked of it.

use std::cell::Cell;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, Once, PoisonError};
use std::task::{Context as Task, Poll};

use boa_engine::error::{EngineError, RuntimeLimitError};
use boa_engine::vm::RuntimeLimits;
use boa_engine::{Context, JsError};
use futures_util::task::AtomicWaker;

use super::engine::set_limits;

/// Detaches the interrupt when it is dropped, which must happen before the context is.
pub struct Attached(Arc<Interrupt>);

impl Drop for Attached {
    fn drop(&mut self) {
        self.0.detach();
    }
}

/// The handle by which other threads stop one VU's script.
#[derive(Debug, Default)]
pub struct Interrupt {
    raised: AtomicBool,
    /// Wakes a VU that waits in a host call.
    waiting: AtomicWaker,
    /// Where the context's limits are, while a context is attached.
    limits: Mutex<Option<LimitsPtr>>,
}

#[derive(Debug)]
struct LimitsPtr(*mut RuntimeLimits);

// SAFETY: the pointer is only followed under the mutex, and `detach` takes it away before the context
// that it points into is dropped.
unsafe impl Send for LimitsPtr {}

/// How code that has only a context finds its interrupt.
struct Handle(Arc<Interrupt>);

thread_local! {
    /// The interrupt of the VU that has its turn on this thread.
    static RUNNING: Cell<*const Interrupt> = const { Cell::new(std::ptr::null()) };
}

/// Makes an interrupt the one of the script that runs on this thread, until the guard is dropped.
pub fn running(interrupt: &Arc<Interrupt>) -> Running<'_> {
    Running { outer: RUNNING.replace(Arc::as_ptr(interrupt)), _interrupt: interrupt }
}

/// See [`running`].
pub struct Running<'a> {
    outer: *const Interrupt,
    /// Alive for as long as the thread may look at it.
    _interrupt: &'a Arc<Interrupt>,
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        RUNNING.set(self.outer);
    }
}

/// Whether the script that runs on this thread is to stop.
pub fn is_interrupted() -> bool {
    let running = RUNNING.try_with(Cell::get).unwrap_or(std::ptr::null());
    // SAFETY: whoever set the pointer holds the interrupt until it is set back.
    unsafe { running.as_ref() }.is_some_and(Interrupt::is_raised)
}

/// Keeps panics of interrupted scripts from being reported.
///
/// An async generator of the engine asserts that its code does not end in an uncatchable error; an
/// interrupt makes it do so. The panic is caught where the script was called.
pub fn silence_interrupted_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let report = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            if !is_interrupted() {
                report(info);
            }
        }));
    });
}

impl Interrupt {
    /// Points the handle at a context, which must stay where it is until [`Self::detach`].
    ///
    /// An interrupt that was raised before counts.
    pub fn attach(self: &Arc<Self>, context: &mut Context) -> Attached {
        context.insert_data(Handle(self.clone()));
        let limits = LimitsPtr(context.runtime_limits_mut());
        *self.limits.lock().unwrap_or_else(PoisonError::into_inner) = Some(limits);
        if self.is_raised() {
            self.raise();
        }
        Attached(self.clone())
    }

    /// Forgets the context. Call it before dropping the context.
    pub fn detach(&self) {
        *self.limits.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// Makes the script end, and every host call it is in.
    pub fn raise(&self) {
        let limits = self.limits.lock().unwrap_or_else(PoisonError::into_inner);
        self.raised.store(true, Ordering::SeqCst);
        if let Some(LimitsPtr(limits)) = &*limits {
            let mut none = RuntimeLimits::default();
            none.set_loop_iteration_limit(0);
            none.set_recursion_limit(0);
            // SAFETY: the context is alive while the pointer is here (see `detach`); on the race
            // with the engine's reads see the module's documentation.
            unsafe { std::ptr::write_volatile(*limits, none) };
        }
        self.waiting.wake();
    }

    /// Whether [`Self::raise`] was called since the last [`Self::clear`].
    pub fn is_raised(&self) -> bool {
        self.raised.load(Ordering::SeqCst)
    }

    /// Forgets that it was raised, for a context that is yet to be made.
    pub fn rearm(&self) {
        self.raised.store(false, Ordering::SeqCst);
    }

    /// Makes the context usable again.
    pub fn clear(&self, context: &mut Context) {
        let _guard = self.limits.lock().unwrap_or_else(PoisonError::into_inner);
        if self.raised.swap(false, Ordering::SeqCst) {
            set_limits(context);
        }
    }

    /// Ready once the interrupt is raised; wakes the task when that happens.
    pub fn poll_raised(&self, task: &mut Task<'_>) -> Poll<()> {
        self.waiting.register(task.waker());
        if self.is_raised() { Poll::Ready(()) } else { Poll::Pending }
    }
}

/// The error with which a host call ends when it was interrupted: not catchable by scripts.
pub fn interrupted() -> JsError {
    JsError::from(EngineError::from(RuntimeLimitError::LoopIteration))
}

/// Turns the engine's uncatchable "too deep" error into k6 users' familiar `RangeError`.
///
/// Host functions that call back into JavaScript pass their errors through here, and so does the
/// end of an iteration. What an interrupt raised stays as it is: it sets the limits to zero, so its
/// error may look like one of recursion.
pub fn overflow_to_range_error(error: JsError, context: &Context) -> JsError {
    let interrupted = context.get_data::<Handle>().is_some_and(|handle| handle.0.is_raised());
    if interrupted || !error.as_engine().is_some_and(is_overflow) {
        return error;
    }
    boa_engine::JsNativeError::range().with_message("Maximum call stack size exceeded").into()
}

fn is_overflow(error: &EngineError) -> bool {
    match error {
        EngineError::RuntimeLimit(limit) => {
            matches!(limit, RuntimeLimitError::Recursion | RuntimeLimitError::StackSize)
        }
        // Steps of the engine that "cannot fail", such as making an async function's promise, fail
        // when they are the ones that go too deep.
        EngineError::Panic(panic) => {
            let source =
                std::error::Error::source(panic).and_then(|source| source.downcast_ref::<Box<JsError>>());
            source.and_then(|error| error.as_engine()).is_some_and(is_overflow)
        }
    }
}
