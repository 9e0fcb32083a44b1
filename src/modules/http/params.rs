//! The `params` argument of every request.

use std::rc::Rc;
use std::time::Duration;

use boa_engine::object::JsObject;
use boa_engine::value::IntegerOrInfinity;
use boa_engine::{Context, JsValue};

use super::compression::{self, Algorithm};
use super::cookies::jar_of;
use super::expected::{self, Expected};
use super::refusal::Refusal;
use crate::js::convert::{entries, is_nullish, to_text};
use crate::k6::duration::GoDuration;
use crate::modules::tags;
use crate::net::{RequestCookie, SharedJar};

/// What scripts get of a response's body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResponseType {
    Text,
    Binary,
    None,
}

/// What a script says about one request; `None` leaves it to the options.
#[derive(Clone, Debug, Default)]
pub struct Params {
    pub headers: Vec<(String, String)>,
    pub cookies: Vec<RequestCookie>,
    pub jar: Option<SharedJar>,
    pub compression: Vec<Algorithm>,
    pub redirects: Option<u32>,
    pub tags: Vec<(String, String)>,
    pub timeout: Option<Duration>,
    pub throw: Option<bool>,
    pub response_type: Option<ResponseType>,
    /// `Some(None)`: `null`, no judgement at all.
    pub callback: Option<Option<Rc<Expected>>>,
    /// Whether the credentials in the URL are for digest authentication.
    pub digest: bool,
}

/// Reads the parameters in the order in which they were written; unknown ones are passed over.
pub fn read(value: &JsValue, context: &mut Context) -> Result<Params, Refusal> {
    let mut params = Params::default();
    let Some(given) = value.as_object() else { return Ok(params) };
    for (key, value) in entries(&given, context)? {
        let key = key.to_std_string_lossy();
        if key == "responseCallback" {
            let callback = expected::read(&value);
            params.callback = Some(callback.ok_or_else(|| Refusal::text("unsupported responseCallback"))?);
        }
        if is_nullish(&value) {
            continue;
        }
        match key.as_str() {
            "headers" => params.headers = headers(&value, context)?,
            "cookies" => params.cookies = cookies(&value, context)?,
            "jar" => params.jar = jar_of(&value),
            "compression" => params.compression = compression::read(&to_text(&value, context)?)?,
            "redirects" => params.redirects = Some(count(&value, context)?),
            "tags" => {
                let read = tags::read(&value, context);
                params.tags = read
                    .map_err(|error| Refusal::because("invalid HTTP request metric tags", error, context))?;
            }
            "timeout" => params.timeout = Some(timeout(&value)?),
            "throw" => params.throw = Some(value.to_boolean()),
            "responseType" => params.response_type = Some(response_type(&to_text(&value, context)?)?),
            "auth" => params.digest = is_digest(&to_text(&value, context)?)?,
            _ => {}
        }
    }
    Ok(params)
}

fn headers(value: &JsValue, context: &mut Context) -> Result<Vec<(String, String)>, Refusal> {
    let Some(given) = value.as_object() else { return Ok(Vec::new()) };
    let mut headers = Vec::new();
    for (name, value) in entries(&given, context)? {
        headers.push((name.to_std_string_lossy(), to_text(&value, context)?));
    }
    Ok(headers)
}

fn cookies(value: &JsValue, context: &mut Context) -> Result<Vec<RequestCookie>, Refusal> {
    let Some(given) = value.as_object() else { return Ok(Vec::new()) };
    let mut cookies = Vec::new();
    for (name, value) in entries(&given, context)? {
        if is_nullish(&value) {
            continue;
        }
        let mut cookie =
            RequestCookie { name: name.to_std_string_lossy(), value: String::new(), replace: false };
        match value.as_object().filter(JsObject::is_ordinary) {
            None => cookie.value = to_text(&value, context)?,
            Some(described) => {
                for (key, value) in entries(&described, context)? {
                    match key.to_std_string_lossy().to_lowercase().as_str() {
                        "replace" => cookie.replace = value.to_boolean(),
                        "value" => cookie.value = to_text(&value, context)?,
                        _ => {}
                    }
                }
            }
        }
        cookies.push(cookie);
    }
    Ok(cookies)
}

fn count(value: &JsValue, context: &mut Context) -> Result<u32, Refusal> {
    Ok(match value.to_integer_or_infinity(context)? {
        IntegerOrInfinity::Integer(number) => u32::try_from(number.max(0)).unwrap_or(u32::MAX),
        IntegerOrInfinity::PositiveInfinity => u32::MAX,
        IntegerOrInfinity::NegativeInfinity => 0,
    })
}

/// Milliseconds, or a text such as `1.5s`.
fn timeout(value: &JsValue) -> Result<Duration, Refusal> {
    if let Some(milliseconds) = value.as_number() {
        return Ok(GoDuration::from_millis(milliseconds).to_std());
    }
    let Some(text) = value.as_string() else {
        return Err(Refusal::text(
            "invalid timeout value: use a number of milliseconds or a duration such as \"1.5s\"",
        ));
    };
    let parsed = GoDuration::parse(&text.to_std_string_lossy());
    parsed.map(GoDuration::to_std).map_err(|error| Refusal::text(format!("invalid timeout value: {error}")))
}

fn response_type(name: &str) -> Result<ResponseType, Refusal> {
    match name {
        "text" => Ok(ResponseType::Text),
        "binary" => Ok(ResponseType::Binary),
        "none" => Ok(ResponseType::None),
        _ => Err(Refusal::text(format!("invalid responseType \"{name}\", use text, binary or none"))),
    }
}

/// Basic authentication needs no parameter; schemes that are not known are passed over, as in k6.
fn is_digest(name: &str) -> Result<bool, Refusal> {
    if name == "ntlm" {
        return Err(Refusal::text(
            "auth \"ntlm\" is not supported; of the authentication schemes only basic and digest are, with the \
             credentials in the URL",
        ));
    }
    Ok(name == "digest")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(code: &str) -> Result<Params, String> {
        let mut context = Context::default();
        let value = context.eval(boa_engine::Source::from_bytes(&format!("({code})"))).unwrap();
        read(&value, &mut context).map_err(|refusal| match refusal {
            Refusal::Failed { text, code } => format!("{code} {text}"),
            Refusal::Thrown(error) => format!("thrown {error}"),
        })
    }

    #[test]
    fn every_parameter() {
        let params = parse(
            "{ headers: { a: 1, B: 'x' }, cookies: { c: 'd', e: { value: 2, replace: true }, n: null }, \
             redirects: -1, tags: { t: true }, timeout: '1.5s', throw: 1, responseType: 'none', \
             compression: 'gzip', responseCallback: null, auth: 'basic', other: 1, jar: null }",
        )
        .unwrap();
        assert_eq!(params.headers, [("a".into(), "1".into()), ("B".into(), "x".into())]);
        let cookie = |name: &str, value: &str, replace| RequestCookie {
            name: name.into(),
            value: value.into(),
            replace,
        };
        assert_eq!(params.cookies, [cookie("c", "d", false), cookie("e", "2", true)]);
        assert_eq!(params.redirects, Some(0));
        assert_eq!(params.tags, [("t".into(), "true".into())]);
        assert_eq!(params.timeout, Some(Duration::from_millis(1500)));
        assert_eq!((params.throw, params.response_type), (Some(true), Some(ResponseType::None)));
        assert_eq!((params.compression.len(), params.callback, params.jar.is_none()), (1, Some(None), true));
        assert_eq!(
            parse("{ timeout: 250, redirects: 1e99 }").unwrap().timeout,
            Some(Duration::from_millis(250))
        );
        assert!(parse("undefined").unwrap().callback.is_none());
    }

    #[test]
    fn faults() {
        for (code, text) in [
            ("{ timeout: 'x' }", "0 invalid timeout value: "),
            ("{ timeout: true }", "0 invalid timeout value: "),
            ("{ responseType: 'blob' }", "0 invalid responseType \"blob\""),
            ("{ responseCallback: 5 }", "0 unsupported responseCallback"),
            ("{ auth: 'ntlm' }", "0 auth \"ntlm\" is not supported;"),
            ("{ compression: 'zz' }", "0 unknown compression algorithm zz"),
            (
                "{ tags: { a: {} } }",
                "0 invalid HTTP request metric tags: invalid value for metric tag 'a': only String, Boolean",
            ),
            ("{ headers: { a: { toString() { throw 'mine' } } } }", "thrown"),
        ] {
            let fault = parse(code).unwrap_err();
            assert!(fault.starts_with(text), "{code}: {fault}");
        }
    }
}
