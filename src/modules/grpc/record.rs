//! What calls leave in the metrics.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use crate::k6::SystemTag;
use crate::k6::builtin::{self, Builtin};
use crate::metrics::TagSet;
use crate::net::grpc::Code;
use crate::vu::State;

/// The tags of a call's samples: those of the VU at its begin, the call's own, and what it is.
pub struct CallTags(TagSet);

impl CallTags {
    /// The tags of a call of a method, by its path.
    pub fn new(state: &State, address: &str, path: &str, own: &[(String, String)]) -> Self {
        let mut tags = state.tags().clone();
        own.iter().for_each(|(key, value)| tags.set(key, value));
        let mut set = |tag: SystemTag, value: &str| {
            if state.has_tag(tag) {
                tags.set(tag.name(), value);
            }
        };
        set(SystemTag::Url, &format!("{address}{path}"));
        let (service, method) = path.trim_start_matches('/').split_once('/').unwrap_or((path, ""));
        set(SystemTag::Service, service);
        set(SystemTag::Method, method);
        // A name that the script chose stays.
        if !own.iter().any(|(key, _)| key == SystemTag::Name.name()) {
            set(SystemTag::Name, path);
        }
        Self(tags)
    }

    /// The tags of a call that the script did not make itself: those of the VU.
    pub fn plain(state: &State) -> Self {
        Self(state.tags().clone())
    }

    /// Counts one of something.
    pub fn count(&self, metric: &Builtin, at: Instant, state: &State) {
        let tags = state.test.registry.tag_set(&self.0);
        state.record(metric, tags, at, 1.0);
    }

    /// Records how long a call took, and how it ended.
    pub fn duration(
        &self,
        code: Code,
        remote: Option<SocketAddr>,
        ended: Instant,
        took: Duration,
        state: &State,
    ) {
        let mut tags = self.0.clone();
        if state.has_tag(SystemTag::Status) {
            tags.set(SystemTag::Status.name(), &code.0.to_string());
        }
        if let Some(remote) = remote.filter(|_| state.has_tag(SystemTag::Ip)) {
            tags.set(SystemTag::Ip.name(), &remote.ip().to_string());
        }
        let tags = state.test.registry.tag_set(&tags);
        state.record(&builtin::GRPC_REQ_DURATION, tags, ended, took.as_secs_f64() * 1e3);
    }
}
