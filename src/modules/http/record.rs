//! One round trip as samples.

use std::rc::Rc;
use std::time::Duration;

use super::expected::Expected;
use super::kept::{Found, Kept, Kind};
use super::request::Plan;
use super::url::masked;
use crate::k6::SystemTag;
use crate::k6::builtin::{self, Builtin};
use crate::k6::error_code;
use crate::metrics::TagSet;
use crate::modules::trace::{Traced, outcome};
use crate::net::Hop;
use crate::vu::State;

/// The metrics of a round trip; the last is left out where successes and failures are not told apart.
const METRICS: [&Builtin; 9] = [
    &builtin::HTTP_REQS,
    &builtin::HTTP_REQ_DURATION,
    &builtin::HTTP_REQ_BLOCKED,
    &builtin::HTTP_REQ_CONNECTING,
    &builtin::HTTP_REQ_TLS_HANDSHAKING,
    &builtin::HTTP_REQ_SENDING,
    &builtin::HTTP_REQ_WAITING,
    &builtin::HTTP_REQ_RECEIVING,
    &builtin::HTTP_REQ_FAILED,
];

/// Emits the nine samples of a round trip, at its end; `first` is the request that the script asked for, the
/// others are those that redirects led to.
pub fn record(state: &State, plan: &Plan, hop: &Hop, first: bool, kept: &Kept) {
    let asks = first && plan.digest;
    let is_expected =
        |expected: &Rc<Expected>| if asks { hop.status == 401 } else { expected.has(hop.status) };
    let expected = plan.expected.as_ref().map(is_expected);
    // With a digest the URL was sent, and is shown, without its credentials.
    let first = first && !plan.digest;
    let (tags, series) = match Kind::of(plan, hop, expected).filter(|_| first) {
        Some(kind) => kept.series(kind, || series(state, plan, hop, first, expected)),
        None => series(state, plan, hop, first, expected),
    };
    let trail = &hop.trail;
    let milliseconds = |time: Duration| time.as_secs_f64() * 1e3;
    let values = [
        1.0,
        milliseconds(trail.duration()),
        milliseconds(trail.blocked),
        milliseconds(trail.connecting),
        milliseconds(trail.tls),
        milliseconds(trail.sending),
        milliseconds(trail.waiting),
        milliseconds(trail.receiving),
        f64::from(u8::from(expected == Some(false))),
    ];
    let shown = METRICS.len() - usize::from(expected.is_none());
    for (series, value) in series.into_iter().zip(values).take(shown) {
        state.samples.push(series, trail.end, value);
    }
    state.record_scheduled(
        &builtin::HTTP_REQ_DURATION_SCHEDULED,
        tags,
        trail.end,
        milliseconds(trail.duration()),
    );
    if let Some(traced) = Traced::begin(state) {
        traced.finish(state, tags, hop, outcome(hop), |_, _| {});
    }
    if expected == Some(false) {
        state.request_failed.set(true);
    }
}

fn series(state: &State, plan: &Plan, hop: &Hop, first: bool, expected: Option<bool>) -> Found {
    let tags = state.test.registry.tag_set(&tags(state, plan, hop, first, expected));
    (tags, METRICS.map(|metric| state.series(state.builtin(metric), tags)))
}

fn tags(state: &State, plan: &Plan, hop: &Hop, first: bool, expected: Option<bool>) -> TagSet {
    let mut tags = (*state.test.registry.tags(plan.vu_tags)).clone();
    plan.tags.iter().for_each(|(key, value)| tags.set(key, value));
    let address = &plan.address;
    if tags.get("name").is_none() && address.name != address.clean && state.has_tag(SystemTag::Name) {
        tags.set("name", &address.name);
    }
    let name = tags.get("name").map(str::to_owned);
    let mut set = |tag: SystemTag, value: &str| {
        if state.has_tag(tag) {
            tags.set(tag.name(), value);
        }
    };
    // A name that somebody chose also stands for the URL, which may be different in each request.
    match name {
        Some(name) => set(SystemTag::Url, &name),
        None if first => {
            set(SystemTag::Name, &plan.address.clean);
            set(SystemTag::Url, &plan.address.clean);
        }
        None => {
            let clean = masked(hop.url.as_str());
            set(SystemTag::Name, &clean);
            set(SystemTag::Url, &clean);
        }
    }
    set(SystemTag::Method, &hop.method);
    match &hop.error {
        Some(error) => {
            set(SystemTag::Error, &error.message());
            set(SystemTag::ErrorCode, &error.code().to_string());
            set(SystemTag::Status, "0");
        }
        None => {
            set(SystemTag::Status, &hop.status.to_string());
            let code = error_code::for_status(hop.status);
            if code > 0 {
                set(SystemTag::ErrorCode, &code.to_string());
            }
            set(SystemTag::Proto, hop.proto);
            if !hop.tls_version.is_empty() {
                set(SystemTag::TlsVersion, hop.tls_version);
                set(SystemTag::OcspStatus, "unknown");
            }
        }
    }
    if let Some(remote) = &hop.remote
        && state.has_tag(SystemTag::Ip)
    {
        set(SystemTag::Ip, &remote.ip().to_string());
    }
    if let Some(expected) = expected {
        set(SystemTag::ExpectedResponse, if expected { "true" } else { "false" });
    }
    tags
}
