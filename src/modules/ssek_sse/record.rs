//! TEMP
use std::time::Instant;

use super::stream::Stream;
use crate::k6::builtin;
use crate::metrics::{SeriesId, TagSetId};
use crate::net::{Hop, NetError};

pub struct Recorder {
    pub method: String,
    pub tags: TagSetId,
    pub events: SeriesId,
}

impl Recorder {
    pub fn event(&self, stream: &Stream, at: Instant) {
        stream.state.samples.push(self.events, at, 1.0);
    }
    pub fn failed(&self, stream: &Stream, _: &[Hop], error: &NetError) -> (String, &'static str) {
        (error.stream_error(&self.method, &stream.url), "connect_error")
    }
    pub fn finish(&self, stream: &Stream, hops: &[Hop]) {
        for hop in hops {
            stream.state.count_bytes(hop.bytes_sent, hop.bytes_received);
            stream.state.record(&builtin::HTTP_REQS, self.tags, hop.trail.end, 1.0);
        }
    }
}
