//! How a stream ended, in one word.

use std::sync::LazyLock;

use memchr::memmem::Finder;

use crate::net::deadline::Part;
use crate::net::error::{Kind, NetError, Stage};

/// The outcomes of a stream. They exclude each other: the first that applies, in this order, is it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// No connection: bad URL, name not found, refused, forbidden by the options.
    ConnectError,
    TlsError,
    /// A status of 400 or more.
    HttpError,
    TimeoutConnect,
    TimeoutFirstEvent,
    TimeoutIdle,
    TimeoutTotal,
    /// An error event in a stream that began well.
    StreamError,
    /// It ended without what should have been its end.
    Truncated,
    /// What came was no event stream, or no HTTP.
    ProtocolError,
    /// The script closed it.
    Aborted,
    /// The test ended first.
    Interrupted,
    Ok,
}

impl Outcome {
    /// All of them, in their order.
    pub const ALL: [Self; 13] = [
        Self::ConnectError,
        Self::TlsError,
        Self::HttpError,
        Self::TimeoutConnect,
        Self::TimeoutFirstEvent,
        Self::TimeoutIdle,
        Self::TimeoutTotal,
        Self::StreamError,
        Self::Truncated,
        Self::ProtocolError,
        Self::Aborted,
        Self::Interrupted,
        Self::Ok,
    ];

    /// The value of the tag `outcome`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::ConnectError => "connect_error",
            Self::TlsError => "tls_error",
            Self::HttpError => "http_error",
            Self::TimeoutConnect => "timeout_connect",
            Self::TimeoutFirstEvent => "timeout_first_event",
            Self::TimeoutIdle => "timeout_idle",
            Self::TimeoutTotal => "timeout_total",
            Self::StreamError => "stream_error",
            Self::Truncated => "truncated",
            Self::ProtocolError => "protocol_error",
            Self::Aborted => "aborted",
            Self::Interrupted => "interrupted",
            Self::Ok => "ok",
        }
    }

    /// The outcome that an error alone makes.
    pub fn of_error(error: &NetError) -> Self {
        match &error.kind {
            Kind::Timeout => Self::TimeoutTotal,
            Kind::TooLong { part, .. } => match part {
                Part::Connect => Self::TimeoutConnect,
                Part::FirstEvent => Self::TimeoutFirstEvent,
                Part::Idle => Self::TimeoutIdle,
                Part::Total => Self::TimeoutTotal,
            },
            Kind::InvalidUrl(_)
            | Kind::Scheme(_)
            | Kind::NoSuchHost(_)
            | Kind::Lookup { .. }
            | Kind::Blacklisted { .. }
            | Kind::Blocked { .. }
            | Kind::Dial { .. } => Self::ConnectError,
            Kind::UnknownAuthority
            | Kind::HostnameMismatch(_)
            | Kind::Certificate(_)
            | Kind::NotTls
            | Kind::Alert(_)
            | Kind::Tls(_) => Self::TlsError,
            // A connection that broke, also before it gave an answer.
            Kind::BrokenPipe
            | Kind::Reset(_)
            | Kind::Errno(_)
            | Kind::Http2 { .. }
            | Kind::Eof
            | Kind::UnexpectedEof
            | Kind::Unfinished => Self::Truncated,
            Kind::Other(_) if error.stage == Stage::Request => Self::ConnectError,
            Kind::Decompression(_)
            | Kind::TooManyRedirects(_)
            | Kind::Malformed(_)
            | Kind::EventStream(_)
            | Kind::Other(_) => Self::ProtocolError,
        }
    }
}

/// Who ended a stream that had a response.
#[derive(Clone, Copy, Debug)]
pub enum End<'a> {
    /// The server, by the rules of HTTP.
    Done {
        /// An event had begun.
        mid_event: bool,
    },
    /// An error: the connection, a time-out, or [`Kind::Unfinished`].
    Broken(&'a NetError),
    /// What says that the stream is complete has come.
    Complete,
    /// The script.
    Closed,
    /// The end of the test.
    Interrupted,
}

/// What is known of a stream that had a response.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    pub status: u16,
    /// The response is of a type that was asked for.
    pub right_type: bool,
    /// An event told of an error: see [`tells_error`].
    pub error_event: bool,
    pub end: End<'a>,
}

impl Facts<'_> {
    /// The first outcome that applies.
    pub fn outcome(&self) -> Outcome {
        let broken = match self.end {
            End::Broken(error) => Some(Outcome::of_error(error)),
            End::Done { mid_event: true } if self.right_type => Some(Outcome::Truncated),
            _ => None,
        };
        let ended = match self.end {
            End::Closed => Outcome::Aborted,
            End::Interrupted => Outcome::Interrupted,
            _ => Outcome::Ok,
        };
        // An answer without a body is of no type.
        let wrong_type = !self.right_type && self.status != 204;
        let applying = [
            (self.status >= 400).then_some(Outcome::HttpError),
            self.error_event.then_some(Outcome::StreamError),
            wrong_type.then_some(Outcome::ProtocolError),
            broken,
            Some(ended),
        ];
        // They are numbered in their order.
        applying.into_iter().flatten().min_by_key(|outcome| *outcome as u8).unwrap_or(ended)
    }
}

/// Whether an event tells of an error: it is named so, or its data are a JSON object whose `error` is not null.
pub fn tells_error(name: &str, data: &str) -> bool {
    #[derive(serde::Deserialize)]
    struct Probe {
        error: Option<serde::de::IgnoredAny>,
    }
    if name == "error" {
        return true;
    }
    static ERROR: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(b"\"error\""));
    // Next to no event is parsed here: two looks at its text come first.
    data.starts_with('{')
        && ERROR.find(data.as_bytes()).is_some()
        && serde_json::from_str::<Probe>(data).is_ok_and(|probe| probe.error.is_some())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn outcomes_stand_in_their_order() {
        for (place, outcome) in Outcome::ALL.into_iter().enumerate() {
            assert_eq!(outcome as usize, place, "{}", outcome.name());
        }
    }

    #[test]
    fn the_first_outcome_that_applies_is_it() {
        let idle = NetError::body(Kind::TooLong { part: Part::Idle, limit: Duration::from_secs(1) });
        let cut = NetError::body(Kind::UnexpectedEof);
        let chunk = NetError::body(Kind::Other("Invalid chunk size".into()));
        let good = Facts { status: 200, right_type: true, error_event: false, end: End::Complete };
        for (facts, wanted) in [
            (good, Outcome::Ok),
            (Facts { end: End::Closed, ..good }, Outcome::Aborted),
            (Facts { end: End::Interrupted, ..good }, Outcome::Interrupted),
            (Facts { end: End::Done { mid_event: false }, ..good }, Outcome::Ok),
            (Facts { end: End::Done { mid_event: true }, ..good }, Outcome::Truncated),
            (Facts { end: End::Done { mid_event: true }, right_type: false, ..good }, Outcome::ProtocolError),
            (Facts { end: End::Broken(&cut), right_type: false, ..good }, Outcome::Truncated),
            (Facts { end: End::Broken(&chunk), ..good }, Outcome::ProtocolError),
            (Facts { end: End::Broken(&idle), ..good }, Outcome::TimeoutIdle),
            (Facts { end: End::Broken(&idle), error_event: true, ..good }, Outcome::TimeoutIdle),
            (Facts { end: End::Broken(&cut), error_event: true, ..good }, Outcome::StreamError),
            (Facts { end: End::Closed, error_event: true, ..good }, Outcome::StreamError),
            (Facts { end: End::Closed, right_type: false, ..good }, Outcome::ProtocolError),
            (Facts { end: End::Broken(&idle), status: 500, right_type: false, ..good }, Outcome::HttpError),
            (Facts { status: 204, right_type: false, ..good }, Outcome::Ok),
        ] {
            assert_eq!(facts.outcome(), wanted, "{facts:?}");
        }
    }

    #[test]
    fn errors_before_an_answer() {
        for (kind, wanted) in [
            (Kind::Timeout, Outcome::TimeoutTotal),
            (Kind::InvalidUrl("x".into()), Outcome::ConnectError),
            (Kind::Other("proxy".into()), Outcome::ConnectError),
            (Kind::UnknownAuthority, Outcome::TlsError),
            (Kind::Eof, Outcome::Truncated),
            (Kind::Malformed("x".into()), Outcome::ProtocolError),
        ] {
            assert_eq!(Outcome::of_error(&NetError::request(kind)), wanted);
        }
    }

    #[test]
    fn events_that_tell_of_errors() {
        for (name, data, wanted) in [
            ("error", "", true),
            ("", r#"{"error":{"message":"overloaded"}}"#, true),
            ("", r#"{"id":1,"error":"x"}"#, true),
            ("", r#"{"error":null,"choices":[]}"#, false),
            ("", r#"{"text":"an \"error\""}"#, false),
            ("", r#"{"a":{"error":1}}"#, false),
            ("", r#"{"error":1"#, false),
            ("message", r#""error""#, false),
        ] {
            assert_eq!(tells_error(name, data), wanted, "{name} {data}");
        }
    }
}
