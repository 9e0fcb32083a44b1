//! What a VU has to do with the debugger, where there is one.

use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;

use boa_engine::{Context, JsResult};

use super::State;
use crate::js::ScriptError;
use crate::js::debug::{self, Waiter};
use crate::js::event_loop::LoopError;

/// A VU waits as it does for anything else: what it does on the network goes on, and so do other VUs
/// until they come to their next statements.
struct VuWaiter(Rc<State>);

impl Waiter for VuWaiter {
    fn wait(&self, until: Pin<&mut dyn Future<Output = ()>>, context: &mut Context) -> JsResult<()> {
        self.0.block_on(until, context)
    }
}

impl State {
    /// Gives a VU's realm to the debugger, if there is one.
    pub(super) fn install_debugger(self: &Rc<Self>, context: &mut Context) {
        if let Some(debugger) = &self.test.debugger {
            debug::install(context, debugger, Box::new(VuWaiter(self.clone())));
        }
    }

    /// Shows the debugger, if there is one, what ends an iteration or another call.
    pub(super) fn show_uncaught(&self, error: &LoopError, context: &mut Context) {
        if self.test.debugger.is_none() || self.interrupt.is_raised() {
            return;
        }
        let (value, shown, promise) = match error {
            LoopError::Thrown(error) => {
                let Ok(value) = error.clone().into_opaque(context) else { return };
                (value, ScriptError::new(error.clone(), &self.test.sources, context), false)
            }
            LoopError::Rejected(reason) => (reason.clone(), ScriptError::of_value(reason, context), true),
        };
        debug::uncaught(&value, &shown.frames, promise, context);
    }
}
