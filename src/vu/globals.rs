//! `__VU`, `__ITER` and `__ENV`: each VU's own, though VUs may share a global object.

use boa_engine::object::IntegrityLevel;
use boa_engine::property::{PropertyDescriptor, PropertyKey};
use boa_engine::{Context, JsString, JsValue, js_string};

use super::{Phase, State};
use crate::js::convert::{object, put, put_getter, string};

/// Defines them on the global object that a VU has for itself.
pub fn define(state: &State, context: &mut Context) {
    put_value(context, "__VU", JsValue::from(state.id));
    define_env(state, context);
}

/// Defines them on a global object that VUs share: each reads its own.
pub fn define_shared(context: &mut Context) {
    let global = context.global_object();
    put_getter(&global, "__VU", |_, _, context| Ok(JsValue::from(State::of(context)?.id)), context);
    let iteration = |_: &JsValue, _: &[JsValue], context: &mut Context| {
        let state = State::of(context)?;
        Ok(match state.phase.get() {
            Phase::Init => JsValue::undefined(),
            _ => JsValue::from(state.iteration.get() as f64),
        })
    };
    put_getter(&global, "__ITER", iteration, context);
    let env = |_: &JsValue, _: &[JsValue], context: &mut Context| {
        let state = State::of(context)?;
        Ok(state.env_object(|| env(&state, context)).into())
    };
    put_getter(&global, "__ENV", env, context);
}

/// Gives a VU the variables of its present scenario.
pub fn define_env(state: &State, context: &mut Context) {
    let env = env(state, context);
    put_value(context, "__ENV", env.into());
}

fn env(state: &State, context: &mut Context) -> boa_engine::JsObject {
    let env = object(context);
    for (key, value) in state.env() {
        put(&env, &key, string(&value));
    }
    if state.test.freezes_env {
        // An ordinary object can always be frozen.
        let _ = env.set_integrity_level(IntegrityLevel::Frozen, context);
    }
    env
}

/// Sets `__ITER`.
pub fn define_iteration(context: &mut Context, iteration: u64) {
    let global = context.global_object();
    // Through `set`, which reuses the property that the first iteration defines.
    let _ = global.set(js_string!("__ITER"), JsValue::from(iteration as f64), false, context);
}

fn put_value(context: &mut Context, name: &str, value: JsValue) {
    let property =
        PropertyDescriptor::builder().value(value).writable(true).enumerable(true).configurable(true);
    context.global_object().insert_property(PropertyKey::from(JsString::from(name)), property);
}
