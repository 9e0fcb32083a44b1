//! One WebSocket, as its task and the script share it.

use std::cell::{Cell, RefCell};
use std::collections::{HashMap, VecDeque};
use std::rc::Rc;
use std::time::Instant;

use boa_engine::object::JsObject;
use boa_engine::{Context, JsError, JsResult, JsString, JsValue, js_string};
use bytes::Bytes;
use tokio::sync::Notify;

use super::blob::blob;
use super::event::event;
use super::listeners::Kind;
use super::object::listeners;
use super::record::Recorder;
use crate::js::Background;
use crate::js::convert::{array_buffer, string};
use crate::log;
use crate::metrics::TagSet;
use crate::net::websocket::{Ended, Opcode, Received};
use crate::vu::{Ending, Resource, State};

/// `readyState`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ready {
    Connecting = 0,
    Open = 1,
    Closing = 2,
    Closed = 3,
}

/// A message on its way out.
#[derive(Debug)]
pub struct Outgoing {
    pub opcode: Opcode,
    pub payload: Bytes,
    /// Whether `bufferedAmount` counts it.
    pub is_buffered: bool,
}

/// Code and reason of a goodbye; 0: none is known.
#[derive(Clone, Debug, Default)]
pub struct Goodbye {
    pub code: u16,
    pub reason: String,
}

/// What a WebSocket is until its end.
pub struct Socket {
    pub state: Rc<State>,
    pub url: String,
    pub ready: Cell<Ready>,
    /// Bytes that were given to `send` and not to the network.
    pub buffered: Cell<usize>,
    /// Whether binary messages are shown as `Blob`.
    pub as_blob: Cell<bool>,
    pub protocol: RefCell<String>,
    pub extensions: RefCell<Vec<String>>,
    pub goodbye: RefCell<Goodbye>,
    /// Those of the VU when the WebSocket was made, and its own.
    pub tags: RefCell<TagSet>,
    /// What takes its samples; `None` until it has an answer.
    pub recorder: Cell<Option<Recorder>>,
    queue: RefCell<VecDeque<Outgoing>>,
    /// Signalled when there is something to send.
    pub(super) queued: Notify,
    pings: RefCell<HashMap<String, Instant>>,
    last_ping: Cell<u64>,
    /// The script's object, kept alive until the end.
    object: RefCell<Option<JsObject>>,
    task: RefCell<Option<Background>>,
    /// Among the VU's open resources.
    number: Cell<u64>,
}

impl Socket {
    /// A WebSocket that is about to be opened.
    pub fn new(state: Rc<State>, url: String, tags: TagSet) -> Rc<Self> {
        Rc::new(Self {
            state,
            url,
            ready: Cell::new(Ready::Connecting),
            buffered: Cell::default(),
            as_blob: Cell::new(true),
            protocol: RefCell::default(),
            extensions: RefCell::default(),
            goodbye: RefCell::default(),
            tags: RefCell::new(tags),
            recorder: Cell::default(),
            queue: RefCell::default(),
            queued: Notify::new(),
            pings: RefCell::default(),
            last_ping: Cell::default(),
            object: RefCell::default(),
            task: RefCell::default(),
            number: Cell::default(),
        })
    }

    /// Starts the task that opens and drives it. The iteration does not end before it does.
    pub fn start(self: &Rc<Self>, object: JsObject, task: impl Future<Output = ()> + 'static) {
        *self.object.borrow_mut() = Some(object);
        let event_loop = self.state.event_loop();
        event_loop.begin();
        *self.task.borrow_mut() = Some(event_loop.spawn_background(task));
        self.number.set(self.state.open.add(self.clone()));
    }

    /// Queues a message; `bufferedAmount` counts those of the script.
    pub fn send(&self, opcode: Opcode, payload: Bytes) {
        let is_buffered = !opcode.is_control();
        if is_buffered {
            self.buffered.set(self.buffered.get() + payload.len());
        }
        self.queue.borrow_mut().push_back(Outgoing { opcode, payload, is_buffered });
        self.queued.notify_one();
    }

    /// Queues the answer to a ping, before everything else.
    pub fn send_pong(&self, payload: Bytes) {
        let pong = Outgoing { opcode: Opcode::Pong, payload, is_buffered: false };
        self.queue.borrow_mut().push_front(pong);
        self.queued.notify_one();
    }

    /// Sends a ping whose pong will be known.
    pub fn ping(&self) {
        let number = self.last_ping.get();
        self.last_ping.set(number + 1);
        let name = number.to_string();
        self.send(Opcode::Ping, Bytes::from(name.clone()));
        self.pings.borrow_mut().insert(name, Instant::now());
    }

    /// The next message to send.
    pub fn next_outgoing(&self) -> Option<Outgoing> {
        self.queue.borrow_mut().pop_front()
    }

    /// Has the script look at something that happened.
    pub fn post(self: &Rc<Self>, look: impl FnOnce(&Rc<Self>, &mut Context) -> JsResult<()> + 'static) {
        let event_loop = self.state.event_loop();
        event_loop.begin();
        let socket = self.clone();
        event_loop.complete(Box::new(move |context| look(&socket, context)));
    }

    /// As [`Self::post`], at the end: nothing keeps the iteration alive any more.
    pub fn post_end(self: &Rc<Self>, error: Option<String>) {
        let socket = self.clone();
        self.state.event_loop().complete(Box::new(move |context| socket.closed(error, context)));
    }

    /// The connection stands.
    pub fn opened(self: &Rc<Self>, context: &mut Context) -> JsResult<()> {
        if self.ready.get() != Ready::Connecting {
            return Ok(());
        }
        self.ready.set(Ready::Open);
        self.tell_or_fail(Kind::Open, Instant::now(), &[], context)
    }

    /// A message or a control frame arrived, and was read at `at`.
    pub fn received(self: &Rc<Self>, what: Received, at: Instant, context: &mut Context) -> JsResult<()> {
        let data = match what {
            Received::Ping(_) => return self.tell(Kind::Ping, at, &[], context),
            Received::Pong(payload) => {
                self.pong(&payload, at);
                return self.tell(Kind::Pong, at, &[], context);
            }
            Received::Text(_) | Received::Binary(_) if self.ready.get() != Ready::Open => return Ok(()),
            Received::Text(text) => string(&String::from_utf8_lossy(&text)),
            Received::Binary(data) if self.as_blob.get() => blob(data, String::new(), context),
            Received::Binary(data) => array_buffer(&data, context)?,
        };
        if let Some(recorder) = self.recorder.get() {
            recorder.received(&self.state, at);
        }
        let more = [(js_string!("data"), data), (js_string!("origin"), string(&self.url))];
        self.tell_or_fail(Kind::Message, at, &more, context)?;
        self.state.left_garbage(1);
        Ok(())
    }

    fn pong(&self, payload: &[u8], at: Instant) {
        let name = String::from_utf8_lossy(payload);
        match (self.pings.borrow_mut().remove(&*name), self.recorder.get()) {
            (Some(sent), Some(recorder)) => recorder.pong(&self.state, sent, at),
            _ => log::warn(format!("received pong for unknown ping ID {name}")),
        }
    }

    /// The connection is gone; `error` is what listeners are told before.
    pub fn closed(self: &Rc<Self>, error: Option<String>, context: &mut Context) -> JsResult<()> {
        if self.ready.replace(Ready::Closed) == Ready::Closed {
            return Ok(());
        }
        self.state.open.remove(self.number.get());
        drop(self.task.borrow_mut().take());
        let now = Instant::now();
        let told = match error {
            Some(error) => self.tell(Kind::Error, now, &[(js_string!("error"), string(&error))], context),
            None => Ok(()),
        };
        let told = told.and_then(|()| {
            let Goodbye { code, reason } = self.goodbye.borrow().clone();
            let mut more = vec![(js_string!("reason"), string(&reason))];
            if code != 0 {
                more.insert(0, (js_string!("code"), JsValue::from(code)));
            }
            self.tell(Kind::Close, now, &more, context)
        });
        *self.object.borrow_mut() = None;
        told
    }

    /// Tells the listeners of an event.
    fn tell(
        &self,
        kind: Kind,
        at: Instant,
        more: &[(JsString, JsValue)],
        context: &mut Context,
    ) -> JsResult<()> {
        let Some(object) = self.object.borrow().clone() else { return Ok(()) };
        let listeners = listeners(&object, kind);
        if listeners.is_empty() {
            return Ok(());
        }
        let event = event(kind, &object, at, more, context);
        for listener in listeners {
            listener.call(&JsValue::undefined(), std::slice::from_ref(&event), context)?;
        }
        Ok(())
    }

    /// As [`Self::tell`]; a listener that throws ends the WebSocket.
    fn tell_or_fail(
        self: &Rc<Self>,
        kind: Kind,
        at: Instant,
        more: &[(JsString, JsValue)],
        context: &mut Context,
    ) -> JsResult<()> {
        let told = self.tell(kind, at, more, context);
        let Err(error) = told else { return Ok(()) };
        if error.as_engine().is_none() {
            self.cut();
            let text = thrown_text(&error, context);
            // The first exception is the one that the iteration ends with.
            let _ = self.closed(Some(text), context);
        }
        Err(error)
    }

    /// Ends the task, and with it the connection.
    fn cut(&self) {
        let task = self.task.borrow_mut().take();
        if let Some(task) = task {
            task.stop();
        }
    }

    /// Notes what the server said at the end; whether, and how, listeners are told of an error.
    pub fn ended(&self, ended: &Ended) -> Option<String> {
        if let Ended::Close { code, reason } = ended {
            *self.goodbye.borrow_mut() = Goodbye { code: *code, reason: reason.clone() };
        }
        ended.is_unexpected_close().then(|| ended.to_string())
    }
}

fn thrown_text(error: &JsError, context: &mut Context) -> String {
    let thrown = error.clone().into_opaque(context).unwrap_or_default();
    thrown.to_string(context).map_or_else(|_| "an error".to_owned(), |text| text.to_std_string_lossy())
}

impl Resource for Socket {
    /// The iteration was cut off, or threw.
    fn close(self: Rc<Self>, _: Ending) {
        self.ready.set(Ready::Closed);
        self.cut();
        *self.object.borrow_mut() = None;
    }
}
