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
mod event;
mod matcher; // what `expect` waits for
mod object; // the stream in a script's hands
mod params;
mod reader;
mod record;
mod stream; // what reader and script share
mod waiting; // promises

use boa_engine::object::builtins::JsPromise;
use boa_engine::{Context, JsResult, JsValue};

use crate::js::convert::{arg, object_of, to_text};
use crate::js::{Exports, go_error};
use crate::k6::builtin;
use crate::modules::sse::params::Params as CallParams;
use crate::vu::State;
use params::Params;
use stream::Stream;

/// The module's exports.
pub fn exports(context: &mut Context) -> JsResult<Exports> {
    let state = State::of(context)?;
    // Known from the import on, so that thresholds may name it.
    state.builtin(&builtin::SSE_EVENT);
    Ok(Exports::default_object(object_of(&[("connect", 2, connect)], context)))
}

/// `connect(url, params)`: a promise of a stream, kept as soon as the response's head is there
fn connect(_: &JsValue, args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let state = State::of(context)?;
    if state.in_init() {
        return Err(go_error("using ssek/sse in the init context is not supported", context));
    }
    let url = to_text(&arg(args, 0), context)?;
    let given = arg(args, 1);
    let params = Params::read(&given, context)?;
    let call = CallParams::read(&given, &state, context)?;
    let (promise, resolvers) = JsPromise::new_pending(context);
    let client = state.client().map_err(|text| go_error(text, context))?;
    let tags = state.tags_with(|tags| call.tags.iter().for_each(|(k, v)| tags.set(k, v)));
    let recorder = record::Recorder {
        method: call.method().to_owned(),
        tags,
        events: state.series(state.builtin(&builtin::SSE_EVENT), tags),
    };
    let mut request = call.call(&url).map_err(|e| go_error(e.to_string(), context))?;
    request.format = params.format;
    // What was measured so far must not wait for the stream.
    state.samples.flush();
    let stream = Stream::new(state.clone(), url, &params);
    let event_loop = state.event_loop();
    event_loop.begin();
    let reader = reader::read(stream.clone(), client, request, resolvers, recorder);
    stream.is_read_by(event_loop.spawn_background(reader));
    Ok(promise.into())
}
