//! The messages of a call that go out.

use std::future::poll_fn;

use bytes::Bytes;
use h2::SendStream;

use super::frame;
use super::status::Status;

/// Sends messages. When it and its [`super::Source`] are dropped, a call that is not over is cancelled.
pub struct Sink {
    stream: SendStream<Bytes>,
    limit: usize,
    has_ended: bool,
}

impl Sink {
    pub(super) fn new(stream: SendStream<Bytes>, limit: usize) -> Self {
        Self { stream, limit, has_ended: false }
    }

    /// Sends a message as soon as the server has room for it. Returns whether it was sent: once the server has ended
    /// the call nothing is, and [`super::Source`] tells why.
    ///
    /// # Errors
    ///
    /// It is too large.
    pub async fn send(&mut self, message: &[u8]) -> Result<bool, Status> {
        let mut rest = frame::encode(message, self.limit)?;
        while !rest.is_empty() {
            self.stream.reserve_capacity(rest.len());
            let room = match poll_fn(|cx| self.stream.poll_capacity(cx)).await {
                Some(Ok(room)) => room,
                None | Some(Err(_)) => return Ok(false),
            };
            let piece = rest.split_to(room.min(rest.len()));
            if self.stream.send_data(piece, false).is_err() {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Says that there are no more messages.
    pub fn end(&mut self) {
        if !std::mem::replace(&mut self.has_ended, true) {
            // Nobody listens any more, if this fails.
            let _ = self.stream.send_data(Bytes::new(), true);
        }
    }
}
