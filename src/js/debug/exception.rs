//! Pauses at exceptions.

use boa_engine::{Context, JsResult, JsValue};
use serde_json::json;

use super::breakpoint::Exceptions;
use super::console::now;
use super::debugger::Event;
use super::frame::{self, Frame};
use super::hook::Local;
use super::objects::CONSOLE;
use super::pause::Reason;
use super::script::Place;

/// Tells of an exception that ends what the context was asked to do, and pauses if the client wants
/// that. `frames` are those of [`ScriptError`](super::super::ScriptError).
///
/// The engine has left those functions; what their last statements could see is still there.
pub fn uncaught(value: &JsValue, frames: &[String], promise: bool, context: &mut Context) {
    let Some(local) = Local::of(context).filter(|local| !local.busy.get()) else { return };
    let places: Vec<_> = frames.iter().filter_map(|frame| place(frame)).collect();
    let entries = local.stack.borrow().last();
    let mut frames = frame::frames(entries, &local);
    // Functions that had ended before are not among those where it was thrown.
    let thrown_in = |frame: &Frame| {
        places.iter().any(|(file, line, column)| {
            let place = Place { line: line.saturating_sub(1), column: column.saturating_sub(1) };
            let function = frame.script.function_of(&frame.point);
            let is_in = function.is_some_and(|function| (function.start..=function.end).contains(&place));
            is_in && *file == frame.script.file.as_str()
        })
    };
    if let Some(at) = frames.iter().position(thrown_in) {
        frames.drain(..at);
    }
    if local.debugger.listens() {
        let shown = local.undisturbed(|| local.described(value, CONSOLE, true, context));
        let place = frames.first().map(|frame| frame.point.place).unwrap_or_default();
        let traced: Vec<_> = frames.iter().map(Frame::traced).collect();
        local.debugger.tell(Event::Exception(json!({
            "timestamp": now(),
            "exceptionDetails": {
                "exceptionId": 1,
                "text": if promise { "Uncaught (in promise)" } else { "Uncaught" },
                "lineNumber": place.line,
                "columnNumber": place.column,
                "exception": shown,
                "executionContextId": 1,
                "stackTrace": { "callFrames": traced },
            },
        })));
    }
    let plan = local.plan();
    let shown = local.shown.take().is_some_and(|shown| JsValue::same_value(&shown, value));
    if plan.pauses() && plan.exceptions != Exceptions::None && !shown {
        let reason = Reason::Exception { value: value.clone(), uncaught: true, promise };
        // The iteration is over either way.
        let _ = local.pause_in(reason, &frames, context);
    }
}

/// File, line and column of a frame such as `f (file:///s.js:2:9)`; both numbers count from one.
fn place(frame: &str) -> Option<(&str, u32, u32)> {
    let place =
        frame.strip_suffix(')').and_then(|frame| frame.rsplit_once(" (")).map_or(frame, |(_, place)| place);
    let (place, column) = place.rsplit_once(':')?;
    let (file, line) = place.rsplit_once(':')?;
    Some((file, line.parse().ok()?, column.parse().ok()?))
}

impl Local {
    /// Pauses at a `throw` statement, if the client wants that.
    pub fn throw(&self, value: &JsValue, context: &mut Context) -> JsResult<()> {
        let plan = self.plan();
        if !plan.pauses() || plan.exceptions != Exceptions::All {
            return Ok(());
        }
        *self.shown.borrow_mut() = Some(value.clone());
        let reason = Reason::Exception { value: value.clone(), uncaught: false, promise: false };
        self.pause(reason, context)
    }
}
