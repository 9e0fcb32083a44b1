//! A response body as it comes over the wire: neither decoded nor parsed, each piece with its instant.

use std::time::Instant;

use bytes::Bytes;

use crate::net::client::Client;
use crate::net::error::NetError;
use crate::net::exchange::{Call, Failed, arrive};
use crate::net::round::{Hop, Live};

/// A response whose body is read piece by piece.
pub struct Raw {
    live: Live,
}

/// Sends the call, follows redirects up to `max_redirects` and reads the head of the response; one that redirects once
/// more is given as it is.
///
/// Needs a tokio runtime with I/O and time.
///
/// # Errors
///
/// There was no response.
pub async fn open_raw(client: &Client, call: &Call) -> Result<Raw, Failed> {
    client.shared.turn().await;
    let mut hops = Vec::new();
    match arrive(client, call, &mut hops).await {
        Ok((live, _)) => Ok(Raw { live }),
        Err(hop) => {
            let error = hop.error.clone();
            hops.push(*hop);
            let error = error.unwrap_or_else(|| NetError::request(crate::net::error::Kind::Eof));
            Err(Failed { hops, error })
        }
    }
}

impl Raw {
    /// The round trip as far as it is known.
    pub fn hop(&self) -> &Hop {
        &self.live.hop
    }

    /// The instant before the first byte of the request could be sent.
    pub fn sent_at(&self) -> Instant {
        self.live.sent_at()
    }

    /// When the head was read.
    pub fn head_at(&self) -> Instant {
        self.live.headers_at()
    }

    /// The next piece of the body, at most an HTTP chunk, and when it was read; `None` at the end.
    ///
    /// # Errors
    ///
    /// The connection broke, or a deadline of the call has passed.
    pub async fn chunk(&mut self) -> Result<Option<(Instant, Bytes)>, NetError> {
        let read = self.live.chunk().await?;
        let at = self.live.read_at().unwrap_or_else(Instant::now);
        Ok(read.map(|bytes| (at, bytes)))
    }
}
