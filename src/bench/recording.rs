//! What a request leaves in the metrics.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::local::Local;
use super::schedule::SCENARIO;
use super::stage::Stage;
use crate::k6::SystemTag;
use crate::k6::builtin::{self, Builtin};
use crate::k6::duration::milliseconds;
use crate::llm::record::Tagged;
use crate::llm::{self, Attempt, Report};
use crate::metrics::trace::Place;
use crate::metrics::{SeriesId, TagSet, TagSetId};
use crate::modules::trace;
use crate::vu::round_trip::timings;

/// Which request it was, and of whom.
#[derive(Clone, Debug)]
pub struct Asked {
    /// The conversation's name.
    pub conversation: Option<Arc<str>>,
    /// Its turn, from zero, and how many there are.
    pub turn: usize,
    pub turns: usize,
    /// The number of who asked.
    pub user: u32,
    /// How late it started, in an open model.
    pub delay: Option<Duration>,
    /// Where it is shown in full.
    pub traced: Option<Place>,
}

/// Records a request, and shows it in full if it was chosen for that.
pub fn keep(stage: &Stage, local: &Local, asked: &Asked, report: &Report) {
    let target = &stage.asking.target;
    let of = Of {
        local,
        tags: &local.tags(asked.conversation.as_ref(), asked.turn, asked.turns),
        url: target.endpoint.template(),
        model: target.model.as_deref(),
        delay: asked.delay,
    };
    record(&of, report);
    if let Some(place) = asked.traced
        && let Some(trace) = trace::of_call(report, of.url.to_owned(), SCENARIO.to_owned(), asked.user.into())
    {
        stage.test.traces.keep(place, trace);
    }
}

/// Whose samples they are.
struct Of<'a> {
    local: &'a Local,
    /// Those of the conversation and the turn.
    tags: &'a TagSet,
    /// The endpoint, as a template: sessions do not make series of their own.
    url: &'a str,
    model: Option<&'a str>,
    /// How late it started, in an open model.
    delay: Option<Duration>,
}

/// Records a request with all its attempts.
fn record(of: &Of, report: &Report) {
    for attempt in &report.attempts {
        of.attempt(attempt);
    }
    let Some(last) = report.attempts.last() else { return };
    of.local.test.registry.protocols.note(of.url, report.protocol);
    let tags = of.tags_of(last, false);
    let registry = &of.local.test.registry;
    let plain = registry.tag_set(&tags);
    of.events(report, plain);
    let further = |tagged: Tagged| match tagged {
        Tagged::No => plain,
        Tagged::Tokens(source) => {
            let mut tags = tags.clone();
            tags.set("tokens", source.name());
            registry.tag_set(&tags)
        }
        Tagged::Outcome => {
            let mut tags = tags.clone();
            tags.set("outcome", report.outcome.name());
            if !report.finish_reason().is_empty() {
                tags.set("finish_reason", report.finish_reason());
            }
            registry.tag_set(&tags)
        }
    };
    // The gaps between events come one after the other: their series is looked up once.
    let mut known: Option<(&'static str, Tagged, SeriesId)> = None;
    llm::record(report, true, &mut |metric, tagged, at, value| {
        let series = match known {
            Some((name, with, series)) if name == metric.name && with == tagged => series,
            _ => of.local.series(metric, further(tagged)),
        };
        known = Some((metric.name, tagged, series));
        of.local.samples.push(series, at, value);
    });
}

impl Of<'_> {
    /// One HTTP request, answered or not.
    fn attempt(&self, attempt: &Attempt) {
        let ok = attempt.outcome == crate::net::Outcome::Ok;
        let tags = self.local.test.registry.tag_set(&self.tags_of(attempt, true));
        let record = |metric: &Builtin, at: Instant, value: f64| self.local.record(metric, tags, at, value);
        let Some(hop) = attempt.hops.last() else {
            let now = Instant::now();
            record(&builtin::HTTP_REQS, now, 1.0);
            record(&builtin::HTTP_REQ_DURATION, now, 0.0);
            record(&builtin::HTTP_REQ_FAILED, now, f64::from(u8::from(!ok)));
            return;
        };
        let trail = &hop.trail;
        let at = trail.end;
        record(&builtin::HTTP_REQS, at, 1.0);
        record(&builtin::HTTP_REQ_FAILED, at, f64::from(u8::from(!ok)));
        for (metric, time) in timings(trail) {
            record(metric, at, milliseconds(time));
        }
        if let Some(delay) = self.delay {
            record(&builtin::HTTP_REQ_DURATION_SCHEDULED, at, milliseconds(trail.duration() + delay));
        }
        let sum = |bytes: fn(&crate::net::Hop) -> u64| attempt.hops.iter().map(bytes).sum::<u64>() as f64;
        record(&builtin::DATA_SENT, at, sum(|hop| hop.bytes_sent));
        record(&builtin::DATA_RECEIVED, at, sum(|hop| hop.bytes_received));
    }

    /// The stream as such, and what an open model adds.
    fn events(&self, report: &Report, tags: TagSetId) {
        let marks = &report.marks;
        if let Some(delay) = self.delay {
            for (metric, at, time) in [
                (&builtin::LLM_TIME_TO_FIRST_TOKEN_SCHEDULED, marks.first_token, marks.time_to_first_token()),
                (&builtin::LLM_REQUEST_DURATION_SCHEDULED, marks.last_token, marks.duration()),
            ] {
                if let (Some(at), Some(time)) = (at, time) {
                    self.local.record(metric, tags, at, milliseconds(time + delay));
                }
            }
        }
        self.local.record(&builtin::SSE_EVENT, tags, marks.end, report.events as f64);
        if let (Some(first), Some(time)) = (marks.first_event, marks.since_start(marks.first_event)) {
            self.local.record(&builtin::SSE_TIME_TO_FIRST_EVENT, tags, first, milliseconds(time));
            if let Some(delay) = self.delay {
                let metric = &builtin::SSE_TIME_TO_FIRST_EVENT_SCHEDULED;
                self.local.record(metric, tags, first, milliseconds(time + delay));
            }
        }
    }

    /// The tags of an attempt, as k6's of a request.
    fn tags_of(&self, attempt: &Attempt, expects: bool) -> TagSet {
        let on = self.local.test.system_tags();
        let mut tags = self.tags.clone();
        let mut set = |tag: SystemTag, value: &str| {
            if on.has(tag) && !value.is_empty() {
                tags.set(tag.name(), value);
            }
        };
        set(SystemTag::Method, "POST");
        set(SystemTag::Name, self.url);
        set(SystemTag::Url, self.url);
        set(SystemTag::Status, &attempt.status.to_string());
        if let Some(hop) = attempt.hops.last() {
            set(SystemTag::Proto, hop.proto);
            set(SystemTag::TlsVersion, hop.tls_version);
            if on.has(SystemTag::Ip)
                && let Some(remote) = hop.remote
            {
                set(SystemTag::Ip, &remote.ip().to_string());
            }
        }
        if let Some(cause) = &attempt.cause {
            set(SystemTag::Error, &cause.message());
            set(SystemTag::ErrorCode, &cause.code().to_string());
        } else if attempt.status >= 400 {
            set(SystemTag::ErrorCode, &(1000 + attempt.status).to_string());
        }
        if expects {
            let ok = attempt.outcome == crate::net::Outcome::Ok;
            set(SystemTag::ExpectedResponse, if ok { "true" } else { "false" });
        }
        if let Some(model) = self.model {
            tags.set("model", model);
        }
        tags
    }
}
