//! A cookie jar with k6's operations over RFC 6265 storage. Like Go's jar it knows no public suffixes.

use std::sync::{Arc, Mutex};

use cookie_store::{CookieStore, RawCookie};
use url::Url;

/// A jar that a script's handle and a running call share.
pub type SharedJar = Arc<Mutex<CookieJar>>;

/// Cookies by domain, path and name.
#[derive(Clone, Debug, Default)]
pub struct CookieJar {
    store: CookieStore,
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
        let mut cookie = RawCookie::new(name.to_owned(), value.to_owned());
        if let Some(domain) = &attributes.domain {
            cookie.set_domain(domain.clone());
        }
        if let Some(path) = &attributes.path {
            cookie.set_path(path.clone());
        }
        if let Some(text) = &attributes.expires {
            let dated = RawCookie::parse(format!("x=y; Expires={text}")).ok();
            let Some(expires) = dated.and_then(|cookie| cookie.expires()) else {
                return Err(format!("unable to parse \"expires\" date string \"{text}\""));
            };
            cookie.set_expires(expires);
        }
        if let Some(seconds) = attributes.max_age {
            cookie.set_max_age(cookie::time::Duration::seconds(seconds));
        }
        cookie.set_secure(attributes.secure);
        cookie.set_http_only(attributes.http_only);
        let _ = self.store.insert_raw(&cookie, url);
        Ok(())
    }

    /// Stores a response's `Set-Cookie` values; those that are malformed or not the server's are passed over.
    pub fn store<'a>(&mut self, url: &Url, set_cookies: impl IntoIterator<Item = &'a str>) {
        for text in set_cookies {
            let _ = self.store.parse(text, url);
        }
    }

    /// Names and values that a request to `url` carries, longest path first, else in order of arrival.
    pub fn for_url(&self, url: &Url) -> Vec<(String, String)> {
        self.matching(url).map(|c| (c.name().to_owned(), c.value().to_owned())).collect()
    }

    /// Removes every cookie that a request to `url` would carry.
    pub fn clear(&mut self, url: &Url) {
        self.remove(url, |_| true);
    }

    /// Removes the cookies of that name that a request to `url` would carry.
    pub fn delete(&mut self, url: &Url, name: &str) {
        self.remove(url, |n| n == name);
    }

    fn matching(&self, url: &Url) -> impl Iterator<Item = &cookie_store::Cookie<'static>> {
        // The store counts loopback as secure; Go does not.
        let https = url.scheme() == "https";
        let mut cookies: Vec<_> =
            self.store.matches(url).into_iter().filter(|c| https || c.secure() != Some(true)).collect();
        cookies.sort_by_key(|cookie| std::cmp::Reverse(cookie.path.len()));
        cookies.into_iter()
    }

    fn remove(&mut self, url: &Url, wanted: impl Fn(&str) -> bool) {
        let found: Vec<_> = self
            .matching(url)
            .filter(|c| wanted(c.name()))
            .map(|c| (String::from(&c.domain), String::from(&c.path), c.name().to_owned()))
            .collect();
        for (domain, path, name) in found {
            self.store.remove(&domain, &path, &name);
        }
    }
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
        assert_eq!(sent(&jar, "http://127.0.0.1/p"), "b=2");
        jar.clear(&at);
        assert_eq!(sent(&jar, "http://127.0.0.1/p"), "");

        let past =
            Attributes { expires: Some("Wed, 21 Oct 2015 07:28:00 GMT".into()), ..Attributes::default() };
        jar.set(&at, "old", "1", &past).unwrap();
        assert_eq!(sent(&jar, "http://127.0.0.1/"), "");
        let bad = Attributes { expires: Some("soon".into()), ..Attributes::default() };
        assert!(jar.set(&at, "c", "1", &bad).unwrap_err().contains("soon"));
    }
}
