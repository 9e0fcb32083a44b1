//! Single requests in full, for outputs that show some: what modules leave of each that was chosen.

use std::time::Instant;

use crate::k6::duration::milliseconds;
use crate::llm::Report;
use crate::metrics::trace::{MOST_EVENTS, Marks, Phases, Place, RequestTrace};
use crate::metrics::{TagSetId, Timestamp};
use crate::net::{Hop, Outcome, Trail};
use crate::vu::State;

/// A request that is being traced.
#[derive(Debug)]
pub struct Traced {
    place: Place,
    first_event: Option<Instant>,
    events: Vec<Instant>,
    count: u64,
}

impl Traced {
    /// A request has begun: `Some` if it was chosen.
    #[inline]
    pub fn begin(state: &State) -> Option<Box<Self>> {
        let place = state.test.traces.begin()?;
        Some(Box::new(Self { place, first_event: None, events: Vec::new(), count: 0 }))
    }

    /// An event was read.
    pub fn event(&mut self, at: Instant, has_data: bool) {
        self.count += 1;
        if self.events.len() < MOST_EVENTS {
            self.events.push(at);
        }
        if has_data {
            self.first_event.get_or_insert(at);
        }
    }

    /// The request is over. `tags` are those of its samples; `add` notes what only the caller knows, such as the
    /// marks of tokens, for which it gets the instant that all times count from.
    pub fn finish(
        self,
        state: &State,
        tags: TagSetId,
        hop: &Hop,
        outcome: Outcome,
        add: impl FnOnce(&mut RequestTrace, Instant),
    ) {
        let trail = &hop.trail;
        let tags = state.test.registry.tags(tags);
        let name = tags.get("name").or_else(|| tags.get("url")).unwrap_or_default();
        let since = |at: Instant| milliseconds(at.saturating_duration_since(trail.start));
        let mut trace = RequestTrace {
            start: Timestamp::at(trail.start).0,
            name: name.to_owned(),
            scenario: state.scenario().map(|scenario| scenario.name.clone()).unwrap_or_default(),
            vu: state.id_in_test(),
            outcome: outcome.name().to_owned(),
            status: hop.status,
            phases: phases(trail),
            marks: Marks {
                headers: trail.headers.map(since),
                first_byte: trail.first_byte.map(since),
                first_event: self.first_event.map(since),
                end: since(trail.end),
                ..Marks::default()
            },
            events: self.events.iter().map(|at| since(*at) as f32).collect(),
            event_count: self.count,
            tokens: None,
        };
        add(&mut trace, trail.start);
        state.test.traces.keep(self.place, trace);
    }
}

/// The trace of a call of a language model: of its last attempt, with the events that had content. `None` where
/// there was no response.
pub fn of_call(report: &Report, name: String, scenario: String, vu: u64) -> Option<RequestTrace> {
    let trail = &report.hop()?.trail;
    let since = |at: Instant| milliseconds(at.saturating_duration_since(trail.start));
    let marks = &report.marks;
    let gaps = report.arrivals.gaps().map(|(at, _)| at);
    let events = marks.first_token.into_iter().chain(gaps).take(MOST_EVENTS);
    Some(RequestTrace {
        start: Timestamp::at(trail.start).0,
        name,
        scenario,
        vu,
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
    })
}

/// The phases of a round trip as a trace has them.
fn phases(trail: &Trail) -> Phases {
    Phases {
        blocked: milliseconds(trail.blocked),
        dns: milliseconds(trail.dns),
        connecting: milliseconds(trail.connecting),
        tls: milliseconds(trail.tls),
        sending: milliseconds(trail.sending),
        waiting: milliseconds(trail.waiting),
        receiving: milliseconds(trail.receiving),
    }
}

/// How a plain request ended, in the words for streams.
pub fn outcome(hop: &Hop) -> Outcome {
    match &hop.error {
        Some(error) => Outcome::of_error(error),
        None if hop.status >= 400 => Outcome::HttpError,
        None => Outcome::Ok,
    }
}
