//! Proxies, as Go's client takes them from the environment.

use bytes::Bytes;
use http::HeaderValue;
use hyper_util::client::proxy::matcher::Matcher;
use reqwest::{NoProxy, Proxy};
use url::Url;

use crate::net::client::Shared;
use crate::net::error::{Kind, NetError};
use crate::net::redirect::Target;
use crate::net::request::Request;

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

/// A proxy that is asked for a tunnel.
#[derive(Clone, Debug)]
pub(super) struct Tunnel {
    /// Without credentials.
    pub url: String,
    /// The value of `Proxy-Authorization`.
    pub credentials: Option<HeaderValue>,
}

impl Tunnel {
    /// A request that goes where the proxy is.
    ///
    /// # Errors
    ///
    /// The proxy is none of HTTP's, or its host is one that the options forbid.
    pub fn request(&self, shared: &Shared) -> Result<Request, NetError> {
        let bad = |text: String| NetError::request(Kind::Other(text));
        let url = Url::parse(&self.url).map_err(|error| bad(format!("proxy {:?}: {error}", self.url)))?;
        if url.scheme() != "http" {
            return Err(bad(format!("proxy {}: WebSockets go through http:// proxies only", self.url)));
        }
        let method = "CONNECT".to_owned();
        let target = Target { method, url, headers: Vec::new(), body: Bytes::new(), referer: None };
        Request::new(shared, &target, &[], None)
    }
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

    /// The proxy for a URL of http or https.
    pub(super) fn tunnel(&self, url: &Url) -> Option<Tunnel> {
        if self.http.is_none() && self.https.is_none() {
            return None;
        }
        let text = |url: &Option<String>| url.clone().unwrap_or_default();
        let no = format!("{LOOPBACK},{}", self.no_proxy);
        let matcher = Matcher::builder().http(text(&self.http)).https(text(&self.https)).no(no).build();
        let found = matcher.intercept(&url.as_str().parse().ok()?)?;
        Some(Tunnel { url: found.uri().to_string(), credentials: found.basic_auth().cloned() })
    }

    /// The same for reqwest.
    ///
    /// # Errors
    ///
    /// Says which proxy's URL cannot be understood.
    pub(super) fn build(&self) -> Result<Vec<Proxy>, String> {
        let direct = NoProxy::from_string(&format!("{LOOPBACK},{}", self.no_proxy));
        let make = |url: &Option<String>, name: &str, new: fn(&str) -> reqwest::Result<Proxy>| {
            let Some(url) = url else { return Ok(None) };
            // Go takes a bare host:port for an http proxy.
            let full = if url.contains("://") { url.clone() } else { format!("http://{url}") };
            match new(&full) {
                Ok(proxy) => Ok(Some(proxy.no_proxy(direct.clone()))),
                Err(error) => Err(format!("{name}: invalid proxy URL \"{url}\": {error}")),
            }
        };
        let http = make(&self.http, "HTTP_PROXY", |url| Proxy::http(url))?;
        let https = make(&self.https, "HTTPS_PROXY", |url| Proxy::https(url))?;
        Ok(http.into_iter().chain(https).collect())
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
        assert_eq!(proxies.build().unwrap().len(), 1);
        let tunnel = |url: &str| proxies.tunnel(&Url::parse(url).unwrap()).map(|tunnel| tunnel.url);
        assert_eq!(tunnel("http://b.test/x").as_deref(), Some("http://proxy.test:3128/"));
        for direct in ["http://a.test/", "http://127.0.0.1:1/", "https://b.test/"] {
            assert_eq!(tunnel(direct), None, "{direct}");
        }
        let bad = Proxies { https: Some("http://[".into()), ..Proxies::default() };
        assert!(bad.build().unwrap_err().starts_with("HTTPS_PROXY: invalid proxy URL \"http://[\""));
    }
}
