//! One measured value on its way from a VU to the sinks.

use std::sync::OnceLock;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use super::SeriesId;

/// Wall-clock time in nanoseconds since the Unix epoch, derived from the monotonic clock.
///
/// The wall clock is read once per process; every later timestamp is that reading plus monotonic
/// time, so that a step of the system clock cannot reorder samples.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// The timestamp of a monotonic instant.
    pub fn at(instant: Instant) -> Self {
        let (start, wall) = anchor();
        match instant.checked_duration_since(*start) {
            Some(after) => Self(wall + after.as_nanos() as i64),
            None => Self(wall - start.duration_since(instant).as_nanos() as i64),
        }
    }

    /// The timestamp of this moment.
    pub fn now() -> Self {
        Self::at(Instant::now())
    }

    /// The moment when the wall clock was read.
    pub fn origin() -> Self {
        Self(anchor().1)
    }
}

fn anchor() -> &'static (Instant, i64) {
    static ANCHOR: OnceLock<(Instant, i64)> = OnceLock::new();
    ANCHOR.get_or_init(|| {
        let wall = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| d.as_nanos() as i64);
        (Instant::now(), wall)
    })
}

/// One value of one series. Time values are in milliseconds, data values in bytes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sample {
    pub series: SeriesId,
    pub time: Timestamp,
    pub value: f64,
}

/// Samples that travel together, in the order in which they were taken.
pub type Batch = Vec<Sample>;

const _: () = assert!(size_of::<Sample>() == 24, "a sample is copied on the hot path");
