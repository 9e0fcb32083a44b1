//! One request and its response: a round trip, timed.

use std::cell::Cell;
use std::net::SocketAddr;
use std::task::Poll;
use std::time::Instant;

use bytes::Bytes;
use url::Url;

use crate::net::answer::Answer;
use crate::net::classify::classify;
use crate::net::client::Client;
use crate::net::connection::Facts;
use crate::net::deadline::{Deadlines, within};
use crate::net::debug::Dump;
use crate::net::dial::Dialer;
use crate::net::direct;
use crate::net::error::{Http2, Kind, NetError, Stage};
use crate::net::header::{self, Headers};
use crate::net::redirect::Target;
use crate::net::request::{Request, RequestCookie};
use crate::net::trace::{Marks, Trace, TracedBody};
use crate::net::trail::Trail;

/// What is known of a round trip; of a failed one, what was reached.
#[derive(Clone, Debug)]
pub struct Hop {
    pub trail: Trail,
    /// As given, or as a redirect changed it.
    pub method: String,
    /// With credentials, if it has any.
    pub url: Url,
    /// 0: there was no response.
    pub status: u16,
    /// The reason phrase, such as `OK`; HTTP/2's is the usual one.
    pub reason: String,
    pub headers: Headers,
    /// `HTTP/1.1` or `HTTP/2.0`; empty: there was no response.
    pub proto: &'static str,
    /// `tls1.3`; empty: no TLS.
    pub tls_version: &'static str,
    /// Go's name of the suite; empty: no TLS.
    pub tls_cipher_suite: String,
    /// The server's address (or the proxy's), once a connection stood.
    pub remote: Option<SocketAddr>,
    /// Without `Host` and `Content-Length`.
    pub request_headers: Headers,
    pub request_cookies: Vec<RequestCookie>,
    /// Bytes of the request's head and body, as HTTP/1.1 writes them; 0 if no connection took it. TLS records and
    /// HTTP/2 frames are left out.
    pub bytes_sent: u64,
    /// Bytes of the response's head and of its body before decompression, chunk sizes left out.
    pub bytes_received: u64,
    pub error: Option<NetError>,
}

impl Hop {
    fn new(target: &Target, start: Instant) -> Self {
        Self {
            trail: Trail::starting(start),
            method: target.method.clone(),
            url: target.url.clone(),
            status: 0,
            reason: String::new(),
            headers: Headers::new(),
            proto: "",
            tls_version: "",
            tls_cipher_suite: String::new(),
            remote: None,
            request_headers: Headers::new(),
            request_cookies: Vec::new(),
            bytes_sent: 0,
            bytes_received: 0,
            error: None,
        }
    }

    /// A request that was refused before it was sent.
    pub(super) fn refused(target: &Target, error: NetError) -> Self {
        Self { error: Some(error), ..Self::new(target, Instant::now()) }
    }
}

/// A response whose body has not been read to its end.
pub(super) struct Live {
    pub hop: Hop,
    /// `None` once settled.
    answer: Option<Answer>,
    marks: Marks,
    headers_at: Instant,
    first_byte: Option<Instant>,
    /// When the body's last byte was read.
    ended: Option<Instant>,
    deadlines: Deadlines,
    /// The last sign of life, kept where somebody waits for the next.
    pub last_read: Instant,
    /// Whether an event has come, which only the reader of the body knows.
    pub begun: bool,
    /// What is logged of it (`httpDebug`).
    pub dump: Option<Box<Dump>>,
}

/// Attempts after the first: each takes a dead connection from the pool, which holds a handful.
const RETRIES: usize = 16;

/// A request of up to so many bytes is written at once, or not at all.
const ONE_WRITE: u64 = 4096;

/// Sends a request and reads the head of the response.
///
/// A request that a kept-alive connection lost, because the server closed it at that moment, is sent again by
/// Go's rules: if it is idempotent, or if nothing of it was written. Beyond them, also if it was written and the
/// system knows that it came too late ([`direct`]).
pub(super) async fn send(
    client: &Client,
    target: &Target,
    request: &Request,
    deadlines: Deadlines,
    log_fields: &[(String, String)],
) -> Result<Live, Box<Hop>> {
    let debug = client.shared.config.debug;
    let mut dump = debug.map(|detail| Box::new(Dump::request(detail, log_fields, &target.url, request)));
    let start = Instant::now();
    let mut retries = RETRIES;
    let (outcome, marks) = loop {
        let (outcome, marks) = match client.direct(request) {
            Some((pool, dialer)) => directly(pool, dialer, request, start, deadlines).await,
            None => through_pool(client, request, start, deadlines).await,
        };
        match outcome {
            Err(error) if retries > 0 && marks.reused() && may_retry(&error, request) => retries -= 1,
            outcome => break (outcome, marks),
        }
    };
    let read_at = outcome.as_ref().ok().and_then(Answer::read_at);
    let now = read_at.unwrap_or_else(Instant::now);

    let mut hop = Hop::new(target, start);
    hop.request_headers = header::of_request(&request.headers);
    hop.request_cookies.clone_from(&request.cookies);
    if marks.got_conn.is_some() {
        hop.bytes_sent = request.size;
    }
    if marks.connected.is_some() {
        hop.remote = marks.address;
    }
    hop.trail = Trail::new(start, now, &marks, outcome.is_ok().then_some(now), None);
    match outcome {
        Err(error) => {
            hop.error = Some(error);
            Err(Box::new(hop))
        }
        Ok(mut answer) => {
            describe(&answer, &mut hop);
            if let Some(dump) = &mut dump {
                dump.response(answer.head(), &hop.reason);
            }
            answer.drop_headers();
            Ok(Live {
                hop,
                answer: Some(answer),
                marks,
                headers_at: now,
                first_byte: None,
                ended: None,
                deadlines,
                last_read: now,
                begun: false,
                dump,
            })
        }
    }
}

async fn directly(
    pool: &direct::Pool,
    dialer: &Dialer,
    request: &Request,
    start: Instant,
    deadlines: Deadlines,
) -> (Result<Answer, NetError>, Marks) {
    let marks = Cell::new(Marks::default());
    let sent = direct::send(pool, dialer, request, &marks);
    let outcome = match within(sent, || deadlines.sending(start, marks.get().got_conn)).await {
        Ok(outcome) => outcome.map(Answer::Direct),
        Err(kind) => Err(NetError::request(kind)),
    };
    (outcome, marks.get())
}

async fn through_pool(
    client: &Client,
    request: &Request,
    start: Instant,
    deadlines: Deadlines,
) -> (Result<Answer, NetError>, Marks) {
    // Lets the pool notice connections that the server has closed meanwhile.
    tokio::task::yield_now().await;
    let trace = Trace::new();
    let mut outgoing = http::Request::new(TracedBody::new(request.body.clone(), trace.clone()));
    outgoing.method_mut().clone_from(&request.method);
    outgoing.uri_mut().clone_from(&request.uri);
    outgoing.headers_mut().clone_from(&request.headers);
    // Its state is large, and every future around it would have to make room for it.
    let sent = Box::pin(trace.scope(client.http().request(outgoing)));
    let outcome = match within(sent, || deadlines.sending(start, trace.marks().got_conn)).await {
        Ok(Ok(response)) => {
            let (head, body) = response.into_parts();
            Ok(Answer::Pooled(head, body))
        }
        Ok(Err(error)) => {
            let facts = error.connect_info().and_then(Facts::of);
            let peer = facts.as_ref().map(|facts| facts.remote);
            let error = classify(&error, Stage::Request, peer.or(trace.marks().address));
            Err(match facts {
                Some(facts) => facts.explain(error),
                None => error,
            })
        }
        Err(kind) => Err(NetError::request(kind)),
    };
    (outcome, trace.marks())
}

fn may_retry(error: &NetError, request: &Request) -> bool {
    match error.kind {
        // The first write failed, so that nothing of it was written. A larger one may have been written in part.
        Kind::BrokenPipe => request.is_idempotent() || request.size <= ONE_WRITE,
        Kind::Eof | Kind::Reset(_) | Kind::Http2 { class: Http2::GoAway, code: 0 } => request.is_idempotent(),
        _ => false,
    }
}

fn describe(answer: &Answer, hop: &mut Hop) {
    let head = answer.head();
    hop.status = head.status.as_u16();
    hop.reason = match answer.reason() {
        Some(reason) => String::from_utf8_lossy(reason.as_bytes()).into_owned(),
        None => head.status.canonical_reason().unwrap_or_default().to_owned(),
    };
    hop.headers = header::of_response(&head.headers);
    hop.proto = header::proto(head.version);
    hop.remote = answer.remote().or(hop.remote);
    let size = "HTTP/1.1 200 \r\n".len() + hop.reason.len() + header::size(&head.headers);
    hop.bytes_received = size as u64;
    // To a proxy there may be TLS, too, which is not the server's.
    if let Some(negotiated) = answer.negotiated().filter(|_| hop.url.scheme() == "https") {
        hop.tls_version = negotiated.version();
        hop.tls_cipher_suite = negotiated.cipher_suite();
    }
}

impl Live {
    /// The next piece of the body, `None` at its end. May be dropped and called again.
    ///
    /// # Errors
    ///
    /// The connection broke, or the deadline has passed.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, NetError> {
        let Some(answer) = &mut self.answer else { return Ok(None) };
        let sent = self.marks.got_conn.unwrap_or(self.headers_at);
        let due = || self.deadlines.reading(sent, self.last_read, self.begun);
        match within(answer.chunk(), due).await {
            Ok(read) => self.received(read),
            Err(kind) => Err(NetError::body(kind)),
        }
    }

    /// The next piece of the body if it is there already.
    pub fn try_chunk(&mut self) -> Poll<Result<Option<Bytes>, NetError>> {
        let Some(answer) = &mut self.answer else { return Poll::Ready(Ok(None)) };
        answer.try_chunk().map(|read| self.received(read))
    }

    /// The instant before the first byte of the request could be sent.
    pub fn sent_at(&self) -> Instant {
        self.marks.got_conn.unwrap_or(self.headers_at)
    }

    /// When the head was read.
    pub fn headers_at(&self) -> Instant {
        self.headers_at
    }

    /// See [`Answer::read_at`].
    pub fn read_at(&self) -> Option<Instant> {
        self.answer.as_ref().and_then(Answer::read_at)
    }

    fn received(&mut self, read: Result<Option<Bytes>, NetError>) -> Result<Option<Bytes>, NetError> {
        let read = read?;
        let at = self.read_at().unwrap_or_else(Instant::now);
        let Some(bytes) = read else {
            self.ended = Some(at);
            return Ok(None);
        };
        self.first_byte.get_or_insert(at);
        if let Some(dump) = &mut self.dump {
            dump.piece(&bytes);
        }
        if self.deadlines.watches_reads() {
            self.last_read = at;
        }
        self.hop.bytes_received += bytes.len() as u64;
        Ok(Some(bytes))
    }

    /// Ends the round trip: when the body's last byte was read, or now. A body that was not read to its end costs
    /// the connection (HTTP/2: the stream).
    pub fn settle(&mut self, error: Option<NetError>) {
        self.settle_at(self.ended.unwrap_or_else(Instant::now), error);
    }

    /// Ends the round trip as if that had been done at `end`.
    pub fn settle_at(&mut self, end: Instant, error: Option<NetError>) {
        if let Some(answer) = self.answer.take() {
            if let Some((sent, received)) = answer.bytes() {
                (self.hop.bytes_sent, self.hop.bytes_received) = (sent, received);
            }
            self.hop.trail =
                Trail::new(self.hop.trail.start, end, &self.marks, Some(self.headers_at), self.first_byte);
            self.hop.error = error;
            if let Some(dump) = &mut self.dump {
                dump.finish();
            }
        }
    }

    /// Ends the round trip now and returns what is known of it.
    pub fn finish(mut self, error: Option<NetError>) -> Hop {
        self.settle(error);
        self.hop
    }
}
