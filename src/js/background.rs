//! Host tasks beside the script: they go on while the VU waits, and keep no iteration alive.

use std::cell::{Cell, RefCell};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use futures_util::FutureExt;
use futures_util::future::LocalBoxFuture;

/// The handle of a task that [`super::EventLoop::spawn_background`] started. Dropping it lets the task go on.
pub struct Background(Rc<Slot>);

#[derive(Default)]
struct Slot {
    /// `None` once it is over.
    task: RefCell<Option<LocalBoxFuture<'static, ()>>>,
    waker: RefCell<Option<Waker>>,
    stopped: Cell<bool>,
}

/// The task as the event loop polls it.
pub(super) struct Running(Rc<Slot>);

impl Background {
    pub(super) fn new(task: impl Future<Output = ()> + 'static) -> (Self, Running) {
        let slot = Rc::new(Slot { task: RefCell::new(Some(Box::pin(task))), ..Slot::default() });
        (Self(slot.clone()), Running(slot))
    }

    /// Ends the task where it stands: what it owns is dropped now. A task that stops itself is dropped when it
    /// next waits.
    pub fn stop(&self) {
        self.0.stopped.set(true);
        let task = match self.0.task.try_borrow_mut() {
            Ok(mut task) => task.take(),
            Err(_) => None,
        };
        drop(task);
        let waker = self.0.waker.borrow_mut().take();
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

impl Future for Running {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let slot = &self.0;
        let polled = match &mut *slot.task.borrow_mut() {
            Some(task) => task.poll_unpin(cx),
            None => return Poll::Ready(()),
        };
        if polled.is_ready() || slot.stopped.get() {
            let task = slot.task.borrow_mut().take();
            drop(task);
            return Poll::Ready(());
        }
        let mut waker = slot.waker.borrow_mut();
        if waker.as_ref().is_none_or(|waker| !waker.will_wake(cx.waker())) {
            *waker = Some(cx.waker().clone());
        }
        Poll::Pending
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn poll(running: &mut Running) -> Poll<()> {
        running.poll_unpin(&mut Context::from_waker(Waker::noop()))
    }

    #[test]
    fn a_stopped_task_is_dropped_at_once() {
        let owned = Rc::new(());
        let kept = owned.clone();
        let (handle, mut running) = Background::new(async move {
            std::future::pending::<()>().await;
            drop(kept);
        });
        assert!(poll(&mut running).is_pending());
        assert_eq!(Rc::strong_count(&owned), 2);
        handle.stop();
        assert_eq!(Rc::strong_count(&owned), 1);
        assert!(poll(&mut running).is_ready());
        handle.stop();
    }

    #[test]
    fn a_task_may_stop_itself() {
        let own: Rc<RefCell<Option<Background>>> = Rc::default();
        let inside = own.clone();
        let (handle, mut running) = Background::new(async move {
            inside.borrow().as_ref().unwrap().stop();
            std::future::pending::<()>().await;
        });
        *own.borrow_mut() = Some(handle);
        assert!(poll(&mut running).is_ready());
    }
}
