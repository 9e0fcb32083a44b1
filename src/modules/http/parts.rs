//! The parts of a response that are made when they are read.

use std::time::Duration;

use boa_engine::object::{FunctionObjectBuilder, JsObject};
use boa_engine::{Context, JsResult, JsString, JsValue, NativeFunction};

use super::cookies::by_name;
use super::json;
use super::page;
use super::response::{Body, Facts, Lazy};
use crate::js::convert::{array, array_buffer, object, put, string};
use crate::net::header::Headers;
use crate::net::set_cookie::{self, ResponseCookie};
use crate::net::{RequestCookie, Trail};

/// A cookie's `expires` where it has none: Go's zero time in milliseconds, as it overflows in k6.
const NEVER: f64 = -6_795_364_578_871.0;

/// Makes the value of a data property.
pub fn make(lazy: Lazy, facts: &Facts, context: &mut Context) -> JsResult<JsValue> {
    Ok(match lazy {
        Lazy::Headers => headers(facts.answer().map_or(&[][..], |hop| &hop.headers), context).into(),
        Lazy::Cookies => {
            let cookies = facts.answer().map(|hop| set_cookie::parse(&hop.headers)).unwrap_or_default();
            let shown = cookies.iter().map(|cookie| (&*cookie.name, response_cookie(cookie, context).into()));
            by_name(shown.collect(), context)
        }
        Lazy::Body => body(&facts.body, context)?,
        Lazy::Timings => timings(facts.hop.as_ref().map(|hop| &hop.trail), context).into(),
        Lazy::Ocsp => ocsp(facts.answer().is_some_and(|hop| !hop.tls_version.is_empty()), context).into(),
        Lazy::Request => request(facts, context).into(),
        Lazy::ClickLink | Lazy::Html | Lazy::Json | Lazy::SubmitForm => JsValue::undefined(),
    })
}

/// A method bound to its response, since scripts may call it detached.
pub fn method(lazy: Lazy, response: &JsObject, context: &mut Context) -> JsValue {
    type Method = fn(&JsObject, &[JsValue], &mut Context) -> JsResult<JsValue>;
    let (name, method): (_, Method) = match lazy {
        Lazy::Json => ("json", json::json),
        Lazy::Html => ("html", page::html),
        Lazy::ClickLink => ("clickLink", page::click_link),
        _ => ("submitForm", page::submit_form),
    };
    let native = NativeFunction::from_copy_closure_with_captures(
        move |_, args, response: &JsObject, context| method(response, args, context),
        response.clone(),
    );
    FunctionObjectBuilder::new(context.realm(), native).name(JsString::from(name)).length(0).build().into()
}

fn headers(headers: &[(String, Vec<String>)], context: &mut Context) -> JsObject {
    let map = object(context);
    for (name, values) in headers {
        put(&map, name, string(&values.join(", ")));
    }
    map
}

fn body(body: &Body, context: &mut Context) -> JsResult<JsValue> {
    match body {
        Body::Null => Ok(JsValue::null()),
        Body::Text(bytes) => Ok(string(&String::from_utf8_lossy(bytes))),
        Body::Binary(bytes) => array_buffer(bytes, context),
    }
}

fn timings(trail: Option<&Trail>, context: &mut Context) -> JsObject {
    let timings = object(context);
    let time = |value: fn(&Trail) -> Duration| trail.map_or(0.0, |trail| value(trail).as_secs_f64() * 1e3);
    for (name, value) in [
        ("duration", time(Trail::duration)),
        ("blocked", time(|trail| trail.blocked)),
        // Part of `blocked`; k6 has the name but no value for it.
        ("looking_up", time(|trail| trail.dns)),
        ("connecting", time(|trail| trail.connecting)),
        ("tls_handshaking", time(|trail| trail.tls)),
        ("sending", time(|trail| trail.sending)),
        ("waiting", time(|trail| trail.waiting)),
        ("receiving", time(|trail| trail.receiving)),
    ] {
        put(&timings, name, value);
    }
    timings
}

fn ocsp(tls: bool, context: &mut Context) -> JsObject {
    let ocsp = object(context);
    for name in ["produced_at", "this_update", "next_update", "revoked_at"] {
        put(&ocsp, name, 0);
    }
    put(&ocsp, "revocation_reason", string(""));
    put(&ocsp, "status", string(if tls { "unknown" } else { "" }));
    ocsp
}

fn request(facts: &Facts, context: &mut Context) -> JsObject {
    let sent = &facts.request;
    let request = object(context);
    put(&request, "method", string(&sent.method));
    put(&request, "url", string(&sent.url));
    let headers = header_lists(&sent.headers, context);
    put(&request, "headers", headers);
    put(&request, "body", string(&String::from_utf8_lossy(&sent.body)));
    let shown = sent.cookies.iter().map(|cookie| (&*cookie.name, request_cookie(cookie, context).into()));
    let cookies = by_name(shown.collect(), context);
    put(&request, "cookies", cookies);
    request
}

fn header_lists(headers: &Headers, context: &mut Context) -> JsObject {
    let map = object(context);
    for (name, values) in headers {
        let values = array(values.iter().map(|value| string(value)), context);
        put(&map, name, values);
    }
    map
}

fn response_cookie(cookie: &ResponseCookie, context: &Context) -> JsObject {
    let shown = object(context);
    put(&shown, "name", string(&cookie.name));
    put(&shown, "value", string(&cookie.value));
    put(&shown, "domain", string(&cookie.domain));
    put(&shown, "path", string(&cookie.path));
    put(&shown, "http_only", cookie.http_only);
    put(&shown, "secure", cookie.secure);
    put(&shown, "max_age", cookie.max_age as f64);
    put(&shown, "expires", cookie.expires.map_or(NEVER, |expires| expires as f64));
    shown
}

fn request_cookie(cookie: &RequestCookie, context: &Context) -> JsObject {
    let shown = object(context);
    put(&shown, "name", string(&cookie.name));
    put(&shown, "value", string(&cookie.value));
    // Read back from the header that was sent, which does not tell.
    put(&shown, "replace", false);
    shown
}
