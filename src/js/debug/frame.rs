//! The functions on the stack of a paused script, as a client sees them.

use std::sync::Arc;

use boa_engine::{Context, JsValue, js_string};
use serde_json::{Value, json};

use super::evaluate::evaluate_at;
use super::hook::Local;
use super::objects::{BACKTRACE, Held};
use super::scopes::ScopeKind;
use super::script::{Place, Point, Script};
use super::stack::Entry;

/// A function on the stack.
pub struct Frame {
    pub entry: Entry,
    pub script: Arc<Script>,
    pub point: Point,
}

/// What each VU has for itself though it is global.
const OF_VU: [&str; 3] = ["__VU", "__ITER", "__ENV"];

/// The frames of entries of the stack.
pub fn frames(entries: Vec<Entry>, local: &Local) -> Vec<Frame> {
    let frame = |entry: Entry| {
        let script = local.debugger.script_of(entry.point)?;
        let point = *script.point(entry.point)?;
        Some(Frame { entry, script, point })
    };
    entries.into_iter().filter_map(frame).collect()
}

/// `Debugger.Location`
pub fn location(script: &Script, place: Place) -> Value {
    json!({ "scriptId": script.id.to_string(), "lineNumber": place.line, "columnNumber": place.column })
}

impl Frame {
    /// The function's name; empty for a file's own code and functions without one.
    fn name(&self) -> &str {
        self.script.function_of(&self.point).map_or("", |function| function.name.as_str())
    }

    /// `Runtime.CallFrame`, for stacks of events.
    pub fn traced(&self) -> Value {
        json!({
            "functionName": self.name(),
            "scriptId": self.script.id.to_string(),
            "url": self.script.url,
            "lineNumber": self.point.place.line,
            "columnNumber": self.point.place.column,
        })
    }

    /// `Debugger.CallFrame`; `at` becomes its id.
    pub fn shown(&self, at: usize, local: &Local, context: &mut Context) -> Value {
        let this = evaluate_at(&self.entry.evaluator, "this", context).unwrap_or_default();
        let mut chain = Vec::new();
        for (kind, name, names) in self.scopes(context) {
            let scope = Held::Scope { evaluator: self.entry.evaluator.clone(), names };
            let id = local.objects.hold(scope, BACKTRACE);
            let mut shown = json!({
                "type": kind,
                "object": { "type": "object", "className": "Object", "description": "Object", "objectId": id },
            });
            if let Some(name) = name {
                shown["name"] = name.into();
            }
            chain.push(shown);
        }
        let global = JsValue::from(context.global_object());
        chain
            .push(json!({ "type": "global", "object": local.described(&global, BACKTRACE, false, context) }));
        let start = self.script.function_of(&self.point).map(|function| function.start).unwrap_or_default();
        json!({
            "callFrameId": at.to_string(),
            "functionName": self.name(),
            "functionLocation": location(&self.script, start),
            "location": location(&self.script, self.point.place),
            "url": self.script.url,
            "scopeChain": chain,
            "this": local.described(&this, BACKTRACE, false, context),
            "canBeRestarted": false,
        })
    }

    /// The scopes, the innermost first, but the global one: type, name and variables.
    pub fn scopes(&self, context: &mut Context) -> Vec<(&'static str, Option<String>, Vec<String>)> {
        let mut in_function = true;
        let mut scopes = Vec::new();
        for (kind, names) in self.script.scopes.seen_from(self.point.scope) {
            let mut names: Vec<_> = names.into_iter().map(str::to_owned).collect();
            let shown = match kind {
                ScopeKind::Block if in_function => "block",
                ScopeKind::Function if in_function => {
                    in_function = false;
                    "local"
                }
                ScopeKind::File if self.script.is_module => "module",
                ScopeKind::File => {
                    names.extend(["module", "exports", "require"].map(str::to_owned));
                    if in_function { "local" } else { "closure" }
                }
                _ => "closure",
            };
            scopes.push((shown, None, names));
        }
        let vu = context.global_object().get(js_string!("__VU"), context);
        let vu = vu.ok().and_then(|vu| vu.as_number()).unwrap_or_default();
        let name = if vu == 0.0 { "VU of init and lifecycle".to_owned() } else { format!("VU {vu}") };
        scopes.push(("closure", Some(name), OF_VU.map(str::to_owned).into()));
        scopes
    }
}
