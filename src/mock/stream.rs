//! A paced response body: events at absolute due times, so that lateness never adds up.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http_body::Frame;
use tokio::time::{Instant, Sleep, sleep_until};

use super::queue::Slot;
use super::script::Script;
use super::settings::Framing;
use super::stats::Stats;

/// The size of a chunk with [`Framing::Big`], in bytes.
const BIG_CHUNK: usize = 16 << 10;

/// The body of a streamed answer. Dropping it (the client left) stops the stream.
#[derive(Debug)]
pub(super) struct EventStream {
    script: Script,
    framing: Framing,
    /// The next event's number.
    step: u64,
    /// The events that were counted in the statistics.
    counted: u64,
    arrived: Instant,
    /// When the last event was due, which none after it precedes.
    reached: Duration,
    timer: Pin<Box<Sleep>>,
    /// Events that wait for their chunk to fill.
    batch: BytesMut,
    /// Whether the events before a wanted failure had their chance to leave.
    flushed: bool,
    /// Held as long as the answer takes.
    _slot: Option<Slot>,
    stats: Arc<Stats>,
}

impl EventStream {
    /// A stream that answers a request which arrived at `arrived`.
    pub fn new(script: Script, arrived: Instant, slot: Option<Slot>, stats: Arc<Stats>) -> Self {
        stats.streams.fetch_add(1, Relaxed);
        stats.open_streams.fetch_add(1, Relaxed);
        Self {
            framing: script.framing(),
            step: 0,
            counted: 0,
            arrived,
            reached: Duration::ZERO,
            timer: Box::pin(sleep_until(arrived)),
            batch: BytesMut::new(),
            flushed: false,
            _slot: slot,
            stats,
            script,
        }
    }

    /// Whether `due` has come, and the instant of the look; sets the timer if not.
    fn poll_due(&mut self, due: Instant, cx: &mut Context<'_>) -> Poll<Instant> {
        loop {
            let now = Instant::now();
            if now >= due {
                return Poll::Ready(now);
            }
            self.timer.as_mut().reset(due);
            ready!(self.timer.as_mut().poll(cx));
        }
    }

    /// The next event, which was due at `due`.
    fn take(&mut self, due: Instant, now: Instant) -> Bytes {
        if self.step == self.script.first_token() && self.framing != Framing::Big {
            self.stats.first_write(now - due);
        }
        let event = self.script.event(self.step);
        self.step += 1;
        if self.step == self.script.len() && !self.script.breaks() && self.framing != Framing::Big {
            self.stats.last_write(now - due);
        }
        event
    }

    fn emit(&mut self, bytes: Bytes) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        self.stats.events.fetch_add(self.step - self.counted, Relaxed);
        self.counted = self.step;
        Poll::Ready(Some(Ok(Frame::data(bytes))))
    }
}

impl http_body::Body for EventStream {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        let this = self.get_mut();
        loop {
            let ends = this.step >= this.script.len();
            if !this.batch.is_empty() && (ends || this.batch.len() >= BIG_CHUNK) {
                let chunk = this.batch.split().freeze();
                return this.emit(chunk);
            }
            if ends {
                let end = this.arrived + this.script.end();
                ready!(this.poll_due(end, cx));
                if !this.script.breaks() {
                    return Poll::Ready(None);
                }
                // The server writes what it has only when the body has nothing more at hand.
                if !std::mem::replace(&mut this.flushed, true) {
                    cx.waker().wake_by_ref();
                    return Poll::Pending;
                }
                return Poll::Ready(Some(Err(io::Error::other("the stream fails as it was asked to"))));
            }
            this.reached = this.reached.max(this.script.due(this.step));
            let due = this.arrived + this.reached;
            let now = ready!(this.poll_due(due, cx));
            let event = this.take(due, now);
            if this.framing == Framing::Big {
                this.batch.extend_from_slice(&event);
            } else {
                return this.emit(event);
            }
        }
    }
}

impl Drop for EventStream {
    fn drop(&mut self) {
        self.stats.open_streams.fetch_sub(1, Relaxed);
        if self.step < self.script.len() || self.script.breaks() {
            self.stats.aborted_streams.fetch_add(1, Relaxed);
        }
    }
}
