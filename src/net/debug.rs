//! What `httpDebug` logs: requests and responses as HTTP/1.1 writes them, without what is secret in their heads.

use std::borrow::Cow;

use http::HeaderMap;
use url::{Position, Url, form_urlencoded};

use crate::log::{self, Level};
use crate::net::header::{canonical, proto};
use crate::net::request::Request;

/// How much is logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Detail {
    Headers,
    /// Heads and bodies, the latter as they came over the wire.
    Full,
}

/// The log of one round trip.
#[derive(Debug)]
pub struct Dump {
    detail: Detail,
    /// The fields of its lines, and one by which request and response find each other.
    fields: Vec<(String, String)>,
    /// What waits for the response's body.
    head: Option<String>,
    body: Vec<u8>,
}

impl Dump {
    /// Logs a request.
    pub(super) fn request(detail: Detail, fields: &[(String, String)], url: &Url, request: &Request) -> Self {
        let body = &request.body;
        let mut fields = fields.to_vec();
        fields.push(("source".to_owned(), "http-debug".to_owned()));
        fields.push(("request_id".to_owned(), random_id()));
        let dump = Self { detail, fields, head: None, body: Vec::new() };
        let path = without_secrets(url);
        let path = &path[Position::BeforePath..Position::AfterQuery];
        let mut text = format!("{} {path} HTTP/1.1\n", request.method);
        if !request.headers.contains_key("host") {
            text += &format!("Host: {}\n", &url[Position::BeforeHost..Position::AfterPort]);
        }
        if !body.is_empty() {
            text += &format!("Content-Length: {}\n", body.len());
        }
        text += &header_lines(&request.headers);
        text.push('\n');
        if detail == Detail::Full {
            text += &shown_body(body);
        }
        dump.log("Request", &text);
        dump
    }

    /// Logs a response's head, or keeps it until the body is there.
    pub(super) fn response(&mut self, head: &http::response::Parts, reason: &str) {
        let status = format!("{} {} {reason}", proto(head.version), head.status.as_u16());
        let text = format!("{}\n{}\n", status.trim_end(), header_lines(&head.headers));
        match self.detail {
            Detail::Headers => self.log("Response", &text),
            Detail::Full => self.head = Some(text),
        }
    }

    /// Logs the head now and the body piece by piece, for it may be long in coming.
    pub(super) fn stream(&mut self) {
        if let Some(head) = self.head.take() {
            self.log("Response", &head);
        }
    }

    /// Takes in a piece of the response's body.
    pub(super) fn piece(&mut self, bytes: &[u8]) {
        match (self.detail, &self.head) {
            (Detail::Headers, _) => {}
            (Detail::Full, Some(_)) => self.body.extend_from_slice(bytes),
            (Detail::Full, None) => self.log("Response body", &shown_body(bytes)),
        }
    }

    /// Logs what was kept.
    pub(super) fn finish(&mut self) {
        if let Some(mut text) = self.head.take() {
            text += &shown_body(&std::mem::take(&mut self.body));
            self.log("Response", &text);
        }
    }

    fn log(&self, what: &str, text: &str) {
        let fields: Vec<_> = self.fields.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
        log::emit(Level::Info, &format!("{what}:\n{text}\n"), &fields);
    }
}

/// A random UUID.
fn random_id() -> String {
    let bits = rand::random::<u128>();
    let bits = bits & !(0xf << 76) & !(0b11 << 62) | 0x4 << 76 | 0b10 << 62;
    let hex = format!("{bits:032x}");
    [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-")
}

fn header_lines(headers: &HeaderMap) -> String {
    let line = |(name, value): (&http::HeaderName, &http::HeaderValue)| {
        let value = String::from_utf8_lossy(value.as_bytes());
        format!("{}: {}\n", canonical(name.as_str()), shown_value(name.as_str(), &value))
    };
    headers.iter().map(line).collect()
}

fn shown_body(body: &[u8]) -> Cow<'_, str> {
    match str::from_utf8(body) {
        Ok(text) => text.into(),
        Err(_) => format!("[{} bytes that are no text]", body.len()).into(),
    }
}

const HIDDEN: &str = "***";

/// A header's value, without what is secret in it; the name in lower case.
pub fn shown_value<'a>(name: &str, value: &'a str) -> Cow<'a, str> {
    let cookie = |pair: &str| match pair.split_once('=') {
        Some((name, _)) => format!("{name}={HIDDEN}"),
        None => HIDDEN.to_owned(),
    };
    match name {
        "cookie" => value.split("; ").map(cookie).collect::<Vec<_>>().join("; ").into(),
        "set-cookie" => match value.split_once(';') {
            Some((pair, attributes)) => format!("{};{attributes}", cookie(pair)).into(),
            None => cookie(value).into(),
        },
        "authorization" | "proxy-authorization" => match value.split_once(' ') {
            Some((scheme, _)) => format!("{scheme} {HIDDEN}").into(),
            None => HIDDEN.into(),
        },
        "location" | "referer" => match Url::parse(value) {
            Ok(url) => String::from(without_secrets(&url)).into(),
            // A relative one.
            Err(_) if value.contains('?') => {
                format!("{}?{HIDDEN}", value.split('?').next().unwrap_or_default()).into()
            }
            Err(_) => value.into(),
        },
        name if is_secret(name) => HIDDEN.into(),
        _ => value.into(),
    }
}

/// Whether a header or a query parameter of this name, in lower case, is likely to hold a secret.
fn is_secret(name: &str) -> bool {
    const PARTS: [&str; 8] =
        ["auth", "cookie", "credential", "password", "secret", "session", "signature", "token"];
    // Tells requests apart and opens no door.
    let harmless =
        name.contains("idempotency") || matches!(name, "max_tokens" | "www-authenticate" | ":authority");
    !harmless && (name.ends_with("key") || name == "sig" || PARTS.iter().any(|part| name.contains(part)))
}

/// The URL without credentials and without the values of secret query parameters.
pub fn without_secrets(url: &Url) -> Url {
    let mut clean = url.clone();
    // These fail only for URLs without a host.
    let _ = clean.set_username("");
    let _ = clean.set_password(None);
    let Some(query) = url.query() else { return clean };
    let secret = |pair: &str| {
        let name = form_urlencoded::parse(pair.as_bytes()).next().map(|(name, _)| name.to_lowercase());
        name.is_some_and(|name| is_secret(&name))
    };
    let shown = query.split('&').map(|pair| match pair.split_once('=') {
        Some((name, _)) if secret(pair) => format!("{name}={HIDDEN}"),
        _ => pair.to_owned(),
    });
    clean.set_query(Some(&shown.collect::<Vec<_>>().join("&")));
    clean
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_in_headers() {
        for (name, value, shown) in [
            ("accept", "text/html", "text/html"),
            ("authorization", "Bearer abc", "Bearer ***"),
            ("authorization", "abc", "***"),
            ("proxy-authorization", "Basic YTpi", "Basic ***"),
            ("cookie", "a=1; b=2", "a=***; b=***"),
            ("set-cookie", "a=1; Path=/", "a=***; Path=/"),
            ("x-api-key", "sk-1", "***"),
            ("api-key", "sk-1", "***"),
            ("x-goog-api-key", "sk-1", "***"),
            ("x-auth-token", "t", "***"),
            ("x-amz-security-token", "t", "***"),
            ("idempotency-key", "17", "17"),
            ("location", "http://u:p@a.test/x?token=1&b=2", "http://a.test/x?token=***&b=2"),
            ("location", "/x?token=1", "/x?***"),
            ("referer", "http://a.test/?q", "http://a.test/?q"),
        ] {
            assert_eq!(shown_value(name, value), shown, "{name}");
        }
    }

    #[test]
    fn secrets_in_urls() {
        let shown = |url: &str| without_secrets(&Url::parse(url).unwrap()).to_string();
        assert_eq!(
            shown("https://a.test/?key=1&api%4Bey=2&max_tokens=3&n=a%20b&sig=4"),
            "https://a.test/?key=***&api%4Bey=***&max_tokens=3&n=a%20b&sig=***"
        );
        assert_eq!(shown("https://u:p@a.test/x"), "https://a.test/x");
    }

    #[test]
    fn ids_are_uuids() {
        let id = random_id();
        let groups: Vec<_> = id.split('-').map(str::len).collect();
        assert_eq!(groups, [8, 4, 4, 4, 12]);
        assert_eq!(&id[14..15], "4");
        assert!("89ab".contains(&id[19..20]));
    }
}
