//! One call of `sse.open`: each time that the stream is opened, and what its handlers get.

use std::time::{Duration, Instant};

use boa_engine::object::JsObject;
use boa_engine::{Context, JsResult, JsValue};

use super::client::{Client, Kind as Handler};
use super::error::error_object;
use super::event::EventObjects;
use super::params::Params;
use super::record::{CallTags, Reached, Recorder, record_failure, record_outcome};
use crate::js::convert::string;
use crate::js::go_error;
use crate::js::interrupt::{interrupted, overflow_to_range_error};
use crate::net::error::Kind;
use crate::net::header::Headers;
use crate::net::outcome::{End, Facts};
use crate::net::{Event, EventStream, NetError, Opened, Outcome, Parsed};
use crate::vu::State;

/// What one attempt came to.
#[derive(Debug)]
pub struct Attempt {
    /// 0: there was no response.
    pub status: u16,
    pub headers: Headers,
    /// What broke the stream, or kept it from being opened; else empty.
    pub error: String,
    pub outcome: Outcome,
    /// `until` was met.
    pub complete: bool,
}

/// A call with what lives on from one attempt to the next.
pub struct Session<'a> {
    pub url: &'a str,
    pub params: &'a Params,
    pub setup: &'a JsObject,
    pub state: &'a State,
    begun: Instant,
    /// Made with the first response.
    client: Option<Client>,
    last_event_id: String,
    retry: Option<Duration>,
}

/// How the delivery of events ended.
enum Delivered {
    /// The server ended the body.
    Done,
    Broken(NetError),
    /// `until` was met.
    Complete,
    /// The script closed the stream.
    Closed,
}

impl<'a> Session<'a> {
    /// A call that begins now.
    pub fn new(url: &'a str, params: &'a Params, setup: &'a JsObject, state: &'a State) -> Self {
        let begun = Instant::now();
        Self { url, params, setup, state, begun, client: None, last_event_id: String::new(), retry: None }
    }

    /// Opens the stream, and again as `params.reconnect` wants it, until it has ended for good. Returns the last
    /// attempt.
    pub fn run(&mut self, context: &mut Context) -> JsResult<Attempt> {
        let mut made = 0;
        let result = loop {
            let attempt = match self.attempt(context) {
                Ok(attempt) => attempt,
                Err(error) => break Err(error),
            };
            let Some(reconnect) = &self.params.reconnect else { break Ok(attempt) };
            let (outcome, status) = (attempt.outcome, attempt.status);
            match reconnect.after(made, outcome, status, attempt.complete, self.retry) {
                Some(wait) if self.params.time_left(self.begun).is_none_or(|left| wait < left) => {
                    if let Err(error) = self.state.sleep(wait, context) {
                        break Err(error);
                    }
                }
                _ => break Ok(attempt),
            }
            made += 1;
        };
        if let Some(client) = &self.client {
            client.close();
        }
        result
    }

    fn tags(&self) -> CallTags<'a> {
        CallTags { url: self.url, own: &self.params.tags, vu: None }
    }

    fn attempt(&mut self, context: &mut Context) -> JsResult<Attempt> {
        let state = self.state;
        let opened = match self.params.call(self.url, self.begun, &self.last_event_id) {
            Ok(mut call) => {
                call.log_fields = state.debug_fields(&self.params.tags);
                let client = state.client().map_err(|text| go_error(text, context))?;
                let opened = state.block_on(crate::net::open(&client, call), context);
                if opened.is_err() && state.interrupt.is_raised() {
                    record_outcome(state, self.tags(), Reached::Nothing, Outcome::Interrupted);
                }
                opened?.map_err(|failed| (failed.error, failed.hops))
            }
            Err(error) => Err((error, Vec::new())),
        };
        match opened {
            Ok(opened) => self.stream(opened, context),
            Err((error, hops)) => {
                record_failure(state, &hops, self.tags(), &error);
                Ok(Attempt {
                    status: 0,
                    headers: Headers::new(),
                    error: error.stream_error(self.params.method(), self.url),
                    outcome: Outcome::of_error(&error),
                    complete: false,
                })
            }
        }
    }

    /// Reads an open stream to its end and calls the handlers.
    fn stream(&mut self, opened: Opened, context: &mut Context) -> JsResult<Attempt> {
        let Opened { mut hops, mut stream } = opened;
        let state = self.state;
        let (status, headers) = (stream.hop().status, stream.hop().headers.clone());
        state.saw_proto(stream.hop().proto);
        let tags = self.tags().id(state, Reached::Response(stream.hop()));
        let mut recorder = Recorder::new(state, tags, self.params.stall_threshold);
        let delivered = self.run_handlers(&mut stream, &mut recorder, context);
        let facts = Facts {
            status,
            right_type: stream.has_right_type(),
            error_event: recorder.saw_error_event(),
            end: match &delivered {
                Ok(Delivered::Done) => End::Done { mid_event: stream.is_mid_event() },
                Ok(Delivered::Broken(error)) => End::Broken(error),
                Ok(Delivered::Complete) => End::Complete,
                Err(_) if state.interrupt.is_raised() => End::Interrupted,
                Ok(Delivered::Closed) | Err(_) => End::Closed,
            },
        };
        let outcome = facts.outcome();
        hops.push(stream.finish());
        recorder.finish(state, &hops, self.tags(), outcome);
        let delivered = delivered.map_err(|error| overflow_to_range_error(error, context))?;
        let complete = matches!(delivered, Delivered::Complete);
        let mut text = String::new();
        if let (Delivered::Broken(error), Some(client)) = (delivered, &self.client) {
            text = error.stream_error(self.params.method(), self.url);
            let object = error_object(&text, context);
            client
                .emit(Handler::Error, &[object], context)
                .map_err(|error| overflow_to_range_error(error, context))?;
        }
        Ok(Attempt { status, headers, error: text, outcome, complete })
    }

    fn run_handlers(
        &mut self,
        stream: &mut EventStream,
        recorder: &mut Recorder,
        context: &mut Context,
    ) -> JsResult<Delivered> {
        let client = match self.client.take() {
            Some(client) => self.client.insert(client),
            None => {
                let client = self.client.insert(Client::new(context));
                self.setup.call(&JsValue::undefined(), &[client.object()], context)?;
                client
            }
        };
        client.emit(Handler::Open, &[], context)?;
        let mut delivery = Delivery {
            client,
            recorder,
            params: self.params,
            state: self.state,
            objects: EventObjects::of(context),
            last_event_id: &mut self.last_event_id,
            retry: &mut self.retry,
        };
        delivery.run(stream, context)
    }
}

/// The events of one stream on their way to the handlers.
struct Delivery<'a> {
    client: &'a Client,
    recorder: &'a mut Recorder,
    params: &'a Params,
    state: &'a State,
    objects: EventObjects,
    last_event_id: &'a mut String,
    retry: &'a mut Option<Duration>,
}

impl Delivery<'_> {
    /// Delivers events until the stream ends, is complete, the script closes it, or a handler throws.
    fn run(&mut self, stream: &mut EventStream, context: &mut Context) -> JsResult<Delivered> {
        let mut parsed = Vec::new();
        while !self.client.is_closed() {
            let read = self.state.block_on(stream.next(&mut parsed), context)?;
            let at = read.as_ref().ok().copied().flatten().unwrap_or_else(Instant::now);
            // Events that came before an error in the same read are delivered before it.
            for item in parsed.drain(..) {
                if self.client.is_closed() {
                    return Ok(Delivered::Closed);
                }
                match item {
                    Parsed::Event(event) => {
                        if self.event(event, at, context)? {
                            self.state.block_on(stream.complete(), context)?;
                            return Ok(Delivered::Complete);
                        }
                    }
                    Parsed::Comment(text) => {
                        self.client.emit_if_heard(Handler::Comment, || string(&text), context)?;
                    }
                    Parsed::UnknownLine(line) => {
                        let error = error_object(&format!("unknown event: {line}"), context);
                        self.client.emit(Handler::Error, &[error], context)?;
                    }
                }
                if self.state.interrupt.is_raised() {
                    return Err(interrupted());
                }
            }
            match read {
                Ok(Some(_)) => {}
                // An answer that is an error has no events to wait for.
                Ok(None) if self.params.until.is_some() && stream.hop().status < 400 => {
                    return Ok(Delivered::Broken(NetError::body(Kind::Unfinished)));
                }
                Ok(None) => return Ok(Delivered::Done),
                Err(error) => return Ok(Delivered::Broken(error)),
            }
        }
        Ok(Delivered::Closed)
    }

    /// Delivers one event; whether it completes the stream.
    fn event(&mut self, event: Event, at: Instant, context: &mut Context) -> JsResult<bool> {
        self.recorder.event(self.state, &event, at);
        if self.params.reconnect.is_some() {
            // The parser knows nothing of the attempts before its own.
            if event.own_id || !event.id.is_empty() {
                event.id.clone_into(self.last_event_id);
            }
            *self.retry = event.retry.map(Duration::from_millis).or(*self.retry);
        }
        let until = self.params.until.as_ref();
        let is_last = until.is_some_and(|until| until.is_data(&event.data));
        let event = self.objects.make(event, at, context);
        self.client.emit(Handler::Event, std::slice::from_ref(&event), context)?;
        self.state.left_garbage(1);
        match until {
            Some(until) if !is_last => until.says(&event, context),
            _ => Ok(is_last),
        }
    }
}
