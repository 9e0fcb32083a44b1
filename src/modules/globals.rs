//! The globals beyond ECMAScript: `open`, `require`, `global`, and those of other modules.

use boa_engine::{Context, JsResult, JsValue};

use crate::js::convert::{arg, array_buffer, function, is_nullish, put_hidden, to_text};
use crate::js::decode::decode;
use crate::js::{go_error, json, loader};
use crate::vu::State;

/// Defines every global of a fresh context.
pub fn install(context: &mut Context) -> JsResult<()> {
    let global = context.global_object();
    let state = State::of(context)?;
    json::install(context)?;
    super::console::install(context);
    super::timers::install(context);
    super::text::install(context)?;
    super::webcrypto::install(context)?;
    super::whatwg::install(context);
    let open = function("open", 2, open, context);
    put_hidden(&global, "open", open);
    let require = loader::global_require(&state.test.sources, context)?;
    put_hidden(&global, "require", require);
    if !state.test.is_base_mode {
        put_hidden(&global, "global", global.clone());
    }
    Ok(())
}

fn open(_: &JsValue, args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let state = State::of(context)?;
    if !state.in_init() {
        return Err(go_error(
            "the \"open\" function is only available in the init stage (i.e. the global scope), see \
             https://grafana.com/docs/k6/latest/using-k6/test-lifecycle/ for more information",
            context,
        ));
    }
    let path = arg(args, 0);
    let path = if is_nullish(&path) { String::new() } else { to_text(&path, context)? };
    let bytes = state.test.sources.open(&path).map_err(|text| go_error(text, context))?;
    let mode = arg(args, 1);
    if !is_nullish(&mode) && to_text(&mode, context)? == "b" {
        return array_buffer(&bytes, context);
    }
    Ok(decode(&bytes).into())
}
