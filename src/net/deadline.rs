//! How long the parts of a call may take, and which of them is over first.

use std::fmt;
use std::future::Future;
use std::time::{Duration, Instant};

use crate::net::error::Kind;

/// The limits of a stream's parts; `None`: as long as it likes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Timeouts {
    /// Name lookup, TCP and TLS: until a connection took the request. For each hop.
    pub connect: Option<Duration>,
    /// From then on until the first event with data is complete.
    pub first_event: Option<Duration>,
    /// From the response's head on, the longest time without any byte of the body; comments count.
    pub idle: Option<Duration>,
    /// The whole call, redirects included.
    pub total: Option<Duration>,
}

/// The part of a stream that took too long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    Connect,
    FirstEvent,
    Idle,
    Total,
}

impl Part {
    /// What did not come in time, as the beginning of a sentence, with its key in `params.timeouts`.
    fn describe(self) -> (&'static str, &'static str) {
        match self {
            Self::Connect => ("no connection", "connect"),
            Self::FirstEvent => ("no event", "firstEvent"),
            Self::Idle => ("no data", "idle"),
            Self::Total => ("no end of the stream", "total"),
        }
    }
}

/// `no event within 500ms (timeouts.firstEvent)`
pub(super) fn describe(part: Part, limit: Duration, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let (missing, key) = part.describe();
    write!(f, "{missing} within {} (timeouts.{key})", crate::k6::duration::GoDuration::from(limit))
}

/// The instants of one call by which something must have happened.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Deadlines {
    /// The end of `Call::timeout`.
    whole: Option<Instant>,
    total: Option<Instant>,
    timeouts: Timeouts,
}

/// What is due next, and the error if it does not come.
pub(super) type Due = Option<(Instant, Kind)>;

impl Deadlines {
    /// The deadlines of a call that began at `begun`. A time too long for the clock is none.
    pub fn starting(begun: Instant, timeout: Option<Duration>, timeouts: Timeouts) -> Self {
        let at = |limit: Option<Duration>| limit.and_then(|limit| begun.checked_add(limit));
        Self { whole: at(timeout), total: at(timeouts.total), timeouts }
    }

    /// Whether reads have to be watched one by one.
    pub fn watches_reads(&self) -> bool {
        self.timeouts.idle.is_some()
    }

    /// What is due until the response's head is read. `connected`: when a connection took the request.
    pub fn sending(&self, start: Instant, connected: Option<Instant>) -> Due {
        let connect = match connected {
            Some(_) => None,
            None => after(start, Part::Connect, self.timeouts.connect),
        };
        // Its time has not begun before there is a connection: look again when it could be over at the earliest.
        let from = connected.unwrap_or_else(Instant::now);
        let first_event = after(from, Part::FirstEvent, self.timeouts.first_event);
        earliest([connect, first_event, self.end()])
    }

    /// What is due while the body is read: `sent` is when a connection took the request, `last` the last sign
    /// of life, `begun` whether an event has come.
    pub fn reading(&self, sent: Instant, last: Instant, begun: bool) -> Due {
        let first_event = if begun { None } else { after(sent, Part::FirstEvent, self.timeouts.first_event) };
        earliest([first_event, after(last, Part::Idle, self.timeouts.idle), self.end()])
    }

    /// The end of the whole call.
    fn end(&self) -> Due {
        let total = self.total.zip(self.timeouts.total);
        let total = total.map(|(at, limit)| (at, Kind::TooLong { part: Part::Total, limit }));
        earliest([self.whole.map(|at| (at, Kind::Timeout)), total, None])
    }
}

fn after(from: Instant, part: Part, limit: Option<Duration>) -> Due {
    let limit = limit?;
    Some((from.checked_add(limit)?, Kind::TooLong { part, limit }))
}

fn earliest(dues: [Due; 3]) -> Due {
    dues.into_iter().flatten().min_by_key(|(at, _)| *at)
}

/// The future's output, unless something that was due before has not happened. `due` is asked again when its
/// last answer has passed, for by then something else may be due.
///
/// # Errors
///
/// What `due` says of the instant that passed.
pub(super) async fn within<F: Future>(future: F, mut due: impl FnMut() -> Due) -> Result<F::Output, Kind> {
    let mut future = std::pin::pin!(future);
    loop {
        let Some((at, _)) = due() else { return Ok(future.await) };
        if let Ok(output) = tokio::time::timeout_at(at.into(), &mut future).await {
            return Ok(output);
        }
        if let Some((at, kind)) = due()
            && at <= Instant::now()
        {
            return Err(kind);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_due_depends_on_what_has_happened() {
        let ms = Duration::from_millis;
        let timeouts = Timeouts {
            connect: Some(ms(10)),
            first_event: Some(ms(30)),
            idle: Some(ms(20)),
            total: Some(ms(1000)),
        };
        let now = Instant::now();
        let deadlines = Deadlines::starting(now, None, timeouts);
        let part = |due: Due| match due {
            Some((at, Kind::TooLong { part, .. })) => Some((at, part)),
            _ => None,
        };
        assert_eq!(part(deadlines.sending(now, None)), Some((now + ms(10), Part::Connect)));
        assert_eq!(part(deadlines.sending(now, Some(now))), Some((now + ms(30), Part::FirstEvent)));
        let reading = |last, begun| part(deadlines.reading(now, now + last, begun));
        assert_eq!(reading(ms(5), false), Some((now + ms(25), Part::Idle)));
        assert_eq!(reading(ms(15), false), Some((now + ms(30), Part::FirstEvent)));
        assert_eq!(reading(ms(15), true), Some((now + ms(35), Part::Idle)));
        assert_eq!(reading(ms(5000), true).map(|(_, part)| part), Some(Part::Total));
        assert_eq!(Deadlines::default().reading(now, now, false), None);
        let both = Deadlines::starting(now, Some(ms(1)), timeouts);
        assert_eq!(both.reading(now, now + ms(1000), true).map(|(_, kind)| kind), Some(Kind::Timeout));
    }
}
