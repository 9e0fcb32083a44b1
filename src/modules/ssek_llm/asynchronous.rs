//! `client.chatAsync(request, handlers)`: a promise of the answer.

use std::rc::Rc;
use std::time::Instant;

use boa_engine::object::builtins::JsPromise;
use boa_engine::{Context, JsResult, JsValue};
use tokio::sync::Notify;

use super::chat::{finish, judged, refuse_init, whole};
use super::client;
use super::heard::{Handlers, Piece};
use super::record::{Call, record};
use super::request::Question;
use crate::js::convert::{arg, settle};
use crate::js::event_loop::{Completion, EventLoop};
use crate::js::go_error;
use crate::llm::{Delta, Ended, Ongoing, Report};
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
    let call = Call::new(&state, &options, &question);
    event_loop.clone().spawn(async move {
        let wanted = handlers.wanted();
        let listener = Rc::new(Listener { handlers, stop: Notify::new() });
        let ongoing = Ongoing::new(&network, &options.target, &question.request);
        let mut running = Running { state, call, ongoing: Some(ongoing), ended: None };
        let mut hear = |delta: &Delta, at: Instant| {
            if let Some(piece) = wanted.take(delta, at) {
                listener.clone().hear(piece, &event_loop);
            }
        };
        let stopped = tokio::select! {
            biased;
            () = listener.stop.notified() => true,
            () = running.read(&mut hear) => false,
        };
        running.count(if stopped { Outcome::Aborted } else { Outcome::Ok }).await;
        let report = running.end();
        let throw = question.throw;
        let done: Completion = Box::new(move |context| {
            let outcome = match report {
                Some(report) => finish(&report, throw, context),
                None => Ok(JsValue::undefined()),
            };
            settle(&resolvers, outcome, context)
        });
        done
    });
    Ok(promise.into())
}

/// A call that goes on. One that is dropped was cut off by the end of the test, and is counted as that.
struct Running<'a> {
    state: Rc<State>,
    call: Call,
    /// `None` once it has ended.
    ongoing: Option<Ongoing<'a>>,
    /// `None` before, and once it is recorded.
    ended: Option<Ended>,
}

impl Running<'_> {
    async fn read(&mut self, hear: &mut impl FnMut(&Delta, Instant)) {
        if let Some(ongoing) = &mut self.ongoing {
            while ongoing.next(hear).await {}
        }
    }

    /// Ends the call, as `outcome` if it was not over, and counts its tokens.
    async fn count(&mut self, outcome: Outcome) {
        self.close(outcome);
        if let Some(ended) = &mut self.ended {
            ended.count().await;
        }
    }

    fn close(&mut self, outcome: Outcome) {
        if let Some(mut ongoing) = self.ongoing.take() {
            ongoing.close(outcome);
            self.ended = Some(ongoing.finish());
        }
    }

    /// Records the call that ended.
    fn end(&mut self) -> Option<Report> {
        let report = judged(whole(self.ended.take()?), &self.state);
        record(&self.state, &self.call, &report);
        Some(report)
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.close(Outcome::Interrupted);
        self.end();
    }
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
