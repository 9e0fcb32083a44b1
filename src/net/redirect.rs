//! Where a 3xx leads, by the rules of Go's client.

use bytes::Bytes;
use http::header::HOST;
use http::uri::PathAndQuery;
use url::{Position, Url};

use crate::net::error::{Kind, NetError};

/// What one round trip of a call asks for.
#[derive(Clone, Debug)]
pub struct Target {
    pub method: String,
    pub url: Url,
    /// Path and query instead of those of `url`.
    pub path: Option<PathAndQuery>,
    /// Names in any case; a later entry replaces an earlier one of the same name.
    pub headers: Vec<(String, String)>,
    pub body: Bytes,
    /// The `Referer` unless `headers` has one.
    pub referer: Option<String>,
}

impl Target {
    /// Path and query as the request's line has them.
    pub fn path(&self) -> &str {
        match &self.path {
            Some(path) => path.as_str(),
            None => &self.url[Position::BeforePath..Position::AfterQuery],
        }
    }
}

/// Headers that describe a body, and go when the body goes.
const OF_BODY: [&str; 4] = ["content-type", "content-encoding", "content-language", "content-location"];

/// Headers that are not for strangers.
const CREDENTIALS: [&str; 6] = [
    "authorization",
    "www-authenticate",
    "cookie2",
    "proxy-authorization",
    "proxy-authenticate",
    // Not a credential, but every hop computes it afresh.
    "cookie",
];

/// The next target after the answer `status` to `asked`, `None` if that is no redirect. `first` is the URL of
/// the call.
///
/// # Errors
///
/// `Location` is no URL.
pub fn next(
    first: &Url,
    asked: &Target,
    status: u16,
    location: Option<&str>,
) -> Result<Option<Target>, NetError> {
    let keeps_body = match status {
        301..=303 => false,
        307 | 308 => true,
        _ => return Ok(None),
    };
    let Some(location) = location.filter(|text| !text.is_empty()) else { return Ok(None) };
    let url = asked.url.join(location).map_err(|error| {
        NetError::request(Kind::Other(format!("failed to parse Location header \"{location}\": {error}")))
    })?;

    let mut next = asked.clone();
    let drop = |headers: &mut Vec<(String, String)>, names: &[&str]| {
        headers.retain(|(name, _)| !names.contains(&name.to_ascii_lowercase().as_str()));
    };
    if !keeps_body {
        if asked.method != "HEAD" {
            next.method = "GET".to_owned();
        }
        next.body = Bytes::new();
        drop(&mut next.headers, &OF_BODY);
    }
    drop(&mut next.headers, &["cookie"]);
    // The headers shrink from hop to hop, so what was dropped once stays away.
    if !trusted(first, &url) {
        drop(&mut next.headers, &CREDENTIALS);
    }
    if Url::parse(location).is_ok() {
        drop(&mut next.headers, &[HOST.as_str()]);
    }
    next.referer = referer(&asked.url, &url);
    next.url = url;
    next.path = None;
    Ok(Some(next))
}

/// Whether credentials for `first` may go to `to`: the same host or a subdomain of it.
pub(super) fn trusted(first: &Url, to: &Url) -> bool {
    let (Some(parent), Some(host)) = (first.host_str(), to.host_str()) else { return false };
    host == parent
        || (to.domain().is_some() && host.strip_suffix(parent).is_some_and(|rest| rest.ends_with('.')))
}

fn referer(from: &Url, to: &Url) -> Option<String> {
    if from.scheme() == "https" && to.scheme() == "http" {
        return None;
    }
    let mut clean = from.clone();
    // Both fail only for URLs without a host, which were never sent.
    let _ = clean.set_username("");
    let _ = clean.set_password(None);
    Some(clean[..Position::AfterQuery].to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(from: &str, method: &str, status: u16, location: &str) -> Option<Target> {
        let url = Url::parse(from).unwrap();
        let headers = [("Authorization", "x"), ("Content-Type", "t"), ("cookie", "a=1"), ("host", "h")]
            .map(|(n, v)| (n.to_owned(), v.to_owned()))
            .to_vec();
        let asked = Target {
            method: method.into(),
            url: url.clone(),
            path: None,
            headers,
            body: "b".into(),
            referer: None,
        };
        next(&url, &asked, status, Some(location)).unwrap()
    }

    fn names(target: &Target) -> String {
        target.headers.iter().map(|(n, _)| n.as_str()).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn methods_and_bodies() {
        for (status, method, then, body) in [
            (301, "POST", "GET", ""),
            (302, "PUT", "GET", ""),
            (303, "HEAD", "HEAD", ""),
            (307, "POST", "POST", "b"),
            (308, "DELETE", "DELETE", "b"),
        ] {
            let target = step("http://a.test/x?q#f", method, status, "/y").unwrap();
            assert_eq!((target.method.as_str(), &target.body[..]), (then, body.as_bytes()), "{status}");
            assert_eq!(target.url.as_str(), "http://a.test/y");
            assert_eq!(target.referer.as_deref(), Some("http://a.test/x?q"));
        }
        for (status, location) in [(300, "/y"), (304, "/y"), (200, "/y"), (302, "")] {
            assert!(step("http://a.test/", "GET", status, location).is_none(), "{status}");
        }
    }

    #[test]
    fn headers_for_friends_and_strangers() {
        let to = |location| names(&step("https://u:p@a.test/", "POST", 307, location).unwrap());
        assert_eq!(to("/y"), "Authorization Content-Type host");
        assert_eq!(to("https://sub.a.test/"), "Authorization Content-Type");
        assert_eq!(to("https://ba.test/"), "Content-Type");
        let plain = step("https://u:p@a.test/", "GET", 302, "http://a.test/").unwrap();
        assert_eq!((names(&plain).as_str(), plain.referer), ("Authorization", None));
    }
}
