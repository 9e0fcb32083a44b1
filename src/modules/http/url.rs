//! URLs as scripts write them, and the template tag `http.url`.

use std::cell::RefCell;
use std::rc::Rc;

use boa_engine::object::JsObject;
use boa_engine::{Context, JsData, JsResult, JsValue};
use boa_gc::{Finalize, Trace};
use http::uri::PathAndQuery;
use rustc_hash::FxHashMap;
use url::{ParseError, Url};

use super::refusal::Refusal;
use crate::js::convert::{arg, get, is_nullish, put, string, to_text};
use crate::js::go_error;
use crate::k6::quote::quote;
use crate::k6::sent_url::SentUrl;
use crate::net::NetError;
use crate::net::error::Kind;
use crate::vu::State;

/// A URL as it was written, and what samples call it.
#[derive(Clone, Debug)]
pub struct Address {
    /// As written, credentials included.
    pub typed: String,
    /// The same with its path escaped, as responses show it.
    pub shown: String,
    /// Path and query as they are sent, where they can be.
    pub path: Option<PathAndQuery>,
    /// As written, credentials masked.
    pub clean: String,
    /// The template of `http.url`, else the same as `clean`.
    pub name: String,
    /// Where to connect to; the error with which any attempt to do so fails.
    pub target: Result<Url, NetError>,
}

impl Address {
    /// Reads a URL; `name` is the template that it was made from.
    ///
    /// # Errors
    ///
    /// The text is no URL (code 1020).
    pub fn new(typed: String, name: Option<String>) -> Result<Self, NetError> {
        let target = parse(&typed)?;
        let sent = SentUrl::of(&typed).transpose().map_err(|piece| {
            NetError::invalid_url(format!("parse {}: invalid URL escape {}", quote(&typed), quote(&piece)))
        })?;
        let path = sent.as_ref().and_then(|sent| sent.target().parse().ok());
        let shown = sent.map_or_else(|| typed.clone(), |sent| sent.to_string());
        let clean = masked(&typed);
        let name = name.filter(|name| *name != typed).unwrap_or_else(|| clean.clone());
        Ok(Self { typed, shown, path, clean, name, target })
    }

    /// Reads what a script passes as URL: a string or the result of `http.url`.
    pub fn read(
        value: &JsValue,
        known: &Addresses,
        state: &State,
        context: &mut Context,
    ) -> Result<Rc<Self>, Refusal> {
        if let Some(text) = value.as_string() {
            let typed = text.to_std_string_lossy();
            return known.of(typed, state).map_err(|error| Refusal::of(&error));
        }
        if let Some(made) = value.as_object().and_then(|o| o.downcast_ref::<Template>().map(|t| t.0.clone()))
        {
            return made.under_base(state).map_err(|error| Refusal::of(&error));
        }
        let shown = if is_nullish(value) { "<nil>".to_owned() } else { to_text(value, context)? };
        Err(Refusal::text(format!("invalid URL value '{shown}'")))
    }

    /// The same behind the option `baseURL`, where it is only a path.
    fn under_base(self: Rc<Self>, state: &State) -> Result<Rc<Self>, NetError> {
        let whole = state.test.whole_url(self.typed.clone());
        if whole == self.typed {
            return Ok(self);
        }
        Self::new(whole, Some(state.test.whole_url(self.name.clone()))).map(Rc::new)
    }
}

/// The URLs that were read before: most scripts ask for the same few again and again.
#[derive(Debug, Default)]
pub struct Addresses(RefCell<FxHashMap<String, Rc<Address>>>);

/// Scripts whose URLs are all different must not make a thread grow without end.
const MOST: usize = 256;

impl Addresses {
    /// Reads a URL, if it has not been read before.
    ///
    /// # Errors
    ///
    /// The text is no URL (code 1020).
    fn of(&self, typed: String, state: &State) -> Result<Rc<Address>, NetError> {
        if let Some(known) = self.0.borrow().get(&typed) {
            return Ok(known.clone());
        }
        let address = Rc::new(Address::new(state.test.whole_url(typed.clone()), None)?);
        let mut known = self.0.borrow_mut();
        if known.len() >= MOST {
            known.clear();
        }
        known.insert(typed, address.clone());
        Ok(address)
    }
}

/// Reads a URL with Go's notion of what is none at all and what merely cannot be connected to.
fn parse(typed: &str) -> Result<Result<Url, NetError>, NetError> {
    let invalid = |why: &str| NetError::invalid_url(format!("parse {}: {why}", quote(typed)));
    if typed.chars().any(|c| c.is_ascii_control()) {
        return Err(invalid("net/url: invalid control character in URL"));
    }
    let authority = typed.split_once("://").map(|(_, rest)| rest);
    if authority.is_some_and(|rest| rest.starts_with(['/', '?', '#'])) {
        return Ok(Err(no_host()));
    }
    match Url::parse(typed) {
        Ok(_) if typed.starts_with(' ') => Err(invalid("first path segment in URL cannot contain colon")),
        Ok(url) => Ok(Ok(url)),
        Err(ParseError::RelativeUrlWithoutBase) => {
            let segment = typed.split(['/', '?', '#']).next().unwrap_or_default();
            if segment.contains(':') {
                return Err(invalid("first path segment in URL cannot contain colon"));
            }
            Ok(Err(NetError::request(Kind::Scheme(String::new()))))
        }
        Err(ParseError::EmptyHost) => Ok(Err(no_host())),
        Err(error) => Err(invalid(&error.to_string())),
    }
}

fn no_host() -> NetError {
    NetError::request(Kind::Other("http: no Host in request URL".to_owned()))
}

/// The URL with its credentials replaced by asterisks.
pub fn masked(url: &str) -> String {
    let Some(start) = url.find("://").map(|at| at + 3) else { return url.to_owned() };
    let authority = url[start..].split(['/', '?', '#']).next().unwrap_or_default();
    let Some(at) = authority.rfind('@') else { return url.to_owned() };
    let mask = if authority[..at].contains(':') { "****:****" } else { "****" };
    format!("{}{mask}{}", &url[..start], &url[start + at..])
}

/// The value of a tagged template.
#[derive(Trace, Finalize, JsData)]
struct Template(#[unsafe_ignore_trace] Rc<Address>);

/// Whether a value was made by `http.url`.
pub fn is_template(value: &JsValue) -> bool {
    value.as_object().is_some_and(|object| object.is::<Template>())
}

/// ``http.url`http://host/${id}` ``: a URL whose samples are named by the template.
pub fn template(_: &JsValue, args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let Some(parts) = arg(args, 0).as_object() else {
        return Err(go_error("http.url is a template tag: write http.url`…` without parentheses", context));
    };
    let count = get(&parts, "length", context)?.to_length(context)?;
    let mut typed = String::new();
    let mut name = String::new();
    // A template has one part more than it has values.
    for index in 0..count.min(args.len() as u64) {
        let part = parts.get(index, context)?;
        let part = to_text(&part, context)?;
        typed.push_str(&part);
        name.push_str(&part);
        if let Some(value) = args.get(index as usize + 1) {
            typed.push_str(&to_text(value, context)?);
            name.push_str("${}");
        }
    }
    let address = Address::new(typed, Some(name)).map_err(|error| go_error(error.to_string(), context))?;
    let address = Rc::new(address);
    let prototype = context.intrinsics().constructors().object().prototype();
    let made = JsObject::from_proto_and_data(prototype, Template(address.clone()));
    put(&made, "name", string(&address.name));
    put(&made, "url", string(&address.typed));
    put(&made, "clean_url", string(&address.clean));
    Ok(made.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_are_masked() {
        for (typed, clean) in [
            ("http://x/a@b", "http://x/a@b"),
            ("http://u:p@x/", "http://****:****@x/"),
            ("http://u@x:80?q=@", "http://****@x:80?q=@"),
            ("https://u:p@ss@x", "https://****:****@x"),
            ("nothing", "nothing"),
        ] {
            assert_eq!(masked(typed), clean);
        }
    }

    #[test]
    fn bad_urls_are_of_two_kinds() {
        for (typed, code, text) in [
            ("foo/bar", 1000, "unsupported protocol scheme \"\""),
            ("", 1000, "unsupported protocol scheme \"\""),
            ("http://", 1000, "http: no Host in request URL"),
            ("http:///x", 1000, "http: no Host in request URL"),
            ("127.0.0.1:80/x", 1020, "invalid URL: parse \"127.0.0.1:80/x\": first path segment"),
            ("http://x/\n", 1020, "invalid URL: parse \"http://x/\\n\": net/url: invalid control"),
            ("http://x/%zz", 1020, "invalid URL: parse \"http://x/%zz\": invalid URL escape \"%zz\""),
            ("http://x:port/", 1020, "invalid URL: parse \"http://x:port/\": invalid port number"),
        ] {
            let error = match Address::new(typed.to_owned(), None) {
                Ok(address) => address.target.unwrap_err(),
                Err(error) => error,
            };
            assert_eq!(error.code(), code, "{typed}");
            assert!(error.to_string().starts_with(text), "{typed}: {error}");
        }
    }

    #[test]
    fn a_name_of_its_own_is_kept() {
        let named = Address::new("http://u:p@x/1".into(), Some("http://u:p@x/${}".into())).unwrap();
        assert_eq!((named.name.as_str(), named.clean.as_str()), ("http://u:p@x/${}", "http://****:****@x/1"));
        let plain = Address::new("http://u:p@x/1".into(), Some("http://u:p@x/1".into())).unwrap();
        assert_eq!(plain.name, "http://****:****@x/1");
    }
}
