//! What a call leaves in the metrics: k6's nine samples an attempt, and those of docs/metrics.md a call.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use super::options::Options;
use super::request::Question;
use crate::k6::SystemTag;
use crate::k6::builtin;
use crate::k6::duration::milliseconds;
use crate::llm::{self, Attempt, Report, Tagged};
use crate::log;
use crate::metrics::{TagSet, TagSetId};
use crate::modules::trace;
use crate::net::{Hop, Outcome};
use crate::vu::State;
use crate::vu::round_trip::timings;

/// Makes the metrics known, so that thresholds may name them.
pub fn register(state: &State) {
    for metric in builtin::LLM {
        state.builtin(metric);
    }
}

/// What the samples of a call are tagged with; taken when it begins, for the script may change its tags meanwhile.
pub struct Call {
    tags: TagSet,
}

impl Call {
    /// The tags of a call that begins now.
    pub fn new(state: &State, options: &Options, question: &Question) -> Self {
        let mut tags = state.tags().clone();
        let url = options.target.endpoint.template();
        let name = options.name.as_deref().unwrap_or(url);
        for (tag, value) in [(SystemTag::Url, name), (SystemTag::Name, name), (SystemTag::Method, "POST")] {
            if state.has_tag(tag) {
                tags.set(tag.name(), value);
            }
        }
        if let Some(model) = question.request.model.as_deref().or(options.target.model.as_deref()) {
            tags.set("model", model);
        }
        question.tags.iter().for_each(|(key, value)| tags.set(key, value));
        Self { tags }
    }

    fn id(&self, state: &State, change: impl FnOnce(&mut TagSet)) -> TagSetId {
        let mut tags = self.tags.clone();
        change(&mut tags);
        state.test.registry.tag_set(&tags)
    }

    /// The tags of one attempt.
    fn of_attempt(&self, state: &State, attempt: &Attempt) -> TagSetId {
        self.id(state, |tags| {
            let mut set = |tag: SystemTag, value: &str| {
                if state.has_tag(tag) {
                    tags.set(tag.name(), value);
                }
            };
            set(SystemTag::Status, &attempt.status.to_string());
            if let Some(error) = &attempt.cause {
                set(SystemTag::Error, &error.message());
                set(SystemTag::ErrorCode, &error.code().to_string());
            } else if attempt.status >= 400 {
                set(SystemTag::ErrorCode, &crate::k6::error_code::for_status(attempt.status).to_string());
            }
            if let Some(hop) = attempt.hops.last() {
                if !hop.proto.is_empty() {
                    set(SystemTag::Proto, hop.proto);
                }
                if let Some(remote) = hop.remote {
                    set(SystemTag::Ip, &remote.ip().to_string());
                }
            }
            set(SystemTag::ExpectedResponse, if is_expected(attempt) { "true" } else { "false" });
        })
    }
}

fn is_expected(attempt: &Attempt) -> bool {
    (200..400).contains(&attempt.status)
}

/// Records a call that came to its end.
pub fn record(state: &State, call: &Call, report: &Report) {
    for hop in report.attempts.iter().flat_map(|attempt| &attempt.hops) {
        state.count_bytes(hop.bytes_sent, hop.bytes_received);
    }
    let mut tags = call.id(state, |_| ());
    if report.outcome == Outcome::Interrupted {
        // k6 measures no requests that the end of the test cut off.
        tags = with(state, tags, |tags| tags.set("outcome", report.outcome.name()));
        state.record(&builtin::LLM_REQUESTS, tags, Instant::now(), 1.0);
        return;
    }
    for attempt in &report.attempts {
        tags = call.of_attempt(state, attempt);
        record_attempt(state, attempt, tags);
    }
    let name = call.tags.get("name").unwrap_or_default();
    state.test.registry.protocols.note(name, report.protocol);
    let gaps = state.test.streaming.needs_gaps();
    // Whether it is one of the sample is asked at its end: that is as blind to how it went as at its beginning.
    if let Some(place) = state.test.traces.begin() {
        let scenario = state.scenario().map(|scenario| scenario.name.clone()).unwrap_or_default();
        let name = call.tags.get("name").unwrap_or_default().to_owned();
        if let Some(trace) = trace::of_call(report, name, scenario, state.id_in_test()) {
            state.test.traces.keep(place, trace);
        }
    }
    llm::record(report, gaps, &mut |metric, tagged, at, value| {
        let tags = match tagged {
            Tagged::No => tags,
            Tagged::Tokens(source) => with(state, tags, |tags| tags.set("tokens", source.name())),
            Tagged::Outcome => with(state, tags, |tags| {
                tags.set("outcome", report.outcome.name());
                if let Some(reason) = &report.reply.finish_reason {
                    tags.set("finish_reason", reason);
                }
            }),
        };
        state.record(metric, tags, at, value);
    });
    let marks = &report.marks;
    for (metric, at, time) in [
        (&builtin::LLM_TIME_TO_FIRST_TOKEN_SCHEDULED, marks.first_token, marks.time_to_first_token()),
        (&builtin::LLM_REQUEST_DURATION_SCHEDULED, marks.last_token, marks.duration()),
    ] {
        if let (Some(at), Some(time)) = (at, time) {
            state.record_scheduled(metric, tags, at, milliseconds(time));
        }
    }
    if !matches!(report.outcome, Outcome::Ok | Outcome::Aborted) {
        state.request_failed.set(true);
    }
    if let Some(hop) = report.hop() {
        state.saw_proto(hop.proto);
    }
    tell_of_mismatch(report);
}

fn with(state: &State, tags: TagSetId, change: impl FnOnce(&mut TagSet)) -> TagSetId {
    let mut changed = (*state.test.registry.tags(tags)).clone();
    change(&mut changed);
    state.test.registry.tag_set(&changed)
}

/// k6's samples of one request, redirects counted as one with it.
fn record_attempt(state: &State, attempt: &Attempt, tags: TagSetId) {
    let Some(Hop { trail, .. }) = attempt.hops.last() else { return };
    let at = trail.end;
    state.record(&builtin::HTTP_REQS, tags, at, 1.0);
    state.record(&builtin::HTTP_REQ_FAILED, tags, at, f64::from(u8::from(!is_expected(attempt))));
    for (metric, time) in timings(trail) {
        state.record(metric, tags, at, milliseconds(time));
    }
    let duration = milliseconds(trail.duration());
    state.record_scheduled(&builtin::HTTP_REQ_DURATION_SCHEDULED, tags, at, duration);
}

/// Whether it was said that tokens are counted otherwise: once a run is enough.
static TOLD_OF_MISMATCH: AtomicBool = AtomicBool::new(false);

fn tell_of_mismatch(report: &Report) {
    if let Some(counted) = report.tokens.mismatch
        && !TOLD_OF_MISMATCH.swap(true, Ordering::Relaxed)
    {
        log::warn(format!(
            "the server counts {} tokens in an answer in which the tokenizer counts {counted}; is it the model's? \
             llm_token_mismatches counts such answers (this is said once)",
            report.tokens.completion.count
        ));
    }
}
