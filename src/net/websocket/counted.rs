//! A socket that notes how much passes, and when something arrived.

use std::cell::Cell;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};
use std::time::Instant;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Bytes of a connection so far, the records of TLS left out.
#[derive(Debug, Default)]
pub struct Counts {
    sent: Cell<u64>,
    received: Cell<u64>,
    last_read: Cell<Option<Instant>>,
}

impl Counts {
    /// Bytes written.
    pub fn sent(&self) -> u64 {
        self.sent.get()
    }

    /// Bytes read.
    pub fn received(&self) -> u64 {
        self.received.get()
    }

    /// The instant after the last read.
    pub fn last_read(&self) -> Option<Instant> {
        self.last_read.get()
    }
}

/// The socket.
#[derive(Debug)]
pub struct Counted<S> {
    stream: S,
    counts: Rc<Counts>,
}

impl<S> Counted<S> {
    pub fn new(stream: S, counts: Rc<Counts>) -> Self {
        Self { stream, counts }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Counted<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(cx, buffer))?;
        let counts = &self.counts;
        counts.last_read.set(Some(Instant::now()));
        counts.received.set(counts.received.get() + (buffer.filled().len() - before) as u64);
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Counted<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = ready!(Pin::new(&mut self.stream).poll_write(cx, bytes))?;
        self.counts.sent.set(self.counts.sent.get() + written as u64);
        Poll::Ready(Ok(written))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
