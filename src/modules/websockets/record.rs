//! What a WebSocket leaves in the metrics.

use std::net::SocketAddr;
use std::time::Instant;

use crate::k6::SystemTag;
use crate::k6::builtin::{self, Builtin};
use crate::k6::duration::milliseconds;
use crate::metrics::{TagSet, TagSetId};
use crate::net::websocket::Answer;
use crate::vu::State;

/// The tags of a WebSocket's samples before it has an answer: those of the VU at the time of the call, and the
/// call's own.
pub fn tags_of_call(state: &State, own: &[(String, String)]) -> TagSet {
    let mut tags = state.tags().clone();
    own.iter().for_each(|(key, value)| tags.set(key, value));
    tags
}

/// Sets a system tag, if the options want it.
pub fn set_tag(tags: &mut TagSet, state: &State, tag: SystemTag, value: &str) {
    if state.has_tag(tag) {
        tags.set(tag.name(), value);
    }
}

/// Adds what the answer says.
pub fn tag_answer(tags: &mut TagSet, state: &State, answer: Option<&Answer>, peer: Option<SocketAddr>) {
    if let Some(peer) = peer {
        set_tag(tags, state, SystemTag::Ip, &peer.ip().to_string());
    }
    if let Some(answer) = answer {
        set_tag(tags, state, SystemTag::Status, &answer.status.to_string());
        set_tag(tags, state, SystemTag::Subproto, answer.protocol());
    }
}

/// Takes the samples of one WebSocket.
#[derive(Clone, Copy, Debug)]
pub struct Recorder {
    tags: TagSetId,
    started: Instant,
}

impl Recorder {
    /// Counts a WebSocket that was asked for at `started` and has its answer, or none, now.
    pub fn new(state: &State, tags: &TagSet, started: Instant) -> Self {
        let recorder = Self { tags: state.test.registry.tag_set(tags), started };
        recorder.record(state, &builtin::WS_SESSIONS, started, 1.0);
        recorder.record(state, &builtin::WS_CONNECTING, started, milliseconds(started.elapsed()));
        recorder
    }

    /// Counts a message that was sent.
    pub fn sent(&self, state: &State) {
        self.record(state, &builtin::WS_MSGS_SENT, Instant::now(), 1.0);
    }

    /// Counts a message that was read at `at`.
    pub fn received(&self, state: &State, at: Instant) {
        self.record(state, &builtin::WS_MSGS_RECEIVED, at, 1.0);
    }

    /// Measures the way of a ping that was sent at `sent` to its pong, read at `at`.
    pub fn pong(&self, state: &State, sent: Instant, at: Instant) {
        let time = milliseconds(at.saturating_duration_since(sent));
        self.record(state, &builtin::WS_PING, at, time);
    }

    /// Measures the whole WebSocket, which has ended; the sample's time is `at`.
    pub fn ended(&self, state: &State, at: Instant) {
        self.record(state, &builtin::WS_SESSION_DURATION, at, milliseconds(self.started.elapsed()));
    }

    /// When the WebSocket was asked for.
    pub fn started(&self) -> Instant {
        self.started
    }

    /// What the end of the test cuts off leaves no samples, as in k6.
    fn record(&self, state: &State, metric: &Builtin, at: Instant, value: f64) {
        if !state.interrupt.is_raised() {
            state.record(metric, self.tags, at, value);
        }
    }
}
