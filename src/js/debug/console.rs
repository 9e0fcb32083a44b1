//! What a script says by `console.*`, and where it said so.

use boa_engine::{Context, JsValue};
use serde_json::{Value, json};

use super::debugger::Event;
use super::frame;
use super::hook::Local;
use super::objects::CONSOLE;

/// Tells a client that listens of a call of `console.log` and its like; `kind` is the protocol's word.
pub fn console(kind: &str, args: &[JsValue], context: &mut Context) {
    let Some(local) = Local::of(context).filter(|local| local.debugger.listens()) else { return };
    let args: Vec<_> = local
        .undisturbed(|| args.iter().map(|value| local.described(value, CONSOLE, true, context)).collect());
    local.debugger.tell(Event::Console(json!({
        "type": kind,
        "args": args,
        "executionContextId": 1,
        "timestamp": now(),
        "stackTrace": { "callFrames": local.traced(context) },
    })));
}

impl Local {
    /// The functions that the context is in, the innermost first.
    pub fn traced(&self, context: &Context) -> Vec<Value> {
        let entries = self.stack.borrow().live(context);
        frame::frames(entries, self).iter().map(frame::Frame::traced).collect()
    }
}

/// Milliseconds since the Unix epoch.
pub fn now() -> f64 {
    jiff::Timestamp::now().as_microsecond() as f64 / 1e3
}
