//! One request for a module. It is no part of the load: it happens before any VU runs.

use std::error::Error as _;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use crossbeam_channel::{RecvTimeoutError, bounded};
use reqwest::header::{
    AGE, CACHE_CONTROL, ETAG, HeaderMap, HeaderName, IF_MODIFIED_SINCE, IF_NONE_MATCH, LAST_MODIFIED,
};
use reqwest::{Client, StatusCode, redirect};
use rustls::ClientConfig;

use super::cache::Entry;
use crate::js::interrupt::is_interrupted;
use crate::net::tls::{PROVIDER, Roots};

/// How often a fetch looks whether the script was interrupted.
const TURN: Duration = Duration::from_millis(50);

/// As in Go's client.
const REDIRECTS: usize = 10;

/// Why the network has no module.
pub(super) enum Unfetched {
    NotFound,
    /// What is wrong.
    Unreachable(String),
}

/// Why a request brought nothing.
pub(super) enum Failed {
    /// A status other than 200.
    Refused(u16),
    Unreachable(String),
}

/// What a server says.
pub(super) enum Answer {
    New(Entry),
    /// The copy that we have is the newest, and is so for this long.
    Same(Duration),
}

/// Makes requests over TLS that trusts the system's roots; proxies are those of the environment.
#[derive(Default)]
pub(super) struct Fetcher {
    tls: OnceLock<Result<ClientConfig, String>>,
}

impl Fetcher {
    /// Asks for `url`, or for something newer than `cached`.
    ///
    /// `timeout` is for all of it, redirects included, `connect` for each connection.
    pub fn fetch(
        &self,
        url: &str,
        cached: Option<&Entry>,
        timeout: Duration,
        connect: Duration,
    ) -> Result<Answer, Failed> {
        let tls = self.tls.get_or_init(tls).clone().map_err(Failed::Unreachable)?;
        let client = Client::builder()
            .tls_backend_preconfigured(tls)
            .https_only(true)
            .redirect(redirect::Policy::limited(REDIRECTS))
            .user_agent(concat!("ssek/", env!("CARGO_PKG_VERSION")))
            .timeout(timeout)
            .connect_timeout(connect)
            .build()
            .map_err(|error| Failed::Unreachable(reason(&error)))?;
        let mut request = client.get(url);
        for (name, value) in [
            (IF_NONE_MATCH, cached.and_then(|entry| entry.etag.as_ref())),
            (IF_MODIFIED_SINCE, cached.and_then(|entry| entry.last_modified.as_ref())),
        ] {
            if let Some(value) = value {
                request = request.header(name, value);
            }
        }
        // The engine's thread may be inside a runtime, and has to see interrupts.
        let (sender, receiver) = bounded(1);
        let fetching = std::thread::Builder::new().name("fetch".to_owned()).spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            let answer = match runtime {
                Ok(runtime) => runtime.block_on(answer(request)),
                Err(error) => Err(Failed::Unreachable(error.to_string())),
            };
            let _ = sender.send(answer);
        });
        if let Err(error) = fetching {
            return Err(Failed::Unreachable(format!("could not start a thread: {error}")));
        }
        loop {
            match receiver.recv_timeout(TURN) {
                Ok(answer) => return answer,
                Err(RecvTimeoutError::Timeout) if !is_interrupted() => {}
                Err(_) => return Err(Failed::Unreachable("interrupted".to_owned())),
            }
        }
    }
}

fn tls() -> Result<ClientConfig, String> {
    let mut config = ClientConfig::builder_with_provider(PROVIDER.clone())
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?
        .dangerous()
        .with_custom_certificate_verifier(Roots::new() as Arc<_>)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}

async fn answer(request: reqwest::RequestBuilder) -> Result<Answer, Failed> {
    let unreachable = |error: reqwest::Error| Failed::Unreachable(reason(&error));
    let response = request.send().await.map_err(unreachable)?;
    let headers = response.headers().clone();
    let lifetime = lifetime(&headers);
    match response.status() {
        StatusCode::OK => {}
        StatusCode::NOT_MODIFIED => return Ok(Answer::Same(lifetime.unwrap_or_default())),
        status => return Err(Failed::Refused(status.as_u16())),
    }
    let body: Bytes = response.bytes().await.map_err(unreachable)?;
    let text = |name: HeaderName| Some(headers.get(name)?.to_str().ok()?.to_owned());
    let entry = Entry::new(body, text(ETAG), text(LAST_MODIFIED), lifetime, SystemTime::now());
    Ok(Answer::New(if lifetime.is_none() { entry.unkept() } else { entry }))
}

/// How long a response may be used without asking again: RFC 9111, 4.2. Servers that say nothing are asked
/// each time. `None`: it must not be kept.
fn lifetime(headers: &HeaderMap) -> Option<Duration> {
    let values = headers.get_all(CACHE_CONTROL).iter().filter_map(|value| value.to_str().ok());
    let mut lifetime = Duration::ZERO;
    let mut is_asked = false;
    for directive in values.flat_map(|value| value.split(',')) {
        let directive = directive.trim().to_ascii_lowercase();
        match directive.split_once('=') {
            Some(("max-age", seconds)) => {
                lifetime = Duration::from_secs(seconds.trim_matches('"').parse().unwrap_or(0));
            }
            _ if directive == "no-store" => return None,
            _ if directive == "no-cache" || directive.starts_with("no-cache=") => is_asked = true,
            _ => {}
        }
    }
    let age = headers.get(AGE).and_then(|age| age.to_str().ok()?.parse().ok()).map(Duration::from_secs);
    Some(if is_asked { Duration::ZERO } else { lifetime.saturating_sub(age.unwrap_or_default()) })
}

/// The innermost causes of an error, which say what happened; the outer ones repeat the URL.
fn reason(error: &reqwest::Error) -> String {
    let mut causes = vec![error.to_string()];
    let mut source = error.source();
    while let Some(cause) = source {
        let text = cause.to_string();
        if causes.last() != Some(&text) {
            causes.push(text);
        }
        source = cause.source();
    }
    if error.is_timeout() {
        return "it took too long".to_owned();
    }
    // `error sending request for url (…)` says nothing more.
    let told = if causes.len() > 1 { &causes[1..] } else { &causes[..] };
    told.join(": ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lifetimes() {
        let with = |control: &str, age: Option<&str>| {
            let mut headers = HeaderMap::new();
            headers.insert(CACHE_CONTROL, control.parse().unwrap());
            if let Some(age) = age {
                headers.insert(AGE, age.parse().unwrap());
            }
            lifetime(&headers).map(|lifetime| lifetime.as_secs())
        };
        assert_eq!(lifetime(&HeaderMap::new()), Some(Duration::ZERO));
        for (control, age, want) in [
            ("public, max-age=600", None, Some(600)),
            ("Max-Age=\"600\"", Some("100"), Some(500)),
            ("max-age=600", Some("700"), Some(0)),
            ("max-age=600, no-cache", None, Some(0)),
            ("max-age=600, no-store", None, None),
            ("max-age=soon", None, Some(0)),
        ] {
            assert_eq!(with(control, age), want, "{control}");
        }
    }
}
