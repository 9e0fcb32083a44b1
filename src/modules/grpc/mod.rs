//! `k6/net/grpc`: calls and streams of gRPC, with messages as plain objects.
//!
//! ```text
//! load, loadProtoset, reflection ─▶ schema ─▶ method
//! connect ─▶ net::grpc::Channel              │ message: objects <─▶ bytes
//!            ├─ unary ◀── invoke, asyncInvoke, healthCheck ─▶ response, record
//!            └─ start ◀── stream: reader and writer in a task of the event loop, handlers on the VU
//! ```

mod client; // the class Client
mod connect; // client.connect
mod health; // client.healthCheck
mod invoke; // client.invoke, client.asyncInvoke
mod load; // client.load, client.loadProtoset
mod message; // objects to messages and back
mod metadata; // `metadata`, headers, trailers
mod params; // what calls have in common
mod record; // samples
mod response; // what a call returns
mod schema; // services and their methods
mod stream; // what a stream's task and the script share
mod stream_class; // the class Stream
mod stream_task; // messages out and in

use boa_engine::object::{FunctionObjectBuilder, JsObject};
use boa_engine::{Context, JsResult, JsString, JsValue, NativeFunction};

use crate::js::convert::{Native, function, object, put, put_hidden};
use crate::js::shared_realm::inherit;
use crate::js::{Exports, go_error};
use crate::k6::builtin;
use crate::net::grpc::{health as health_protocol, status};
use crate::vu::State;

/// The prototypes of a context's clients and streams: a context's data are found by type.
#[derive(Clone)]
struct Prototypes {
    client: JsObject,
    stream: JsObject,
}

impl Prototypes {
    fn of(context: &mut Context) -> JsResult<Self> {
        match context.get_data::<Self>() {
            Some(known) => Ok(known.clone()),
            None => Err(go_error("k6/net/grpc was not imported in this context", context)),
        }
    }
}

/// The module's exports.
pub fn exports(context: &mut Context) -> JsResult<Exports> {
    let state = State::of(context)?;
    state.builtin(&builtin::GRPC_REQ_DURATION);
    for metric in builtin::GRPC {
        state.builtin(metric);
    }
    let module = object(context);
    let client = class(&module, "Client", client::construct, &client::METHODS, context);
    let stream = class(&module, "Stream", stream_class::construct, &stream_class::METHODS, context);
    let prototypes = Prototypes { client, stream };
    inherit(context, move |context| drop(context.insert_data(prototypes.clone())));
    for (code, name) in status::NAMES.iter().enumerate() {
        put(&module, &format!("Status{name}"), code);
    }
    for (name, number) in health_protocol::STATUSES {
        put(&module, &format!("HealthCheck{name}"), number);
    }
    Ok(Exports::default_object(module))
}

/// Puts a class into the module; returns its prototype.
fn class(
    module: &JsObject,
    name: &str,
    construct: Native,
    methods: &[(&str, usize, Native)],
    context: &mut Context,
) -> JsObject {
    let prototype = object(context);
    for (name, length, native) in methods {
        let method = function(name, *length, *native, context);
        put_hidden(&prototype, name, method);
    }
    let class = FunctionObjectBuilder::new(context.realm(), NativeFunction::from_fn_ptr(construct))
        .name(JsString::from(name))
        .length(0)
        .constructor(true)
        .build();
    put_hidden(&class, "prototype", prototype.clone());
    put_hidden(&prototype, "constructor", class.clone());
    put(module, name, JsValue::from(class));
    prototype
}
