//! `client.invoke` and `client.asyncInvoke`.

use std::rc::Rc;

use boa_engine::object::builtins::JsPromise;
use boa_engine::{Context, JsResult, JsValue};
use prost_reflect::MessageDescriptor;

use super::client::{self, Client, Open, thrown};
use super::record::CallTags;
use super::{message, params, response};
use crate::js::convert::{arg, is_nullish, to_text};
use crate::js::event_loop::Completion;
use crate::js::{go_error, json};
use crate::net::grpc::{Answer, Request};
use crate::vu::State;

/// A call that is ready to be made.
struct Call {
    client: Rc<Client>,
    open: Open,
    request: Request,
    message: Vec<u8>,
    /// Of the answer's message; `None`: it is not wanted.
    kind: Option<MessageDescriptor>,
    tags: CallTags,
}

/// `invoke(method, request, params)`: the response
pub fn invoke(this: &JsValue, args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let state = State::of(context)?;
    let call = prepare(this, args, &state, context)?;
    let answer = state.block_on(call.open.channel.unary(&call.request, &call.message), context)?;
    call.finish(&answer, &state, context)
}

/// `asyncInvoke(method, request, params)`: a promise of the response
pub fn async_invoke(this: &JsValue, args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let state = State::of(context)?;
    let (promise, resolvers) = JsPromise::new_pending(context);
    let settle = move |outcome: JsResult<JsValue>, context: &mut Context| {
        let (function, value) = match outcome {
            Ok(response) => (&resolvers.resolve, response),
            // An interrupt stays an error.
            Err(error) => (&resolvers.reject, error.into_opaque(context)?),
        };
        function.call(&JsValue::undefined(), &[value], context).map(drop)
    };
    let call = match prepare(this, args, &state, context) {
        Ok(call) => call,
        Err(error) => {
            settle(Err(error), context)?;
            return Ok(promise.into());
        }
    };
    let event_loop = state.event_loop().clone();
    event_loop.spawn(async move {
        let answer = call.open.channel.unary(&call.request, &call.message).await;
        let done: Completion = Box::new(move |context| {
            let outcome = call.finish(&answer, &state, context);
            settle(outcome, context)
        });
        done
    });
    Ok(promise.into())
}

fn prepare(this: &JsValue, args: &[JsValue], state: &State, context: &mut Context) -> JsResult<Call> {
    let client = client::this(this)?;
    if state.in_init() {
        return Err(go_error("invoking RPC methods in the init context is not supported", context));
    }
    let open = client.open().map_err(|text| thrown(text, context))?;
    let name = match arg(args, 0) {
        name if is_nullish(&name) => String::new(),
        name => to_text(&name, context)?,
    };
    let (path, method) = client.method(&name).map_err(|text| thrown(text, context))?;
    let given = arg(args, 1);
    if is_nullish(&given) {
        return Err(go_error("request cannot be nil", context));
    }
    let params = params::read(&arg(args, 2), context)
        .map_err(|text| thrown(format!("invalid GRPC's client.invoke() parameters: {text}"), context))?;
    let text = json::stringify_value(&given, context)?.unwrap_or_default();
    let message = message::encode(&method.input(), &text).map_err(|text| {
        thrown(format!("unable to serialise request object to protocol buffer: {text}"), context)
    })?;
    let tags = CallTags::new(state, &open.address, &path, &params.tags);
    let timeout = Some(params.timeout.unwrap_or(params::TIMEOUT));
    let request = Request { path, metadata: params.metadata, timeout };
    let kind = (!params.discard_message).then(|| method.output());
    Ok(Call { client, open, request, message, kind, tags })
}

impl Call {
    /// Records the call and makes its response.
    fn finish(&self, answer: &Answer, state: &State, context: &mut Context) -> JsResult<JsValue> {
        let took = answer.ended.saturating_duration_since(answer.begun);
        self.tags.duration(answer.status.code, answer.remote, answer.ended, took, state);
        let (sent, received) = self.open.channel.traffic();
        state.count_bytes(sent, received);
        let length = answer.message.as_ref().map_or(0, bytes::Bytes::len);
        // Collections are counted in calls; large messages must not wait for as many as small ones.
        state.left_garbage(1 + u32::try_from(length / 16_384).unwrap_or(u32::MAX / 2));
        response::new(answer, self.kind.as_ref(), &self.client, context)
    }
}
