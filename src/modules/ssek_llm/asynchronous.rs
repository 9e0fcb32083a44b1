//! `client.chatAsync(request, handlers)`: a promise of the answer.

use std::rc::Rc;
use std::time::Instant;

use boa_engine::object::builtins::JsPromise;
use boa_engine::{Context, JsResult, JsValue};
use tokio::sync::Notify;

use super::chat::{finish, judge, refuse_init};
use super::client;
use super::heard::{Handlers, Piece};
use super::record::{Call, record, record_interrupted};
use super::request::Question;
use crate::js::convert::{arg, settle};
use crate::js::event_loop::{Completion, EventLoop};
use crate::js::go_error;
use crate::llm::{Delta, Ongoing};
use crate::net::Outcome;
use crate::vu::State;

/// `chatAsync(request, {onToken, onReasoning, onToolCall})`
pub fn chat_async(this: &JsValue, args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let options = client::this(this)?;
    let state = State::of(context)?;
    refuse_init(&state, context)?;
    let question = Question::read(&arg(args, 0), &options, &state, context)?;
    let handlers = Handlers::read(&arg(args, 1), context)?;
    let network = state.client().map_err(|text| go_error(text, context))?;
    let (promise, resolvers) = JsPromise::new_pending(context);
    let event_loop = state.event_loop().clone();
    let mut unfinished = Unfinished { call: Some(Call::new(&state, &options, &question)), state };
    event_loop.clone().spawn(async move {
        let wanted = handlers.wanted();
        let listener = Rc::new(Listener { handlers, stop: Notify::new() });
        let mut ongoing = Ongoing::new(&network, &options.target, &question.request);
        loop {
            let mut hear = |delta: &Delta, at: Instant| {
                if let Some(piece) = wanted.take(delta, at) {
                    listener.clone().hear(piece, &event_loop);
                }
            };
            let goes_on = tokio::select! {
                biased;
                () = listener.stop.notified() => false,
                goes_on = ongoing.next(&mut hear) => goes_on,
            };
            if !goes_on {
                break;
            }
        }
        ongoing.close(Outcome::Aborted);
        let mut report = ongoing.finish();
        judge(&mut report, &unfinished.state);
        if let Some(call) = unfinished.call.take() {
            record(&unfinished.state, &call, &report);
        }
        let throw = question.throw;
        let done: Completion = Box::new(move |context| {
            let outcome = finish(&report, throw, context);
            settle(&resolvers, outcome, context)
        });
        done
    });
    Ok(promise.into())
}

/// The script's end of an answer.
struct Listener {
    handlers: Handlers,
    /// The script wants no more.
    stop: Notify,
}

impl Listener {
    /// Has the script called with a piece, when it is its turn.
    fn hear(self: Rc<Self>, piece: Piece, event_loop: &EventLoop) {
        event_loop.begin();
        event_loop.complete(Box::new(move |context| {
            let stops = self.handlers.call(piece, context);
            if !matches!(stops, Ok(false)) {
                self.stop.notify_one();
            }
            stops.map(drop)
        }));
    }
}

/// A call that is counted as cut off, unless it was recorded.
struct Unfinished {
    state: Rc<State>,
    call: Option<Call>,
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        if let Some(call) = self.call.take() {
            record_interrupted(&self.state, &call);
        }
    }
}
