//! `k6/secrets`: values that nothing shows.

use boa_engine::object::FunctionObjectBuilder;
use boa_engine::object::builtins::JsPromise;
use boa_engine::{Context, JsResult, JsString, JsValue, NativeFunction, js_string};

use crate::js::convert::{arg, object, object_of, put, settle, settled, string, to_text};
use crate::js::event_loop::Completion;
use crate::js::{Exports, go_error};
use crate::vu::State;
use crate::vu::secrets::{Lookup, Secret};

/// The module's exports.
pub fn exports(context: &mut Context) -> JsResult<Exports> {
    let get = |_: &JsValue, args: &[JsValue], context: &mut Context| give(None, args, context);
    Ok(Exports::default_object(object_of(&[("get", 1, get), ("source", 1, source)], context)))
}

/// `source(name)`: an object with `get(key)`
fn source(_: &JsValue, args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let name = JsString::from(to_text(&arg(args, 0), context)?);
    let get = NativeFunction::from_copy_closure_with_captures(
        |_, args, name: &JsString, context| give(Some(&name.to_std_string_lossy()), args, context),
        name,
    );
    let get = FunctionObjectBuilder::new(context.realm(), get).name(js_string!("get")).length(1).build();
    let source = object(context);
    put(&source, "get", get);
    Ok(source.into())
}

/// `get(key)`: a promise of a string
fn give(source: Option<&str>, args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let state = State::of(context)?;
    let key = to_text(&arg(args, 0), context)?;
    let asked = match state.test.secrets.get(source, &key) {
        Lookup::Done(secret) => return settled(shown(secret, context), context),
        Lookup::Asked(asked) => asked,
    };
    if state.in_init() {
        // Init code is a module's, whose own promise has to be settled when it has run.
        let secret = state.block_on(asked, context)?;
        return settled(shown(secret, context), context);
    }
    let (promise, resolvers) = JsPromise::new_pending(context);
    state.event_loop().spawn(async move {
        let secret = asked.await;
        let done: Completion = Box::new(move |context| {
            let outcome = shown(secret, context);
            settle(&resolvers, outcome, context)
        });
        done
    });
    Ok(promise.into())
}

fn shown(secret: Secret, context: &mut Context) -> JsResult<JsValue> {
    secret.map(|value| string(&value)).map_err(|text| go_error(text, context))
}
