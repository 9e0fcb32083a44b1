//! The object that the setup function gets.

use std::rc::Rc;
use std::time::Duration;

use boa_engine::object::JsObject;
use boa_engine::object::builtins::JsArrayBuffer;
use boa_engine::{Context, JsData, JsNativeError, JsResult, JsValue};
use boa_gc::{Finalize, GcRefCell, Trace};

use super::session::{GOING_AWAY, Session};
use super::timers::Timers;
use crate::js::convert::{Native, arg, function, get, object, put_hidden, to_text};
use crate::js::go_error;
use crate::js::shared_realm::inherit;
use crate::net::websocket::Opcode;

/// What a handler can be for; other names are never called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Open,
    Message,
    BinaryMessage,
    Ping,
    Pong,
    Close,
    Error,
}

impl Kind {
    fn named(name: &str) -> Option<Self> {
        Some(match name {
            "open" => Self::Open,
            "message" => Self::Message,
            "binaryMessage" => Self::BinaryMessage,
            "ping" => Self::Ping,
            "pong" => Self::Pong,
            "close" => Self::Close,
            "error" => Self::Error,
            _ => return None,
        })
    }
}

#[derive(Trace, Finalize, JsData)]
struct Handle {
    #[unsafe_ignore_trace]
    session: Rc<Session>,
    handlers: GcRefCell<Vec<Handler>>,
    timers: GcRefCell<Timers>,
}

#[derive(Trace, Finalize)]
struct Handler {
    #[unsafe_ignore_trace]
    kind: Kind,
    function: JsObject,
}

/// The prototype of a context's sockets: a context's data are found by type.
#[derive(Clone)]
struct Prototype(JsObject);

/// Makes the prototype with the realm, so that the sockets of all VUs in it have one shape.
pub fn register(context: &mut Context) {
    let prototype = object(context);
    let methods: [(&str, usize, Native); 7] = [
        ("on", 2, on),
        ("send", 1, send),
        ("sendBinary", 1, send_binary),
        ("ping", 0, ping),
        ("close", 1, close),
        ("setTimeout", 2, |this, args, context| set_timer("setTimeout", false, this, args, context)),
        ("setInterval", 2, |this, args, context| set_timer("setInterval", true, this, args, context)),
    ];
    for (name, length, native) in methods {
        let method = function(name, length, native, context);
        put_hidden(&prototype, name, method);
    }
    inherit(context, move |context| drop(context.insert_data(Prototype(prototype.clone()))));
}

/// The object of a session.
pub fn object_of(session: Rc<Session>, context: &mut Context) -> JsObject {
    let prototype = context.get_data::<Prototype>().map(|prototype| prototype.0.clone());
    let handle = Handle { session, handlers: GcRefCell::default(), timers: GcRefCell::default() };
    JsObject::from_proto_and_data(prototype, handle)
}

/// The handlers of an event, in the order in which they were registered.
pub fn handlers(socket: &JsObject, kind: Kind) -> Vec<JsObject> {
    let Some(handle) = socket.downcast_ref::<Handle>() else { return Vec::new() };
    let handlers = handle.handlers.borrow();
    handlers.iter().filter(|handler| handler.kind == kind).map(|handler| handler.function.clone()).collect()
}

/// Looks at the timers of a socket.
pub fn with_timers<R>(socket: &JsObject, look: impl FnOnce(&mut Timers) -> R) -> Option<R> {
    let handle = socket.downcast_ref::<Handle>()?;
    let looked = look(&mut handle.timers.borrow_mut());
    Some(looked)
}

fn this_socket(this: &JsValue) -> JsResult<(JsObject, Rc<Session>)> {
    let object = this.as_object();
    let session = object.as_ref().and_then(|object| Some(object.downcast_ref::<Handle>()?.session.clone()));
    match (object, session) {
        (Some(object), Some(session)) => Ok((object, session)),
        _ => Err(JsNativeError::typ().with_message("this is no socket of k6/ws").into()),
    }
}

/// `on(event, handler)`; anything but a function is passed over.
fn on(this: &JsValue, args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let (socket, _) = this_socket(this)?;
    let name = to_text(&arg(args, 0), context)?;
    if let (Some(kind), Some(function), Some(handle)) =
        (Kind::named(&name), arg(args, 1).as_callable(), socket.downcast_ref::<Handle>())
    {
        handle.handlers.borrow_mut().push(Handler { kind, function });
    }
    Ok(JsValue::undefined())
}

/// `send(text)`
fn send(this: &JsValue, args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let (socket, session) = this_socket(this)?;
    let text = to_text(&arg(args, 0), context)?;
    session.send(&socket, Opcode::Text, text.as_bytes(), context)?;
    Ok(JsValue::undefined())
}

/// `sendBinary(buffer)`
fn send_binary(this: &JsValue, args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let (socket, session) = this_socket(this)?;
    let Some(value) = args.first() else {
        return Err(go_error("missing argument, expected ArrayBuffer", context));
    };
    let buffer = value.as_object().and_then(|object| JsArrayBuffer::from_object(object).ok());
    let bytes = buffer.and_then(|buffer| buffer.data().map(|data| data.to_vec()));
    match bytes {
        Some(bytes) => session.send(&socket, Opcode::Binary, &bytes, context)?,
        None => {
            let kind = kind_of(value, context)?;
            return Err(go_error(format!("expected ArrayBuffer as argument, received: {kind}"), context));
        }
    }
    Ok(JsValue::undefined())
}

/// The name of a value's class.
fn kind_of(value: &JsValue, context: &mut Context) -> JsResult<String> {
    if value.is_null_or_undefined() {
        return to_text(value, context);
    }
    let class = get(&value.to_object(context)?, "constructor", context)?;
    let name = match class.as_object() {
        Some(class) => get(&class, "name", context)?,
        None => return Ok(value.type_of().to_owned()),
    };
    to_text(&name, context)
}

/// `ping()`
fn ping(this: &JsValue, _: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let (socket, session) = this_socket(this)?;
    session.ping(&socket, context)?;
    Ok(JsValue::undefined())
}

/// `close([code])`
fn close(this: &JsValue, args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let (socket, session) = this_socket(this)?;
    let code = match args.first() {
        // A code is a number of 16 bits on the wire.
        Some(code) => code.to_uint16(context)?,
        None => GOING_AWAY,
    };
    session.close(&socket, code, (code, ""), context)?;
    Ok(JsValue::undefined())
}

fn set_timer(
    name: &str,
    repeat: bool,
    this: &JsValue,
    args: &[JsValue],
    context: &mut Context,
) -> JsResult<JsValue> {
    let (socket, _) = this_socket(this)?;
    let Some(function) = arg(args, 0).as_callable() else {
        return Err(go_error(format!("{name}'s callback isn't a callable function"), context));
    };
    let milliseconds = arg(args, 1).to_number(context)?;
    // Go's durations are whole nanoseconds.
    if milliseconds.is_nan() || milliseconds * 1e6 < 1.0 {
        let text = format!("{name} requires a >0 timeout parameter, received {milliseconds:.2}");
        return Err(go_error(text, context));
    }
    let after = Duration::try_from_secs_f64(milliseconds / 1e3).unwrap_or(Duration::MAX);
    with_timers(&socket, |timers| timers.add(function, after, repeat));
    Ok(JsValue::undefined())
}
