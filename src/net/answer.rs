//! A response whose body is being read, over whichever way it came.

use std::net::SocketAddr;
use std::task::{Context, Poll, Waker};
use std::time::Instant;

use bytes::Bytes;
use futures_util::FutureExt;
use http::HeaderMap;
use http::response::Parts;
use http_body_util::BodyExt;
use hyper::body::Incoming;

use crate::net::classify::classify;
use crate::net::connection::Facts;
use crate::net::direct;
use crate::net::error::{NetError, Stage};
use crate::net::handshake::Negotiated;

/// The head of a response, and its body as far as it has come.
pub(super) enum Answer {
    /// HTTP/1.1 over plain TCP.
    Direct(direct::Response),
    /// TLS, HTTP/2, proxies.
    Pooled(Parts, Incoming),
}

impl Answer {
    /// Status, version, headers.
    pub fn head(&self) -> &Parts {
        match self {
            Self::Direct(response) => response.head(),
            Self::Pooled(head, _) => head,
        }
    }

    /// The reason phrase, if the server sent one that is not the usual one.
    pub fn reason(&self) -> Option<&hyper::ext::ReasonPhrase> {
        self.head().extensions.get()
    }

    /// The address of the server, or of the proxy.
    pub fn remote(&self) -> Option<SocketAddr> {
        match self {
            Self::Direct(response) => response.peer(),
            Self::Pooled(head, _) => head.extensions.get::<Facts>().map(|facts| facts.remote),
        }
    }

    /// What TLS agreed on with who answered.
    pub fn negotiated(&self) -> Option<Negotiated> {
        self.head().extensions.get::<Facts>().and_then(|facts| facts.negotiated)
    }

    /// Frees the headers. Their values are slices of the connection's read buffer, 8 KiB that an idle stream would
    /// keep alive.
    pub fn drop_headers(&mut self) {
        match self {
            Self::Direct(response) => response.drop_headers(),
            Self::Pooled(head, _) => head.headers = HeaderMap::new(),
        }
    }

    /// The instant at which the socket was last read; `None` where a task of its own does that.
    pub fn read_at(&self) -> Option<Instant> {
        match self {
            Self::Direct(response) => response.last_read(),
            Self::Pooled(..) => None,
        }
    }

    /// Bytes sent and received so far, where they are counted at the socket.
    pub fn bytes(&self) -> Option<(u64, u64)> {
        match self {
            Self::Direct(response) => Some(response.bytes()),
            Self::Pooled(..) => None,
        }
    }

    /// The next piece of the body, `None` at its end. May be dropped and called again.
    ///
    /// # Errors
    ///
    /// The connection broke.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, NetError> {
        match self {
            Self::Direct(response) => response.chunk().await,
            Self::Pooled(_, body) => {
                let read = piece(body).await;
                read.map_err(|error| self.broken(&error))
            }
        }
    }

    fn broken(&self, error: &hyper::Error) -> NetError {
        let error = classify(error, Stage::Body, self.remote());
        match self.head().extensions.get::<Facts>() {
            Some(facts) => facts.explain(error),
            None => error,
        }
    }

    /// The next piece of the body if it is there already.
    pub fn try_chunk(&mut self) -> Poll<Result<Option<Bytes>, NetError>> {
        match self {
            // Whoever waits next asks with a waker of its own.
            Self::Direct(response) => response.poll_chunk(&mut Context::from_waker(Waker::noop())),
            Self::Pooled(_, body) => match piece(body).now_or_never() {
                Some(read) => Poll::Ready(read.map_err(|error| self.broken(&error))),
                None => Poll::Pending,
            },
        }
    }
}

/// The next piece of a body, passing over trailers.
async fn piece(body: &mut Incoming) -> hyper::Result<Option<Bytes>> {
    while let Some(frame) = body.frame().await {
        if let Ok(bytes) = frame?.into_data() {
            return Ok(Some(bytes));
        }
    }
    Ok(None)
}
