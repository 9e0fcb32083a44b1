//! `k6/timers`, and the same functions as globals.

use std::rc::Rc;
use std::time::Duration;

use boa_engine::{Context, JsResult, JsValue};

use crate::js::convert::{Native, arg, function, put_hidden};
use crate::js::{EventLoop, Exports, go_error};

/// The longest delay, which no run outlives: a hundred years, in milliseconds.
const LONGEST: f64 = 100.0 * 365.0 * 86_400_000.0;

const FUNCTIONS: [(&str, usize, Native); 4] = [
    ("setTimeout", 2, |_, args, context| set("setTimeout", false, args, context)),
    ("clearTimeout", 1, clear),
    ("setInterval", 2, |_, args, context| set("setInterval", true, args, context)),
    ("clearInterval", 1, clear),
];

/// The module's exports.
pub fn exports(context: &mut Context) -> JsResult<Exports> {
    let functions = FUNCTIONS.map(|(name, length, native)| {
        let function: JsValue = function(name, length, native, context).into();
        (name, function)
    });
    Ok(Exports::named(functions))
}

/// Defines the global functions.
pub fn install(context: &mut Context) {
    for (name, length, native) in FUNCTIONS {
        let function = function(name, length, native, context);
        put_hidden(&context.global_object(), name, function);
    }
}

/// `setTimeout(callback, delay, ...args)`: the timer's number
fn set(name: &str, repeat: bool, args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let Some(callback) = arg(args, 0).as_function() else {
        return Err(go_error(format!("{name}'s callback isn't a callable function"), context));
    };
    let delay = arg(args, 1).to_number(context)?;
    // NaN is no delay, either.
    let delay = if delay > 0.0 { delay.min(LONGEST) } else { 0.0 };
    let delay = Duration::from_secs_f64(delay / 1000.0);
    let args = args.get(2..).unwrap_or_default().to_vec();
    let id = event_loop(context)?.set_timer(callback, args, delay, repeat);
    Ok(JsValue::from(id))
}

/// `clearTimeout(number)`; passes over numbers that are no timer.
fn clear(_: &JsValue, args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let id = arg(args, 0);
    if id.is_number() {
        let id = id.to_u32(context)?;
        event_loop(context)?.clear_timer(id);
    }
    Ok(JsValue::undefined())
}

fn event_loop(context: &mut Context) -> JsResult<Rc<EventLoop>> {
    let event_loop = context.downcast_job_executor::<EventLoop>();
    event_loop.ok_or_else(|| go_error("timers need an event loop, which this context does not have", context))
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::sync::Arc;

    use boa_engine::Source;

    use super::*;
    use crate::js::convert::to_text;
    use crate::js::error::register_go_error;
    use crate::js::{Engine, Loader, Sources};

    fn engine() -> Engine {
        let sources = Arc::new(Sources::new("s.js", Path::new("/"), None));
        let mut engine = Engine::new(Rc::new(Loader::new(sources, |_, _| Ok(None)))).unwrap();
        register_go_error(&mut engine.context);
        install(&mut engine.context);
        engine
    }

    #[test]
    fn order_arguments_and_clearing() {
        let Engine { mut context, event_loop, .. } = engine();
        let code = "var log = []; const say = (...a) => log.push(a.join(''));
            setTimeout(say, -5, 'now', 1); setTimeout(say); setTimeout(say, 'x', 'nan');
            clearTimeout(setTimeout(say, 1, 'cleared')); clearTimeout(); clearTimeout(99); clearTimeout('1');
            let n = 0; const i = setInterval(() => { say('i'); if (++n === 3) clearInterval(i) }, 1);
            Promise.resolve().then(() => say('micro')); say(typeof i, i)";
        context.eval(Source::from_bytes(code)).unwrap();
        let wait = |until: Option<std::time::Instant>| {
            std::thread::sleep(until.unwrap().saturating_duration_since(std::time::Instant::now()));
            Ok(())
        };
        event_loop.run(&mut context, &wait).unwrap();
        let log = context.eval(Source::from_bytes("log.join()")).unwrap();
        assert_eq!(to_text(&log, &mut context).unwrap(), "number5,micro,now1,,nan,i,i,i");
    }

    #[test]
    fn not_a_function() {
        let Engine { mut context, .. } = engine();
        let code = "try { setInterval('code', 1) } catch (e) { String(e) }";
        let shown = context.eval(Source::from_bytes(code)).unwrap();
        let shown = to_text(&shown, &mut context).unwrap();
        assert_eq!(shown, "GoError: setInterval's callback isn't a callable function");
        let far = context.eval(Source::from_bytes("setTimeout(() => {}, Infinity)"));
        assert!(far.is_ok());
    }
}
