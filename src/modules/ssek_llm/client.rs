//! The class `Client`.

use std::rc::Rc;

use boa_engine::object::JsObject;
use boa_engine::{Context, JsData, JsNativeError, JsResult, JsValue};
use boa_gc::{Finalize, Trace};

use super::Prototype;
use super::options::Options;
use crate::js::convert::arg;
use crate::js::go_error;
use crate::vu::State;

#[derive(Trace, Finalize, JsData)]
struct Handle(#[unsafe_ignore_trace] Rc<Options>);

/// `new Client(options)`
pub fn construct(new_target: &JsValue, args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    if new_target.is_undefined() {
        return Err(JsNativeError::typ().with_message("LLM clients are made with `new`").into());
    }
    let state = State::of(context)?;
    let Some(prototype) = context.get_data::<Prototype>().cloned() else {
        return Err(go_error("ssek/llm was not imported in this context", context));
    };
    let options = Options::read(&arg(args, 0), &state, context)?;
    Ok(JsObject::from_proto_and_data(prototype.0, Handle(Rc::new(options))).into())
}

/// What the client knows that a method was called on.
///
/// # Errors
///
/// It is none.
pub fn this(value: &JsValue) -> JsResult<Rc<Options>> {
    let options = value.as_object().and_then(|object| Some(object.downcast_ref::<Handle>()?.0.clone()));
    options.ok_or_else(|| JsNativeError::typ().with_message("this is no Client of ssek/llm").into())
}
