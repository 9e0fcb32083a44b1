//! A virtual user: one engine that has run the script's init code.

use std::rc::Rc;
use std::sync::Arc;

use boa_engine::object::JsObject;
use boa_engine::object::builtins::JsFunction;
use boa_engine::{Context, JsValue};

use super::mates::{EVERYTHING, REALM};
use super::{Mates, Phase, State, Test, globals};
use crate::js::convert::{entries, get};
use crate::js::error::register_go_error;
use crate::js::event_loop::LoopError;
use crate::js::interrupt::Attached;
use crate::js::{Engine, Interrupt, Loader, ScriptError};

/// Why a VU could not be made.
#[derive(Debug)]
pub enum InitError {
    /// The init code threw.
    Script(ScriptError),
    /// A file or module could not be loaded.
    Load(String),
    /// The init code was interrupted.
    Interrupted,
}

/// One JavaScript engine with the script loaded, ready to be called.
///
/// It belongs to the thread that made it.
pub struct VirtualUser {
    /// The first field: it must go before the engine.
    _attached: Attached,
    pub state: Rc<State>,
    pub(super) engine: Engine,
    pub(super) exports: JsObject,
    /// What iterations call at present, and the data that `setup()` returned.
    pub(super) exec: Option<JsFunction>,
    pub(super) setup_data: Option<JsValue>,
    /// Whether the VU's realm is also that of others.
    pub(super) shares: bool,
    /// An interrupt left the engine in a state in which it can only be dropped.
    pub is_ruined: bool,
}

impl VirtualUser {
    /// Runs the init code.
    pub fn new(
        test: &Arc<Test>,
        id: u32,
        interrupt: Arc<Interrupt>,
        mates: &Rc<Mates>,
    ) -> Result<Self, InitError> {
        let loader = Rc::new(Loader::new(test.sources.clone(), test.builtins));
        let shared = mates.shared();
        let engine = match &shared {
            Some(shared) => Engine::within(&shared.realm, loader.clone()),
            None => Engine::new(loader.clone()),
        };
        let mut engine = engine.map_err(|e| InitError::Load(e.to_string()))?;
        let event_loop = engine.event_loop.clone();
        let state = Rc::new(State::new(test.clone(), id, interrupt.clone(), event_loop, mates.clone()));
        let context = &mut *engine.context;
        // Dropped before the engine, wherever this ends.
        let attached = interrupt.attach(context);
        state.install(context);
        let shared = match (shared, test.factories()) {
            (None, Some(factories)) if !mates.is_alone() => {
                install_globals(test, context)?;
                globals::define_shared(context);
                let shared = mates.share(factories, &loader, context);
                Some(shared.map_err(|e| InitError::Load(e.to_string()))?)
            }
            (None, _) => {
                install_globals(test, context)?;
                globals::define(&state, context);
                state.install_debugger(context);
                None
            }
            (shared, _) => shared,
        };
        let main = match &shared {
            Some(shared) => shared.script.instantiate(context),
            None => crate::js::debug::attend(context).and_then(|()| loader.run_main(context)),
        };
        let ran = main.and_then(|exports| {
            let settled = engine.event_loop.run(context, &|until| state.wait(until));
            settled.map(|()| exports).map_err(LoopError::into_error)
        });
        let exports = match ran {
            Ok(exports) => exports,
            Err(_) if interrupt.is_raised() => {
                return Err(InitError::Interrupted);
            }
            Err(error) => {
                let error = LoopError::Thrown(error);
                state.show_uncaught(&error, context);
                let error = error.into_error();
                let unknown = loader.unknown_modules();
                let error = ScriptError::new(error, &test.sources, context);
                return Err(match unknown.as_slice() {
                    [] => InitError::Script(error),
                    unknown => InitError::Load(unknown_modules(unknown)),
                });
            }
        };
        write_options_back(&exports, test, context);
        // Init code makes most of the garbage that a VU ever makes at once: with a realm of its own, or the
        // one that it did not need.
        mates.left_garbage(if shared.is_some() { REALM } else { EVERYTHING });
        let shares = shared.is_some();
        Ok(Self {
            _attached: attached,
            state,
            engine,
            exports,
            exec: None,
            setup_data: None,
            shares,
            is_ruined: false,
        })
    }

    /// The exported `options` as JSON; `None` if there are none.
    pub fn options_json(&mut self) -> Result<Option<String>, ScriptError> {
        let context = &mut *self.engine.context;
        let json = get(&self.exports, "options", context).and_then(|options| {
            if options.is_null_or_undefined() {
                return Ok(None);
            }
            crate::js::json::stringify_value(&options, context)
        });
        json.map_err(|e| ScriptError::new(e, &self.state.test.sources, context))
    }

    /// The exported function of that name.
    pub fn exported_function(&mut self, name: &str) -> Option<JsFunction> {
        get(&self.exports, name, &mut self.engine.context).ok()?.as_function()
    }

    /// What the script exports, by name, and whether each is a function.
    pub fn exported_names(&mut self) -> Vec<(String, bool)> {
        let context = &mut *self.engine.context;
        let keys = self.exports.own_property_keys(context).unwrap_or_default();
        let mut names = Vec::new();
        for key in keys {
            let Ok(value) = self.exports.get(key.clone(), context) else { continue };
            names.push((key.to_string(), value.is_callable()));
        }
        names
    }

    /// The context, for the parts of a VU that live beside this file.
    pub(super) fn context(&mut self) -> &mut Context {
        &mut self.engine.context
    }

    /// Gives the script `__ENV` and the iteration counters for what comes next.
    pub(super) fn enter(&mut self, phase: Phase, scenario: Option<Arc<super::ScenarioRun>>) {
        self.state.activate(phase, scenario);
        let state = self.state.clone();
        if self.shares {
            state.forget_env_object();
        } else {
            globals::define_env(&state, self.context());
        }
    }
}

impl Drop for VirtualUser {
    fn drop(&mut self) {
        // Engine values must go before the thread's heap.
        self.state.samples.flush();
        self.state.forget_env_object();
        self.engine.event_loop.clear();
        self.engine.loader.clear();
    }
}

/// Puts the consolidated options into the script's exported `options`, as k6 does after init.
fn write_options_back(exports: &JsObject, test: &Test, context: &mut Context) {
    let Some(view) = test.options_view() else { return };
    let exported = get(exports, "options", context).unwrap_or_default();
    let Some(exported) = exported.as_object() else { return };
    let Ok(consolidated) = crate::js::json::parse_str(view, context) else { return };
    let members = consolidated.as_object().map(|o| entries(&o, context)).and_then(Result::ok);
    for (key, value) in members.unwrap_or_default() {
        if !value.is_null() {
            // A script that froze its options keeps them as they are.
            let _ = exported.set(key, value, false, context);
        }
    }
}

fn install_globals(test: &Test, context: &mut Context) -> Result<(), InitError> {
    register_go_error(context);
    (test.globals)(context).map_err(|e| InitError::Load(e.to_string()))
}

fn unknown_modules(unknown: &[String]) -> String {
    let names: Vec<_> = unknown.iter().map(|name| format!("\"{name}\"")).collect();
    format!(
        "unknown modules [{}] were tried to be loaded, but couldn't - ssek has no extensions to install; \
         docs/compat.md lists the modules that it has",
        names.join(", ")
    )
}

impl VirtualUser {
    /// Makes the VU usable again after it was interrupted.
    pub fn clear_interrupt(&mut self) {
        let interrupt = self.state.interrupt.clone();
        interrupt.clear(self.context());
    }
}
