//! `k6/ws`: `ws.connect(url, params, setup)`, which returns when the WebSocket has ended.

mod session; // the loop
mod socket; // what the setup function gets
mod timers;

use std::time::Instant;

use boa_engine::{Context, JsResult, JsValue};

use crate::js::convert::{arg, object, object_of, put, string, to_text};
use crate::js::{Exports, go_error};
use crate::k6::SystemTag;
use crate::modules::websockets::params::{Caller, Params};
use crate::modules::websockets::record::{self, Recorder};
use crate::net::websocket::{Answer, Call, Connected, Refused};
use crate::vu::State;
use session::Session;

/// The module's exports.
pub fn exports(context: &mut Context) -> JsResult<Exports> {
    socket::register(context);
    Ok(Exports::default_object(object_of(&[("connect", 3, connect)], context)))
}

/// `connect(url, [params], setup)`
fn connect(_: &JsValue, args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let state = State::of(context)?;
    if state.in_init() {
        return Err(go_error("using websockets in the init context is not supported", context));
    }
    let url = to_text(&arg(args, 0), context)?;
    let (params, setup) = match args {
        [_, setup] => (JsValue::undefined(), setup),
        [_, params, setup] => (params.clone(), setup),
        _ => return Err(go_error("invalid number of arguments to ws.connect", context)),
    };
    let Some(setup) = setup.as_callable() else {
        return Err(go_error("last argument to ws.connect must be a function", context));
    };
    let params = Params::read(&params, Caller::Ws, &state, context)?;
    let mut tags = record::tags_of_call(&state, &params.tags);
    record::set_tag(&mut tags, &state, SystemTag::Url, &url);
    let client = state.client().map_err(|text| go_error(text, context))?;
    let call = Call {
        url: url.clone(),
        headers: params.headers,
        protocols: Vec::new(),
        jar: params.jar,
        compress: params.compress,
    };
    let started = Instant::now();
    match state.block_on(crate::net::websocket::connect(&client, &call), context)? {
        Ok(Connected { link, answer, peer }) => {
            record::tag_answer(&mut tags, &state, Some(&answer), Some(peer));
            let recorder = Recorder::new(&state, &tags, started);
            Session::new(state, link, recorder).run(&setup, context)?;
            Ok(response(&url, Some(&answer), "", context))
        }
        Err(Refused { error, answer, peer, sent, received }) => {
            state.count_bytes(sent, received);
            record::tag_answer(&mut tags, &state, answer.as_ref(), peer);
            Recorder::new(&state, &tags, started).ended(&state, started);
            if state.test.options().is_some_and(|options| options.throw) {
                return Err(go_error(error, context));
            }
            // What the server said is told in place of the error, as k6 does.
            let error = if answer.is_some() { "" } else { &error };
            Ok(response("", answer.as_ref(), error, context))
        }
    }
}

fn response(url: &str, answer: Option<&Answer>, error: &str, context: &mut Context) -> JsValue {
    let made = object(context);
    put(&made, "url", string(url));
    put(&made, "status", answer.map_or(0, |answer| i32::from(answer.status)));
    let map = object(context);
    for (name, values) in answer.iter().flat_map(|answer| &answer.headers) {
        put(&map, name, string(&values.join(", ")));
    }
    put(&made, "headers", map);
    let body = answer.map_or_else(String::new, |answer| String::from_utf8_lossy(&answer.body).into_owned());
    put(&made, "body", string(&body));
    put(&made, "error", string(error));
    made.into()
}
