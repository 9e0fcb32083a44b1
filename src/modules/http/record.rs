//! One round trip as samples.

use std::time::Duration;

use super::request::Plan;
use super::url::masked;
use crate::k6::SystemTag;
use crate::k6::builtin::{self, Builtin};
use crate::k6::error_code;
use crate::metrics::TagSet;
use crate::net::Hop;
use crate::vu::State;

/// Emits the nine samples of a round trip, at its end; `first` is the request that the script asked for, the
/// others are those that redirects led to.
pub fn record(state: &State, plan: &Plan, hop: &Hop, first: bool) {
    let expected = plan.expected.as_ref().map(|expected| expected.has(hop.status));
    let tags = state.test.registry.tag_set(&tags(state, plan, hop, first, expected));
    let at = hop.trail.end;
    let milliseconds = |time: Duration| time.as_secs_f64() * 1e3;
    let emit = |metric: &Builtin, value: f64| state.record(metric, tags, at, value);
    let trail = &hop.trail;
    emit(&builtin::HTTP_REQS, 1.0);
    emit(&builtin::HTTP_REQ_DURATION, milliseconds(trail.duration()));
    state.record_scheduled(&builtin::HTTP_REQ_DURATION_SCHEDULED, tags, at, milliseconds(trail.duration()));
    emit(&builtin::HTTP_REQ_BLOCKED, milliseconds(trail.blocked));
    emit(&builtin::HTTP_REQ_CONNECTING, milliseconds(trail.connecting));
    emit(&builtin::HTTP_REQ_TLS_HANDSHAKING, milliseconds(trail.tls));
    emit(&builtin::HTTP_REQ_SENDING, milliseconds(trail.sending));
    emit(&builtin::HTTP_REQ_WAITING, milliseconds(trail.waiting));
    emit(&builtin::HTTP_REQ_RECEIVING, milliseconds(trail.receiving));
    if let Some(expected) = expected {
        emit(&builtin::HTTP_REQ_FAILED, f64::from(u8::from(!expected)));
        if !expected {
            state.request_failed.set(true);
        }
    }
}

fn tags(state: &State, plan: &Plan, hop: &Hop, first: bool, expected: Option<bool>) -> TagSet {
    let mut tags = plan.tags.clone();
    let mut set = |tag: SystemTag, value: &str| {
        if state.has_tag(tag) {
            tags.set(tag.name(), value);
        }
    };
    // A name that somebody chose also stands for the URL, which may be different in each request.
    match plan.tags.get("name") {
        Some(name) => set(SystemTag::Url, name),
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
