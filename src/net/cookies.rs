//! A cookie jar with k6's operations, by the rules of Go's (`net/http/cookiejar`, RFC 6265), without public
//! suffixes.

use std::sync::{Arc, Mutex};
use std::time::{SystemTime, UNIX_EPOCH};

use url::{Host, Url};

use crate::net::http_date;
use crate::net::set_cookie::{ResponseCookie, parse_line};

/// A jar that a script's handle and a running call share.
pub type SharedJar = Arc<Mutex<CookieJar>>;

/// Cookies by domain, path and name, in the order in which they first came.
#[derive(Clone, Debug, Default)]
pub struct CookieJar {
    entries: Vec<Entry>,
}

/// The optional attributes of a cookie that a script sets.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Attributes {
    pub domain: Option<String>,
    pub path: Option<String>,
    /// An HTTP date, `Wed, 21 Oct 2026 07:28:00 GMT`.
    pub expires: Option<String>,
    /// Seconds; negative: the cookie is removed.
    pub max_age: Option<i64>,
    pub secure: bool,
    pub http_only: bool,
}

#[derive(Clone, Debug)]
struct Entry {
    name: String,
    value: String,
    domain: String,
    /// For that host alone, not for those below it.
    host_only: bool,
    path: String,
    secure: bool,
    /// Milliseconds since 1970; `None`: never.
    expires: Option<i64>,
    /// Where Go's jar files it: a cookie of a top-level domain stays with the site that set it.
    site: String,
}

impl CookieJar {
    /// An empty jar for sharing.
    pub fn shared() -> SharedJar {
        Arc::default()
    }

    /// Sets a cookie as if the server at `url` had. A domain that is not the server's is passed over, as in k6.
    ///
    /// # Errors
    ///
    /// `expires` is no date.
    pub fn set(&mut self, url: &Url, name: &str, value: &str, attributes: &Attributes) -> Result<(), String> {
        let expires = match &attributes.expires {
            None => None,
            Some(text) => Some(
                http_date::parse(text)
                    .ok_or_else(|| format!("unable to parse \"expires\" date string \"{text}\""))?,
            ),
        };
        self.insert(
            url,
            ResponseCookie {
                name: name.to_owned(),
                value: value.to_owned(),
                domain: attributes.domain.clone().unwrap_or_default(),
                path: attributes.path.clone().unwrap_or_default(),
                http_only: attributes.http_only,
                secure: attributes.secure,
                max_age: attributes.max_age.unwrap_or_default(),
                expires,
            },
        );
        Ok(())
    }

    /// Stores a response's `Set-Cookie` values; those that are malformed or not the server's are passed over.
    pub fn store<'a>(&mut self, url: &Url, set_cookies: impl IntoIterator<Item = &'a str>) {
        for cookie in set_cookies.into_iter().filter_map(parse_line) {
            self.insert(url, cookie);
        }
    }

    /// Names and values that a request to `url` carries, longest path first, else in order of arrival.
    pub fn for_url(&self, url: &Url) -> Vec<(String, String)> {
        let Some((host, site)) = host_and_site(url) else { return Vec::new() };
        let https = url.scheme() == "https";
        let now = now();
        let mut found: Vec<&Entry> = (self.entries.iter())
            .filter(|entry| entry.site == site && entry.expires.is_none_or(|end| end > now))
            .filter(|entry| (https || !entry.secure) && entry.has_host(&host) && entry.has_path(url.path()))
            .collect();
        found.sort_by_key(|entry| std::cmp::Reverse(entry.path.len()));
        found.into_iter().map(|entry| (entry.name.clone(), entry.value.clone())).collect()
    }

    /// Removes the cookies that a request to `url` would carry. As in k6 those stay that were set with a domain,
    /// or with a path other than that of `url`.
    pub fn clear(&mut self, url: &Url) {
        for (name, _) in self.for_url(url) {
            self.delete(url, &name);
        }
    }

    /// Removes the cookie of that name that a server at `url` sets if it says nothing of domain and path; others
    /// stay, as in k6.
    pub fn delete(&mut self, url: &Url, name: &str) {
        let max_age = -1;
        self.insert(url, ResponseCookie { name: name.to_owned(), max_age, ..ResponseCookie::default() });
    }

    fn insert(&mut self, url: &Url, cookie: ResponseCookie) {
        if !matches!(url.scheme(), "http" | "https") {
            return;
        }
        let Some((host, site)) = host_and_site(url) else { return };
        let Some((domain, host_only)) = domain(url, &host, &cookie.domain) else { return };
        let path = if cookie.path.starts_with('/') { cookie.path } else { default_path(url).to_owned() };
        let now = now();
        let expires = match cookie.max_age {
            0 => cookie.expires,
            seconds => Some(now.saturating_add(seconds.saturating_mul(1000))),
        };
        let known = self.entries.iter().position(|entry| {
            entry.site == site && entry.domain == domain && entry.path == path && entry.name == cookie.name
        });
        if expires.is_some_and(|end| end <= now) {
            known.map(|at| self.entries.remove(at));
            return;
        }
        let (name, value, secure) = (cookie.name, cookie.value, cookie.secure);
        let entry = Entry { name, value, domain, host_only, path, secure, expires, site };
        match known {
            Some(at) => self.entries[at] = entry,
            None => self.entries.push(entry),
        }
    }
}

impl Entry {
    fn has_host(&self, host: &str) -> bool {
        self.domain == host || (!self.host_only && is_below(host, &self.domain))
    }

    fn has_path(&self, path: &str) -> bool {
        path.strip_prefix(&*self.path)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/') || self.path.ends_with('/'))
    }
}

fn is_below(host: &str, domain: &str) -> bool {
    host.strip_suffix(domain).is_some_and(|rest| rest.len() > 1 && rest.ends_with('.'))
}

/// The host without the dot of the root, and its last two labels.
fn host_and_site(url: &Url) -> Option<(String, String)> {
    let host = url.host_str()?;
    let host = host.strip_suffix('.').unwrap_or(host);
    let last = if is_address(url) { None } else { host.rfind('.').filter(|at| *at > 0) };
    let site = match last {
        Some(dot) => &host[host[..dot].rfind('.').map_or(0, |dot| dot + 1)..],
        None => host,
    };
    Some((host.to_owned(), site.to_owned()))
}

fn is_address(url: &Url) -> bool {
    matches!(url.host(), Some(Host::Ipv4(_) | Host::Ipv6(_)))
}

/// The domain of a cookie, and whether it is for that host alone; `None`: it is not the server's to set.
fn domain(url: &Url, host: &str, given: &str) -> Option<(String, bool)> {
    if given.is_empty() {
        return Some((host.to_owned(), true));
    }
    if is_address(url) {
        return (given == host).then(|| (host.to_owned(), true));
    }
    let domain = given.strip_prefix('.').unwrap_or(given);
    if domain.is_empty() || domain.starts_with('.') || domain.ends_with('.') || !domain.is_ascii() {
        return None;
    }
    let domain = domain.to_ascii_lowercase();
    (host == domain || is_below(host, &domain)).then_some((domain, false))
}

fn default_path(url: &Url) -> &str {
    match url.path().rfind('/') {
        None | Some(0) => "/",
        Some(at) => &url.path()[..at],
    }
}

fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

/// A `name=value` pair for the `Cookie` header, cleaned as Go does.
pub fn pair(name: &str, value: &str) -> String {
    let name: String = name.chars().map(|c| if matches!(c, '\r' | '\n') { '-' } else { c }).collect();
    let value: String =
        value.chars().filter(|c| matches!(c, ' '..='~') && !matches!(c, '"' | ';' | '\\')).collect();
    if value.contains([' ', ',']) { format!("{name}=\"{value}\"") } else { format!("{name}={value}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    fn sent(jar: &CookieJar, to: &str) -> String {
        jar.for_url(&url(to)).iter().map(|(n, v)| pair(n, v)).collect::<Vec<_>>().join("; ")
    }

    #[test]
    fn stored_cookies_go_back_where_they_came_from() {
        let mut jar = CookieJar::default();
        jar.store(
            &url("http://a.test/x/y"),
            ["one=1", "two=2; Path=/", "three=3; Domain=a.test; Path=/", "bad", "no=1; Domain=b.test"],
        );
        assert_eq!(sent(&jar, "http://a.test/x/z"), "one=1; two=2; three=3");
        assert_eq!(sent(&jar, "http://a.test/"), "two=2; three=3");
        assert_eq!(sent(&jar, "http://sub.a.test/"), "three=3");
        assert_eq!(sent(&jar, "http://b.test/"), "");
        jar.store(&url("http://a.test/"), ["two=; Max-Age=0"]);
        assert_eq!(sent(&jar, "http://a.test/"), "three=3");
    }

    #[test]
    fn domains() {
        let mut jar = CookieJar::default();
        let at = url("http://x.a.test/");
        jar.store(
            &at,
            ["one=1; Domain=.A.test", "two=2; Domain=test", "no=1; Domain=y.a.test", "no=1; Domain=a.test."],
        );
        assert_eq!(sent(&jar, "http://y.a.test/"), "one=1; two=2");
        assert_eq!(sent(&jar, "http://ba.test/"), "");
        jar.store(&url("http://[::1]/"), ["six=6; Domain=[::1]", "no=1; Domain=::1"]);
        assert_eq!(sent(&jar, "http://[::1]/"), "six=6");
    }

    #[test]
    fn scripts_set_clear_and_delete() {
        let mut jar = CookieJar::default();
        let at = url("http://127.0.0.1:8080/p");
        let path = |path: &str| Attributes { path: Some(path.into()), ..Attributes::default() };
        jar.set(&at, "a", "1 2", &Attributes::default()).unwrap();
        jar.set(&at, "b", "2", &path("/p")).unwrap();
        jar.set(&at, "s", "3", &Attributes { secure: true, ..Attributes::default() }).unwrap();
        assert_eq!(sent(&jar, "http://127.0.0.1:8080/p"), "b=2; a=\"1 2\"");
        assert_eq!(sent(&jar, "https://127.0.0.1/p"), "b=2; a=\"1 2\"; s=3");
        jar.delete(&at, "a");
        jar.delete(&at, "b");
        assert_eq!(sent(&jar, "http://127.0.0.1/p"), "b=2");
        jar.clear(&at);
        assert_eq!(sent(&jar, "https://127.0.0.1/p"), "b=2; s=3");
        jar.clear(&url("https://127.0.0.1/"));
        assert_eq!(sent(&jar, "https://127.0.0.1/p"), "b=2");

        let past =
            Attributes { expires: Some("Wed, 21 Oct 2015 07:28:00 GMT".into()), ..Attributes::default() };
        jar.set(&at, "old", "1", &past).unwrap();
        assert_eq!(sent(&jar, "http://127.0.0.1/"), "");
        let bad = Attributes { expires: Some("soon".into()), ..Attributes::default() };
        assert!(jar.set(&at, "c", "1", &bad).unwrap_err().contains("soon"));
    }
}
