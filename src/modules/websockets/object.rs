//! The class `WebSocket`.

use std::rc::Rc;

use boa_engine::object::{FunctionObjectBuilder, JsObject};
use boa_engine::property::PropertyDescriptor;
use boa_engine::{Context, JsData, JsNativeError, JsResult, JsString, JsValue, NativeFunction, js_string};
use boa_gc::{Finalize, GcRefCell, Trace};
use bytes::Bytes;

use super::blob::blob_bytes;
use super::listeners::{KINDS, Kind, Listeners};
use super::socket::{Goodbye, Ready, Socket};
use crate::js::convert::{
    Native, arg, array, bytes_of, function, is_nullish, object, put_getter, put_hidden, put_readonly, string,
    to_text,
};
use crate::js::go_error;
use crate::log;
use crate::net::websocket::Opcode;

#[derive(Trace, Finalize, JsData)]
struct Handle {
    #[unsafe_ignore_trace]
    socket: Rc<Socket>,
    listeners: GcRefCell<Listeners>,
}

/// Bytes of the longest reason of a goodbye.
const LONGEST_REASON: usize = 123;

/// The class; `construct` makes an object of a prototype.
pub fn class(construct: Native, context: &mut Context) -> JsValue {
    let prototype = prototype(context);
    let class = FunctionObjectBuilder::new(context.realm(), NativeFunction::from_fn_ptr(construct))
        .name(js_string!("WebSocket"))
        .length(1)
        .constructor(true)
        .build();
    put_hidden(&class, "prototype", prototype.clone());
    put_hidden(&prototype, "constructor", class.clone());
    for target in [&class, &prototype] {
        let states = [Ready::Connecting, Ready::Open, Ready::Closing, Ready::Closed];
        for (name, state) in ["CONNECTING", "OPEN", "CLOSING", "CLOSED"].into_iter().zip(states) {
            put_readonly(target, name, state as i32);
        }
    }
    class.into()
}

/// The script's object of a WebSocket.
pub fn object_of(socket: Rc<Socket>, prototype: Option<JsObject>) -> JsObject {
    JsObject::from_proto_and_data(prototype, Handle { socket, listeners: GcRefCell::default() })
}

/// Who listens to an event of an object that [`object_of`] made.
pub fn listeners(object: &JsObject, kind: Kind) -> Vec<JsObject> {
    object.downcast_ref::<Handle>().map_or_else(Vec::new, |handle| handle.listeners.borrow().of(kind))
}

fn prototype(context: &mut Context) -> JsObject {
    let prototype = object(context);
    let methods: [(&str, usize, Native); 4] =
        [("send", 1, send), ("ping", 0, ping), ("close", 2, close), ("addEventListener", 2, add_listener)];
    for (name, length, native) in methods {
        let method = function(name, length, native, context);
        put_hidden(&prototype, name, method);
    }
    let getters: [(&str, Native); 5] = [
        ("url", |this, _, _| Ok(string(&this_socket(this)?.url))),
        ("readyState", |this, _, _| Ok(JsValue::from(this_socket(this)?.ready.get() as i32))),
        ("bufferedAmount", |this, _, _| Ok(JsValue::from(this_socket(this)?.buffered.get() as f64))),
        ("protocol", |this, _, _| Ok(string(&this_socket(this)?.protocol.borrow()))),
        ("extensions", |this, _, context| {
            let extensions = this_socket(this)?.extensions.borrow().clone();
            Ok(array(extensions.iter().map(|extension| string(extension)), context))
        }),
    ];
    for (name, getter) in getters {
        put_getter(&prototype, name, getter, context);
    }
    let get = function("get binaryType", 0, binary_type, context);
    let set = function("set binaryType", 1, set_binary_type, context);
    accessor(&prototype, "binaryType", get.into(), set.into());
    for kind in KINDS {
        let name = format!("on{}", kind.name());
        let get = NativeFunction::from_copy_closure(move |this, _, _| {
            let function = with_handle(this, |handle| handle.listeners.borrow().on(kind))?;
            Ok(function.map_or_else(JsValue::null, JsValue::from))
        });
        let set = NativeFunction::from_copy_closure(move |this, args, context| {
            set_on(kind, this, &arg(args, 0), context)
        });
        let realm = context.realm();
        let get = FunctionObjectBuilder::new(realm, get).name(JsString::from(format!("get {name}"))).build();
        let set = FunctionObjectBuilder::new(realm, set).name(JsString::from(format!("set {name}"))).build();
        accessor(&prototype, &name, get.into(), set.into());
    }
    prototype
}

fn accessor(target: &JsObject, name: &str, get: JsObject, set: JsObject) {
    let property = PropertyDescriptor::builder().get(get).set(set).enumerable(true).configurable(true);
    target.insert_property(JsString::from(name), property.build());
}

fn with_handle<R>(this: &JsValue, look: impl FnOnce(&Handle) -> R) -> JsResult<R> {
    let object = this.as_object();
    let handle = object.as_ref().and_then(|object| object.downcast_ref::<Handle>());
    match handle {
        Some(handle) => Ok(look(&handle)),
        None => Err(JsNativeError::typ().with_message("this is no WebSocket").into()),
    }
}

fn this_socket(this: &JsValue) -> JsResult<Rc<Socket>> {
    with_handle(this, |handle| handle.socket.clone())
}

fn open_socket(this: &JsValue, context: &mut Context) -> JsResult<Rc<Socket>> {
    let socket = this_socket(this)?;
    match socket.ready.get() {
        Ready::Open => Ok(socket),
        _ => Err(go_error("InvalidStateError", context)),
    }
}

/// `send(data)`: a string, an `ArrayBuffer`, a view of one, or a `Blob`
fn send(this: &JsValue, args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let socket = open_socket(this, context)?;
    let data = arg(args, 0);
    if let Some(text) = data.as_string() {
        socket.send(Opcode::Text, text.to_std_string_lossy().into_bytes().into());
        return Ok(JsValue::undefined());
    }
    let bytes = match blob_bytes(&data) {
        Some(bytes) => Some(bytes),
        None => bytes_of(&data, context).map(Bytes::from),
    };
    match bytes {
        Some(bytes) => socket.send(Opcode::Binary, bytes),
        None => {
            let kind = data.type_of();
            return Err(go_error(format!("unsupported send type {kind}"), context));
        }
    }
    Ok(JsValue::undefined())
}

/// `ping()`
fn ping(this: &JsValue, _: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    open_socket(this, context)?.ping();
    Ok(JsValue::undefined())
}

/// `close([code], [reason])`
fn close(this: &JsValue, args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let socket = this_socket(this)?;
    if matches!(socket.ready.get(), Ready::Closing | Ready::Closed) {
        return Ok(JsValue::undefined());
    }
    let code = arg(args, 0);
    let code = if code.is_undefined() {
        0
    } else {
        code.to_integer_or_infinity(context)?.as_integer().unwrap_or(-1)
    };
    let reason = arg(args, 1);
    let reason = if reason.is_undefined() { String::new() } else { to_text(&reason, context)? };
    if !matches!(code, 0 | 1000 | 3000..=4999) {
        let text = format!(
            "InvalidAccessError: Failed to execute 'close' on 'WebSocket': The close code must be either 1000, \
             or between 3000 and 4999. {code} is neither"
        );
        return Err(go_error(text, context));
    }
    if reason.len() > LONGEST_REASON {
        let text = "SyntaxError: Failed to execute 'close' on 'WebSocket': The message must not be greater than \
                    123 bytes";
        return Err(go_error(text, context));
    }
    let code = if code == 0 { 1000 } else { u16::try_from(code).unwrap_or(1000) };
    socket.ready.set(Ready::Closing);
    *socket.goodbye.borrow_mut() = Goodbye { code, reason: String::new() };
    let mut payload = code.to_be_bytes().to_vec();
    payload.extend_from_slice(reason.as_bytes());
    socket.send(Opcode::Close, payload.into());
    Ok(JsValue::undefined())
}

/// `addEventListener(type, listener)`
fn add_listener(this: &JsValue, args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let name = to_text(&arg(args, 0), context)?;
    let Some(function) = arg(args, 1).as_callable() else {
        return Err(go_error(format!("handler for event type {name:?} isn't a callable function"), context));
    };
    match Kind::named(&name) {
        Some(kind) => with_handle(this, |handle| handle.listeners.borrow_mut().add(kind, function))?,
        None => log::warn(format!("can't add event handler: unknown event type: {name}")),
    }
    Ok(JsValue::undefined())
}

fn set_on(kind: Kind, this: &JsValue, value: &JsValue, context: &mut Context) -> JsResult<JsValue> {
    let function = value.as_callable();
    if function.is_none() && !is_nullish(value) {
        return Err(go_error(format!("a value for 'on{}' should be callable", kind.name()), context));
    }
    with_handle(this, |handle| handle.listeners.borrow_mut().set_on(kind, function))?;
    Ok(JsValue::undefined())
}

fn binary_type(this: &JsValue, _: &[JsValue], _: &mut Context) -> JsResult<JsValue> {
    Ok(string(if this_socket(this)?.as_blob.get() { "blob" } else { "arraybuffer" }))
}

fn set_binary_type(this: &JsValue, args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let name = to_text(&arg(args, 0), context)?;
    let as_blob = match name.as_str() {
        "blob" => true,
        "arraybuffer" => false,
        _ => {
            let text =
                format!("unknown binaryType {name}, the supported ones are \"blob\" and \"arraybuffer\"");
            return Err(go_error(text, context));
        }
    };
    this_socket(this)?.as_blob.set(as_blob);
    Ok(JsValue::undefined())
}
