//! A VU's own stack on a thread that it shares with other VUs.
//!
//! JavaScript blocks: `sse.open` returns when the stream is over. Where a VU waits, its stack is set
//! aside and the thread goes on with another VU; a fiber is a future to the thread's runtime, and
//! polling it is giving the VU its turn.

use std::cell::Cell;
use std::future::Future;
use std::pin::{Pin, pin};
use std::ptr::NonNull;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use corosensei::stack::{DefaultStack, Stack};
use corosensei::{Coroutine, CoroutineResult, Yielder};

use crate::js::Interrupt;
use crate::js::interrupt::running;

/// Virtual size of a fiber's stack; only touched pages cost memory. The engine's parser takes up to
/// 26 KiB for each level of nesting.
pub const STACK: usize = 16 * 1024 * 1024;

/// A VU that has had the thread for so long lets the others have a turn at its iteration's end.
const SLICE: Duration = Duration::from_millis(1);

/// A VU's life on a stack of its own. Resolves when that is over.
///
/// It must be polled to its end: dropping it earlier unwinds the engine's frames.
pub struct Fiber {
    coroutine: Coroutine<Turn, (), ()>,
    /// Whose script runs while it has its turn.
    interrupt: Arc<Interrupt>,
}

/// What a fiber is told when its turn comes.
#[derive(Clone, Copy)]
struct Turn {
    /// Wakes the fiber's task; valid until the fiber suspends.
    waker: NonNull<Waker>,
    since: Instant,
}

/// The fiber that runs on this thread.
#[derive(Clone, Copy)]
struct Current {
    yielder: NonNull<Yielder<Turn, ()>>,
    turn: Turn,
    /// The stack's lowest address that may be touched.
    limit: usize,
}

thread_local! {
    static CURRENT: Cell<Option<Current>> = const { Cell::new(None) };
}

impl Fiber {
    /// A fiber that runs `life` when it is first polled. Fails if there is no memory map for its stack.
    pub fn new(interrupt: Arc<Interrupt>, life: impl FnOnce() + 'static) -> std::io::Result<Self> {
        let stack = DefaultStack::new(STACK)?;
        // The lowest page is the guard.
        let limit = stack.limit().get() + 4096;
        let coroutine = Coroutine::with_stack(stack, move |yielder: &Yielder<Turn, ()>, turn| {
            CURRENT.set(Some(Current { yielder: NonNull::from(yielder), turn, limit }));
            life();
        });
        Ok(Self { coroutine, interrupt })
    }
}

/// What ran on the thread before a fiber had its turn; set again after it, also if the fiber panics.
struct Outer(Option<Current>);

impl Drop for Outer {
    fn drop(&mut self) {
        CURRENT.set(self.0.take());
    }
}

impl Future for Fiber {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = &mut *self;
        let turn = Turn { waker: NonNull::from(cx.waker()), since: Instant::now() };
        let _outer = Outer(CURRENT.take());
        let _running = running(&this.interrupt);
        match this.coroutine.resume(turn) {
            CoroutineResult::Yield(()) => Poll::Pending,
            CoroutineResult::Return(()) => Poll::Ready(()),
        }
    }
}

impl Current {
    /// Lets the thread do something else until the fiber's task is woken.
    fn suspend(mut self) -> Self {
        // SAFETY: the yielder lives on the fiber's stack, below every frame of the VU; this runs on that
        // very stack, for `CURRENT` is only set while the fiber has its turn.
        self.turn = unsafe { self.yielder.as_ref() }.suspend(());
        CURRENT.set(Some(self));
        self
    }

    /// Polls a future on the thread's own stack, which all its fibers have in common: it stays in the
    /// processor's caches, and what a request needs of it counts once, not for each VU.
    fn poll<F: Future>(&self, future: Pin<&mut F>) -> Poll<F::Output> {
        let here = SameThread((future, self.waker()));
        // SAFETY: as for `suspend`.
        let yielder = unsafe { self.yielder.as_ref() };
        yielder
            .on_parent_stack(move || {
                let (future, waker) = here.get();
                SameThread(future.poll(&mut Context::from_waker(waker)))
            })
            .get()
    }

    fn waker(&self) -> &Waker {
        // SAFETY: `Fiber::poll` holds the waker until the fiber suspends, and each suspension brings
        // the next one.
        unsafe { self.turn.waker.as_ref() }
    }
}

/// What goes from one stack of a thread to another.
struct SameThread<T>(T);

// SAFETY: the fiber and its parent are stacks of one thread.
unsafe impl<T> Send for SameThread<T> {}

impl<T> SameThread<T> {
    fn get(self) -> T {
        self.0
    }
}

/// Waits for a future, if this is a fiber; gives it back if it is not.
pub fn wait<F: Future>(future: F) -> Result<F::Output, F> {
    let Some(mut current) = CURRENT.get() else { return Err(future) };
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(output) = current.poll(future.as_mut()) {
            return Ok(output);
        }
        current = current.suspend();
    }
}

/// Whether this is a fiber.
pub fn is_inside() -> bool {
    CURRENT.get().is_some()
}

/// Lets other VUs of the thread have their turn if this one has had it for long. `now` is the time.
pub fn breathe(now: Instant) {
    if let Some(current) = CURRENT.get()
        && now.saturating_duration_since(current.turn.since) >= SLICE
    {
        current.waker().wake_by_ref();
        current.suspend();
    }
}

/// The lowest usable address of this fiber's stack.
pub fn stack_limit() -> Option<usize> {
    CURRENT.get().map(|current| current.limit)
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::rc::Rc;

    use super::*;

    fn block_on(future: impl Future) {
        tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
            future.await;
        });
    }

    #[test]
    fn fibers_take_turns_where_they_wait() {
        let said = Rc::new(RefCell::new(Vec::new()));
        let fiber = |name: &'static str, pause: u64| {
            let said = said.clone();
            Fiber::new(Arc::default(), move || {
                said.borrow_mut().push(format!("{name} starts"));
                let pause = async { tokio::time::sleep(Duration::from_millis(pause)).await };
                assert!(wait(pause).is_ok());
                said.borrow_mut().push(format!("{name} ends"));
            })
            .unwrap()
        };
        let (a, b) = (fiber("a", 40), fiber("b", 1));
        block_on(futures_util::future::join(a, b));
        assert_eq!(*said.borrow(), ["a starts", "b starts", "b ends", "a ends"]);
        assert!(!is_inside());
    }

    #[test]
    fn a_long_turn_is_ended_at_the_next_breath() {
        let turns = Rc::new(RefCell::new(Vec::new()));
        let fiber = |name: &'static str| {
            let turns = turns.clone();
            Fiber::new(Arc::default(), move || {
                for _ in 0..2 {
                    turns.borrow_mut().push(name);
                    breathe(Instant::now() + SLICE);
                }
            })
            .unwrap()
        };
        let (a, b) = (fiber("a"), fiber("b"));
        block_on(futures_util::future::join(a, b));
        assert_eq!(*turns.borrow(), ["a", "b", "a", "b"]);
    }

    #[test]
    fn outside_of_a_fiber_the_future_comes_back() {
        assert!(wait(std::future::ready(1)).is_err());
        assert_eq!(stack_limit(), None);
    }
}
