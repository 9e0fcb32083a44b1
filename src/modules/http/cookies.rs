//! Cookie jars in scripts' hands.

use boa_engine::object::{FunctionObjectBuilder, JsObject};
use boa_engine::{Context, JsData, JsNativeError, JsResult, JsValue, NativeFunction, js_string};
use boa_gc::{Finalize, Trace};
use url::Url;

use super::Http;
use crate::js::convert::{Native, arg, array, entries, function, object, put, put_hidden, string, to_text};
use crate::js::go_error;
use crate::net::cookies::Attributes;
use crate::net::{CookieJar, SharedJar};
use crate::vu::State;

#[derive(Trace, Finalize, JsData)]
struct Jar(#[unsafe_ignore_trace] SharedJar);

/// The jar behind a script's `CookieJar`; `None` for any other value.
pub fn jar_of(value: &JsValue) -> Option<SharedJar> {
    Some(value.as_object()?.downcast_ref::<Jar>()?.0.clone())
}

/// The prototype of all jars, with k6's four methods.
pub fn prototype(context: &mut Context) -> JsObject {
    let prototype = object(context);
    let methods: [(&str, usize, Native); 4] =
        [("set", 4, set), ("cookiesForURL", 1, cookies_for_url), ("clear", 1, clear), ("delete", 2, delete)];
    for (name, length, native) in methods {
        let method = function(name, length, native, context);
        put_hidden(&prototype, name, method);
    }
    prototype
}

/// The class `http.CookieJar`.
pub fn class(prototype: &JsObject, context: &mut Context) -> JsValue {
    let class = FunctionObjectBuilder::new(context.realm(), NativeFunction::from_fn_ptr(construct))
        .name(js_string!("CookieJar"))
        .length(0)
        .constructor(true)
        .build();
    put_hidden(&class, "prototype", prototype.clone());
    put_hidden(prototype, "constructor", class.clone());
    class.into()
}

fn construct(new_target: &JsValue, _: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    if new_target.is_undefined() {
        return Err(JsNativeError::typ().with_message("cookie jars are made with `new`").into());
    }
    handle(CookieJar::shared(), context)
}

/// `http.cookieJar()`: the VU's own jar.
pub fn cookie_jar(_: &JsValue, _: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let state = State::of(context)?;
    if state.in_init() {
        return Err(go_error("Making cookie jars in the init context is not supported", context));
    }
    handle(state.jar(), context)
}

fn handle(jar: SharedJar, context: &mut Context) -> JsResult<JsValue> {
    let prototype = Http::of(context)?.jar_prototype.clone();
    Ok(JsObject::from_proto_and_data(prototype, Jar(jar)).into())
}

fn set(this: &JsValue, args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let jar = this_jar(this)?;
    let url = url(args, context)?;
    let name = to_text(&arg(args, 1), context)?;
    let value = to_text(&arg(args, 2), context)?;
    let attributes = attributes(&arg(args, 3), context)?;
    let done = jar.lock().unwrap_or_else(|e| e.into_inner()).set(&url, &name, &value, &attributes);
    done.map_err(|text| go_error(text, context))?;
    Ok(JsValue::from(true))
}

fn attributes(value: &JsValue, context: &mut Context) -> JsResult<Attributes> {
    let mut attributes = Attributes::default();
    let Some(given) = value.as_object() else { return Ok(attributes) };
    for (key, value) in entries(&given, context)? {
        match key.to_std_string_lossy().to_lowercase().as_str() {
            "domain" => attributes.domain = Some(to_text(&value, context)?),
            "path" => attributes.path = Some(to_text(&value, context)?),
            "expires" => attributes.expires = Some(to_text(&value, context)?).filter(|text| !text.is_empty()),
            // Zero is "not given", as in Go.
            "max_age" => {
                let seconds = value.to_integer_or_infinity(context)?;
                attributes.max_age = seconds.as_integer().filter(|seconds| *seconds != 0);
            }
            "secure" => attributes.secure = value.to_boolean(),
            "http_only" => attributes.http_only = value.to_boolean(),
            _ => {}
        }
    }
    Ok(attributes)
}

fn cookies_for_url(this: &JsValue, args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let jar = this_jar(this)?;
    let url = url(args, context)?;
    let pairs = jar.lock().unwrap_or_else(|e| e.into_inner()).for_url(&url);
    let pairs = pairs.iter().map(|(name, value)| (&**name, string(value))).collect();
    Ok(by_name(pairs, context))
}

/// `{name: [value, …], …}`, names in the order of their first value.
pub fn by_name(pairs: Vec<(&str, JsValue)>, context: &mut Context) -> JsValue {
    let mut lists: Vec<(&str, Vec<JsValue>)> = Vec::new();
    for (name, value) in pairs {
        match lists.iter_mut().find(|(known, _)| *known == name) {
            Some((_, list)) => list.push(value),
            None => lists.push((name, vec![value])),
        }
    }
    let map = object(context);
    for (name, list) in lists {
        let list = array(list, context);
        put(&map, name, list);
    }
    map.into()
}

fn clear(this: &JsValue, args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let jar = this_jar(this)?;
    let url = url(args, context)?;
    jar.lock().unwrap_or_else(|e| e.into_inner()).clear(&url);
    Ok(JsValue::undefined())
}

fn delete(this: &JsValue, args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let jar = this_jar(this)?;
    let url = url(args, context)?;
    let name = to_text(&arg(args, 1), context)?;
    if name.is_empty() {
        return Err(go_error("cookie: is null", context));
    }
    jar.lock().unwrap_or_else(|e| e.into_inner()).delete(&url, &name);
    Ok(JsValue::undefined())
}

fn this_jar(this: &JsValue) -> JsResult<SharedJar> {
    jar_of(this).ok_or_else(|| JsNativeError::typ().with_message("this is no CookieJar").into())
}

fn url(args: &[JsValue], context: &mut Context) -> JsResult<Url> {
    let text = to_text(&arg(args, 0), context)?;
    Url::parse(&text).map_err(|error| go_error(format!("invalid URL \"{text}\": {error}"), context))
}
