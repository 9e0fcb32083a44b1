//! The timings of a round trip, by metric.

use std::time::Duration;

use crate::k6::builtin::{self, Builtin};
use crate::net::Trail;

/// What k6 measures of a round trip: its duration, then the phases.
pub fn timings(trail: &Trail) -> [(&'static Builtin, Duration); 7] {
    [
        (&builtin::HTTP_REQ_DURATION, trail.duration()),
        (&builtin::HTTP_REQ_BLOCKED, trail.blocked),
        (&builtin::HTTP_REQ_CONNECTING, trail.connecting),
        (&builtin::HTTP_REQ_TLS_HANDSHAKING, trail.tls),
        (&builtin::HTTP_REQ_SENDING, trail.sending),
        (&builtin::HTTP_REQ_WAITING, trail.waiting),
        (&builtin::HTTP_REQ_RECEIVING, trail.receiving),
    ]
}
