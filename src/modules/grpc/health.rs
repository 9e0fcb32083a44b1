//! `client.healthCheck`.

use boa_engine::{Context, JsResult, JsValue};

use super::client::{self, thrown};
use super::params;
use super::record::CallTags;
use crate::js::convert::{arg, is_nullish, object, put, to_text};
use crate::js::go_error;
use crate::net::grpc::health;
use crate::vu::State;

/// `healthCheck(service)`: `{status}`, one of the constants; in `message`, too
pub fn health_check(this: &JsValue, args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let client = client::this(this)?;
    let state = State::of(context)?;
    if state.in_init() {
        return Err(go_error("invoking RPC methods in the init context is not supported", context));
    }
    let open = client.open().map_err(|text| thrown(text, context))?;
    let service = match arg(args, 0) {
        service if is_nullish(&service) => String::new(),
        service => to_text(&service, context)?,
    };
    let tags = CallTags::plain(&state);
    let asking = health::check(&open.channel, &service, params::TIMEOUT);
    let (answer, status) = state.block_on(asking, context)?;
    let took = answer.ended.saturating_duration_since(answer.begun);
    tags.duration(answer.status.code, answer.remote, answer.ended, took, &state);
    let (sent, received) = open.channel.traffic();
    state.count_bytes(sent, received);
    let status = status.map_err(|status| thrown(status.to_string(), context))?;
    let message = object(context);
    put(&message, "status", status);
    let response = object(context);
    put(&response, "status", status);
    put(&response, "message", message);
    Ok(response.into())
}
