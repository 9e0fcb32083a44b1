//! A paced response body: events at absolute due times, so that lateness never adds up.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::task::{Context, Poll};

use bytes::{Bytes, BytesMut};
use http_body::Frame;
use tokio::time::{Instant, Sleep, sleep_until};

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
    timer: Pin<Box<Sleep>>,
    /// Events that wait for their chunk to fill.
    batch: BytesMut,
    /// Whether the events before a wanted failure had their chance to leave.
    flushed: bool,
    stats: Arc<Stats>,
}

impl EventStream {
    /// A stream that answers a request which arrived at `arrived`.
    pub fn new(script: Script, arrived: Instant, stats: Arc<Stats>) -> Self {
        stats.streams.fetch_add(1, Relaxed);
        stats.open_streams.fetch_add(1, Relaxed);
        Self {
            framing: script.settings().effective_framing(),
            step: 0,
            counted: 0,
            arrived,
            timer: Box::pin(sleep_until(arrived)),
            batch: BytesMut::new(),
            flushed: false,
            stats,
            script,
        }
    }

    /// Whether the connection is to break before the next event.
    fn fails_now(&self) -> bool {
        self.script.settings().fail_after.is_some_and(|events| self.step >= events)
    }

    /// The next event, which was due at `due`.
    fn take(&mut self, due: Instant, now: Instant) -> Bytes {
        if self.step == self.script.first_token() && self.framing != Framing::Big {
            self.stats.first_write(now - due);
        }
        let event = self.script.event(self.step);
        self.step += 1;
        if self.step == self.script.len() && self.framing != Framing::Big {
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
            let ends = this.step >= this.script.len() || this.fails_now();
            if !this.batch.is_empty() && (ends || this.batch.len() >= BIG_CHUNK) {
                let chunk = this.batch.split().freeze();
                return this.emit(chunk);
            }
            if this.fails_now() {
                // The server writes what it has only when the body has nothing more at hand.
                if !std::mem::replace(&mut this.flushed, true) {
                    cx.waker().wake_by_ref();
                    return Poll::Pending;
                }
                return Poll::Ready(Some(Err(io::Error::other("the stream fails as it was asked to"))));
            }
            if ends {
                return Poll::Ready(None);
            }
            let due = this.arrived + this.script.due(this.step);
            let now = Instant::now();
            if now < due {
                this.timer.as_mut().reset(due);
                match this.timer.as_mut().poll(cx) {
                    Poll::Pending => return Poll::Pending,
                    Poll::Ready(()) => continue,
                }
            }
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
        if self.step < self.script.len() {
            self.stats.aborted_streams.fetch_add(1, Relaxed);
        }
    }
}
