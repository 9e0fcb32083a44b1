//! The durations of one round trip, by k6's arithmetic (`lib/netext/httpext/tracer.go`).

use std::time::{Duration, Instant};

use crate::net::trace::Marks;

/// One request and its response in time. Phases that were not reached are zero; the phase in which a request
/// failed lasts until its `end`.
#[derive(Clone, Copy, Debug)]
pub struct Trail {
    /// The request was handed to the client.
    pub start: Instant,
    /// The body's last byte was read, or the request failed.
    pub end: Instant,
    /// A connection took the request: the instant before its first byte could be sent.
    pub got_conn: Option<Instant>,
    /// The request was written.
    pub wrote: Option<Instant>,
    /// The response's head was read.
    pub headers: Option<Instant>,
    /// The first byte of the response's body was read.
    pub first_byte: Option<Instant>,
    /// `start` to `got_conn`: waiting for a free connection, name lookup, TCP and TLS.
    pub blocked: Duration,
    /// The name lookup; zero for addresses, `hosts` entries and reused connections.
    pub dns: Duration,
    /// The TCP handshake.
    pub connecting: Duration,
    /// The TLS handshake.
    pub tls: Duration,
    /// `got_conn` to `wrote`.
    pub sending: Duration,
    /// `wrote` to `headers`.
    pub waiting: Duration,
    /// `headers` to `end`.
    pub receiving: Duration,
    /// Whether the connection stood before.
    pub reused: bool,
}

impl Trail {
    /// What is known when a request was just started.
    pub fn starting(start: Instant) -> Self {
        Self::new(start, start, &Marks::default(), None, None)
    }

    /// Works out the durations from the marks.
    pub fn new(
        start: Instant,
        end: Instant,
        marks: &Marks,
        headers: Option<Instant>,
        first_byte: Option<Instant>,
    ) -> Self {
        let reused = marks.reused();
        let between = |from: Option<Instant>, to: Option<Instant>| match from {
            Some(from) => to.unwrap_or(end).saturating_duration_since(from),
            None => Duration::ZERO,
        };
        // An attempt that lost the race to an idle connection is none of this request's business.
        let connection = |from: Option<Instant>, to| if reused { Duration::ZERO } else { between(from, to) };
        // The answer may come before the body was sent, or instead of its end.
        let wrote = match (marks.wrote, headers) {
            (Some(wrote), Some(headers)) => Some(wrote.min(headers)),
            (wrote, headers) => wrote.or(headers),
        };
        Self {
            start,
            end,
            got_conn: marks.got_conn,
            wrote,
            headers,
            first_byte,
            blocked: between(Some(start), marks.got_conn),
            dns: connection(marks.dns_start, marks.dns_end),
            connecting: connection(marks.connect_start, marks.tls_start.or(marks.connected)),
            tls: connection(marks.tls_start, marks.connected),
            sending: between(marks.got_conn, wrote),
            waiting: between(wrote, headers),
            receiving: between(headers, None),
            reused,
        }
    }

    /// `http_req_duration`: sending + waiting + receiving.
    pub fn duration(&self) -> Duration {
        self.sending + self.waiting + self.receiving
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phases_of_a_new_a_reused_and_a_failed_request() {
        let start = Instant::now();
        let at = |ms| Some(start + Duration::from_millis(ms));
        let ms = |d: Duration| d.as_millis();
        let end = start + Duration::from_millis(100);
        let new = Marks {
            dns_start: at(1),
            dns_end: at(11),
            connect_start: at(11),
            tls_start: at(14),
            connected: at(20),
            got_conn: at(21),
            wrote: at(25),
            ..Marks::default()
        };
        let trail = Trail::new(start, end, &new, at(60), at(61));
        let phases = [
            trail.blocked,
            trail.dns,
            trail.connecting,
            trail.tls,
            trail.sending,
            trail.waiting,
            trail.receiving,
        ];
        assert_eq!(phases.map(ms), [21, 10, 3, 6, 4, 35, 40]);
        assert_eq!(ms(trail.duration()), 79);

        let lost_race = Marks { connected: None, got_conn: at(2), ..new };
        let trail = Trail::new(start, end, &lost_race, at(60), None);
        assert!(trail.reused);
        assert_eq!([trail.blocked, trail.dns, trail.connecting, trail.tls].map(ms), [2, 0, 0, 0]);

        let dialing = Marks { connect_start: at(11), ..Marks::default() };
        let trail = Trail::new(start, end, &dialing, None, None);
        assert_eq!([trail.blocked, trail.connecting, trail.duration()].map(ms), [100, 89, 0]);
    }

    #[test]
    fn an_early_answer_ends_sending() {
        let start = Instant::now();
        let at = |ms| Some(start + Duration::from_millis(ms));
        let marks = Marks { got_conn: at(0), wrote: at(50), ..Marks::default() };
        let trail = Trail::new(start, start + Duration::from_millis(60), &marks, at(20), None);
        assert_eq!(trail.sending.as_millis(), 20);
        assert_eq!(trail.waiting, Duration::ZERO);
    }
}
