//! What a stream leaves in the metrics: its tags, a few samples a stream, and one or two an event.

use std::time::{Duration, Instant};

use crate::k6::SystemTag;
use crate::k6::builtin::{self, Builtin};
use crate::k6::duration::milliseconds;
use crate::metrics::{SeriesId, TagSet, TagSetId};
use crate::modules::trace::Traced;
use crate::net::outcome::tells_error;
use crate::net::{Event, Hop, NetError, Outcome};
use crate::vu::State;
use crate::vu::round_trip::timings;

/// A gap between events that is a stall, where the script does not say.
pub const STALL: Duration = Duration::from_secs(1);

/// Makes the metrics of streams known, so that thresholds may name them.
pub fn register(state: &State) {
    state.builtin(&builtin::SSE_EVENT);
    for metric in builtin::STREAMING {
        state.builtin(metric);
    }
}

/// What the samples of a call are tagged with, beside the VU's own tags.
#[derive(Clone, Copy, Debug)]
pub struct CallTags<'a> {
    pub url: &'a str,
    /// `params.tags`.
    pub own: &'a [(String, String)],
    /// Instead of the VU's present tags; of calls that go on while the script changes those.
    pub vu: Option<&'a TagSet>,
}

/// How far a call came: its last round trip if there was a response, or why there was none.
#[derive(Clone, Copy, Debug)]
pub enum Reached<'a> {
    Response(&'a Hop),
    Error(&'a NetError),
    /// Neither: the test ended before.
    Nothing,
}

impl CallTags<'_> {
    /// The number of the tags.
    pub fn id(&self, state: &State, reached: Reached) -> TagSetId {
        self.with(state, reached, None)
    }

    fn with(&self, state: &State, reached: Reached, outcome: Option<Outcome>) -> TagSetId {
        let change = |tags: &mut TagSet| {
            self.own.iter().for_each(|(k, v)| tags.set(k, v));
            let mut set = |tag: SystemTag, value: &str| {
                if state.has_tag(tag) {
                    tags.set(tag.name(), value);
                }
            };
            set(SystemTag::Url, self.url);
            match reached {
                Reached::Response(hop) => {
                    set(SystemTag::Status, &hop.status.to_string());
                    if let Some(remote) = hop.remote {
                        set(SystemTag::Ip, &remote.ip().to_string());
                    }
                }
                Reached::Error(error) => {
                    set(SystemTag::Error, &error.message());
                    set(SystemTag::ErrorCode, &error.code().to_string());
                }
                Reached::Nothing => {}
            }
            if let Some(outcome) = outcome {
                tags.set("outcome", outcome.name());
            }
        };
        match self.vu {
            None => state.tags_with(change),
            Some(tags) => {
                let mut tags = tags.clone();
                change(&mut tags);
                state.test.registry.tag_set(&tags)
            }
        }
    }
}

/// Takes the samples of one stream that has a response.
#[derive(Debug)]
pub struct Recorder {
    tags: TagSetId,
    event: SeriesId,
    /// `None`: nobody looks at gaps.
    gap: Option<SeriesId>,
    stall_threshold: Duration,
    /// The first event with data.
    first: Option<Instant>,
    last: Option<Instant>,
    stalls: u32,
    error_event: bool,
    /// Of streams that are shown in full.
    traced: Option<Box<Traced>>,
}

impl Recorder {
    /// Looks the series up, once a stream. `tags` are those of all samples but the outcome's.
    pub fn new(state: &State, tags: TagSetId, stall_threshold: Duration) -> Self {
        let series = |metric: &Builtin| state.series(state.builtin(metric), tags);
        Self {
            tags,
            event: series(&builtin::SSE_EVENT),
            gap: state.test.streaming.needs_gaps().then(|| series(&builtin::SSE_EVENT_GAP)),
            stall_threshold,
            first: None,
            last: None,
            stalls: 0,
            error_event: false,
            traced: Traced::begin(state),
        }
    }

    /// Counts an event that is delivered; `at` is the instant at which it was read.
    pub fn event(&mut self, state: &State, event: &Event, at: Instant) {
        state.samples.push(self.event, at, 1.0);
        if let Some(last) = self.last.replace(at) {
            let gap = at.saturating_duration_since(last);
            self.stalls += u32::from(gap > self.stall_threshold);
            if let Some(series) = self.gap {
                state.samples.push(series, at, milliseconds(gap));
            }
        }
        if self.first.is_none() && !event.data.is_empty() {
            self.first = Some(at);
        }
        if let Some(traced) = &mut self.traced {
            traced.event(at, !event.data.is_empty());
        }
        self.error_event = self.error_event || tells_error(&event.name, &event.data);
    }

    /// Whether one of the events told of an error.
    pub fn saw_error_event(&self) -> bool {
        self.error_event
    }

    /// The first event with data.
    pub fn first_event(&self) -> Option<Instant> {
        self.first
    }

    /// Records what is known at the stream's end, of its requests and of itself. Where the end of the test cut it
    /// off only the outcome is recorded: k6 counts no such requests.
    pub fn finish(self, state: &State, hops: &[Hop], call: CallTags, outcome: Outcome) {
        count_bytes(state, hops);
        let Some(last) = hops.last() else { return };
        if !state.interrupt.is_raised() {
            record_round_trip(state, last, self.tags);
            let (end, sent) = (last.trail.end, last.trail.got_conn.unwrap_or(last.trail.start));
            let since = |at: Instant| milliseconds(at.saturating_duration_since(sent));
            if let Some(first) = self.first {
                state.record(&builtin::SSE_TIME_TO_FIRST_EVENT, self.tags, first, since(first));
                let scheduled = &builtin::SSE_TIME_TO_FIRST_EVENT_SCHEDULED;
                state.record_scheduled(scheduled, self.tags, first, since(first));
            }
            state.record(&builtin::SSE_STREAM_DURATION, self.tags, end, since(end));
            state.record(&builtin::SSE_STALLS, self.tags, end, f64::from(self.stalls));
        }
        if let Some(traced) = self.traced {
            traced.finish(state, self.tags, last, outcome, |_, _| {});
        }
        record_outcome(state, call, Reached::Response(last), outcome);
    }
}

/// Records a call that got no response.
pub fn record_failure(state: &State, hops: &[Hop], call: CallTags, error: &NetError) {
    let tags = call.id(state, Reached::Error(error));
    count_bytes(state, hops);
    match hops.last() {
        Some(last) => {
            record_round_trip(state, last, tags);
            if let Some(traced) = Traced::begin(state) {
                traced.finish(state, tags, last, Outcome::of_error(error), |_, _| {});
            }
        }
        None => {
            state.record(&builtin::HTTP_REQ_DURATION, tags, Instant::now(), 0.0);
            state.record(&builtin::HTTP_REQS, tags, Instant::now(), 1.0);
        }
    }
    record_outcome(state, call, Reached::Error(error), Outcome::of_error(error));
}

/// Counts a stream by its outcome.
pub fn record_outcome(state: &State, call: CallTags, reached: Reached, outcome: Outcome) {
    if !matches!(outcome, Outcome::Ok | Outcome::Aborted | Outcome::Interrupted) {
        state.request_failed.set(true);
    }
    let tags = call.with(state, reached, Some(outcome));
    state.record(&builtin::SSE_STREAMS, tags, Instant::now(), 1.0);
}

/// What went over the wire counts, also for a call that was cut off.
fn count_bytes(state: &State, hops: &[Hop]) {
    for hop in hops {
        state.count_bytes(hop.bytes_sent, hop.bytes_received);
    }
}

/// One set of samples for the whole chain of redirects, as xk6-sse counts one call; the durations are the last
/// hop's, by k6's arithmetic.
fn record_round_trip(state: &State, last: &Hop, tags: TagSetId) {
    let trail = &last.trail;
    let at = trail.end;
    state.record(&builtin::HTTP_REQS, tags, at, 1.0);
    for (metric, time) in timings(trail) {
        state.record(metric, tags, at, milliseconds(time));
    }
    let duration = milliseconds(trail.duration());
    state.record_scheduled(&builtin::HTTP_REQ_DURATION_SCHEDULED, tags, at, duration);
}
