//! A script that was compiled once for all contexts of a realm.

use std::path::Path;

use boa_engine::object::JsObject;
use boa_engine::object::builtins::JsFunction;
use boa_engine::{Context, JsNativeError, JsResult, JsValue, Script, Source};

use super::Loader;
use super::factory::{Factory, Request};

/// The factories of a script's modules, in the order in which they are to be called.
pub struct SharedScript {
    modules: Vec<(JsFunction, Vec<Argument>)>,
}

/// What a factory is called with.
enum Argument {
    Builtin(JsValue),
    /// The exports of an earlier module.
    Module(usize),
}

impl SharedScript {
    /// Compiles the factories in the context's realm, and makes the built-in modules that they import.
    pub fn compile(factories: &[Factory], loader: &Loader, context: &mut Context) -> JsResult<Self> {
        let mut modules = Vec::with_capacity(factories.len());
        for factory in factories {
            let mut arguments = Vec::with_capacity(factory.requests.len());
            for request in &factory.requests {
                arguments.push(match request {
                    Request::Builtin { name, namespace_only } => {
                        Argument::Builtin(loader.builtin_namespace(name, !namespace_only, context)?)
                    }
                    Request::Module(place) => Argument::Module(*place),
                });
            }
            let path = factory.path();
            let source = Source::from_bytes(factory.code.as_bytes()).with_path(Path::new(&path));
            let function = Script::parse(source, None, context)?.evaluate(context)?;
            let function = function
                .as_function()
                .ok_or_else(|| JsNativeError::typ().with_message("a module did not become a function"))?;
            modules.push((function, arguments));
        }
        Ok(Self { modules })
    }

    /// Runs the modules for one context; returns what the main module exports.
    pub fn instantiate(&self, context: &mut Context) -> JsResult<JsObject> {
        let mut exports: Vec<JsValue> = Vec::with_capacity(self.modules.len());
        for (function, arguments) in &self.modules {
            let arguments: Vec<_> = arguments
                .iter()
                .map(|argument| match argument {
                    Argument::Builtin(module) => module.clone(),
                    Argument::Module(place) => exports.get(*place).cloned().unwrap_or_default(),
                })
                .collect();
            exports.push(function.call(&JsValue::undefined(), &arguments, context)?);
        }
        exports.pop().unwrap_or_default().to_object(context)
    }
}
