//! Stopping JavaScript from another thread: `while (true) {}` ends at the hard deadline.
//!
//! The engine reads its limits at each loop turn and call. An interrupt writes limits of zero, which
//! ends the script with an error that no `catch` sees. The write races with those reads; each limit
//! is one aligned word, and the engine's next read sees either the old or the new value, which is
//! all that is asked of it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use boa_engine::error::{EngineError, RuntimeLimitError};
use boa_engine::vm::RuntimeLimits;
use boa_engine::{Context, JsError};
use tokio::sync::Notify;

use super::engine::set_limits;

/// The handle by which other threads stop one VU's script.
#[derive(Debug, Default)]
pub struct Interrupt {
    raised: AtomicBool,
    /// Wakes a VU that waits in a host call.
    notify: Notify,
    /// Where the context's limits are, while a context is attached.
    limits: Mutex<Option<LimitsPtr>>,
}

#[derive(Debug)]
struct LimitsPtr(*mut RuntimeLimits);

// SAFETY: the pointer is only followed under the mutex, and `detach` takes it away before the context
// that it points into is dropped.
unsafe impl Send for LimitsPtr {}

impl Interrupt {
    /// Points the handle at a context, which must stay where it is until [`Self::detach`].
    pub fn attach(&self, context: &mut Context) {
        let limits = LimitsPtr(context.runtime_limits_mut());
        *self.limits.lock().unwrap_or_else(PoisonError::into_inner) = Some(limits);
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
        self.notify.notify_one();
    }

    /// Whether [`Self::raise`] was called since the last [`Self::clear`].
    pub fn is_raised(&self) -> bool {
        self.raised.load(Ordering::SeqCst)
    }

    /// Makes the context usable again.
    pub fn clear(&self, context: &mut Context) {
        let _guard = self.limits.lock().unwrap_or_else(PoisonError::into_inner);
        if self.raised.swap(false, Ordering::SeqCst) {
            set_limits(context);
        }
    }

    /// Resolves when the interrupt is raised, at once if it was.
    pub async fn wait(&self) {
        while !self.is_raised() {
            self.notify.notified().await;
        }
    }
}

/// The error with which a host call ends when it was interrupted: not catchable by scripts.
pub fn interrupted() -> JsError {
    JsError::from(EngineError::from(RuntimeLimitError::LoopIteration))
}

/// Turns the engine's uncatchable "too deep" error into k6 users' familiar `RangeError`.
///
/// Host functions that call back into JavaScript pass their errors through here, and so does the
/// end of an iteration.
pub fn overflow_to_range_error(error: JsError) -> JsError {
    let too_deep = matches!(
        error.as_engine(),
        Some(EngineError::RuntimeLimit(RuntimeLimitError::Recursion | RuntimeLimitError::StackSize))
    );
    if !too_deep {
        return error;
    }
    boa_engine::JsNativeError::range().with_message("Maximum call stack size exceeded").into()
}
