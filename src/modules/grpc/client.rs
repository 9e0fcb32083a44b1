//! The class `Client`: what it knows, and its connection.

use std::cell::RefCell;
use std::rc::Rc;

use boa_engine::object::JsObject;
use boa_engine::{Context, JsData, JsError, JsNativeError, JsResult, JsValue};
use boa_gc::{Finalize, Trace};
use prost_reflect::MethodDescriptor;

use super::schema::Schema;
use super::{Prototypes, connect, health, invoke, load};
use crate::js::convert::Native;
use crate::js::go_error;
use crate::net::grpc::Channel;
use crate::vu::State;

/// A client of one VU.
#[derive(Default)]
pub struct Client {
    pub schema: RefCell<Schema>,
    open: RefCell<Option<Open>>,
}

/// A connection, and the address that it was asked for by.
#[derive(Clone)]
pub struct Open {
    pub channel: Rc<Channel>,
    pub address: Rc<str>,
}

#[derive(Trace, Finalize, JsData)]
struct Handle(#[unsafe_ignore_trace] Rc<Client>);

pub const METHODS: [(&str, usize, Native); 7] = [
    ("load", 2, load::load),
    ("loadProtoset", 1, load::load_protoset),
    ("connect", 2, connect::connect),
    ("invoke", 3, invoke::invoke),
    ("asyncInvoke", 3, invoke::async_invoke),
    ("healthCheck", 1, health::health_check),
    ("close", 0, close),
];

/// `new Client()`
pub fn construct(new_target: &JsValue, _: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    if new_target.is_undefined() {
        return Err(JsNativeError::typ().with_message("gRPC clients are made with `new`").into());
    }
    let prototype = Prototypes::of(context)?.client;
    Ok(JsObject::from_proto_and_data(prototype, Handle(Rc::default())).into())
}

/// The client behind a script's object.
pub fn of(value: &JsValue) -> Option<Rc<Client>> {
    Some(value.as_object()?.downcast_ref::<Handle>()?.0.clone())
}

/// The client that a method was called on.
pub fn this(value: &JsValue) -> JsResult<Rc<Client>> {
    of(value).ok_or_else(|| JsNativeError::typ().with_message("this is no Client of k6/net/grpc").into())
}

/// `close()`
fn close(this_value: &JsValue, _: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let client = this(this_value)?;
    let state = State::of(context)?;
    client.replace(None, &state);
    Ok(JsValue::undefined())
}

impl Client {
    /// The connection, if there is one.
    ///
    /// # Errors
    ///
    /// The text for the script.
    pub fn open(&self) -> Result<Open, String> {
        let open = self.open.borrow().clone();
        open.ok_or_else(|| "no gRPC connection, you must call connect first".to_owned())
    }

    /// Takes another connection, and closes the one before.
    pub fn replace(&self, open: Option<Open>, state: &State) {
        if let Some(before) = std::mem::replace(&mut *self.open.borrow_mut(), open) {
            let (sent, received) = before.channel.traffic();
            state.count_bytes(sent, received);
            before.channel.close();
        }
    }

    /// The method of a name, with or without its leading `/`, and its path.
    ///
    /// # Errors
    ///
    /// The text for the script.
    pub fn method(&self, name: &str) -> Result<(String, MethodDescriptor), String> {
        if name.is_empty() {
            return Err("method to invoke cannot be empty".to_owned());
        }
        let path = if name.starts_with('/') { name.to_owned() } else { format!("/{name}") };
        match self.schema.borrow().method(&path) {
            Some(method) => Ok((path, method)),
            None => Err(format!("method {path:?} not found in file descriptors")),
        }
    }
}

/// Why the script cannot go on here.
pub fn thrown(text: String, context: &mut Context) -> JsError {
    go_error(text, context)
}
