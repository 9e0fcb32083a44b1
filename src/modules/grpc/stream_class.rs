//! The class `Stream`.

use std::rc::Rc;
use std::time::Instant;

use boa_engine::object::JsObject;
use boa_engine::{Context, JsData, JsNativeError, JsResult, JsValue};
use boa_gc::{Finalize, Trace};

use super::client::{self, thrown};
use super::record::CallTags;
use super::stream::{Event, Outgoing, Stream};
use super::{Prototypes, message, params, stream_task};
use crate::js::convert::{Native, arg, is_nullish, to_text};
use crate::js::{go_error, json};
use crate::k6::builtin;
use crate::log;
use crate::net::grpc::Request;
use crate::vu::State;

#[derive(Trace, Finalize, JsData)]
struct Handle(#[unsafe_ignore_trace] Rc<Stream>);

pub const METHODS: [(&str, usize, Native); 3] = [("on", 2, on), ("write", 1, write), ("end", 0, end)];

/// `new Stream(client, method, params)`: begins at once
pub fn construct(new_target: &JsValue, args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    if new_target.is_undefined() {
        return Err(JsNativeError::typ().with_message("gRPC streams are made with `new`").into());
    }
    let state = State::of(context)?;
    if state.in_init() {
        return Err(go_error("creating a gRPC stream in the init context is not supported", context));
    }
    let bad = |what: &str, text: String, context: &mut Context| {
        thrown(format!("invalid GRPC Stream's {what}: {text}"), context)
    };
    let Some(client) = client::of(&arg(args, 0)) else {
        return Err(bad("client", "it must be a Client of k6/net/grpc".to_owned(), context));
    };
    let open = client.open().map_err(|text| bad("client", text, context))?;
    let name = match arg(args, 1) {
        name if is_nullish(&name) => String::new(),
        name => to_text(&name, context)?,
    };
    let (path, method) = client.method(&name).map_err(|text| bad("method", text, context))?;
    let params = params::read(&arg(args, 2), context).map_err(|text| bad("parameters", text, context))?;
    let tags = CallTags::new(&state, &open.address, &path, &params.tags);
    tags.count(&builtin::GRPC_STREAMS, Instant::now(), &state);
    let stream = Stream::new(state.clone(), client, open, method, tags, params.discard_message);
    let request = Request { path, metadata: params.metadata, timeout: params.timeout };
    // The iteration does not end before the stream.
    state.event_loop().begin();
    let task = stream_task::run(stream.clone(), request);
    stream.is_driven_by(state.event_loop().spawn_background(task));
    let prototype = Prototypes::of(context)?.stream;
    Ok(JsObject::from_proto_and_data(prototype, Handle(stream)).into())
}

fn this_stream(value: &JsValue) -> JsResult<Rc<Stream>> {
    let stream = value.as_object().and_then(|object| Some(object.downcast_ref::<Handle>()?.0.clone()));
    stream.ok_or_else(|| JsNativeError::typ().with_message("this is no Stream of k6/net/grpc").into())
}

/// `on(event, handler)`
fn on(this: &JsValue, args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let stream = this_stream(this)?;
    let name = to_text(&arg(args, 0), context)?;
    let Some(handler) = arg(args, 1).as_function() else {
        return Err(go_error(format!("handler for {name:?} event isn't a callable function"), context));
    };
    let Some(event) = Event::of_name(&name) else {
        log::warn(format!(
            "can't register {name} event handler: unknown GRPC stream's event type: {name:?}; there are data, \
             error and end"
        ));
        return Ok(JsValue::undefined());
    };
    stream.handlers.borrow_mut().push((event, handler));
    Ok(JsValue::undefined())
}

/// `write(message)`
fn write(this: &JsValue, args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let stream = this_stream(this)?;
    let given = arg(args, 0);
    if is_nullish(&given) {
        log::warn("can't send empty message");
        return Ok(JsValue::undefined());
    }
    let text = json::stringify_value(&given, context)?.unwrap_or_default();
    stream.post(match message::encode(&stream.method.input(), &text) {
        Ok(bytes) => Outgoing::Message(bytes),
        Err(text) => Outgoing::Unfit(format!("can't serialise request object to protocol buffer: {text}")),
    });
    Ok(JsValue::undefined())
}

/// `end()`: nothing more is written
fn end(this: &JsValue, _: &[JsValue], _: &mut Context) -> JsResult<JsValue> {
    this_stream(this)?.post(Outgoing::End);
    Ok(JsValue::undefined())
}
