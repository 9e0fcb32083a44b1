//! `k6/x/sse`: `sse.open(url, params, setup)` and its callbacks.

mod client;
mod event;
pub(super) mod params;

use std::time::Instant;

use boa_engine::object::JsObject;
use boa_engine::{Context, JsError, JsResult, JsString, JsValue};

use client::Client;
use event::EventObjects;
use params::Params;

use crate::js::convert::{arg, function, object, object_of, put, string, to_text};
use crate::js::interrupt::{interrupted, overflow_to_range_error};
use crate::js::{Exports, go_error};
use crate::k6::{SystemTag, builtin};
use crate::metrics::{SeriesId, TagSetId};
use crate::net::header::Headers;
use crate::net::{Hop, NetError, Opened, Parsed};
use crate::vu::State;

/// The module's exports.
pub fn exports(context: &mut Context) -> JsResult<Exports> {
    let state = State::of(context)?;
    // Known from the import on, so that thresholds may name it.
    state.builtin(&builtin::SSE_EVENT);
    Ok(Exports::default_object(object_of(&[("open", 3, open)], context)))
}

fn open(_: &JsValue, args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let state = State::of(context)?;
    if state.in_init() {
        return Err(go_error("using sse in the init context is not supported", context));
    }
    let url = to_text(&arg(args, 0), context)?;
    let (params, setup) = match args {
        [_, setup] => (JsValue::undefined(), setup),
        [_, params, setup] => (params.clone(), setup),
        _ => return Err(go_error("invalid number of arguments to sse.open", context)),
    };
    let Some(setup) = setup.as_callable() else {
        return Err(go_error("last argument to sse.open must be a function", context));
    };
    let params = Params::read(&params, &state, context)?;
    let throw = state.test.options().is_some_and(|o| o.throw);
    let opened = match params.call(&url) {
        Ok(call) => {
            let client = state.client().map_err(|text| go_error(text, context))?;
            // The stream may be quiet for long: what was measured so far must not wait for it.
            state.samples.flush();
            match state.block_on(crate::net::open(&client, call), context)? {
                Ok(opened) => Ok(opened),
                Err(failed) => Err((failed.error, failed.hops)),
            }
        }
        Err(error) => Err((error, Vec::new())),
    };
    match opened {
        Ok(opened) => stream(opened, &url, &params, &setup, &state, context),
        Err((error, hops)) => {
            let text = error.stream_error(params.method(), &url);
            let tags = tags(&state, &url, &params, None, Some(&error));
            count_bytes(&state, &hops);
            record_hops(&state, &hops, tags);
            if hops.is_empty() {
                state.record(&builtin::HTTP_REQ_DURATION, tags, Instant::now(), 0.0);
                state.record(&builtin::HTTP_REQS, tags, Instant::now(), 1.0);
            }
            if throw {
                return Err(go_error(text, context));
            }
            Ok(response("", 0, &Headers::new(), &text, context))
        }
    }
}

/// Reads an open stream to its end and calls the handlers.
fn stream(
    opened: Opened,
    url: &str,
    params: &Params,
    setup: &JsObject,
    state: &State,
    context: &mut Context,
) -> JsResult<JsValue> {
    let Opened { mut hops, mut stream } = opened;
    let (status, headers) = (stream.hop().status, stream.hop().headers.clone());
    state.saw_proto(stream.hop().proto);
    let tags = tags(state, url, params, Some(stream.hop()), None);
    let events = state.series(state.builtin(&builtin::SSE_EVENT), tags);
    let client = Client::new(context);
    let outcome = setup
        .call(&JsValue::undefined(), &[client.object()], context)
        .and_then(|_| client.emit("open", &[], context))
        .and_then(|()| deliver(&mut stream, &client, events, params.method(), url, state, context));
    client.close();
    hops.push(stream.finish());
    count_bytes(state, &hops);
    if !state.interrupt.is_raised() {
        record_hops(state, &hops, tags);
    }
    match outcome {
        Ok(error) => Ok(response(url, status, &headers, error.as_deref().unwrap_or_default(), context)),
        Err(error) => Err(overflow_to_range_error(error, context)),
    }
}

/// Delivers events until the stream ends, the script closes it, or a handler throws. Returns the text
/// of the error that broke the stream, if one did.
fn deliver(
    stream: &mut crate::net::EventStream,
    client: &Client,
    events: SeriesId,
    method: &str,
    url: &str,
    state: &State,
    context: &mut Context,
) -> JsResult<Option<String>> {
    let objects = EventObjects::of(context);
    let mut parsed = Vec::new();
    while !client.is_closed() {
        let read = state.block_on(stream.next(&mut parsed), context)?;
        // Events that came before an error in the same read are delivered before it.
        for item in parsed.drain(..) {
            if client.is_closed() {
                return Ok(None);
            }
            match item {
                Parsed::Event(event) => {
                    let at = read.as_ref().ok().copied().flatten().unwrap_or_else(Instant::now);
                    state.samples.push(events, at, 1.0);
                    let event = objects.make(event, context);
                    client.emit("event", &[event], context)?;
                    state.left_garbage(1);
                }
                Parsed::Comment(text) => client.emit_if_heard("comment", || string(&text), context)?,
                Parsed::UnknownLine(line) => {
                    let error = error_object(&format!("unknown event: {line}"), context);
                    client.emit("error", &[error], context)?;
                }
            }
            if state.interrupt.is_raised() {
                return Err(interrupted());
            }
        }
        match read {
            Ok(Some(_)) => {}
            Ok(None) => return Ok(None),
            Err(error) => {
                let text = error.stream_error(method, url);
                let object = error_object(&text, context);
                client.emit("error", &[object], context)?;
                return Ok(Some(text));
            }
        }
    }
    Ok(None)
}

/// The tags of one call's samples.
fn tags(state: &State, url: &str, params: &Params, hop: Option<&Hop>, error: Option<&NetError>) -> TagSetId {
    state.tags_with(|tags| {
        params.tags.iter().for_each(|(k, v)| tags.set(k, v));
        let mut set = |tag: SystemTag, value: &str| {
            if state.has_tag(tag) {
                tags.set(tag.name(), value);
            }
        };
        set(SystemTag::Url, url);
        if let Some(hop) = hop {
            set(SystemTag::Status, &hop.status.to_string());
            if let Some(remote) = hop.remote {
                set(SystemTag::Ip, &remote.ip().to_string());
            }
        }
        if let Some(error) = error {
            set(SystemTag::Error, &error.message());
            set(SystemTag::ErrorCode, &error.code().to_string());
        }
    })
}

/// What went over the wire counts, also for a call that was cut off.
fn count_bytes(state: &State, hops: &[Hop]) {
    for hop in hops {
        state.count_bytes(hop.bytes_sent, hop.bytes_received);
    }
}

/// One set of samples for the whole chain, as xk6-sse counts one call; the durations are the last
/// hop's, by k6's arithmetic.
fn record_hops(state: &State, hops: &[Hop], tags: TagSetId) {
    let Some(trail) = hops.last().map(|hop| &hop.trail) else { return };
    let at = trail.end;
    let ms = |time: std::time::Duration| time.as_secs_f64() * 1e3;
    state.record(&builtin::HTTP_REQS, tags, at, 1.0);
    state.record(&builtin::HTTP_REQ_DURATION, tags, at, ms(trail.duration()));
    state.record(&builtin::HTTP_REQ_BLOCKED, tags, at, ms(trail.blocked));
    state.record(&builtin::HTTP_REQ_CONNECTING, tags, at, ms(trail.connecting));
    state.record(&builtin::HTTP_REQ_TLS_HANDSHAKING, tags, at, ms(trail.tls));
    state.record(&builtin::HTTP_REQ_SENDING, tags, at, ms(trail.sending));
    state.record(&builtin::HTTP_REQ_WAITING, tags, at, ms(trail.waiting));
    state.record(&builtin::HTTP_REQ_RECEIVING, tags, at, ms(trail.receiving));
}

fn response(url: &str, status: u16, headers: &Headers, error: &str, context: &mut Context) -> JsValue {
    let made = object(context);
    put(&made, "url", string(url));
    put(&made, "status", i32::from(status));
    let map = object(context);
    for (name, values) in headers {
        put(&map, name, string(&values.join(", ")));
    }
    put(&made, "headers", map);
    put(&made, "error", string(error));
    made.into()
}

/// What `error` handlers get: an object whose `error()` and `toString()` give the text.
fn error_object(text: &str, context: &mut Context) -> JsValue {
    let made = object(context);
    crate::js::convert::put_hidden(&made, "text", JsString::from(text));
    let read = |this: &JsValue, _: &[JsValue], context: &mut Context| -> Result<JsValue, JsError> {
        match this.as_object() {
            Some(this) => crate::js::convert::get(&this, "text", context),
            None => Ok(JsValue::undefined()),
        }
    };
    for name in ["error", "toString"] {
        let f = function(name, 0, read, context);
        crate::js::convert::put_hidden(&made, name, f);
    }
    made.into()
}
