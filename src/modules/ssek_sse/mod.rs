//! `ssek/sse`: streams that go on while the script does.
//!
//! ```text
//! connect ─▶ reader ── Arrived ──▶ stream: buffer, end ──▶ waiting ─▶ promises of next, expect, drain
//!            net::EventStream                              object     what the script holds
//! ```
//!
//! The reader is a task of the VU's event loop and runs whenever the VU waits. Instants are taken and samples
//! are recorded there, before any JavaScript.

mod buffer;
mod matcher; // what `expect` waits for
mod object; // the stream in a script's hands
mod params;
mod reader;
mod stream; // what reader and script share
mod waiting; // promises

use std::time::Instant;

use boa_engine::object::builtins::JsPromise;
use boa_engine::{Context, JsResult, JsValue};

use crate::js::convert::{arg, object_of, to_text};
use crate::js::{Exports, go_error};
use crate::modules::sse::record::register;
use crate::net::Call;
use crate::vu::State;
use params::Buffering;
use stream::Stream;

/// The module's exports.
pub fn exports(context: &mut Context) -> JsResult<Exports> {
    let state = State::of(context)?;
    register(&state);
    state.test.streaming.ask();
    object::register(context);
    Ok(Exports::default_object(object_of(&[("connect", 2, connect)], context)))
}

/// `connect(url, params)`: a promise of a stream, kept as soon as the response's head is there
fn connect(_: &JsValue, args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let state = State::of(context)?;
    if state.in_init() {
        return Err(go_error("using ssek/sse in the init context is not supported", context));
    }
    let url = state.test.whole_url(to_text(&arg(args, 0), context)?);
    let given = arg(args, 1);
    let params = params::call(&given, &state, context)?;
    let buffering = Buffering::read(&given, context)?;
    let format = params::format(&given, context)?;
    let client = state.client().map_err(|text| go_error(text, context))?;
    let log_fields = state.debug_fields(&params.tags);
    let call = params.call(&url, Instant::now(), "").map(|call| Call { format, log_fields, ..call });
    let (promise, resolvers) = JsPromise::new_pending(context);
    let stream = Stream::new(state.clone(), url, &params, buffering);
    let event_loop = state.event_loop();
    // The iteration does not end before the promise is settled.
    event_loop.begin();
    let reader = reader::read(stream.clone(), client, call, params.stall_threshold, resolvers);
    stream.is_read_by(event_loop.spawn_background(reader));
    Ok(promise.into())
}
