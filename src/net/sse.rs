//! An open event stream: what was read, and when.

use std::task::Poll;
use std::time::{Duration, Instant};

use crate::net::decode::StreamDecoder;
use crate::net::error::{Kind, NetError};
use crate::net::event_stream::{ParseError, Parsed};
use crate::net::exchange::Call;
use crate::net::format::Parser;
use crate::net::header;
use crate::net::round::{Hop, Live};

/// Lets the tasks that are ready have their turn, without asking the system whether there are more: that costs a
/// call for each event.
async fn turn() {
    let mut given = false;
    std::future::poll_fn(|task| {
        if std::mem::replace(&mut given, true) {
            return Poll::Ready(());
        }
        task.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

/// A response body that is read as an event stream while it comes.
pub struct EventStream {
    live: Live,
    parser: Parser,
    decoder: Option<StreamDecoder>,
    has_right_type: bool,
    /// A piece that came in a read of its own while others were looked for, and when.
    held: Option<(Result<Option<bytes::Bytes>, NetError>, Instant)>,
    /// How the stream ended, if the caller has not been told yet.
    ending: Option<Result<(), NetError>>,
}

/// One call of [`EventStream::next`] takes no more than this beyond its first read, so that a server that never
/// pauses cannot keep the script waiting.
const MOST_AT_ONCE: usize = 256 * 1024;

/// How long the end of the body may come after an event that was the last.
const END_OF_BODY: Duration = Duration::from_millis(10);

impl EventStream {
    /// `asked_for_gzip`: the caller did not, so it must not see that the body was packed, either.
    pub(super) fn new(mut live: Live, call: &Call, asked_for_gzip: bool) -> Self {
        if let Some(dump) = &mut live.dump {
            dump.stream();
        }
        let headers = &mut live.hop.headers;
        let content_type = header::first(headers, "content-type");
        let parser = Parser::new(call.format, content_type, call.limits);
        let has_right_type = parser.is_declared(content_type);
        let coding = header::first(headers, "content-encoding").filter(|_| call.decompress);
        let decoder = coding.and_then(StreamDecoder::new);
        if decoder.is_some() && asked_for_gzip {
            headers.retain(|(name, _)| name != "Content-Encoding" && name != "Content-Length");
        }
        Self { live, parser, decoder, has_right_type, held: None, ending: None }
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
            let (read, at) = match self.held.take() {
                Some(held) => held,
                None => {
                    let read = self.live.chunk().await;
                    (read, self.live.read_at().unwrap_or_else(Instant::now))
                }
            };
            let mut more = self.take_in(read, out);
            let mut taken = 0;
            while more && taken < MOST_AT_ONCE {
                if self.live.read_at().is_none() {
                    // The connection has a task that hands over the pieces of its buffer one by one.
                    turn().await;
                }
                let Poll::Ready(read) = self.live.try_chunk() else { break };
                if let Some(read_at) = self.live.read_at()
                    && read_at != at
                {
                    self.held = Some((read, read_at));
                    break;
                }
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

    /// Reads what is left of the body, without parsing it: at most `limit` bytes are kept, and an error ends it.
    pub async fn read_rest(&mut self, limit: usize) -> Vec<u8> {
        let mut rest = Vec::new();
        while let (None, Ok(Some(bytes))) = (&self.ending, self.live.chunk().await) {
            match &mut self.decoder {
                None => rest.extend_from_slice(&bytes),
                Some(decoder) => match decoder.decode(&bytes) {
                    Ok(decoded) => rest.extend_from_slice(&decoded),
                    Err(_) => break,
                },
            }
            if rest.len() >= limit {
                rest.truncate(limit);
                break;
            }
        }
        self.close();
        rest
    }

    /// Ends a stream that is complete by what its events say. The body's end is waited for as long as servers
    /// take to send it after the last event, so that the connection is there for the next request. A body
    /// that goes on costs the connection, and its round trip ended before the wait.
    pub async fn complete(&mut self) {
        let end = Instant::now();
        let ended = self.ending.is_some() || {
            let rest = async { while let Ok(Some(_)) = self.live.chunk().await {} };
            tokio::time::timeout(END_OF_BODY, rest).await.is_ok()
        };
        self.live.settle_at(if ended { Instant::now() } else { end }, None);
        self.ending = Some(Ok(()));
    }

    /// Notes that nobody wanted to read until now: what the server had to say could not come in.
    pub fn was_left_alone(&mut self) {
        self.live.last_read = Instant::now();
    }

    /// Closes the stream and returns its round trip.
    pub fn finish(mut self) -> Hop {
        self.close();
        self.live.hop
    }

    /// Whether the response says that it is what it was read as: an event stream, or lines of JSON.
    pub fn has_right_type(&self) -> bool {
        self.has_right_type
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
        let before = out.len();
        let fed = match &mut self.decoder {
            Some(decoder) => self.parser.feed(&decoder.decode(bytes)?, out),
            None => self.parser.feed(bytes, out),
        };
        if !self.live.begun {
            let is_first = |parsed: &Parsed| matches!(parsed, Parsed::Event(event) if !event.data.is_empty());
            self.live.begun = out[before..].iter().any(is_first);
        }
        fed.map_err(|error| broken(&error))
    }
}

fn broken(error: &ParseError) -> Kind {
    Kind::EventStream(error.to_string())
}
