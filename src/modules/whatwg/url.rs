//! `URL` and `URLSearchParams`: the parser of the crate `url`, which is that of the standard.

use ::url::quirks;
use ::url::{Url, form_urlencoded};
use boa_engine::object::JsObject;
use boa_engine::{Context, JsResult, JsValue};

use super::{Made, evaluate};
use crate::js::convert::{arg, array, get, object_of, string, to_text};

pub(super) fn make(made: &Made, context: &mut Context) -> JsResult<JsObject> {
    let functions: [_; 4] = [
        ("parse", 2, parse as crate::js::convert::Native),
        ("change", 3, change),
        ("decode", 1, decode),
        ("encode", 1, encode),
    ];
    let host = object_of(&functions, context);
    evaluate("ssek/url", include_str!("url.js"), &host, made, context)
}

/// A URL's parts in the order that `url.js` knows.
fn parts(url: &Url, context: &mut Context) -> JsValue {
    let origin = quirks::origin(url);
    let parts = [
        quirks::href(url),
        &origin,
        quirks::protocol(url),
        quirks::username(url),
        quirks::password(url),
        quirks::host(url),
        quirks::hostname(url),
        quirks::port(url),
        quirks::pathname(url),
        quirks::search(url),
        quirks::hash(url),
    ];
    array(parts.map(string), context)
}

/// `parse(text, [base])`: the parts; `undefined` for what is no URL
fn parse(_: &JsValue, args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let text = to_text(&arg(args, 0), context)?;
    let base = arg(args, 1);
    let url = if base.is_undefined() {
        Url::parse(&text)
    } else {
        let base = to_text(&base, context)?;
        Url::parse(&base).and_then(|base| base.join(&text))
    };
    Ok(url.map_or(JsValue::undefined(), |url| parts(&url, context)))
}

/// `change(href, part, value)`: the parts of a URL after an assignment to one; `undefined` where the new `href` is none
fn change(_: &JsValue, args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let Ok(mut url) = Url::parse(&to_text(&arg(args, 0), context)?) else { return Ok(JsValue::undefined()) };
    let part = to_text(&arg(args, 1), context)?;
    let value = to_text(&arg(args, 2), context)?;
    let url = &mut url;
    // What a part cannot be set to leaves the URL as it is.
    let changed = match part.as_str() {
        "href" => quirks::set_href(url, &value).is_ok(),
        "protocol" => quirks::set_protocol(url, &value).is_ok(),
        "username" => quirks::set_username(url, &value).is_ok(),
        "password" => quirks::set_password(url, &value).is_ok(),
        "host" => quirks::set_host(url, &value).is_ok(),
        "hostname" => quirks::set_hostname(url, &value).is_ok(),
        "port" => quirks::set_port(url, &value).is_ok(),
        "pathname" => {
            quirks::set_pathname(url, &value);
            true
        }
        "search" => {
            quirks::set_search(url, &value);
            true
        }
        _ => {
            quirks::set_hash(url, &value);
            true
        }
    };
    if !changed && part == "href" {
        return Ok(JsValue::undefined());
    }
    Ok(parts(url, context))
}

/// `decode(text)`: names and values of a form or query in turn
fn decode(_: &JsValue, args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let text = to_text(&arg(args, 0), context)?;
    let pairs: Vec<_> = form_urlencoded::parse(text.as_bytes()).collect();
    let texts: Vec<_> = pairs.iter().flat_map(|(name, value)| [string(name), string(value)]).collect();
    Ok(array(texts, context))
}

/// `encode([name, value, …])`
fn encode(_: &JsValue, args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let given = arg(args, 0).to_object(context)?;
    let length = get(&given, "length", context)?.to_length(context)?;
    let mut form = form_urlencoded::Serializer::new(String::new());
    for index in (0..length).step_by(2) {
        let (name, value) = (given.get(index, context)?, given.get(index + 1, context)?);
        form.append_pair(&to_text(&name, context)?, &to_text(&value, context)?);
    }
    Ok(string(&form.finish()))
}
