//! `k6/metrics`: Counter, Gauge, Rate, Trend.

use std::time::Instant;

use boa_engine::object::FunctionObjectBuilder;
use boa_engine::{Context, JsNativeError, JsResult, JsString, JsValue, NativeFunction};

use super::tags;
use crate::js::convert::{arg, is_nullish, object, put, put_readonly, to_text};
use crate::js::{Exports, go_error};
use crate::log;
use crate::metrics::{Contains, Kind, MetricId};
use crate::vu::State;

/// The module's exports.
pub fn exports(context: &mut Context) -> JsResult<Exports> {
    Ok(Exports::named([
        ("Counter", constructor("Counter", Kind::Counter, context)),
        ("Gauge", constructor("Gauge", Kind::Gauge, context)),
        ("Rate", constructor("Rate", Kind::Rate, context)),
        ("Trend", constructor("Trend", Kind::Trend, context)),
    ]))
}

fn constructor(name: &str, kind: Kind, context: &mut Context) -> JsValue {
    let native =
        NativeFunction::from_copy_closure(move |this, args, context| construct(kind, this, args, context));
    FunctionObjectBuilder::new(context.realm(), native)
        .name(JsString::from(name))
        .length(2)
        .constructor(true)
        .build()
        .into()
}

fn construct(kind: Kind, new_target: &JsValue, args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    if new_target.is_undefined() {
        return Err(JsNativeError::typ().with_message("metrics are made with `new`").into());
    }
    let state = State::of(context)?;
    if !state.in_init() {
        return Err(go_error("metrics must be declared in the init context", context));
    }
    let name = to_text(&arg(args, 0), context)?;
    let contains = if arg(args, 1).to_boolean() { Contains::Time } else { Contains::Default };
    let registered = state.test.registry.register(&name, kind, contains);
    let metric = registered.map_err(|e| go_error(e.to_string(), context))?;
    let made = object(context);
    put_readonly(&made, "name", JsString::from(name));
    let native = NativeFunction::from_copy_closure(move |_, args, context| add(metric, args, context));
    let add =
        FunctionObjectBuilder::new(context.realm(), native).name(JsString::from("add")).length(2).build();
    put(&made, "add", add);
    Ok(made.into())
}

fn add(metric: MetricId, args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let state = State::of(context)?;
    if state.in_init() {
        return Err(go_error("Adding to metrics in the init context is not supported", context));
    }
    let given = arg(args, 0);
    let Some(value) = sample_value(&given, context)? else {
        let name = state.test.registry.metric(metric).name.clone();
        let shown = to_text(&given, context).unwrap_or_else(|_| "object".to_owned());
        let text = format!(
            "'{shown}' is an invalid value for metric '{name}', a number or a boolean value is expected"
        );
        if state.test.options().is_some_and(|o| o.throw) {
            return Err(go_error(text, context));
        }
        log::warn(&text);
        return Ok(JsValue::from(false));
    };
    let tags = match args.get(1) {
        Some(extra) if !is_nullish(extra) => {
            let extra = tags::read(extra, context)?;
            state.tags_with(|tags| extra.iter().for_each(|(k, v)| tags.set(k, v)))
        }
        _ => state.tags_id(),
    };
    if !state.interrupt.is_raised() {
        state.samples.push(state.series(metric, tags), Instant::now(), value);
    }
    Ok(JsValue::from(true))
}

/// A number, a boolean as 0 or 1, or a numeric string; `None` for anything else.
fn sample_value(value: &JsValue, context: &mut Context) -> JsResult<Option<f64>> {
    let number = match value.as_number() {
        Some(number) => number,
        None if value.is_boolean() => f64::from(u8::from(value.to_boolean())),
        None if value.is_string() => value.to_number(context)?,
        None => return Ok(None),
    };
    Ok((!number.is_nan()).then_some(number))
}
