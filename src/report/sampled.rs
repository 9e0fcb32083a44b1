//! Sampled requests, for the waterfalls.

use serde::Serialize;

use super::rounded::Rounded;
use crate::metrics::trace::RequestTrace;

/// How many events of one request a page shows: more than a bar has room for.
const MOST_EVENTS: usize = 300;

/// One request. Times are milliseconds since its start.
#[derive(Clone, Debug, Serialize)]
pub struct Sampled {
    /// Milliseconds since the test's start.
    pub start: Rounded,
    pub name: String,
    pub scenario: String,
    pub vu: u64,
    pub outcome: String,
    pub status: u16,
    /// Names and lengths.
    pub phases: Vec<(&'static str, Rounded)>,
    /// Names and instants.
    pub marks: Vec<(&'static str, Rounded)>,
    pub events: Vec<Rounded>,
    /// The gap before each of these events, also where the event before it is left out.
    pub gaps: Vec<Rounded>,
    /// How many events there were.
    pub count: u64,
    pub tokens: Option<u64>,
}

/// At most so many of the sample, spread over the test as the whole is.
pub fn requests(traces: &[RequestTrace], start: i64, most: usize) -> Vec<Sampled> {
    let (all, some) = (traces.len(), traces.len().min(most));
    (0..some).map(|place| Sampled::of(&traces[place * all / some], start)).collect()
}

impl Sampled {
    fn of(trace: &RequestTrace, start: i64) -> Self {
        let gaps: Vec<f32> = gaps(trace);
        let shown = shown(&gaps);
        let (phases, marks) = (&trace.phases, &trace.marks);
        let phases = [
            ("blocked", phases.blocked),
            ("connecting", phases.connecting),
            ("tls_handshaking", phases.tls),
            ("sending", phases.sending),
            ("waiting", phases.waiting),
            ("receiving", phases.receiving),
        ];
        let marks = [
            ("headers", marks.headers),
            ("first_byte", marks.first_byte),
            ("first_event", marks.first_event),
            ("first_token", marks.first_token),
            ("last_token", marks.last_token),
            ("end", Some(marks.end)),
        ];
        Self {
            start: Rounded(((trace.start - start) as f64 / 1e6).round()),
            name: trace.name.clone(),
            scenario: trace.scenario.clone(),
            vu: trace.vu,
            outcome: trace.outcome.clone(),
            status: trace.status,
            phases: phases.map(|(name, time)| (name, Rounded(time))).to_vec(),
            marks: marks.into_iter().filter_map(|(name, at)| Some((name, Rounded(at?)))).collect(),
            events: shown.iter().map(|place| milliseconds(trace.events[*place])).collect(),
            gaps: shown.iter().map(|place| milliseconds(gaps[*place])).collect(),
            count: trace.event_count,
            tokens: trace.tokens,
        }
    }
}

/// The gap before each event; before the first one, since the response's head.
fn gaps(trace: &RequestTrace) -> Vec<f32> {
    let mut before = trace.marks.headers.map_or(0.0, |at| at as f32);
    trace.events.iter().map(|at| (at - std::mem::replace(&mut before, *at)).max(0.0)).collect()
}

/// Which events are shown: all, or the first of each stretch and those after the longest gaps.
fn shown(gaps: &[f32]) -> Vec<usize> {
    if gaps.len() <= MOST_EVENTS {
        return (0..gaps.len()).collect();
    }
    let half = MOST_EVENTS / 2;
    let mut longest: Vec<usize> = (0..gaps.len()).collect();
    longest.sort_by(|a, b| gaps[*b].total_cmp(&gaps[*a]));
    longest.truncate(half);
    longest.extend((0..half).map(|place| place * gaps.len() / half));
    longest.sort_unstable();
    longest.dedup();
    longest
}

/// To a hundredth.
fn milliseconds(time: f32) -> Rounded {
    Rounded((f64::from(time) * 100.0).round() / 100.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::trace::Marks;

    #[test]
    fn long_streams_keep_their_longest_gaps() {
        let mut trace = RequestTrace {
            start: 5_000_000_000,
            marks: Marks { headers: Some(1.0), end: 3000.0, ..Marks::default() },
            ..RequestTrace::default()
        };
        (0..1000)
            .for_each(|event| trace.event(f64::from(event) * 2.0 + if event > 777 { 400.0 } else { 2.0 }));
        let sampled = Sampled::of(&trace, 3_000_000_000);
        assert_eq!(
            (sampled.start.0, sampled.count, sampled.events.len()),
            (2000.0, 1000, sampled.gaps.len())
        );
        assert!((150..=300).contains(&sampled.events.len()));
        assert_eq!(sampled.gaps[0].0, 1.0);
        let longest = sampled.gaps.iter().map(|gap| gap.0).fold(0.0, f64::max);
        assert_eq!(longest, 400.0);
        let marks: Vec<_> = sampled.marks.iter().map(|(name, _)| *name).collect();
        assert_eq!(marks, ["headers", "end"]);
    }

    #[test]
    fn many_requests_are_thinned_evenly() {
        let traces: Vec<_> =
            (0..1000).map(|start| RequestTrace { start: start * 1_000_000, ..Default::default() }).collect();
        let found = requests(&traces, 0, 100);
        assert_eq!((found.len(), found[0].start.0, found[99].start.0), (100, 0.0, 990.0));
        assert!(requests(&[], 0, 100).is_empty());
    }
}
