//! The object that the setup function gets: `on(event, handler)` and `close()`.

use std::cell::Cell;
use std::rc::Rc;

use boa_engine::object::{FunctionObjectBuilder, JsObject};
use boa_engine::{Context, JsData, JsResult, JsString, JsValue, NativeFunction};
use boa_gc::{Finalize, GcRefCell, Trace};

use crate::js::convert::{arg, object, put, to_text};

/// What a handler can be for; other names are never called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Open,
    Event,
    Comment,
    Error,
}

impl Kind {
    fn of(name: &str) -> Option<Self> {
        match name {
            "open" => Some(Self::Open),
            "event" => Some(Self::Event),
            "comment" => Some(Self::Comment),
            "error" => Some(Self::Error),
            _ => None,
        }
    }
}

/// The handlers that a script registered, and whether it closed the stream.
#[derive(Trace, Finalize, JsData)]
struct Handlers {
    handlers: GcRefCell<Vec<Handler>>,
    #[unsafe_ignore_trace]
    closed: Rc<Cell<bool>>,
}

#[derive(Clone, Trace, Finalize)]
struct Handler {
    #[unsafe_ignore_trace]
    kind: Kind,
    function: JsObject,
}

/// One stream's client.
pub struct Client {
    object: JsObject,
    handlers: JsObject<Handlers>,
    closed: Rc<Cell<bool>>,
}

impl Client {
    pub fn new(context: &mut Context) -> Self {
        let closed = Rc::new(Cell::new(false));
        let data = Handlers { handlers: GcRefCell::default(), closed: closed.clone() };
        let handlers = JsObject::new(context.root_shape(), None, data);
        let client = object(context);
        // The functions carry the handlers with them, so that they work detached from the client.
        let close = NativeFunction::from_copy_closure_with_captures(
            |_, _, handlers: &JsObject<Handlers>, _| {
                handlers.borrow().data().closed.set(true);
                Ok(JsValue::undefined())
            },
            handlers.clone(),
        );
        let close = FunctionObjectBuilder::new(context.realm(), close).name(JsString::from("close")).build();
        put(&client, "close", close);
        let on = NativeFunction::from_copy_closure_with_captures(on, handlers.clone());
        let on = FunctionObjectBuilder::new(context.realm(), on).name(JsString::from("on")).length(2).build();
        put(&client, "on", on);
        Self { object: client, handlers, closed }
    }

    /// The JavaScript object.
    pub fn object(&self) -> JsValue {
        self.object.clone().into()
    }

    /// Whether the script closed the stream.
    pub fn is_closed(&self) -> bool {
        self.closed.get()
    }

    /// Ends the stream.
    pub fn close(&self) {
        self.closed.set(true);
    }

    /// Calls the handlers of an event in the order in which they were registered.
    pub fn emit(&self, kind: Kind, args: &[JsValue], context: &mut Context) -> JsResult<()> {
        let mut next = 0;
        loop {
            // Looked up anew each time: a handler may register another.
            let handler = {
                let data = self.handlers.borrow();
                let handlers = data.data().handlers.borrow();
                let found = handlers.iter().enumerate().skip(next).find(|(_, handler)| handler.kind == kind);
                let Some((at, handler)) = found else { return Ok(()) };
                next = at + 1;
                handler.function.clone()
            };
            handler.call(&JsValue::undefined(), args, context)?;
        }
    }

    /// As [`Self::emit`], making the argument only if somebody listens.
    pub fn emit_if_heard(
        &self,
        kind: Kind,
        argument: impl FnOnce() -> JsValue,
        context: &mut Context,
    ) -> JsResult<()> {
        let heard =
            self.handlers.borrow().data().handlers.borrow().iter().any(|handler| handler.kind == kind);
        if heard { self.emit(kind, &[argument()], context) } else { Ok(()) }
    }
}

fn on(
    _: &JsValue,
    args: &[JsValue],
    handlers: &JsObject<Handlers>,
    context: &mut Context,
) -> JsResult<JsValue> {
    let name = to_text(&arg(args, 0), context)?;
    // Anything but a function is passed over, as xk6-sse does.
    if let (Some(kind), Some(function)) = (Kind::of(&name), arg(args, 1).as_callable()) {
        let data = handlers.borrow();
        data.data().handlers.borrow_mut().push(Handler { kind, function });
    }
    Ok(JsValue::undefined())
}
