//! `k6/execution`: where in the test a script is, and how it ends the test.

use std::sync::atomic::Ordering;

use boa_engine::object::JsObject;
use boa_engine::{Context, JsResult, JsString, JsValue};

use super::execution_tags;
use crate::js::convert::{arg, is_nullish, object, object_of, put, put_getter, put_hidden_getter, to_text};
use crate::js::interrupt::interrupted;
use crate::js::{Exports, go_error, json, stack};
use crate::log;
use crate::vu::{Counters, Phase, ScenarioRun, State, Stop};

/// The module's exports.
pub fn exports(context: &mut Context) -> JsResult<Exports> {
    let exec = object(context);
    put(&exec, "instance", instance(context));
    put(&exec, "scenario", scenario(context));
    put(&exec, "test", test(context));
    put(&exec, "vu", vu(context)?);
    Ok(Exports::default_object(exec))
}

fn instance(context: &mut Context) -> JsObject {
    fn of<T: Into<JsValue>>(context: &mut Context, read: fn(&Counters) -> T) -> JsResult<JsValue> {
        let state = State::of(context)?;
        if state.in_init() {
            let text = "getting instance information in the init context is not supported";
            return Err(go_error(text, context));
        }
        Ok(read(&state.test.counters).into())
    }
    let made = object(context);
    put_getter(
        &made,
        "iterationsCompleted",
        |_, _, c| of(c, |n| n.complete.load(Ordering::Relaxed) as f64),
        context,
    );
    put_getter(
        &made,
        "iterationsInterrupted",
        |_, _, c| of(c, |n| n.interrupted.load(Ordering::Relaxed) as f64),
        context,
    );
    put_getter(&made, "vusActive", |_, _, c| of(c, |n| Counters::get(&n.vus_active)), context);
    put_getter(&made, "vusInitialized", |_, _, c| of(c, |n| Counters::get(&n.vus_initialised)), context);
    put_getter(
        &made,
        "currentTestRunDuration",
        |_, _, c| of(c, |n| n.elapsed().as_secs_f64() * 1e3),
        context,
    );
    made
}

fn scenario(context: &mut Context) -> JsObject {
    fn of<T: Into<JsValue>>(
        context: &mut Context,
        read: impl FnOnce(&State, &ScenarioRun) -> T,
    ) -> JsResult<JsValue> {
        let state = State::of(context)?;
        match state.scenario() {
            Some(scenario) => Ok(read(&state, &scenario).into()),
            None => {
                let text = "getting scenario information outside of the VU context is not supported";
                Err(go_error(text, context))
            }
        }
    }
    let made = object(context);
    put_getter(&made, "name", |_, _, c| of(c, |_, s| JsString::from(s.name.as_str())), context);
    put_getter(&made, "executor", |_, _, c| of(c, |_, s| JsString::from(s.executor)), context);
    put_getter(&made, "startTime", |_, _, c| of(c, |_, s| s.start_time_ms()), context);
    put_getter(&made, "progress", |_, _, c| of(c, |_, s| s.progress()), context);
    put_getter(
        &made,
        "iterationInInstance",
        |_, _, c| of(c, |v, _| v.scenario_iteration.get() as f64),
        context,
    );
    put_getter(
        &made,
        "iterationInTest",
        |_, _, c| of(c, |v, s| s.iteration_in_test(v.scenario_iteration.get()) as f64),
        context,
    );
    // Hidden: k6's has no such key.
    put_hidden_getter(
        &made,
        "scheduledTime",
        |_, _, c| of(c, |v, _| v.scheduled_ms().map_or_else(JsValue::undefined, JsValue::from)),
        context,
    );
    made
}

fn vu(context: &mut Context) -> JsResult<JsObject> {
    fn of(context: &mut Context, read: fn(&State) -> f64) -> JsResult<JsValue> {
        let state = State::of(context)?;
        if state.in_init() {
            return Err(go_error("getting VU information in the init context is not supported", context));
        }
        Ok(JsValue::from(read(&state)))
    }
    let made = object(context);
    put_getter(&made, "idInInstance", |_, _, c| of(c, |v| f64::from(v.id)), context);
    put_getter(&made, "idInTest", |_, _, c| of(c, |v| v.id_in_test() as f64), context);
    put_getter(&made, "iterationInInstance", |_, _, c| of(c, |v| v.iteration.get() as f64), context);
    put_getter(
        &made,
        "iterationInScenario",
        |_, _, c| of(c, |v| v.iteration_in_scenario.get() as f64),
        context,
    );
    execution_tags::define(&made, context)?;
    Ok(made)
}

fn test(context: &mut Context) -> JsObject {
    let made = object_of(&[("abort", 1, abort), ("fail", 1, fail)], context);
    put_getter(
        &made,
        "options",
        |_, _, context| {
            let state = State::of(context)?;
            let Some(view) = state.test.options_view().filter(|_| !state.in_init()) else {
                let text = "getting test options in the init context is not supported";
                return Err(go_error(text, context));
            };
            json::parse_frozen(view, context)
        },
        context,
    );
    made
}

fn abort(_: &JsValue, args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let state = State::of(context)?;
    let reason = arg(args, 0);
    let mut text = "test aborted".to_owned();
    if !is_nullish(&reason) {
        text = format!("{text}: {}", to_text(&reason, context)?);
    }
    if let Some(place) = stack::caller(context) {
        text = format!("{text} at {place}");
    }
    state.test.control.stop(Stop::Script(text));
    state.aborted.set(true);
    state.interrupt.raise();
    // Uncatchable: nothing of the script runs after an abort.
    Err(interrupted())
}

fn fail(_: &JsValue, args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let state = State::of(context)?;
    if state.phase.get() == Phase::Init {
        return Err(go_error("marking the test as failed in the init context is not supported", context));
    }
    let mut text = "test marked as failed".to_owned();
    let reason = arg(args, 0);
    if !is_nullish(&reason) {
        text = format!("{text}: {}", to_text(&reason, context)?);
    }
    log::error(&text);
    state.test.control.mark_failed();
    Ok(JsValue::undefined())
}
