//! `k6`: check, group, sleep, fail, randomSeed.

use std::time::{Duration, Instant};

use boa_engine::{Context, JsData, JsResult, JsString, JsValue};
use boa_gc::{Finalize, Trace};
use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};

use super::tags;
use crate::js::convert::{arg, entries, function, get, is_async_function, is_nullish, put_hidden, to_text};
use crate::js::interrupt::overflow_to_range_error;
use crate::js::{Exports, go_error};
use crate::k6::{SystemTag, builtin};
use crate::vu::State;

/// The module's exports.
pub fn exports(context: &mut Context) -> JsResult<Exports> {
    Ok(Exports::named([
        ("check", function("check", 3, check, context).into()),
        ("fail", function("fail", 1, fail, context).into()),
        ("group", function("group", 2, group, context).into()),
        ("randomSeed", function("randomSeed", 1, random_seed, context).into()),
        ("sleep", function("sleep", 1, sleep, context).into()),
    ]))
}

fn check(_: &JsValue, args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let state = State::of(context)?;
    if state.in_init() {
        return Err(go_error("Using check() in the init context is not supported", context));
    }
    if args.len() < 2 {
        return Err(go_error("no checks provided to `check`", context));
    }
    let subject = &args[0];
    let Some(sets) = args[1].as_object() else { return Ok(JsValue::from(true)) };
    let extra = match args.get(2) {
        Some(extra) if !is_nullish(extra) => tags::read(extra, context)?,
        _ => Vec::new(),
    };
    let mut all = true;
    for (name, condition) in entries(&sets, context)? {
        let result = match condition.as_callable() {
            Some(f) if is_async_function(&f, context) => {
                return Err(go_error("the built-in check() does not support async functions", context));
            }
            Some(f) => f.call(&JsValue::undefined(), std::slice::from_ref(subject), context),
            None => Ok(condition),
        };
        let passed = result.as_ref().is_ok_and(JsValue::to_boolean);
        if !state.interrupt.is_raised() {
            record_check(&state, &name, passed, &extra, context)?;
        }
        result.map_err(|error| overflow_to_range_error(error, context))?;
        all &= passed;
    }
    Ok(JsValue::from(all))
}

fn record_check(
    state: &State,
    name: &JsString,
    passed: bool,
    extra: &[(String, String)],
    context: &mut Context,
) -> JsResult<()> {
    let metric = state.builtin(&builtin::CHECKS);
    let value = f64::from(u8::from(passed));
    if extra.is_empty()
        && let Some(series) = state.check_series(name)
    {
        state.samples.push(series, Instant::now(), value);
        return Ok(());
    }
    let text = name.to_std_string_lossy();
    no_separator(&text, context)?;
    let tags = state.tags_with(|tags| {
        extra.iter().for_each(|(k, v)| tags.set(k, v));
        if state.has_tag(SystemTag::Check) {
            tags.set("check", &text);
        }
    });
    let series = state.series(metric, tags);
    if extra.is_empty() {
        state.keep_check_series(name.clone(), series);
    }
    state.samples.push(series, Instant::now(), value);
    Ok(())
}

fn group(_: &JsValue, args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let state = State::of(context)?;
    if state.in_init() {
        return Err(go_error("Using group() in the init context is not supported", context));
    }
    let name = to_text(&arg(args, 0), context)?;
    let Some(callback) = arg(args, 1).as_callable() else {
        return Err(go_error("group() requires a callback as a second argument", context));
    };
    if is_async_function(&callback, context) {
        return Err(go_error("the built-in group() does not support async functions", context));
    }
    no_separator(&name, context)?;
    let outer = state.tags().get("group").unwrap_or_default().to_owned();
    let has_group = state.has_tag(SystemTag::Group);
    if has_group {
        state.change_tags(|tags| tags.set("group", &format!("{outer}::{name}")));
    }
    let start = Instant::now();
    let result = callback
        .call(&JsValue::undefined(), &[], context)
        .map_err(|error| overflow_to_range_error(error, context));
    let end = Instant::now();
    if !state.interrupt.is_raised() {
        let elapsed = (end - start).as_secs_f64() * 1e3;
        state.record(&builtin::GROUP_DURATION, state.tags_id(), end, elapsed);
    }
    if has_group {
        state.change_tags(|tags| tags.set("group", &outer));
    }
    result
}

fn sleep(_: &JsValue, args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let state = State::of(context)?;
    let seconds = arg(args, 0).to_number(context)?;
    let time = Duration::try_from_secs_f64(seconds.max(0.0)).unwrap_or(Duration::MAX);
    // A timer wheel has an end; ten years are as good as for ever.
    state.sleep(time.min(Duration::from_secs(10 * 365 * 86_400)), context)?;
    Ok(JsValue::undefined())
}

fn fail(_: &JsValue, args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let message = match args.first() {
        Some(message) => to_text(message, context)?,
        None => String::new(),
    };
    Err(go_error(message, context))
}

/// The generator behind `Math.random` once a script has seeded it.
#[derive(Trace, Finalize, JsData)]
struct Seeded(#[unsafe_ignore_trace] SmallRng);

fn random_seed(_: &JsValue, args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let seed = arg(args, 0).to_number(context)? as i64;
    context.insert_data(Seeded(SmallRng::seed_from_u64(seed.cast_unsigned())));
    let random = function(
        "random",
        0,
        |_, _, context| {
            // Taken out and put back: the context lends its data read-only.
            let Some(mut seeded) = context.remove_data::<Seeded>() else { return Ok(JsValue::nan()) };
            let value: f64 = seeded.0.random();
            context.insert_data(*seeded);
            Ok(JsValue::from(value))
        },
        context,
    );
    if let Some(math) = get(&context.global_object(), "Math", context)?.as_object() {
        put_hidden(&math, "random", random);
    }
    Ok(JsValue::undefined())
}

fn no_separator(name: &str, context: &mut Context) -> JsResult<()> {
    if name.contains("::") {
        return Err(go_error("group and check names may not contain '::'", context));
    }
    Ok(())
}
