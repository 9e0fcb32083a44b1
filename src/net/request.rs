//! One request as it goes over the wire.

use base64::Engine;
use bytes::Bytes;
use http::header::{
    ACCEPT_ENCODING, AUTHORIZATION, CONNECTION, CONTENT_LENGTH, COOKIE, HOST, PROXY_AUTHORIZATION, REFERER,
    USER_AGENT,
};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Uri};
use url::{Position, Url};

use crate::net::client::Shared;
use crate::net::cookies::{SharedJar, pair};
use crate::net::error::{Kind, NetError};
use crate::net::header;
use crate::net::redirect::Target;

/// A cookie given with the request itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestCookie {
    pub name: String,
    pub value: String,
    /// Instead of the jar's cookies of that name, not beside them.
    pub replace: bool,
}

/// A request that is ready to be sent, as often as need be.
#[derive(Clone, Debug)]
pub struct Request {
    pub(super) method: Method,
    /// Without credentials and fragment.
    pub(super) uri: Uri,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
    /// All cookies sent, the call's first.
    pub(super) cookies: Vec<RequestCookie>,
    /// Bytes of head and body.
    pub(super) size: u64,
}

impl Request {
    /// Prepares what `target` asks for.
    ///
    /// # Errors
    ///
    /// A method or header that HTTP does not allow, a URL without a host, or one that the options forbid.
    pub(super) fn new(
        shared: &Shared,
        target: &Target,
        own: &[RequestCookie],
        jar: Option<&SharedJar>,
    ) -> Result<Self, NetError> {
        let other = |text: String| NetError::request(Kind::Other(text));
        let method = if target.method.is_empty() { "GET" } else { &target.method };
        let method = Method::from_bytes(method.as_bytes())
            .map_err(|_| other(format!("net/http: invalid method \"{method}\"")))?;
        shared.admit(&target.url)?;
        if target.url.host_str().is_none_or(str::is_empty) {
            return Err(other("http: no Host in request URL".into()));
        }

        let mut headers = HeaderMap::new();
        for (name, value) in &target.headers {
            // The body decides these two.
            if name.eq_ignore_ascii_case("content-length") || name.eq_ignore_ascii_case("transfer-encoding") {
                continue;
            }
            let key = HeaderName::from_bytes(name.as_bytes())
                .map_err(|_| other(format!("net/http: invalid header field name \"{name}\"")))?;
            let value = HeaderValue::from_bytes(value.as_bytes())
                .map_err(|_| other(format!("net/http: invalid header field value for \"{name}\"")))?;
            headers.insert(key, value);
        }
        // Values below are made of characters that headers allow; should one not be, it is left out.
        let mut default = |name: HeaderName, value: &str| {
            if !headers.contains_key(&name)
                && let Ok(value) = HeaderValue::from_str(value)
            {
                headers.insert(name, value);
            }
        };
        if !shared.config.user_agent.is_empty() {
            default(USER_AGENT, &shared.config.user_agent);
        }
        if let Some(referer) = &target.referer {
            default(REFERER, referer);
        }
        if let Some(credentials) = basic_auth(&target.url) {
            default(AUTHORIZATION, &credentials);
        }
        if shared.config.no_connection_reuse {
            default(CONNECTION, "close");
        }
        // An empty body would be sent without a length.
        if target.body.is_empty() && matches!(method.as_str(), "POST" | "PUT" | "PATCH") {
            default(CONTENT_LENGTH, "0");
        }
        let cookies = cookies(&target.url, own, jar);
        add_cookies(&mut headers, &cookies);

        let uri = request_uri(&target.url)
            .map_err(|error| other(format!("parse \"{}\": {error}", &target.url[Position::BeforePath..])))?;
        if let Some(proxy) = shared.proxies.as_ref().and_then(|proxies| proxies.intercept(&uri))
            && let Some(credentials) = proxy.basic_auth()
            && target.url.scheme() == "http"
        {
            headers.entry(PROXY_AUTHORIZATION).or_insert_with(|| credentials.clone());
        }
        let size = size(&method, &target.url, &headers, &target.body);
        Ok(Self { method, uri, headers, body: target.body.clone(), cookies, size })
    }

    /// Whether the request may be sent again after a connection broke: Go's rule.
    pub(super) fn is_idempotent(&self) -> bool {
        matches!(self.method.as_str(), "GET" | "HEAD" | "OPTIONS" | "TRACE")
            || self.headers.contains_key("idempotency-key")
            || self.headers.contains_key("x-idempotency-key")
    }
}

/// Adds `Accept-Encoding: gzip` unless the call says what it accepts; whether it was added.
pub(super) fn accept_gzip(headers: &mut Vec<(String, String)>) -> bool {
    let given = headers.iter().any(|(name, _)| name.eq_ignore_ascii_case(ACCEPT_ENCODING.as_str()));
    if !given {
        headers.push(("Accept-Encoding".to_owned(), "gzip".to_owned()));
    }
    !given
}

fn cookies(url: &Url, own: &[RequestCookie], jar: Option<&SharedJar>) -> Vec<RequestCookie> {
    let mut all = own.to_vec();
    if let Some(jar) = jar {
        let stored = jar.lock().unwrap_or_else(|e| e.into_inner()).for_url(url);
        let replaced = |name: &str| own.iter().any(|cookie| cookie.replace && cookie.name == name);
        all.extend(
            (stored.into_iter().filter(|(name, _)| !replaced(name))).map(|(name, value)| RequestCookie {
                name,
                value,
                replace: false,
            }),
        );
    }
    all
}

fn add_cookies(headers: &mut HeaderMap, cookies: &[RequestCookie]) {
    if cookies.is_empty() {
        return;
    }
    let mut line = headers.get(COOKIE).map_or_else(Vec::new, |value| value.as_bytes().to_vec());
    for cookie in cookies {
        if !line.is_empty() {
            line.extend_from_slice(b"; ");
        }
        line.extend_from_slice(pair(&cookie.name, &cookie.value).as_bytes());
    }
    if let Ok(value) = HeaderValue::from_bytes(&line) {
        headers.insert(COOKIE, value);
    }
}

fn request_uri(url: &Url) -> Result<Uri, http::uri::InvalidUri> {
    if url.username().is_empty() && url.password().is_none() {
        return url[..Position::AfterQuery].parse();
    }
    let mut url = url.clone();
    // These fail only for URLs without a host.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url[..Position::AfterQuery].parse()
}

/// The head as HTTP/1.1 writes it, with what hyper adds, and the body.
fn size(method: &Method, url: &Url, headers: &HeaderMap, body: &Bytes) -> u64 {
    let path = &url[Position::BeforePath..Position::AfterQuery];
    let mut bytes = method.as_str().len() + path.len() + "  HTTP/1.1\r\n".len() + header::size(headers);
    if !headers.contains_key(HOST) {
        bytes += "Host: \r\n".len() + url[Position::BeforeHost..Position::AfterPort].len();
    }
    if !body.is_empty() {
        bytes += "Content-Length: \r\n".len() + body.len().to_string().len() + body.len();
    }
    bytes as u64
}

fn basic_auth(url: &Url) -> Option<String> {
    if url.username().is_empty() && url.password().is_none() {
        return None;
    }
    let mut pair = percent_decoded(url.username());
    pair.push(b':');
    pair.extend(percent_decoded(url.password().unwrap_or_default()));
    Some(format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(pair)))
}

fn percent_decoded(text: &str) -> Vec<u8> {
    let hex = |digits: &[u8]| u8::from_str_radix(str::from_utf8(digits).ok()?, 16).ok();
    let mut rest = text.as_bytes();
    let mut out = Vec::with_capacity(rest.len());
    while let Some((&byte, tail)) = rest.split_first() {
        match tail.get(..2).and_then(hex) {
            Some(code) if byte == b'%' => {
                out.push(code);
                rest = &tail[2..];
            }
            _ => {
                out.push(byte);
                rest = tail;
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::client::Config;
    use crate::net::cookies::CookieJar;

    fn target(method: &str, url: &str, headers: &[(&str, &str)]) -> Target {
        Target {
            method: method.into(),
            url: Url::parse(url).unwrap(),
            headers: headers.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect(),
            body: Bytes::new(),
            referer: None,
        }
    }

    fn prepare(config: Config, target: &Target) -> Result<Request, NetError> {
        Request::new(&Shared::new(config).unwrap(), target, &[], None)
    }

    #[test]
    fn defaults_credentials_and_size() {
        let config = Config { user_agent: "ua".into(), ..Config::default() };
        let asked = target(
            "POST",
            "http://u%40:p@a.test:81/x?y#z",
            &[("x-a", "1"), ("X-A", "2"), ("content-length", "9")],
        );
        let request = prepare(config, &asked).unwrap();
        assert_eq!(request.uri, "http://a.test:81/x?y");
        let shown = "POST /x?y HTTP/1.1\r\nHost: a.test:81\r\nX-A: 2\r\nUser-Agent: ua\r\n\
                     Authorization: Basic dUA6cA==\r\nContent-Length: 0\r\n\r\n";
        assert_eq!(request.size, shown.len() as u64);
        assert_eq!(request.headers[AUTHORIZATION], "Basic dUA6cA==");
        assert_eq!(request.headers["x-a"], "2");
    }

    #[test]
    fn the_call_s_cookies_come_first_and_may_replace() {
        let jar = CookieJar::shared();
        let asked = target("GET", "http://a.test/", &[("Cookie", "own=0")]);
        jar.lock().unwrap().store(&asked.url, ["a=1", "b=2"]);
        let cookie = |name: &str, replace| RequestCookie { name: name.into(), value: "x".into(), replace };
        let shared = Shared::new(Config::default()).unwrap();
        let request =
            Request::new(&shared, &asked, &[cookie("a", true), cookie("b", false)], Some(&jar)).unwrap();
        assert_eq!(request.headers[COOKIE], "own=0; a=x; b=x; b=2");
    }

    #[test]
    fn refusals() {
        let config = Config {
            block_hostnames: vec!["*.bad.test".parse().unwrap()],
            blacklist_ips: vec!["10.0.0.0/8".parse().unwrap()],
            ..Config::default()
        };
        for (method, url, header, code, text) in [
            ("GET", "ftp://a.test/", "x", 1000, "unsupported protocol scheme \"ftp\""),
            (
                "GET",
                "http://x.bad.test/",
                "x",
                1111,
                "hostname (x.bad.test) is in a blocked pattern (*.bad.test)",
            ),
            ("GET", "http://10.1.1.1/", "x", 1110, "IP (10.1.1.1) is in a blacklisted range (10.0.0.0/8)"),
            ("G T", "http://a.test/", "x", 1000, "net/http: invalid method \"G T\""),
            ("GET", "http://a.test/", "a b", 1000, "net/http: invalid header field name \"a b\""),
        ] {
            let error = prepare(config.clone(), &target(method, url, &[(header, "1")])).unwrap_err();
            assert_eq!((error.code(), error.to_string().as_str()), (code, text));
        }
    }
}
