//! `k6/websockets`: the class `WebSocket`, which goes on while the script does.
//!
//! ```text
//! new WebSocket ─▶ task ── what happens ──▶ socket ── event ──▶ listeners
//!                  net::websocket ◀─ queue ──┘  └─ object  what the script holds
//! ```
//!
//! The task runs whenever the VU waits, whatever for. Instants are taken there, before any JavaScript; listeners
//! are called in the event loop, and no iteration ends before its WebSockets do.

pub(super) mod blob;
mod event; // what listeners get
mod listeners;
mod object; // the class
pub(super) mod params;
pub(super) mod record; // samples
mod socket; // what task and script share
mod task;

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use boa_engine::object::JsObject;
use boa_engine::object::builtins::JsArray;
use boa_engine::{Context, JsNativeError, JsResult, JsValue};
use url::Url;

use crate::js::convert::{arg, get, is_nullish, to_text};
use crate::js::{Exports, go_error};
use crate::log;
use crate::net::websocket::Call;
use crate::vu::State;
use params::{Caller, Params};
use socket::Socket;

pub use blob::blob_bytes;

/// The module's exports.
pub fn exports(context: &mut Context) -> JsResult<Exports> {
    let blob = blob::class(context);
    let class = object::class(construct, context);
    Ok(Exports::named([("WebSocket", class), ("Blob", blob)]))
}

/// Whether a script was told of the module's new name: once a run is enough.
static TOLD_OF_NAME: AtomicBool = AtomicBool::new(false);

/// The exports under the module's former name.
pub fn deprecated(context: &mut Context) -> JsResult<Exports> {
    if !TOLD_OF_NAME.swap(true, Ordering::Relaxed) {
        log::warn(
            "k6/experimental/websockets is deprecated and will be removed in a future release. Please use \
             k6/websockets instead.",
        );
    }
    exports(context)
}

/// `new WebSocket(url, [protocols], [params])`
fn construct(new_target: &JsValue, args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let started = Instant::now();
    let Some(new_target) = new_target.as_object() else {
        return Err(JsNativeError::typ().with_message("WebSockets are made with `new`").into());
    };
    let state = State::of(context)?;
    if state.in_init() {
        return Err(go_error("using websockets in the init context is not supported", context));
    }
    let url = url(&arg(args, 0), context)?;
    let params = Params::read(&arg(args, 2), Caller::WebSockets, &state, context)?;
    let protocols = protocols(&arg(args, 1), context)?;
    let client = state.client().map_err(|text| go_error(text, context))?;
    let tags = record::tags_of_call(&state, &params.tags);
    let call = Call {
        url: url.clone(),
        headers: params.headers,
        protocols,
        jar: params.jar,
        compress: params.compress,
    };
    let prototype: Option<JsObject> = get(&new_target, "prototype", context)?.as_object();
    let socket = Socket::new(state, url, tags);
    let object = object::object_of(socket.clone(), prototype);
    socket.start(object.clone(), task::run(socket.clone(), client, call, started));
    Ok(object.into())
}

fn url(given: &JsValue, context: &mut Context) -> JsResult<String> {
    if is_nullish(given) {
        return Err(go_error("WebSocket requires a url", context));
    }
    let text = to_text(given, context)?;
    let fault = match Url::parse(&text) {
        Err(error) => {
            format!(
                "WebSocket requires valid url, but got {text:?} which resulted in parse {text:?}: {error}"
            )
        }
        Ok(url) if !matches!(url.scheme(), "ws" | "wss") => {
            format!("WebSocket requires url with scheme ws or wss, but got {:?}", url.scheme())
        }
        Ok(url) => match url.fragment() {
            Some(fragment) if !fragment.is_empty() => {
                format!("WebSocket requires no url fragment, but got {fragment:?}")
            }
            _ => return Ok(text),
        },
    };
    Err(go_error(fault, context))
}

/// A string, or an array of them; k6 passes over anything else.
fn protocols(given: &JsValue, context: &mut Context) -> JsResult<Vec<String>> {
    if given.is_string() {
        return Ok(vec![to_text(given, context)?]);
    }
    let Some(list) = given.as_object().and_then(|object| JsArray::from_object(object).ok()) else {
        return Ok(Vec::new());
    };
    let mut protocols = Vec::new();
    for index in 0..list.length(context)? {
        let protocol = list.get(index, context)?;
        protocols.push(to_text(&protocol, context)?);
    }
    Ok(protocols)
}
