//! Promises that wait for a stream's events, and what keeps or breaks them.

use std::rc::Rc;
use std::time::{Duration, Instant};

use boa_engine::builtins::iterable::create_iter_result_object;
use boa_engine::builtins::promise::ResolvingFunctions;
use boa_engine::object::builtins::{JsArray, JsPromise};
use boa_engine::{Context, JsError, JsNativeError, JsResult, JsString, JsValue};

use super::matcher::{Matcher, Skipped};
use super::stream::Stream;
use crate::js::Background;
use crate::js::convert::{object, put, put_hidden, settle, string};
use crate::js::go_error;
use crate::k6::duration::GoDuration;
use crate::modules::sse::event::EventObjects;
use crate::net::Event;

/// What a promise waits for.
pub enum Wanted {
    /// The next event.
    Next,
    /// An event that matches.
    Match(Matcher, Skipped),
    /// The end.
    Drained,
}

/// A promise that was given out.
pub struct Waiter {
    wanted: Wanted,
    limit: Option<Limit>,
    resolvers: ResolvingFunctions,
}

/// Until when a promise waits.
struct Limit {
    within: Duration,
    at: Instant,
    timer: Background,
}

/// What a look at a waiter came to.
enum Look {
    Settled(JsResult<JsValue>),
    Waits,
}

impl Drop for Limit {
    fn drop(&mut self) {
        self.timer.stop();
    }
}

impl Stream {
    /// A promise of what is wanted, for at most so long.
    ///
    /// # Errors
    ///
    /// The VU was interrupted.
    pub fn wait_for(
        self: &Rc<Self>,
        wanted: Wanted,
        within: Option<Duration>,
        context: &mut Context,
    ) -> JsResult<JsValue> {
        let (promise, resolvers) = JsPromise::new_pending(context);
        // A time beyond the clock's end is no limit.
        let limit = within.and_then(|within| Some((within, Instant::now().checked_add(within)?)));
        let mut waiter = Waiter { wanted, limit: None, resolvers };
        let is_first = self.waiters.borrow().is_empty();
        if is_first && let Look::Settled(outcome) = self.look(&mut waiter, context) {
            settle(&waiter.resolvers, outcome, context)?;
            return Ok(promise.into());
        }
        let event_loop = self.state.event_loop();
        waiter.limit = limit.map(|(within, at)| {
            let stream = Rc::downgrade(self);
            let timer = event_loop.spawn_background(async move {
                tokio::time::sleep_until(at.into()).await;
                if let Some(stream) = stream.upgrade() {
                    stream.post();
                }
            });
            Limit { within, at, timer }
        });
        // The iteration does not end before this is settled.
        event_loop.begin();
        self.waiters.borrow_mut().push_back(waiter);
        Ok(promise.into())
    }

    /// Has the waiters looked at soon; does nothing if there are none.
    pub fn post(self: &Rc<Self>) {
        if self.waiters.borrow().is_empty() || self.is_posted.replace(true) {
            return;
        }
        let event_loop = self.state.event_loop();
        event_loop.begin();
        let stream = self.clone();
        event_loop.complete(Box::new(move |context| {
            stream.is_posted.set(false);
            stream.serve(context)
        }));
    }

    /// Settles what can be settled, in the order in which the script asked.
    ///
    /// # Errors
    ///
    /// The VU was interrupted.
    pub fn serve(self: &Rc<Self>, context: &mut Context) -> JsResult<()> {
        loop {
            // Taken out, for a matcher may ask for more.
            let Some(mut waiter) = self.waiters.borrow_mut().pop_front() else { return Ok(()) };
            match self.look(&mut waiter, context) {
                Look::Settled(outcome) => self.done(&waiter, outcome, context)?,
                Look::Waits => {
                    self.waiters.borrow_mut().push_front(waiter);
                    break;
                }
            }
        }
        let now = Instant::now();
        loop {
            let mut waiters = self.waiters.borrow_mut();
            let Some(late) = waiters.iter().position(|waiter| waiter.is_late(now)) else { return Ok(()) };
            let Some(waiter) = waiters.remove(late) else { return Ok(()) };
            drop(waiters);
            let error = waiter.timeout(context);
            self.done(&waiter, Err(error), context)?;
        }
    }

    fn done(&self, waiter: &Waiter, outcome: JsResult<JsValue>, context: &mut Context) -> JsResult<()> {
        self.state.event_loop().release();
        settle(&waiter.resolvers, outcome, context)
    }

    fn look(&self, waiter: &mut Waiter, context: &mut Context) -> Look {
        let settled = match &mut waiter.wanted {
            Wanted::Next => match self.get(context) {
                Some(Ok((_, shown))) => Some(Ok(create_iter_result_object(shown, false, context))),
                Some(Err(error)) => Some(Err(error)),
                None => self
                    .end_of_events(context)
                    .map(|end| end.map(|()| create_iter_result_object(JsValue::undefined(), true, context))),
            },
            Wanted::Match(matcher, skipped) => self.search(matcher, skipped, context),
            Wanted::Drained => self.run_dry(context),
        };
        settled.map_or(Look::Waits, Look::Settled)
    }

    /// The next event for the script, with the object that shows it.
    fn get(&self, context: &mut Context) -> Option<JsResult<(Event, JsValue)>> {
        let arrived = self.pop()?;
        let event = arrived.event.clone();
        let shown = EventObjects::of(context).make(arrived.event, arrived.at, context);
        self.state.left_garbage(1);
        match self.asks_script().map(|until| until.says(&shown, context)) {
            Some(Err(error)) => return Some(Err(error)),
            Some(Ok(true)) => self.completed(),
            Some(Ok(false)) | None => {}
        }
        Some(Ok((event, shown)))
    }

    /// The events that have come and that the script did not get yet, without waiting for more.
    ///
    /// # Errors
    ///
    /// The function `until` threw, or the stream broke and this was not told: after its last events.
    pub fn received(&self, context: &mut Context) -> JsResult<JsValue> {
        let mut events = Vec::new();
        while let Some(got) = self.get(context) {
            events.push(got?.1);
        }
        if events.is_empty()
            && let Some(end) = self.end_of_events(context)
        {
            end?;
        }
        Ok(JsArray::from_iter(events, context).into())
    }

    /// Goes through the events that are there; `None` if none of them matches and there may be more.
    fn search(
        &self,
        matcher: &Matcher,
        skipped: &mut Skipped,
        context: &mut Context,
    ) -> Option<JsResult<JsValue>> {
        while let Some(got) = self.get(context) {
            let matched = got.and_then(|(event, shown)| {
                let matched = matcher.matches(&event, &shown, context)?;
                if !matched {
                    skipped.note(&event);
                }
                Ok(matched.then_some(shown))
            });
            if let Some(settled) = matched.transpose() {
                return Some(settled);
            }
        }
        match self.end_of_events(context)? {
            Err(error) => Some(Err(error)),
            Ok(()) => {
                let outcome = self.end.borrow().as_ref().map_or("", |end| end.outcome.name());
                let text = format!(
                    "expect: the stream ended ({outcome}) before an event matched {}; {}",
                    matcher.describe(context),
                    skipped.describe()
                );
                Some(Err(go_error(text, context)))
            }
        }
    }

    /// Has events counted and forgotten; the result at the end.
    fn run_dry(&self, context: &mut Context) -> Option<JsResult<JsValue>> {
        if self.asks_script().is_some() {
            // The function has to see each of them.
            while let Some(got) = self.get(context) {
                if let Err(error) = got {
                    return Some(Err(error));
                }
            }
        } else if !self.draining.get() {
            self.drain();
        }
        self.drained(context).map(Ok)
    }

    /// Whether no event can come any more; the error that is the reason, if the script has not been told.
    fn end_of_events(&self, context: &mut Context) -> Option<JsResult<()>> {
        let error = self.end.borrow().as_ref()?.error.clone();
        Some(match error {
            Some(text) if !self.told.replace(true) => Err(go_error(text, context)),
            _ => Ok(()),
        })
    }

    /// The result of `drain()`, at the end.
    fn drained(&self, context: &mut Context) -> Option<JsValue> {
        let outcome = self.end.borrow().as_ref()?.outcome;
        self.told.set(true);
        let result = object(context);
        put(&result, "events", self.events.get() as f64);
        put(&result, "bytes", self.bytes.get() as f64);
        put(&result, "outcome", string(outcome.name()));
        Some(result.into())
    }
}

impl Waiter {
    fn is_late(&self, now: Instant) -> bool {
        self.limit.as_ref().is_some_and(|limit| limit.at <= now)
    }

    fn timeout(&self, context: &mut Context) -> JsError {
        let within = self.limit.as_ref().map_or(Duration::ZERO, |limit| limit.within);
        let within = GoDuration::from(within);
        timeout_error(
            &match &self.wanted {
                Wanted::Next => format!("next: no event came within {within}"),
                Wanted::Drained => format!("drain: the stream did not end within {within}"),
                Wanted::Match(matcher, skipped) => {
                    let wanted = matcher.describe(context);
                    format!("expect: no event matched {wanted} within {within}; {}", skipped.describe())
                }
            },
            context,
        )
    }
}

/// An `Error` whose `name` is `TimeoutError`.
fn timeout_error(text: &str, context: &mut Context) -> JsError {
    let error = JsNativeError::error().with_message(text.to_owned()).into_opaque(context);
    put_hidden(&error, "name", JsString::from("TimeoutError"));
    JsError::from_opaque(error.into())
}
