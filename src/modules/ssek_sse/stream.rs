//! One stream, as its reader and the script share it.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use tokio::sync::Notify;

use super::buffer::{Buffer, Pushed};
use super::params::Buffering;
use super::waiting::Waiter;
use crate::js::Background;
use crate::log;
use crate::metrics::TagSet;
use crate::modules::sse::params::Params;
use crate::modules::sse::record::{CallTags, Reached, record_outcome};
use crate::modules::sse::until::Until;
use crate::net::header::Headers;
use crate::net::{Event, Outcome};
use crate::vu::{Ending, Resource, State};

/// An event, and the instant at which it was read.
pub struct Arrived {
    pub event: Event,
    pub at: Instant,
}

/// How a stream ended.
#[derive(Clone, Debug)]
pub struct End {
    pub outcome: Outcome,
    /// What broke it.
    pub error: Option<String>,
}

/// What a stream is until its end: events that arrived, and who waits for them.
pub struct Stream {
    pub state: Rc<State>,
    pub url: String,
    pub method: String,
    /// 0 until the response's head is there.
    pub status: Cell<u16>,
    pub headers: RefCell<Headers>,
    /// The ID of the last event that the script got.
    pub last_event_id: RefCell<String>,
    /// Events read, those that were dropped included.
    pub events: Cell<u64>,
    /// Events for which the buffer had no room.
    pub dropped: Cell<u64>,
    /// Bytes of all responses' heads and bodies; known at the end.
    pub bytes: Cell<u64>,
    pub end: RefCell<Option<End>>,
    /// Whether the script was told of the error.
    pub told: Cell<bool>,
    pub(super) waiters: RefCell<VecDeque<Waiter>>,
    /// Nobody wants the events any more, only their number.
    pub(super) draining: Cell<bool>,
    pub(super) buffer: RefCell<Buffer<Arrived>>,
    /// Signalled when a full buffer has room again, and when it is empty.
    pub(super) room: Notify,
    /// A look at the waiters is on its way to the script's thread of control.
    pub(super) is_posted: Cell<bool>,
    /// How a reader that is stopped has to call its end.
    pub(super) closed_as: Cell<Outcome>,
    /// What completes the stream; the script is asked when it gets the event.
    pub(super) until: RefCell<Option<Until>>,
    /// Signalled when the script has said that the stream is complete.
    complete: Notify,
    /// The script has said so: nothing more is taken in.
    is_over: Cell<bool>,
    /// Those of the VU when the stream was asked for, and the call's own.
    tags: TagSet,
    reader: RefCell<Option<Background>>,
    /// Among the VU's open resources.
    number: Cell<u64>,
}

impl Stream {
    /// A stream that is about to be opened, for a URL.
    pub fn new(state: Rc<State>, url: String, params: &Params, buffering: Buffering) -> Rc<Self> {
        let mut tags = state.tags().clone();
        params.tags.iter().for_each(|(key, value)| tags.set(key, value));
        Rc::new(Self {
            state,
            url,
            method: params.method().to_owned(),
            status: Cell::default(),
            headers: RefCell::default(),
            last_event_id: RefCell::default(),
            events: Cell::default(),
            dropped: Cell::default(),
            bytes: Cell::default(),
            end: RefCell::default(),
            told: Cell::default(),
            waiters: RefCell::default(),
            draining: Cell::default(),
            buffer: RefCell::new(Buffer::new(buffering.size, buffering.overflow)),
            room: Notify::new(),
            is_posted: Cell::default(),
            closed_as: Cell::new(Outcome::Aborted),
            until: RefCell::new(params.until.clone()),
            complete: Notify::new(),
            is_over: Cell::default(),
            tags,
            reader: RefCell::default(),
            number: Cell::default(),
        })
    }

    /// Makes the stream one of the VU's open resources, read by this task.
    pub fn is_read_by(self: &Rc<Self>, reader: Background) {
        *self.reader.borrow_mut() = Some(reader);
        self.number.set(self.state.open.add(self.clone()));
    }

    /// The tags of the stream's samples.
    pub fn tags(&self) -> CallTags<'_> {
        CallTags { url: &self.url, own: &[], vu: Some(&self.tags) }
    }

    /// Whether an event completes the stream by its data.
    pub fn is_last(&self, event: &Event) -> bool {
        self.until.borrow().as_ref().is_some_and(|until| until.is_data(&event.data))
    }

    /// The function that completes the stream, if it is one.
    pub fn asks_script(&self) -> Option<Until> {
        self.until.borrow().clone().filter(|until| matches!(until, Until::Function(_)))
    }

    /// Ends the stream as complete. What the script did not get comes after the end and is dropped.
    pub fn completed(&self) {
        self.buffer.borrow_mut().clear();
        self.is_over.set(true);
        self.complete.notify_one();
    }

    /// Resolves when the script has got all events, if it is asked which one is the last.
    pub async fn is_judged(&self) {
        while self.asks_script().is_some() && !self.buffer.borrow().is_empty() {
            self.room.notified().await;
        }
    }

    /// Resolves when the script has said that the stream is complete.
    pub async fn is_complete(&self) {
        self.complete.notified().await;
    }

    /// Takes in an event; gives it back if it has to wait for room.
    pub fn take(&self, arrived: Arrived) -> Pushed<Arrived> {
        if self.is_over.get() {
            return Pushed::Kept;
        }
        if self.draining.get() {
            self.deliver(&arrived.event);
            return Pushed::Kept;
        }
        let pushed = self.buffer.borrow_mut().push(arrived);
        if matches!(pushed, Pushed::Dropped) {
            self.dropped.set(self.dropped.get() + 1);
        }
        pushed
    }

    /// The oldest event that the script did not get yet.
    pub fn pop(&self) -> Option<Arrived> {
        let mut buffer = self.buffer.borrow_mut();
        let was_full = !buffer.takes();
        let arrived = buffer.pop()?;
        if was_full || buffer.is_empty() {
            self.room.notify_one();
        }
        self.deliver(&arrived.event);
        Some(arrived)
    }

    /// From now on events are counted and forgotten.
    pub fn drain(&self) {
        while self.pop().is_some() {}
        self.draining.set(true);
        self.room.notify_one();
    }

    fn deliver(&self, event: &Event) {
        let mut last = self.last_event_id.borrow_mut();
        if *last != event.id {
            last.clone_from(&event.id);
        }
    }

    /// Notes how the stream ended, unless it has ended before.
    pub fn ended(self: &Rc<Self>, end: End) {
        self.end.borrow_mut().get_or_insert(end);
        self.state.open.remove(self.number.get());
        // Nobody is asked any more.
        *self.until.borrow_mut() = None;
        // The reader is over, or being dropped; its handle is of no more use.
        drop(self.reader.borrow_mut().take());
        self.post();
    }

    /// Ends a stream that has not ended: the connection is cut, and what the script did not get is gone.
    pub fn close_as(self: &Rc<Self>, outcome: Outcome) {
        self.closed_as.set(outcome);
        let reader = self.reader.borrow_mut().take();
        if let Some(reader) = reader {
            // What it owns is dropped, which ends the round trip and this stream.
            reader.stop();
        }
        if self.end.borrow().is_none() {
            // It was not open yet.
            record_outcome(&self.state, self.tags(), Reached::Nothing, outcome);
            self.ended(End { outcome, error: None });
        }
        self.buffer.borrow_mut().clear();
        // Who closes a stream knows what there is to know.
        self.told.set(true);
    }
}

/// Whether a script was told that it leaves streams open: once a run is enough.
static TOLD_OF_LEFT_OPEN: AtomicBool = AtomicBool::new(false);

impl Resource for Stream {
    fn close(self: Rc<Self>, ending: Ending) {
        self.close_as(if ending == Ending::Interrupted { Outcome::Interrupted } else { Outcome::Aborted });
        // Nobody is there to be told.
        self.waiters.borrow_mut().clear();
        if ending == Ending::Complete && !TOLD_OF_LEFT_OPEN.swap(true, Ordering::Relaxed) {
            log::emit(
                log::Level::Warn,
                "a stream was still open when the iteration ended, and was closed; read it to its end, or call \
                 its close() or drain() (this is said once)",
                &[("url", &self.url)],
            );
        }
    }
}
