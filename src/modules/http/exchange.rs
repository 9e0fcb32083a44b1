//! Sending a request, and what comes of it: samples, warnings, a response or an exception.

use std::time::Instant;

use boa_engine::{Context, JsResult, JsValue};
use bytes::Bytes;
use url::Url;

use super::request::{Plan, Request};
use super::{Http, record, response};
use crate::js::go_error;
use crate::log::{self, Level};
use crate::net::client::Client;
use crate::net::error::Kind;
use crate::net::{Call, Exchange, Hop, NetError, Trail, fetch};
use crate::vu::State;

/// Sends a request and reads the response to its end.
pub async fn send(client: &Client, call: Result<Call, NetError>, method: &str) -> Exchange {
    match call {
        Ok(call) => fetch(client, call).await,
        Err(error) => failed(method, Trail::starting(Instant::now()), error),
    }
}

/// What is left of a request that its script ended where it stood: one round trip, of which only its time is known.
pub fn cut_off(method: &str, start: Instant) -> Exchange {
    let mut trail = Trail::starting(start);
    trail.end = Instant::now();
    trail.waiting = trail.end - start;
    failed(method, trail, NetError::request(Kind::Other("request aborted".to_owned())))
}

fn failed(method: &str, trail: Trail, error: NetError) -> Exchange {
    Exchange { hops: vec![nowhere(method, trail, error)], body: Bytes::new(), redirects_exhausted: false }
}

/// The round trip of a request of which no other is known.
fn nowhere(method: &str, trail: Trail, error: NetError) -> Hop {
    Hop {
        trail,
        method: if method.is_empty() { "GET".to_owned() } else { method.to_owned() },
        // A constant that is a URL; nobody sees it, for the script's own text is shown.
        url: Url::parse("about:blank").expect("a URL"),
        status: 0,
        reason: String::new(),
        headers: Vec::new(),
        proto: "",
        tls_version: "",
        tls_cipher_suite: String::new(),
        remote: None,
        request_headers: Vec::new(),
        request_cookies: Vec::new(),
        bytes_sent: 0,
        bytes_received: 0,
        error: Some(error),
    }
}

/// Sends one request and waits for its end.
///
/// # Errors
///
/// The VU was interrupted (not catchable); the request failed, and is to throw.
pub fn perform(request: Request, http: &Http, state: &State, context: &mut Context) -> JsResult<JsValue> {
    let client = state.client().map_err(|text| go_error(text, context))?;
    let Request { call, plan } = request;
    let exchange = state.block_on(send(&client, call, &plan.method), context)?;
    finish(plan, exchange, http, state, context)
}

/// Turns a finished exchange into samples, log lines and a response.
///
/// # Errors
///
/// The request failed, and is to throw.
pub fn finish(
    plan: Plan,
    mut exchange: Exchange,
    http: &Http,
    state: &State,
    context: &mut Context,
) -> JsResult<JsValue> {
    for (index, hop) in exchange.hops.iter().enumerate() {
        record::record(state, &plan, hop, index == 0, &http.kept);
        state.saw_proto(hop.proto);
        state.count_bytes(hop.bytes_sent, hop.bytes_received);
    }
    let trips = exchange.hops.len();
    if exchange.redirects_exhausted && !plan.limit_chosen {
        let text = format!(
            "Stopped after {trips} redirects and returned the redirection; pass {{ redirects: n }} in the \
             request's parameters or set the option maxRedirects to silence this warning"
        );
        log::emit(Level::Warn, &text, &[("url", &plan.address.clean)]);
    }
    let Some(mut last) = exchange.hops.pop() else { return Ok(JsValue::undefined()) };
    let url = if trips == 1 { plan.address.shown.clone() } else { last.url.to_string() };
    if let Some(error) = &last.error {
        let text = error.go_error(&plan.method, &url);
        // Nobody can use a connection that changed its protocol.
        if plan.throw || last.status == 101 {
            return Err(go_error(text, context));
        }
        log::emit(Level::Warn, "Request Failed", &[("error", &text)]);
    }
    let sent = match exchange.hops.into_iter().next() {
        Some(first) => (first.request_headers, first.request_cookies),
        None => (std::mem::take(&mut last.request_headers), std::mem::take(&mut last.request_cookies)),
    };
    // Collections are counted in calls; large bodies must not wait for as many as small ones.
    state.left_garbage(2 + u32::try_from(exchange.body.len() / 16_384).unwrap_or(u32::MAX / 2));
    response::new(http, response::Facts::new(plan, url, last, exchange.body, sent), context)
}
