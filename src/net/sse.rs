//! An open event stream: what was read, and when.

use std::task::Poll;
use std::time::Instant;

use crate::net::decode::StreamDecoder;
use crate::net::error::{Kind, NetError};
use crate::net::event_stream::{ParseError, Parsed};
use crate::net::exchange::Call;
use crate::net::format::Parser;
use crate::net::header;
use crate::net::round::{Hop, Live};

/// A response body that is read as an event stream while it comes.
pub struct EventStream {
    live: Live,
    parser: Parser,
    decoder: Option<StreamDecoder>,
    /// How the stream ended, if the caller has not been told yet.
    ending: Option<Result<(), NetError>>,
}

/// One call of [`EventStream::next`] takes no more than this beyond its first read, so that a server that never
/// pauses cannot keep the script waiting.
const MOST_AT_ONCE: usize = 256 * 1024;

impl EventStream {
    /// `asked_for_gzip`: the caller did not, so it must not see that the body was packed, either.
    pub(super) fn new(mut live: Live, call: &Call, asked_for_gzip: bool) -> Self {
        let headers = &mut live.hop.headers;
        let parser = Parser::new(call.format, header::first(headers, "content-type"), call.limits);
        let coding = header::first(headers, "content-encoding").filter(|_| call.decompress);
        let decoder = coding.and_then(StreamDecoder::new);
        if decoder.is_some() && asked_for_gzip {
            headers.retain(|(name, _)| name != "Content-Encoding" && name != "Content-Length");
        }
        Self { live, parser, decoder, ending: None }
    }

    /// The round trip. Its trail and bytes are final once the stream has ended or was closed.
    pub fn hop(&self) -> &Hop {
        &self.live.hop
    }

    /// Waits for the next read that completes something, appends that to `out` and returns the instant at which
    /// it was read; `None` at the end of the stream.
    ///
    /// What the server sent in one go shares one instant, even if HTTP chunks divide it. May be dropped while it
    /// waits and called again; what `out` then holds was read but is without its instant.
    ///
    /// # Errors
    ///
    /// The connection broke (`unexpected EOF` in the middle of a chunked body), the call's timeout was over, the
    /// data is damaged, or a limit was broken. The stream is then closed; what came before was given out.
    pub async fn next(&mut self, out: &mut Vec<Parsed>) -> Result<Option<Instant>, NetError> {
        let before = out.len();
        while self.ending.is_none() {
            let read = self.live.chunk().await;
            let at = Instant::now();
            let mut more = self.take_in(read, out);
            let mut taken = 0;
            while more && taken < MOST_AT_ONCE {
                // The connection's task hands over the pieces of its buffer one by one.
                tokio::task::yield_now().await;
                let Poll::Ready(read) = self.live.try_chunk() else { break };
                taken += read.as_ref().ok().and_then(Option::as_ref).map_or(0, bytes::Bytes::len);
                more = self.take_in(read, out);
            }
            if out.len() > before {
                return Ok(Some(at));
            }
        }
        match self.ending.replace(Ok(())) {
            Some(Err(error)) => Err(error),
            _ => Ok(None),
        }
    }

    /// Closes the stream. A body that was read to its end leaves its connection to the next request; another one
    /// costs it. May be called at any time, also twice; [`Self::next`] then gives nothing more.
    pub fn close(&mut self) {
        self.live.settle(None);
        self.ending = Some(Ok(()));
    }

    /// Closes the stream and returns its round trip.
    pub fn finish(mut self) -> Hop {
        self.close();
        self.live.hop
    }

    /// Whether the stream ended (or stands) in the middle of an event, which is then lost.
    pub fn is_mid_event(&self) -> bool {
        self.parser.is_mid_event()
    }

    /// Parses what was read; whether there may be more.
    fn take_in(&mut self, read: Result<Option<bytes::Bytes>, NetError>, out: &mut Vec<Parsed>) -> bool {
        let ending = match read {
            Ok(Some(bytes)) => match self.parse(&bytes, out) {
                Ok(()) => return true,
                Err(kind) => Err(NetError::body(kind)),
            },
            Ok(None) => self.parser.finish(out).map_err(|error| NetError::body(broken(&error))),
            Err(error) => Err(error),
        };
        self.live.settle(ending.as_ref().err().cloned());
        self.ending = Some(ending);
        false
    }

    fn parse(&mut self, bytes: &[u8], out: &mut Vec<Parsed>) -> Result<(), Kind> {
        let fed = match &mut self.decoder {
            Some(decoder) => self.parser.feed(&decoder.decode(bytes)?, out),
            None => self.parser.feed(bytes, out),
        };
        fed.map_err(|error| broken(&error))
    }
}

fn broken(error: &ParseError) -> Kind {
    Kind::EventStream(error.to_string())
}
