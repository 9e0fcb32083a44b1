//! `http.request` and its short forms.

use boa_engine::{Context, JsResult, JsValue};

use super::Http;
use super::exchange::perform;
use super::request::{Arguments, prepare};
use crate::js::convert::{arg, to_text};
use crate::js::go_error;
use crate::log;
use crate::vu::State;

/// `http.request(method, url, [body], [params])`
pub fn request(_: &JsValue, args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let state = State::of(context)?;
    refuse_init(&state, context)?;
    let given = arguments(args, context)?;
    run(&given, &state, context)
}

/// The arguments of `request` and `asyncRequest`.
pub fn arguments(args: &[JsValue], context: &mut Context) -> JsResult<Arguments> {
    let method = to_text(&arg(args, 0), context)?;
    Ok(Arguments { method, url: arg(args, 1), body: arg(args, 2), params: arg(args, 3) })
}

/// `http.get(url, [params])` and `http.head`, whose requests have no body.
pub fn without_body(name: &str, method: &str, args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let state = State::of(context)?;
    refuse_init(&state, context)?;
    if args.len() > 2 {
        log::warn(format!(
            "http.{name} only accepts a url and a params argument (2 arguments), but {} were given",
            args.len()
        ));
    }
    let body = JsValue::undefined();
    run(
        &Arguments { method: method.to_owned(), url: arg(args, 0), body, params: arg(args, 1) },
        &state,
        context,
    )
}

/// `http.post(url, [body], [params])` and its like.
pub fn with_body(method: &str, args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let state = State::of(context)?;
    refuse_init(&state, context)?;
    let given =
        Arguments { method: method.to_owned(), url: arg(args, 0), body: arg(args, 1), params: arg(args, 2) };
    run(&given, &state, context)
}

/// Fails in init code.
pub fn refuse_init(state: &State, context: &mut Context) -> JsResult<()> {
    if state.in_init() {
        return Err(go_error("Making http requests in the init context is not supported", context));
    }
    Ok(())
}

/// Sends a request and waits for its response.
///
/// # Errors
///
/// The VU was interrupted, or the request failed and is to throw.
pub fn run(given: &Arguments, state: &State, context: &mut Context) -> JsResult<JsValue> {
    let http = Http::of(context)?;
    match prepare(given, &http, state, context) {
        Ok(request) => perform(request, &http, state, context),
        Err(refusal) => refusal.answer(&http, state, context),
    }
}
