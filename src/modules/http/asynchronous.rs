//! `http.asyncRequest`: a request that goes on while the script does.

use std::pin::pin;
use std::rc::Rc;
use std::time::Instant;

use boa_engine::object::builtins::JsPromise;
use boa_engine::{Context, JsResult, JsValue};
use futures_util::FutureExt;
use futures_util::future::{Either, select};
use tokio::sync::oneshot::Receiver;
use tokio::sync::oneshot::error::RecvError;

use super::Http;
use super::exchange::{cut_off, finish, send};
use super::request::{Arguments, Request, prepare};
use super::verbs::{arguments, refuse_init};
use crate::js::convert::settle;
use crate::js::event_loop::Completion;
use crate::js::go_error;
use crate::net::client::Client;
use crate::net::{Call, Exchange, NetError};
use crate::vu::State;

/// `http.asyncRequest(method, url, [body], [params])`
pub fn async_request(_: &JsValue, args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let state = State::of(context)?;
    refuse_init(&state, context)?;
    let http = Http::of(context)?;
    let given = arguments(args, context)?;
    start(&given, None, http, &state, context)
}

/// Starts a request: the promise of its response. Once `cancelled` hears something, the request has failed; with
/// it, arguments that are no request reject the promise, whatever the option `throw` says.
pub fn start(
    given: &Arguments,
    cancelled: Option<Receiver<()>>,
    http: Rc<Http>,
    state: &Rc<State>,
    context: &mut Context,
) -> JsResult<JsValue> {
    let (promise, resolvers) = JsPromise::new_pending(context);
    let Request { call, plan } = match prepare(given, &http, state, context) {
        Ok(request) => request,
        Err(refusal) => {
            let outcome = match cancelled {
                Some(_) => Err(refusal.into_error(context)),
                None => refusal.answer(&http, state, context),
            };
            settle(&resolvers, outcome, context)?;
            return Ok(promise.into());
        }
    };
    let client = state.client().map_err(|text| go_error(text, context))?;
    let event_loop = state.event_loop().clone();
    let state = state.clone();
    event_loop.spawn(async move {
        let exchange = sent(&client, call, &plan.method, cancelled).await;
        let done: Completion = Box::new(move |context| {
            let outcome = finish(plan, exchange, &http, &state, context);
            settle(&resolvers, outcome, context)
        });
        done
    });
    Ok(promise.into())
}

async fn sent(
    client: &Client,
    call: Result<Call, NetError>,
    method: &str,
    cancelled: Option<Receiver<()>>,
) -> Exchange {
    let started = Instant::now();
    let exchange = send(client, call, method);
    let Some(cancelled) = cancelled else { return exchange.await };
    match select(pin!(exchange), pin!(cancelled.then(only_if_said))).await {
        Either::Left((exchange, _)) => exchange,
        Either::Right(_) => cut_off(method, started),
    }
}

/// A promise that nobody can cancel any more is not cancelled.
async fn only_if_said(heard: Result<(), RecvError>) {
    if heard.is_err() {
        std::future::pending::<()>().await;
    }
}
