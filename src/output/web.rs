//! Parcels as bodies of HTTP requests.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Result, anyhow};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use url::Url;

use super::delivery::{Again, Trouble};
use crate::net::client::{Client, Config, Shared};
use crate::net::exchange::{Call, fetch};
use crate::net::proxy::Proxies;
use crate::net::tls::Tls;
use crate::net::{header, http_date};

/// So much of an answer's body is shown where it says what was wrong, in bytes.
const SHOWN_ANSWER: usize = 200;

/// Where to, and with what headers. Made on any thread; [`Post`] sends.
#[derive(Clone)]
pub struct Address {
    shared: Arc<Shared>,
    url: Url,
    headers: Vec<(String, String)>,
    timeout: Duration,
}

/// A client for one address, on the thread where it was made.
pub struct Post {
    client: Client,
    address: Address,
}

impl Address {
    /// Proxies are those of the environment.
    ///
    /// # Errors
    ///
    /// The TLS settings contradict each other, or a proxy's URL is none.
    pub fn new(
        url: Url,
        headers: Vec<(String, String)>,
        timeout: Duration,
        tls: Tls,
        env: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Self> {
        Ok(Self { shared: network(tls, env)?, url, headers, timeout })
    }

    /// The client for it.
    pub fn client(self) -> Post {
        Post { client: Client::new(&self.shared, 1), address: self }
    }
}

/// What clients of an output share: none of the script's options, and the proxies of the environment.
///
/// # Errors
///
/// The TLS settings contradict each other, or a proxy's URL is none.
pub fn network(tls: Tls, env: &dyn Fn(&str) -> Option<String>) -> Result<Arc<Shared>> {
    let config = Config { tls, proxies: Proxies::from_env(env), ..Config::default() };
    Shared::new(config).map_err(|error| anyhow!("{error}"))
}

impl Post {
    /// Where to.
    pub fn url(&self) -> &Url {
        &self.address.url
    }

    /// Sends a body; returns that of the answer, which has a status from 200 to 299.
    ///
    /// # Errors
    ///
    /// Nothing came back, or something that says no.
    pub async fn send(&self, body: Bytes) -> Result<Bytes, Trouble> {
        self.send_to(self.address.url.clone(), Vec::new(), body).await
    }

    /// The same for another URL of that server, or with more headers.
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send).
    pub async fn send_to(
        &self,
        url: Url,
        headers: Vec<(String, String)>,
        body: Bytes,
    ) -> Result<Bytes, Trouble> {
        let mut call = Call::new("POST", url);
        call.headers = self.address.headers.clone();
        call.headers.extend(headers);
        call.body = body;
        call.timeout = Some(self.address.timeout);
        // A redirected POST would arrive as a GET.
        call.max_redirects = 0;
        let exchange = fetch(&self.client, call).await;
        let hop = exchange.last();
        if let Some(error) = &hop.error {
            return Err(Trouble::passing(error.to_string()));
        }
        if (200..300).contains(&hop.status) {
            return Ok(exchange.body);
        }
        let text = format!("the server answered {} {}{}", hop.status, hop.reason, told(&exchange.body));
        let asked = header::first(&hop.headers, "retry-after").and_then(retry_after);
        let again = match (hop.status, asked) {
            (429 | 503, Some(pause)) => Again::After(pause),
            (408 | 429 | 500 | 502 | 503 | 504, _) => Again::Soon,
            _ => Again::Never,
        };
        Err(Trouble { text, again })
    }
}

/// `: …`, what an answer says, on one line and not at length.
fn told(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(&body[..body.len().min(SHOWN_ANSWER)]);
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if text.is_empty() { text } else { format!(": {text}") }
}

/// The pause that a `Retry-After` asks for: seconds, or a date.
fn retry_after(value: &str) -> Option<Duration> {
    if let Ok(seconds) = value.trim().parse() {
        return Some(Duration::from_secs(seconds));
    }
    let at = u64::try_from(http_date::parse(value.trim())?).ok()?;
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Some(Duration::from_millis(at).saturating_sub(now))
}

/// The value of `Authorization` for a name and a password.
pub fn basic(username: &str, password: &str) -> String {
    format!("Basic {}", BASE64_STANDARD.encode(format!("{username}:{password}")))
}

/// Reads the URL of a server.
///
/// # Errors
///
/// Says what is wrong; does not show the URL, which may hold a password.
pub fn url(text: &str, of: &str) -> Result<Url> {
    let url = Url::parse(text).map_err(|error| anyhow!("{of} is no URL: {error}"))?;
    if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none_or(str::is_empty) {
        return Err(anyhow!("{of} must begin with http:// or https:// and a host"));
    }
    Ok(url)
}

/// A URL without its credentials and query, for the banner and the log.
pub fn shown(url: &Url) -> String {
    let mut url = url.clone();
    // Neither fails on what has a host.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url.set_query(None);
    url.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_and_answers() {
        assert_eq!(retry_after("7"), Some(Duration::from_secs(7)));
        assert_eq!(retry_after("Wed, 21 Oct 2015 07:28:00 GMT"), Some(Duration::ZERO));
        assert!(
            retry_after("Wed, 21 Oct 2099 07:28:00 GMT").is_some_and(|pause| pause.as_secs() > 1_000_000)
        );
        assert_eq!(retry_after("soon"), None);
        assert_eq!((told(b" \n"), told(b"out of\n  order ")), (String::new(), ": out of order".to_owned()));
    }

    #[test]
    fn credentials_are_not_shown() {
        let read = url("https://me:s3cret@a.test:9/x?token=s3cret", "the URL").unwrap();
        assert_eq!(shown(&read), "https://a.test:9/x");
        for bad in ["s3cret", "ftp://s3cret@a", "http://"] {
            let error = url(bad, "K6_X_URL").unwrap_err().to_string();
            assert!(error.starts_with("K6_X_URL ") && !error.contains("s3cret"), "{error}");
        }
        assert_eq!(basic("a", "b"), "Basic YTpi");
    }
}
