//! What scripts throw, as text: `Error: boom\n\tat f (file:///s.js:2:9)`.

use boa_engine::object::JsObject;
use boa_engine::property::PropertyKey;
use boa_engine::{Context, JsError, JsNativeError, JsString, JsValue, js_string};

use super::Sources;
use super::absent_global;
use super::convert::{function, put_hidden};
use super::interrupt::overflow_to_range_error;
use super::stack::{self, Frame};

/// An exception that no script caught.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScriptError {
    /// `TypeError: it broke`
    pub message: String,
    /// One entry a frame, innermost first: `f (file:///s.js:2:9)`.
    pub frames: Vec<String>,
}

impl ScriptError {
    /// The text of an engine error, with positions led back to the user's files.
    pub fn new(error: JsError, sources: &Sources, context: &mut Context) -> Self {
        // The engine appends its backtrace, where it has one, to the error's text.
        let shown = error.to_string();
        let error = overflow_to_range_error(error, context);
        let Ok(value) = error.into_opaque(context) else {
            let message = shown.lines().next().unwrap_or_default().to_owned();
            return Self { message, frames: Vec::new() };
        };
        let mut error = Self::of_value(&value, context);
        let backtrace = shown.split_once('\n').map_or("", |(_, backtrace)| backtrace);
        let frames = stack::user_frames(backtrace, sources);
        if !frames.is_empty() {
            error.frames = frames.iter().filter_map(Frame::shown).collect();
        }
        error
    }

    /// The text of a thrown or rejected value.
    pub fn of_value(value: &JsValue, context: &mut Context) -> Self {
        let message = match value.to_string(context) {
            Ok(text) => text.to_std_string_lossy(),
            Err(_) => value.display().to_string(),
        };
        let message = match absent_global::hint(&message) {
            Some(instead) => format!("{message}: {instead}"),
            None => message,
        };
        let stack = value.as_object().and_then(|object| object.get(js_string!("stack"), context).ok());
        let stack = stack.and_then(|s| s.as_string()).map(|s| s.to_std_string_lossy()).unwrap_or_default();
        Self { message, frames: stack::frames(&stack).iter().filter_map(Frame::shown).collect() }
    }

    /// Message and stack in k6's form, each frame on a line of its own, with a final line end.
    pub fn with_stack(&self) -> String {
        if self.frames.is_empty() {
            return self.message.clone();
        }
        let mut text = format!("{}\n", self.message);
        for frame in &self.frames {
            text.push_str("\tat ");
            text.push_str(frame);
            text.push('\n');
        }
        text
    }
}

/// The error with which host functions fail: a `GoError`, as scripts written for k6 expect.
pub fn go_error(message: impl Into<String>, context: &mut Context) -> JsError {
    let error = JsNativeError::error().with_message(message.into());
    let object = error.into_opaque(context);
    if let Some(prototype) = go_error_prototype(context) {
        object.set_prototype(Some(prototype));
    }
    JsError::from_opaque(object.into())
}

/// An `Error` with a `name` of its own.
pub fn named_error(name: &str, message: impl Into<String>, context: &mut Context) -> JsError {
    let error = JsNativeError::error().with_message(message.into()).into_opaque(context);
    put_hidden(&error, "name", JsString::from(name));
    JsError::from_opaque(error.into())
}

fn go_error_prototype(context: &mut Context) -> Option<JsObject> {
    let constructor = context.global_object().get(js_string!("GoError"), context).ok()?.as_object()?;
    constructor.get(js_string!("prototype"), context).ok()?.as_object()
}

/// Defines the global class `GoError`.
pub fn register_go_error(context: &mut Context) {
    let prototype = JsObject::with_object_proto(context.intrinsics());
    let error = context.intrinsics().constructors().error().prototype();
    prototype.set_prototype(Some(error));
    put_hidden(&prototype, "name", JsString::from("GoError"));
    let constructor = function(
        "GoError",
        1,
        |_, args, context| {
            let message = args.first().cloned().unwrap_or_default();
            let message = super::convert::to_text(&message, context)?;
            Ok(go_error(message, context).into_opaque(context).unwrap_or_default())
        },
        context,
    );
    put_hidden(&constructor, "prototype", prototype.clone());
    put_hidden(&prototype, "constructor", constructor.clone());
    let global = context.global_object();
    global.insert_property(
        PropertyKey::from(js_string!("GoError")),
        boa_engine::property::PropertyDescriptor::builder()
            .value(constructor)
            .writable(true)
            .enumerable(false)
            .configurable(true),
    );
}
