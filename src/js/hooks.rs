//! What the engine asks its host: the local time zone, who handles rejected promises, and whether a
//! string may be compiled.

use std::rc::Rc;

use boa_engine::builtins::promise::{OperationType, Promise};
use boa_engine::context::HostHooks;
use boa_engine::object::JsObject;
use boa_engine::realm::Realm;
use boa_engine::{Context, JsNativeError, JsResult, JsString, JsValue};

use super::EventLoop;

/// The hooks of one context.
pub struct Hooks {
    event_loop: Rc<EventLoop>,
}

impl Hooks {
    /// Hooks that report rejections to `event_loop`.
    pub fn new(event_loop: Rc<EventLoop>) -> Self {
        Self { event_loop }
    }
}

impl HostHooks for Hooks {
    fn promise_rejection_tracker(
        &self,
        promise: &JsObject<Promise>,
        operation: OperationType,
        _context: &mut Context,
    ) {
        match operation {
            OperationType::Reject => self.event_loop.rejected(promise.clone().upcast()),
            OperationType::Handle => self.event_loop.handled(&promise.clone().upcast()),
        }
    }

    fn ensure_can_compile_strings(
        &self,
        _realm: Realm,
        parameters: &[JsString],
        body: &JsString,
        _direct: bool,
        _context: &mut Context,
    ) -> JsResult<()> {
        match super::nesting::refused(parameters, body) {
            None => Ok(()),
            Some(reason) => Err(JsNativeError::syntax().with_message(reason).into()),
        }
    }

    fn local_timezone_offset_seconds(&self, unix_time_seconds: i64) -> i32 {
        // The engine's default answers UTC in every process with more than one thread.
        let at = jiff::Timestamp::from_second(unix_time_seconds).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
        jiff::tz::TimeZone::system().to_offset(at).seconds()
    }
}

/// A rejected promise's reason.
pub(super) fn rejection_reason(promise: &JsObject) -> Option<JsValue> {
    use boa_engine::builtins::promise::PromiseState;
    match boa_engine::object::builtins::JsPromise::from_object(promise.clone()).ok()?.state() {
        PromiseState::Rejected(reason) => Some(reason),
        _ => None,
    }
}
