//! One request, recorded.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use bytes::Bytes;
use url::Url;

use super::tape::Tape;
use crate::log;
use crate::mock::recording::End;
use crate::net::{Call, Client, Shared, open_raw};

/// What is requested.
pub(super) struct Request {
    pub url: Url,
    /// `None`: as the body makes it.
    pub method: Option<String>,
    pub headers: Vec<(String, String)>,
    pub body: Option<Bytes>,
    pub max_time: Option<Duration>,
}

/// Makes the request and records its answer.
///
/// # Errors
/// Nobody answers, or the file cannot be written.
pub(super) fn record(
    request: Request,
    file: &Path,
    keep_body: bool,
    quiet: bool,
    network: &Arc<Shared>,
) -> Result<()> {
    let call = call(request);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.context("cannot start the recorder")?.block_on(async {
        let client = Client::new(network, 1);
        let opened = open_raw(&client, &call).await;
        let mut raw =
            opened.map_err(|failed| failed.error).with_context(|| format!("cannot record {}", call.url))?;
        let mut tape = Tape::begin(file, &call, &raw, keep_body, quiet)?;
        if raw.hop().status >= 400 {
            log::warn(format!(
                "the server answers with status {}; it is recorded all the same",
                raw.hop().status
            ));
        }
        loop {
            match raw.chunk().await {
                Ok(Some((at, bytes))) => tape.chunk(at, &bytes),
                Ok(None) => {
                    tape.end(End::Complete);
                    return Ok(());
                }
                Err(error) => {
                    log::warn(format!("the stream broke off: {error}"));
                    tape.end(End::Broken);
                    return Ok(());
                }
            }
        }
    })
}

fn call(request: Request) -> Call {
    let method = request.method.unwrap_or_else(|| {
        let method = if request.body.is_some() { "POST" } else { "GET" };
        method.to_owned()
    });
    let mut headers = request.headers;
    let mut default = |name: &str, value: &str| {
        if !headers.iter().any(|(known, _)| known.eq_ignore_ascii_case(name)) {
            headers.push((name.to_owned(), value.to_owned()));
        }
    };
    default("Accept", "text/event-stream, application/json, */*");
    if request.body.is_some() {
        default("Content-Type", "application/json");
    }
    Call {
        headers,
        body: request.body.unwrap_or_default(),
        timeout: request.max_time,
        decompress: false,
        ..Call::new(method, request.url)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_give_way() {
        let request = |headers: &[(&str, &str)], body: Option<&'static str>| {
            call(Request {
                url: Url::parse("http://a.test").unwrap(),
                method: None,
                headers: headers.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect(),
                body: body.map(Bytes::from),
                max_time: None,
            })
        };
        let get = request(&[("accept", "x")], None);
        assert_eq!((get.method.as_str(), get.headers.len()), ("GET", 1));
        let post = request(&[], Some("{}"));
        assert_eq!(post.method, "POST");
        assert!(post.headers.contains(&("Content-Type".to_owned(), "application/json".to_owned())));
    }
}
