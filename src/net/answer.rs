//! A response whose body is being read, over whichever way it came.

use std::task::{Context, Poll, Waker};
use std::time::Instant;

use bytes::Bytes;
use futures_util::FutureExt;
use http::{HeaderMap, StatusCode, Version};

use crate::net::classify::classify;
use crate::net::direct;
use crate::net::error::{NetError, Stage};

/// The head of a response, and its body as far as it has come.
pub(super) enum Answer {
    /// HTTP/1.1 over plain TCP.
    Direct(direct::Response),
    /// TLS, HTTP/2, proxies.
    Pooled(reqwest::Response),
}

impl Answer {
    pub fn status(&self) -> StatusCode {
        match self {
            Self::Direct(response) => response.head().status,
            Self::Pooled(response) => response.status(),
        }
    }

    pub fn version(&self) -> Version {
        match self {
            Self::Direct(response) => response.head().version,
            Self::Pooled(response) => response.version(),
        }
    }

    pub fn headers(&self) -> &HeaderMap {
        match self {
            Self::Direct(response) => &response.head().headers,
            Self::Pooled(response) => response.headers(),
        }
    }

    /// The reason phrase, if the server sent one that is not the usual one.
    pub fn reason(&self) -> Option<&hyper::ext::ReasonPhrase> {
        match self {
            Self::Direct(response) => response.head().extensions.get(),
            Self::Pooled(response) => response.extensions().get(),
        }
    }

    pub fn remote(&self) -> Option<std::net::SocketAddr> {
        match self {
            Self::Direct(response) => response.peer(),
            Self::Pooled(response) => response.remote_addr(),
        }
    }

    /// Frees the headers. Their values are slices of the connection's read buffer, 8 KiB that an idle stream would
    /// keep alive.
    pub fn drop_headers(&mut self) {
        match self {
            Self::Direct(response) => response.drop_headers(),
            Self::Pooled(response) => *response.headers_mut() = HeaderMap::new(),
        }
    }

    /// The instant at which the socket was last read; `None` where reqwest hides it.
    pub fn read_at(&self) -> Option<Instant> {
        match self {
            Self::Direct(response) => response.last_read(),
            Self::Pooled(_) => None,
        }
    }

    /// Bytes sent and received so far, where they are counted at the socket.
    pub fn bytes(&self) -> Option<(u64, u64)> {
        match self {
            Self::Direct(response) => Some(response.bytes()),
            Self::Pooled(_) => None,
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
            Self::Pooled(response) => pooled(response.chunk().await, response),
        }
    }

    /// The next piece of the body if it is there already.
    pub fn try_chunk(&mut self) -> Poll<Result<Option<Bytes>, NetError>> {
        match self {
            // Whoever waits next asks with a waker of its own.
            Self::Direct(response) => response.poll_chunk(&mut Context::from_waker(Waker::noop())),
            Self::Pooled(response) => match response.chunk().now_or_never() {
                Some(read) => Poll::Ready(pooled(read, response)),
                None => Poll::Pending,
            },
        }
    }
}

fn pooled(
    read: reqwest::Result<Option<Bytes>>,
    response: &reqwest::Response,
) -> Result<Option<Bytes>, NetError> {
    read.map_err(|error| classify(&error, Stage::Body, None, response.remote_addr()))
}
