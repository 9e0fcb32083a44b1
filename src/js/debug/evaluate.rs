//! Expressions, calls and assignments that a client asks for.

use boa_engine::object::JsObject;
use boa_engine::{Context, JsError, JsResult, JsString, JsValue, Source};
use oxc::allocator::Allocator;
use oxc::parser::Parser;
use oxc::span::SourceType;
use serde_json::{Value, json};

use super::frame::Frame;
use super::hook::Local;
use super::objects::Held;
use super::pause::{Answer, How};
use super::remote::{object_of, promise_state};
use crate::js::convert::{put_hidden, string};
use crate::js::json::{parse_str, stringify_value};
use crate::js::nesting::with_stack_for;

/// The group of results that nobody named a group for.
const DEFAULT_GROUP: &str = "";

/// The global variable by which a value is handed to an assignment.
const VALUE: &str = "__ssek_value";

/// Evaluates a text where an evaluator was made.
pub fn evaluate_at(evaluator: &JsObject, text: &str, context: &mut Context) -> JsResult<JsValue> {
    evaluator.call(&JsValue::undefined(), &[string(text)], context)
}

/// Whether the condition of a breakpoint is met; one that throws is not. Fails if the script is to end.
pub fn is_true(evaluator: &JsObject, condition: &str, context: &mut Context) -> JsResult<bool> {
    match evaluate_at(evaluator, condition, context) {
        Ok(value) => Ok(value.to_boolean()),
        Err(error) if error.as_engine().is_some() => Err(error),
        Err(_) => Ok(false),
    }
}

/// What is wrong with the syntax of a script, if something is.
pub fn syntax_error(text: &str) -> Option<String> {
    with_stack_for(text.len(), || {
        let allocator = Allocator::default();
        let parsed = Parser::new(&allocator, text, SourceType::script()).parse();
        let first = parsed.diagnostics.first()?;
        let offset = first.labels.first().map_or(text.len(), |label| label.offset() as usize);
        // Consoles go on with another line where the text is not complete.
        let is_cut = text.get(offset..).is_none_or(|rest| rest.trim().is_empty());
        let message = if is_cut { "Unexpected end of input" } else { &*first.message };
        Some(format!("SyntaxError: {message}"))
    })
}

impl Local {
    /// `Runtime.evaluate`, or `Debugger.evaluateOnCallFrame`.
    pub fn evaluate(
        &self,
        frame: Option<&str>,
        expression: &str,
        how: &How,
        frames: &[Frame],
        context: &mut Context,
    ) -> Answer {
        if how.without_effects && !has_no_effect(expression) {
            let text = "EvalError: Possible side-effect in debug-evaluate";
            return Ok(failed(json!({ "type": "object", "subtype": "error", "description": text })));
        }
        let value = match frame {
            Some(id) => evaluate_at(&find(frames, id)?.entry.evaluator, expression, context),
            None => context.eval(Source::from_bytes(expression)),
        };
        Ok(self.outcome(value, how, context))
    }

    /// `Runtime.callFunctionOn`
    pub fn call_function(
        &self,
        declaration: &str,
        this: Option<&str>,
        arguments: &[Value],
        how: &How,
        context: &mut Context,
    ) -> Answer {
        let this = this.map_or(Ok(JsValue::undefined()), |id| self.value_of(id, context))?;
        let mut args = Vec::with_capacity(arguments.len());
        for argument in arguments {
            args.push(self.argument(argument, context)?);
        }
        let function = context.eval(Source::from_bytes(&format!("({declaration}\n)")));
        let value = function.and_then(|function| match function.as_callable() {
            Some(function) => function.call(&this, &args, context),
            None => Err(boa_engine::JsNativeError::typ().with_message("not a function").into()),
        });
        Ok(self.outcome(value, how, context))
    }

    /// `Debugger.setVariableValue`
    pub fn set_variable(
        &self,
        frame: &str,
        scope: usize,
        name: &str,
        value: &Value,
        frames: &[Frame],
        context: &mut Context,
    ) -> Answer {
        let frame = find(frames, frame)?;
        let scopes = frame.scopes(context);
        if !scopes.get(scope).is_some_and(|(_, _, names)| names.iter().any(|known| known == name)) {
            return Err(format!("there is no variable '{name}' in that scope"));
        }
        let value = self.argument(value, context)?;
        // By way of the global object: a text cannot hold every value.
        let global = context.global_object();
        put_hidden(&global, VALUE, value);
        let set = evaluate_at(&frame.entry.evaluator, &format!("{name}={VALUE}"), context);
        // It was just defined as one that can be deleted.
        let _ = global.delete_property_or_throw(JsString::from(VALUE), context);
        set.map(|_| json!({}))
            .map_err(|error| error.to_string().lines().next().unwrap_or_default().to_owned())
    }

    /// `Runtime.awaitPromise`, for promises that are settled: nothing runs while the script is paused.
    pub fn await_promise(&self, id: &str, how: &How, context: &mut Context) -> Answer {
        let value = self.objects.value(id)?;
        Ok(self.outcome(Ok(value), &How { awaits: true, ..how.clone() }, context))
    }

    /// A result in the protocol's form.
    fn outcome(&self, value: JsResult<JsValue>, how: &How, context: &mut Context) -> Value {
        let group = how.group.as_deref().unwrap_or(DEFAULT_GROUP);
        let settled = value.and_then(|value| {
            let state = value.as_object().filter(|_| how.awaits).and_then(|object| promise_state(&object));
            match state {
                Some(("rejected", reason)) => Err(JsError::from_opaque(reason)),
                Some(("fulfilled", value)) => Ok(value),
                _ => Ok(value),
            }
        });
        match settled {
            Ok(value) if how.by_value => match self.by_value(&value, group, context) {
                Ok(shown) => json!({ "result": shown }),
                Err(error) => self.exception(error, group, context),
            },
            Ok(value) => json!({ "result": self.described(&value, group, how.preview, context) }),
            Err(error) => self.exception(error, group, context),
        }
    }

    fn exception(&self, error: JsError, group: &str, context: &mut Context) -> Value {
        let text = error.to_string();
        let shown = match error.into_opaque(context) {
            Ok(value) => self.described(&value, group, false, context),
            // The script is to end: that is no exception that it could see.
            Err(_) => json!({ "type": "string", "value": text, "description": text }),
        };
        failed(shown)
    }

    /// A value as JSON.
    fn by_value(&self, value: &JsValue, group: &str, context: &mut Context) -> JsResult<Value> {
        let mut shown = self.described(value, group, false, context);
        if value.is_object() {
            let json = stringify_value(value, context)?;
            let json = json.and_then(|json| serde_json::from_str::<Value>(&json).ok());
            if let Some(id) = shown["objectId"].as_str() {
                self.objects.release(id);
            }
            shown = json!({ "type": shown["type"], "value": json });
        }
        Ok(shown)
    }

    /// What an id stands for; a scope as an object of its variables.
    fn value_of(&self, id: &str, context: &mut Context) -> Result<JsValue, String> {
        match self.objects.find(id)?.0 {
            Held::Value(value) => Ok(value),
            Held::Scope { evaluator, names } => {
                let value = |name: String| {
                    let value = evaluate_at(&evaluator, &name, context).unwrap_or_default();
                    (name, value)
                };
                let values = names.into_iter().map(value).collect();
                Ok(object_of(values, context).into())
            }
        }
    }

    /// `Runtime.CallArgument` as a value.
    fn argument(&self, argument: &Value, context: &mut Context) -> Result<JsValue, String> {
        if let Some(id) = argument["objectId"].as_str() {
            return self.value_of(id, context);
        }
        let made = if let Some(text) = argument["unserializableValue"].as_str() {
            context.eval(Source::from_bytes(text))
        } else {
            match argument.get("value") {
                Some(value) => parse_str(&value.to_string(), context),
                None => Ok(JsValue::undefined()),
            }
        };
        made.map_err(|error| error.to_string())
    }
}

fn failed(exception: Value) -> Value {
    json!({
        "result": exception,
        "exceptionDetails": {
            "exceptionId": 1,
            "text": "Uncaught",
            "lineNumber": 0,
            "columnNumber": 0,
            "exception": exception,
        },
    })
}

fn find<'f>(frames: &'f [Frame], id: &str) -> Result<&'f Frame, String> {
    let frame = id.parse().ok().and_then(|at: usize| frames.get(at));
    frame.ok_or_else(|| "Could not find call frame with given id".to_owned())
}

/// Whether an expression only reads variables and properties. Getters are taken for harmless.
fn has_no_effect(expression: &str) -> bool {
    let expression = expression.trim();
    let plain = |c: char| c.is_alphanumeric() || matches!(c, '_' | '$' | '.' | '[' | ']' | '"' | '\'' | '?');
    !expression.is_empty() && expression.chars().all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_changes_nothing() {
        for text in ["a", "this.b", "a[0].b['c']", "a?.b"] {
            assert!(has_no_effect(text), "{text}");
        }
        for text in ["f()", "a = 1", "a++", "new A", "delete a.b", "`${f()}`", ""] {
            assert!(!has_no_effect(text), "{text}");
        }
    }

    #[test]
    fn texts_that_are_not_complete() {
        assert_eq!(syntax_error("1 + 1"), None);
        assert_eq!(syntax_error("f("), Some("SyntaxError: Unexpected end of input".to_owned()));
        assert!(syntax_error("a b").is_some_and(|error| error.starts_with("SyntaxError: ")));
    }
}
