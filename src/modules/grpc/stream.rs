//! One stream, as its task and the script share it.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use boa_engine::object::builtins::JsFunction;
use boa_engine::{Context, JsResult, JsValue};
use prost_reflect::{DynamicMessage, MethodDescriptor};
use tokio::sync::Notify;

use super::client::{Client, Open};
use super::record::CallTags;
use super::{message, response};
use crate::js::Background;
use crate::js::convert::{object, put};
use crate::js::event_loop::Completion;
use crate::log;
use crate::net::grpc::{Code, Status};
use crate::vu::{Ending, Resource, State};

/// Messages that wait for their handlers; the server has to wait then, too.
const MOST_QUEUED: usize = 256;

/// What a handler can be for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    Data,
    Error,
    End,
}

impl Event {
    /// The event of a name.
    pub fn of_name(name: &str) -> Option<Self> {
        match name {
            "data" => Some(Self::Data),
            "error" => Some(Self::Error),
            "end" => Some(Self::End),
            _ => None,
        }
    }
}

/// What the script hands to the task.
pub enum Outgoing {
    Message(Vec<u8>),
    /// A message that is none of the method's; the text says why. The stream ends with it.
    Unfit(String),
    End,
}

/// A stream from its begin to its end.
pub struct Stream {
    pub state: Rc<State>,
    pub client: Rc<Client>,
    pub open: Open,
    pub method: MethodDescriptor,
    pub tags: CallTags,
    /// The script does not want what is in the messages: its handlers get empty objects.
    discards: bool,
    begun: Instant,
    pub handlers: RefCell<Vec<(Event, JsFunction)>>,
    outbox: RefCell<VecDeque<Outgoing>>,
    /// Signalled when there is something in the outbox.
    posted: Notify,
    /// The script has said that it sends no more.
    has_ended: Cell<bool>,
    /// Nothing is sent or received any more.
    is_over: Cell<bool>,
    /// Messages on their way to the handlers.
    queued: Cell<usize>,
    room: Notify,
    task: RefCell<Option<Background>>,
    /// Among the VU's open resources.
    number: Cell<u64>,
}

impl Stream {
    pub fn new(
        state: Rc<State>,
        client: Rc<Client>,
        open: Open,
        method: MethodDescriptor,
        tags: CallTags,
        discards: bool,
    ) -> Rc<Self> {
        Rc::new(Self {
            state,
            client,
            open,
            method,
            tags,
            discards,
            begun: Instant::now(),
            handlers: RefCell::default(),
            outbox: RefCell::default(),
            posted: Notify::new(),
            has_ended: Cell::default(),
            is_over: Cell::default(),
            queued: Cell::default(),
            room: Notify::new(),
            task: RefCell::default(),
            number: Cell::default(),
        })
    }

    /// Makes the stream one of the VU's open resources, driven by this task. The event loop goes on until its end.
    pub fn is_driven_by(self: &Rc<Self>, task: Background) {
        *self.task.borrow_mut() = Some(task);
        self.number.set(self.state.open.add(self.clone()));
    }

    /// Sends something after all that is to be sent before; nothing after the end.
    pub fn post(&self, outgoing: Outgoing) {
        if self.is_over.get() || self.has_ended.get() {
            return;
        }
        self.has_ended.set(matches!(outgoing, Outgoing::End));
        self.outbox.borrow_mut().push_back(outgoing);
        self.posted.notify_one();
    }

    /// What is to be sent next.
    pub async fn next_outgoing(&self) -> Outgoing {
        loop {
            let next = self.outbox.borrow_mut().pop_front();
            match next {
                Some(next) => return next,
                None => self.posted.notified().await,
            }
        }
    }

    /// Resolves when a message more may wait for its handlers.
    pub async fn has_room(&self) {
        while self.queued.get() >= MOST_QUEUED {
            self.room.notified().await;
        }
    }

    /// Hands a message to the `data` handlers, in their turn.
    pub fn received(self: &Rc<Self>, message: DynamicMessage) {
        let at = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis());
        self.queued.set(self.queued.get() + 1);
        let stream = self.clone();
        self.state.event_loop().begin();
        self.later(Box::new(move |context| {
            stream.queued.set(stream.queued.get() - 1);
            stream.room.notify_one();
            stream.state.left_garbage(1);
            if !stream.listens(Event::Data) {
                return Ok(());
            }
            let shown = match stream.discards {
                true => object(context).into(),
                false => message::to_js(&message, context)?,
            };
            let metadata = object(context);
            put(&metadata, "ts", at as f64);
            stream.call(Event::Data, &[shown, metadata.into()], context)
        }));
    }

    /// Notes how the stream ended, and tells the handlers when they have had all messages.
    pub fn ended(self: &Rc<Self>, status: Status, remote: Option<SocketAddr>) {
        if self.is_over.replace(true) {
            return;
        }
        self.record(status.code, remote);
        self.state.open.remove(self.number.get());
        // The task is over; its handle is of no more use.
        drop(self.task.borrow_mut().take());
        let stream = self.clone();
        // This completes what began with the stream.
        self.later(Box::new(move |context| stream.tell_end(&status, context)));
    }

    /// A stream that was cancelled has ended, as far as the script cares.
    fn tell_end(&self, status: &Status, context: &mut Context) -> JsResult<()> {
        if status.code != Code::OK && status.code != Code::CANCELED {
            if !self.listens(Event::Error) {
                log::warn(format!("no handlers for error registered, but an error happened: {status}"));
            }
            let error = response::error(status, &self.client, context)?;
            self.call(Event::Error, &[error.into()], context)?;
        }
        let told = self.call(Event::End, &[], context);
        // They may hold the stream, which would hold them.
        self.handlers.borrow_mut().clear();
        told
    }

    fn record(&self, code: Code, remote: Option<SocketAddr>) {
        let now = Instant::now();
        self.tags.duration(code, remote, now, now.saturating_duration_since(self.begun), &self.state);
        let (sent, received) = self.open.channel.traffic();
        self.state.count_bytes(sent, received);
    }

    fn later(&self, completion: Completion) {
        self.state.event_loop().complete(completion);
    }

    fn listens(&self, event: Event) -> bool {
        self.handlers.borrow().iter().any(|(on, _)| *on == event)
    }

    fn call(&self, event: Event, args: &[JsValue], context: &mut Context) -> JsResult<()> {
        let handlers: Vec<_> =
            self.handlers.borrow().iter().filter(|(on, _)| *on == event).map(|(_, f)| f.clone()).collect();
        handlers.iter().try_for_each(|handler| handler.call(&JsValue::undefined(), args, context).map(drop))
    }
}

impl Resource for Stream {
    fn close(self: Rc<Self>, ending: Ending) {
        if self.is_over.replace(true) {
            return;
        }
        if ending != Ending::Interrupted {
            self.record(Code::CANCELED, None);
        }
        // What the task owns is dropped, which cancels the call.
        let task = self.task.borrow_mut().take();
        if let Some(task) = task {
            task.stop();
        }
        self.handlers.borrow_mut().clear();
    }
}
