//! Proxies, as Go's client takes them from the environment.

use http::Uri;
use hyper_util::client::proxy::matcher::Matcher;

/// Which requests go through which proxy. The URLs may be of http, https or socks5 proxies and may hold
/// credentials; the default is no proxy.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Proxies {
    /// For http URLs.
    pub http: Option<String>,
    /// For https URLs.
    pub https: Option<String>,
    /// Hosts, domains, addresses and ranges that are reached directly, with commas between them.
    pub no_proxy: String,
}

/// Never asked through a proxy.
const LOOPBACK: &str = "localhost,127.0.0.0/8,::1";

impl Proxies {
    /// Reads `HTTP_PROXY`, `HTTPS_PROXY` and `NO_PROXY`, or their names in lower case.
    pub fn from_env(env: &dyn Fn(&str) -> Option<String>) -> Self {
        let get = |name: &str| {
            env(name)
                .filter(|v| !v.is_empty())
                .or_else(|| env(&name.to_lowercase()))
                .filter(|v| !v.is_empty())
        };
        Self {
            http: get("HTTP_PROXY"),
            https: get("HTTPS_PROXY"),
            no_proxy: get("NO_PROXY").unwrap_or_default(),
        }
    }

    /// The rules that say which URL goes through which proxy; `None`: all go directly.
    ///
    /// # Errors
    ///
    /// Says which proxy's URL cannot be understood.
    pub(super) fn build(&self) -> Result<Option<Matcher>, String> {
        if self.http.is_none() && self.https.is_none() {
            return Ok(None);
        }
        let check = |url: &Option<String>, name: &str| match url {
            Some(url) => {
                readable(url).map_err(|why| format!("{name}: invalid proxy URL \"{}\": {why}", masked(url)))
            }
            None => Ok(()),
        };
        check(&self.http, "HTTP_PROXY")?;
        check(&self.https, "HTTPS_PROXY")?;
        let rules = Matcher::builder()
            .http(self.http.clone().unwrap_or_default())
            .https(self.https.clone().unwrap_or_default())
            .no(format!("{LOOPBACK},{}", self.no_proxy));
        Ok(Some(rules.build()))
    }
}

fn readable(url: &str) -> Result<(), String> {
    let uri: Uri = url.parse().map_err(|error: http::uri::InvalidUri| error.to_string())?;
    if uri.authority().is_none() {
        return Err("it has no host".to_owned());
    }
    // Go takes a bare host:port for an http proxy.
    match uri.scheme_str() {
        None | Some("http" | "https" | "socks5" | "socks5h") => Ok(()),
        Some(scheme) => Err(format!("the scheme {scheme} is none of http, https, socks5, socks5h")),
    }
}

/// The URL without its credentials.
fn masked(url: &str) -> String {
    match url.rsplit_once('@') {
        Some((_, host)) => format!("…@{host}"),
        None => url.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn from_the_environment() {
        let env = |name: &str| match name {
            "HTTP_PROXY" => Some(String::new()),
            "http_proxy" => Some("proxy.test:3128".to_owned()),
            "NO_PROXY" => Some("a.test".to_owned()),
            _ => None,
        };
        let proxies = Proxies::from_env(&env);
        assert_eq!((proxies.http.as_deref(), proxies.no_proxy.as_str()), (Some("proxy.test:3128"), "a.test"));
        let rules = proxies.build().unwrap().unwrap();
        for (url, goes) in [
            ("http://b.test/", true),
            ("http://a.test/", false),
            ("http://127.0.0.1/", false),
            ("https://b.test/", false),
        ] {
            assert_eq!(rules.intercept(&url.parse().unwrap()).is_some(), goes, "{url}");
        }
        assert!(Proxies::default().build().unwrap().is_none());
        for bad in ["http://[", "ftp://u:secret@proxy.test", "/only/a/path"] {
            let error = Proxies { https: Some(bad.into()), ..Proxies::default() }.build().unwrap_err();
            assert!(error.starts_with("HTTPS_PROXY: invalid proxy URL"), "{error}");
            assert!(!error.contains("secret"), "{error}");
        }
    }
}
