//! The loop that a call of `ws.connect` is: handlers are called in it until the socket has ended.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;
use std::time::Instant;

use boa_engine::object::JsObject;
use boa_engine::{Context, JsResult, JsValue};

use super::socket::{Kind, handlers, object_of, with_timers};
use crate::js::convert::{array_buffer, string};
use crate::js::interrupt::overflow_to_range_error;
use crate::modules::sse::error::error_object;
use crate::modules::websockets::record::Recorder;
use crate::net::websocket::{Ended, Link, Opcode, Received};
use crate::vu::State;

/// The code of a goodbye for which nobody chose one.
pub const GOING_AWAY: u16 = 1001;

/// An open WebSocket.
pub struct Session {
    state: Rc<State>,
    /// `None` once it has ended, and while something is sent or awaited.
    link: RefCell<Option<Link>>,
    has_ended: Cell<bool>,
    recorder: Recorder,
    pings: RefCell<HashMap<String, Instant>>,
    last_ping: Cell<u64>,
}

impl Session {
    /// A session over a connection that stands.
    pub fn new(state: Rc<State>, link: Link, recorder: Recorder) -> Rc<Self> {
        Rc::new(Self {
            state,
            link: RefCell::new(Some(link)),
            has_ended: Cell::default(),
            recorder,
            pings: RefCell::default(),
            last_ping: Cell::default(),
        })
    }

    /// Calls the setup function, and then handlers until the end.
    ///
    /// # Errors
    ///
    /// One of them threw, or the VU was interrupted.
    pub fn run(self: &Rc<Self>, setup: &JsObject, context: &mut Context) -> JsResult<()> {
        let socket = object_of(self.clone(), context);
        let ran = self.drive(&socket, setup, context);
        let closed = if self.state.interrupt.is_raised() {
            self.hang_up(GOING_AWAY, "").map(drop).or(Ok(()))
        } else {
            self.close(&socket, GOING_AWAY, (GOING_AWAY, ""), context)
        };
        self.recorder.ended(&self.state, self.recorder.started());
        // The first exception is the one that counts.
        ran.and(closed).map_err(|error| overflow_to_range_error(error, context))
    }

    fn drive(&self, socket: &JsObject, setup: &JsObject, context: &mut Context) -> JsResult<()> {
        setup.call(&JsValue::undefined(), &[socket.clone().into()], context)?;
        emit(socket, Kind::Open, &[], context)?;
        while !self.has_ended.get() {
            let now = Instant::now();
            if let Some(function) = with_timers(socket, |timers| timers.take_due(now)).flatten() {
                function.call(&JsValue::undefined(), &[], context)?;
                continue;
            }
            let due = with_timers(socket, |timers| timers.next_due()).flatten();
            match self.wait(due, context)? {
                None => {}
                Some(Ok((received, at))) => self.received(socket, received, at, context)?,
                Some(Err(ended)) => self.ended(socket, &ended, context)?,
            }
        }
        Ok(())
    }

    /// Waits for the server's next message; `None` if a timer is due before, or if the socket has ended.
    fn wait(
        &self,
        due: Option<Instant>,
        context: &mut Context,
    ) -> JsResult<Option<Result<(Received, Instant), Ended>>> {
        let Some(mut link) = self.link.borrow_mut().take() else { return Ok(None) };
        let waiting = async {
            // Made inside the future: a timer belongs to the runtime that polls it.
            let due = async {
                match due {
                    Some(at) => tokio::time::sleep_until(at.into()).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                biased;
                received = link.reader.next() => Some(received),
                () = due => None,
            }
        };
        let waited = self.state.block_on(waiting, context);
        *self.link.borrow_mut() = Some(link);
        waited
    }

    fn received(
        &self,
        socket: &JsObject,
        received: Received,
        at: Instant,
        context: &mut Context,
    ) -> JsResult<()> {
        match received {
            Received::Text(text) => {
                self.recorder.received(&self.state, at);
                let text = string(&String::from_utf8_lossy(&text));
                emit(socket, Kind::Message, &[text], context)?;
                self.state.left_garbage(1);
            }
            Received::Binary(data) => {
                self.recorder.received(&self.state, at);
                let data = array_buffer(&data, context)?;
                emit(socket, Kind::BinaryMessage, &[data], context)?;
                self.state.left_garbage(1);
            }
            Received::Ping(payload) => {
                self.transmit(socket, Opcode::Pong, &payload, context)?;
                emit(socket, Kind::Ping, &[], context)?;
            }
            Received::Pong(payload) => {
                let sent = self.pings.borrow_mut().remove(&*String::from_utf8_lossy(&payload));
                if let Some(sent) = sent {
                    self.recorder.pong(&self.state, sent, at);
                }
                emit(socket, Kind::Pong, &[], context)?;
            }
        }
        Ok(())
    }

    /// The server ended it.
    fn ended(&self, socket: &JsObject, ended: &Ended, context: &mut Context) -> JsResult<()> {
        if ended.is_unexpected_close() {
            emit_error(socket, ended, context)?;
        }
        let code = match ended {
            Ended::Close { code, .. } => *code,
            _ => GOING_AWAY,
        };
        self.close(socket, code, ended.answer().unwrap_or((code, "")), context)
    }

    /// Sends a message of the script.
    ///
    /// # Errors
    ///
    /// A handler threw, or the VU was interrupted. What keeps the message from being sent is told to handlers of
    /// errors.
    pub fn send(
        &self,
        socket: &JsObject,
        opcode: Opcode,
        payload: &[u8],
        context: &mut Context,
    ) -> JsResult<()> {
        if self.transmit(socket, opcode, payload, context)? {
            self.recorder.sent(&self.state);
        }
        Ok(())
    }

    /// Sends a ping whose pong will be known.
    ///
    /// # Errors
    ///
    /// See [`Self::send`].
    pub fn ping(&self, socket: &JsObject, context: &mut Context) -> JsResult<()> {
        let name = self.last_ping.get().to_string();
        if self.transmit(socket, Opcode::Ping, name.as_bytes(), context)? {
            self.last_ping.set(self.last_ping.get() + 1);
            self.pings.borrow_mut().insert(name, Instant::now());
        }
        Ok(())
    }

    /// Sends a frame; whether it was sent.
    fn transmit(
        &self,
        socket: &JsObject,
        opcode: Opcode,
        payload: &[u8],
        context: &mut Context,
    ) -> JsResult<bool> {
        let link = self.link.borrow_mut().take();
        let sent = match link {
            Some(mut link) => {
                let sent = self.state.block_on(link.send(opcode, payload), context);
                *self.link.borrow_mut() = Some(link);
                sent?
            }
            None => Err(Ended::CloseSent),
        };
        match sent {
            Ok(()) => Ok(true),
            Err(ended) => {
                emit_error(socket, &ended, context)?;
                Ok(false)
            }
        }
    }

    /// Ends the socket, if it has not ended: `frame` is what the server is told, `code` what handlers get.
    ///
    /// # Errors
    ///
    /// A handler threw.
    pub fn close(
        &self,
        socket: &JsObject,
        code: u16,
        frame: (u16, &str),
        context: &mut Context,
    ) -> JsResult<()> {
        if self.has_ended.replace(true) {
            return Ok(());
        }
        if let Err(ended) = self.hang_up(frame.0, frame.1) {
            emit_error(socket, &ended, context)?;
        }
        emit(socket, Kind::Close, &[code.into()], context)
    }

    /// Says goodbye and lets go of the connection.
    fn hang_up(&self, code: u16, reason: &str) -> Result<(), Ended> {
        let Some(mut link) = self.link.borrow_mut().take() else { return Ok(()) };
        let said = link.writer.close(code, reason);
        let (sent, received) = link.bytes();
        self.state.count_bytes(sent, received);
        said
    }
}

/// Calls the handlers of an event.
fn emit(socket: &JsObject, kind: Kind, args: &[JsValue], context: &mut Context) -> JsResult<()> {
    for handler in handlers(socket, kind) {
        handler.call(&JsValue::undefined(), args, context)?;
    }
    Ok(())
}

fn emit_error(socket: &JsObject, ended: &Ended, context: &mut Context) -> JsResult<()> {
    let handlers = handlers(socket, Kind::Error);
    if handlers.is_empty() {
        return Ok(());
    }
    let error = error_object(&ended.to_string(), context);
    for handler in handlers {
        handler.call(&JsValue::undefined(), std::slice::from_ref(&error), context)?;
    }
    Ok(())
}
