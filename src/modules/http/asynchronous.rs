//! `http.asyncRequest`: a request that goes on while the script does.

use boa_engine::object::builtins::JsPromise;
use boa_engine::{Context, JsError, JsResult, JsValue};

use super::Http;
use super::exchange::{finish, send};
use super::request::{Request, prepare};
use super::verbs::{arguments, refuse_init};
use crate::js::event_loop::Completion;
use crate::js::go_error;
use crate::vu::State;

/// `http.asyncRequest(method, url, [body], [params])`
pub fn async_request(_: &JsValue, args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let state = State::of(context)?;
    refuse_init(&state, context)?;
    let http = Http::of(context)?;
    let given = arguments(args, context)?;
    let (promise, resolvers) = JsPromise::new_pending(context);
    let settle = move |outcome: JsResult<JsValue>, context: &mut Context| {
        let (function, value) = match outcome {
            Ok(response) => (&resolvers.resolve, response),
            Err(error) => (&resolvers.reject, thrown(error, context)?),
        };
        function.call(&JsValue::undefined(), &[value], context).map(drop)
    };
    let Request { call, plan } = match prepare(&given, &http, &state, context) {
        Ok(request) => request,
        Err(refusal) => {
            let outcome = refusal.answer(&http, &state, context);
            settle(outcome, context)?;
            return Ok(promise.into());
        }
    };
    let client = state.client().map_err(|text| go_error(text, context))?;
    let event_loop = state.event_loop().clone();
    event_loop.spawn(async move {
        let exchange = send(&client, call, &plan.method).await;
        let done: Completion = Box::new(move |context| {
            let outcome = finish(plan, exchange, &http, &state, context);
            settle(outcome, context)
        });
        done
    });
    Ok(promise.into())
}

/// What a script may catch; an interrupt stays an error.
fn thrown(error: JsError, context: &mut Context) -> JsResult<JsValue> {
    error.into_opaque(context)
}
