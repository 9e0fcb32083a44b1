//! `k6/x/sse`: `sse.open(url, params, setup)` and its callbacks.

mod attempt;
pub mod client;
pub mod error;
pub mod event;
pub mod params;
pub mod reconnect;
pub mod record;
pub mod until;

use boa_engine::{Context, JsResult, JsValue};

use attempt::{Attempt, Session};
use params::Params;

use crate::js::convert::{arg, object, object_of, put, put_hidden, string, to_text};
use crate::js::{Exports, go_error};
use crate::vu::State;

/// The module's exports.
pub fn exports(context: &mut Context) -> JsResult<Exports> {
    let state = State::of(context)?;
    // Made with the realm, so that the events of all VUs in it have one shape.
    event::EventObjects::of(context);
    record::register(&state);
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
    let url = state.test.whole_url(url);
    let attempt = Session::new(&url, &params, &setup, &state).run(context)?;
    let opened = attempt.status != 0;
    if !opened && state.test.options().is_some_and(|options| options.throw) {
        return Err(go_error(attempt.error, context));
    }
    Ok(response(if opened { &url } else { "" }, &attempt, context))
}

fn response(url: &str, attempt: &Attempt, context: &mut Context) -> JsValue {
    let made = object(context);
    put(&made, "url", string(url));
    put(&made, "status", i32::from(attempt.status));
    let map = object(context);
    for (name, values) in &attempt.headers {
        put(&map, name, string(&values.join(", ")));
    }
    put(&made, "headers", map);
    put(&made, "error", string(&attempt.error));
    // Hidden from enumeration: scripts print the response, and k6's has no such field.
    put_hidden(&made, "outcome", string(attempt.outcome.name()));
    made.into()
}
