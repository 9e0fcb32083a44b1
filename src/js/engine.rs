//! One Boa context with ssek's limits, hooks, job queue and module loader.

use std::rc::Rc;

use boa_engine::{Context, JsResult};

use super::hooks::Hooks;
use super::{EventLoop, Loader, SharedRealm, deep_arrays, guard, locale, regexp_split, stack};

/// JavaScript frames, plus re-entries from native code, before a `RangeError`.
///
/// Pure JavaScript recursion lives on the heap; a native re-entry (getter, sort callback, Proxy trap)
/// takes about 1 KiB of native stack, so this many fit the VU thread's 16 MiB with room to spare.
const RECURSION_LIMIT: usize = 5_000;

/// Values on the engine's own stack: the recursion limit times a generous frame.
const STACK_SIZE_LIMIT: usize = 1_000_000;

/// Frames kept in an error's stack.
const BACKTRACE_LIMIT: usize = 20;

/// A context and the parts of it that the host drives.
///
/// The context is boxed because [`super::Interrupt`] keeps a pointer into it.
pub struct Engine {
    pub context: Box<Context>,
    pub event_loop: Rc<EventLoop>,
    pub loader: Rc<Loader>,
}

impl Engine {
    /// A fresh realm. Fails only when the engine itself cannot be built.
    pub fn new(loader: Rc<Loader>) -> JsResult<Self> {
        let mut engine = Self::bare(loader)?;
        let context = &mut *engine.context;
        guard::install(context);
        stack::install(context)?;
        deep_arrays::install(context)?;
        regexp_split::install(context)?;
        locale::install(context);
        Ok(engine)
    }

    /// A context in a realm that is there already. Fails as [`Self::new`] does.
    pub fn within(realm: &SharedRealm, loader: Rc<Loader>) -> JsResult<Self> {
        let mut engine = Self::bare(loader)?;
        realm.enter(&mut engine.context);
        Ok(engine)
    }

    fn bare(loader: Rc<Loader>) -> JsResult<Self> {
        let event_loop = Rc::new(EventLoop::default());
        let mut context = Context::builder()
            .host_hooks(Rc::new(Hooks::new(event_loop.clone())))
            .job_executor(event_loop.clone())
            .module_loader(loader.clone())
            .build()?;
        set_limits(&mut context);
        Ok(Self { context: Box::new(context), event_loop, loader })
    }
}

/// Sets the limits that an interrupt overwrites.
pub fn set_limits(context: &mut Context) {
    let limits = context.runtime_limits_mut();
    limits.set_recursion_limit(RECURSION_LIMIT);
    limits.set_stack_size_limit(STACK_SIZE_LIMIT);
    limits.set_backtrace_limit(BACKTRACE_LIMIT);
    limits.disable_loop_iteration_limit();
}
