//! What the mock did, and how punctual it was.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

use anyhow::Result;
use hdrhistogram::Histogram;
use serde::Serialize;

/// Counters of a server, shared by its connections.
#[derive(Debug)]
pub(super) struct Stats {
    pub connections: AtomicU64,
    pub open_connections: AtomicU64,
    pub requests: AtomicU64,
    pub streams: AtomicU64,
    pub open_streams: AtomicU64,
    pub aborted_streams: AtomicU64,
    pub events: AtomicU64,
    pub rejected: AtomicU64,
    answers: AtomicU64,
    /// Microseconds, of first tokens and of last events.
    first_writes: Mutex<Histogram<u64>>,
    last_writes: Mutex<Histogram<u64>>,
}

impl Stats {
    pub fn new() -> Result<Self> {
        Ok(Self {
            connections: AtomicU64::new(0),
            open_connections: AtomicU64::new(0),
            requests: AtomicU64::new(0),
            streams: AtomicU64::new(0),
            open_streams: AtomicU64::new(0),
            aborted_streams: AtomicU64::new(0),
            events: AtomicU64::new(0),
            rejected: AtomicU64::new(0),
            answers: AtomicU64::new(0),
            first_writes: Mutex::new(Histogram::new(3)?),
            last_writes: Mutex::new(Histogram::new(3)?),
        })
    }

    /// The number of the next answer, from 1.
    pub fn next_answer(&self) -> u64 {
        self.answers.fetch_add(1, Relaxed) + 1
    }

    /// Notes how long after its due time the first token of a stream was handed to its connection.
    pub fn first_write(&self, late: Duration) {
        note(&self.first_writes, late);
    }

    /// Notes the same of the last event of a stream.
    pub fn last_write(&self, late: Duration) {
        note(&self.last_writes, late);
    }

    /// The figures at this instant.
    pub fn figures(&self) -> Figures {
        Figures {
            connections: self.connections.load(Relaxed),
            open_connections: self.open_connections.load(Relaxed),
            requests: self.requests.load(Relaxed),
            streams: self.streams.load(Relaxed),
            open_streams: self.open_streams.load(Relaxed),
            aborted_streams: self.aborted_streams.load(Relaxed),
            events: self.events.load(Relaxed),
            rejected: self.rejected.load(Relaxed),
            first_write_lateness_ms: Lateness::of(&self.first_writes),
            last_write_lateness_ms: Lateness::of(&self.last_writes),
        }
    }
}

fn note(writes: &Mutex<Histogram<u64>>, late: Duration) {
    let microseconds = u64::try_from(late.as_micros()).unwrap_or(u64::MAX);
    locked(writes).saturating_record(microseconds);
}

fn locked(writes: &Mutex<Histogram<u64>>) -> MutexGuard<'_, Histogram<u64>> {
    writes.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

/// What `GET /stats` answers. Counts are since the server's start.
#[derive(Clone, Debug, Serialize)]
pub struct Figures {
    pub connections: u64,
    pub open_connections: u64,
    pub requests: u64,
    pub streams: u64,
    pub open_streams: u64,
    /// Streams that ended before their last event, because the client left or `fail_after` said so.
    pub aborted_streams: u64,
    /// Events written to streams, the closing ones included.
    pub events: u64,
    /// Requests that the setting `reject` turned away.
    pub rejected: u64,
    /// Of the first tokens.
    pub first_write_lateness_ms: Lateness,
    /// Of the last events of streams that were not broken off: whether the server kept up to the end.
    pub last_write_lateness_ms: Lateness,
}

/// How long after their due time events were handed to their connections, in milliseconds. The
/// timer's steps of one millisecond are part of it.
#[derive(Clone, Debug, Serialize)]
pub struct Lateness {
    pub count: u64,
    pub mean: f64,
    pub p50: f64,
    pub p90: f64,
    pub p99: f64,
    pub p999: f64,
    pub max: f64,
}

impl Lateness {
    fn of(writes: &Mutex<Histogram<u64>>) -> Self {
        let writes = locked(writes);
        let at = |quantile| writes.value_at_quantile(quantile) as f64 / 1e3;
        Self {
            count: writes.len(),
            mean: writes.mean() / 1e3,
            p50: at(0.5),
            p90: at(0.9),
            p99: at(0.99),
            p999: at(0.999),
            max: at(1.0),
        }
    }
}
