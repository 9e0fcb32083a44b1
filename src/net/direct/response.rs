//! An answer whose body is being read.

use std::future::poll_fn;
use std::task::{Context, Poll};
use std::time::Instant;

use bytes::Bytes;
use hyper::body::Incoming;

use super::connection::Connection;
use super::pool::Pool;
use crate::net::classify::classify;
use crate::net::error::{NetError, Stage};

/// An answer with its connection, which goes back to the pool when the body was read to its end.
pub struct Response {
    head: http::response::Parts,
    body: Incoming,
    /// `None` once the body has ended.
    connection: Option<Connection>,
    pool: Pool,
    /// Where the pool keeps connections to this host.
    place: usize,
    last_read: Option<Instant>,
    bytes: (u64, u64),
}

impl Response {
    pub fn new(answer: http::Response<Incoming>, connection: Connection, pool: Pool, place: usize) -> Self {
        let (head, body) = answer.into_parts();
        let mut response =
            Self { head, body, connection: Some(connection), pool, place, last_read: None, bytes: (0, 0) };
        response.look();
        response
    }

    /// Status, version and headers.
    pub fn head(&self) -> &http::response::Parts {
        &self.head
    }

    /// Frees the headers, which keep the connection's read buffer.
    pub fn drop_headers(&mut self) {
        self.head.headers = http::HeaderMap::new();
    }

    /// The instant after the last read from the socket.
    pub fn last_read(&self) -> Option<Instant> {
        self.last_read
    }

    /// Bytes of the request sent, and of the answer received, all of them: heads, chunk sizes, bodies.
    pub fn bytes(&self) -> (u64, u64) {
        self.bytes
    }

    /// The server's address.
    pub fn peer(&self) -> Option<std::net::SocketAddr> {
        self.connection.as_ref().map(Connection::peer)
    }

    /// The next piece of the body, `None` at its end. May be dropped and called again.
    ///
    /// # Errors
    ///
    /// The connection broke.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, NetError> {
        poll_fn(|cx| self.poll_chunk(cx)).await
    }

    /// The same as a poll.
    pub fn poll_chunk(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Bytes>, NetError>> {
        loop {
            let Some(connection) = &mut self.connection else { return Poll::Ready(Ok(None)) };
            let frame = connection.poll_body(&mut self.body, cx);
            self.look();
            match frame {
                Poll::Pending => return Poll::Pending,
                // Trailers are read and forgotten.
                Poll::Ready(Some(Ok(frame))) => {
                    if let Ok(bytes) = frame.into_data() {
                        return Poll::Ready(Ok(Some(bytes)));
                    }
                }
                Poll::Ready(Some(Err(error))) => {
                    let peer = self.connection.take().map(|connection| connection.peer());
                    return Poll::Ready(Err(classify(&error, Stage::Body, peer)));
                }
                Poll::Ready(None) => {
                    if let Some(connection) = self.connection.take() {
                        self.pool.put(self.place, connection);
                    }
                    return Poll::Ready(Ok(None));
                }
            }
        }
    }

    fn look(&mut self) {
        if let Some(connection) = &self.connection {
            let times = connection.times();
            self.last_read = times.last_read();
            self.bytes = (times.sent(), times.received());
        }
    }
}
