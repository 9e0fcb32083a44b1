//! Single requests in full, for reports that show some.

use std::time::Instant;

use super::recording::{Of, milliseconds};
use super::schedule::SCENARIO;
use crate::llm::Report;
use crate::metrics::Timestamp;
use crate::metrics::trace::{MOST_EVENTS, Marks, Place, RequestTrace};
use crate::modules::trace::phases;

/// Keeps a request that was chosen when it began. Its events are those with content.
pub fn keep(of: &Of, place: Place, user: u32, report: &Report) {
    let Some(hop) = report.hop() else { return };
    let trail = &hop.trail;
    let since = |at: Instant| milliseconds(at.saturating_duration_since(trail.start));
    let marks = &report.marks;
    let gaps = report.arrivals.gaps().map(|(at, _)| at);
    let events = marks.first_token.into_iter().chain(gaps).take(MOST_EVENTS);
    let trace = RequestTrace {
        start: Timestamp::at(trail.start).0,
        name: of.url.to_owned(),
        scenario: SCENARIO.to_owned(),
        vu: u64::from(user),
        outcome: report.outcome.name().to_owned(),
        status: report.status,
        phases: phases(trail),
        marks: Marks {
            headers: marks.headers.map(since),
            first_byte: marks.first_byte.map(since),
            first_event: marks.first_event.map(since),
            first_token: marks.first_token.map(since),
            last_token: marks.last_token.map(since),
            end: since(trail.end),
        },
        events: events.map(|at| since(at) as f32).collect(),
        event_count: report.arrivals.len() as u64,
        tokens: Some(report.tokens.completion.count).filter(|count| *count > 0),
    };
    of.local.test.traces.keep(place, trace);
}
