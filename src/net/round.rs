//! One request and its response: a round trip, timed.

use std::net::SocketAddr;
use std::task::Poll;
use std::time::Instant;

use bytes::Bytes;
use futures_util::FutureExt;
use http_body_util::BodyExt;
use hyper::body::Incoming;
use url::Url;

use crate::net::classify::classify;
use crate::net::client::Client;
use crate::net::connection::Facts;
use crate::net::deadline::{Deadlines, within};
use crate::net::debug::Dump;
use crate::net::error::{Kind, NetError, Stage};
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
    body: Option<Incoming>,
    marks: Marks,
    headers_at: Instant,
    first_byte: Option<Instant>,
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

/// Sends a request and reads the head of the response.
///
/// A request that a kept-alive connection lost, because the server closed it at that moment, is sent again by
/// Go's rules: if it is idempotent, or if nothing of it was written.
pub(super) async fn send(
    client: &Client,
    target: &Target,
    request: &Request,
    deadlines: Deadlines,
    log_fields: &[(String, String)],
) -> Result<Live, Box<Hop>> {
    // Lets the pool notice connections that the server has closed meanwhile.
    tokio::task::yield_now().await;
    let debug = client.shared.config.debug;
    let mut dump = debug.map(|detail| Box::new(Dump::request(detail, log_fields, &target.url, request)));
    let start = Instant::now();
    let mut retries = RETRIES;
    let (outcome, marks) = loop {
        let trace = Trace::new();
        let mut outgoing = http::Request::new(TracedBody::new(request.body.clone(), trace.clone()));
        outgoing.method_mut().clone_from(&request.method);
        outgoing.uri_mut().clone_from(&request.uri);
        outgoing.headers_mut().clone_from(&request.headers);
        let sent = trace.scope(client.http.request(outgoing));
        let outcome = match within(sent, || deadlines.sending(start, trace.marks().got_conn)).await {
            Ok(outcome) => outcome.map_err(|error| {
                let peer = error.connect_info().and_then(Facts::of).map(|facts| facts.remote);
                classify(&error, Stage::Request, peer.or(trace.marks().address))
            }),
            Err(kind) => Err(NetError::request(kind)),
        };
        let marks = trace.marks();
        match outcome {
            Err(error) if retries > 0 && marks.reused() && may_retry(&error, request) => retries -= 1,
            outcome => break (outcome, marks),
        }
    };
    let now = Instant::now();

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
        Ok(response) => {
            let (head, body) = response.into_parts();
            describe(&head, &mut hop);
            if let Some(dump) = &mut dump {
                dump.response(&head, &hop.reason);
            }
            // The head goes: its values are slices of the connection's read buffer, 8 KiB that an idle stream would
            // keep alive.
            Ok(Live {
                hop,
                body: Some(body),
                marks,
                headers_at: now,
                first_byte: None,
                deadlines,
                last_read: now,
                begun: false,
                dump,
            })
        }
    }
}

fn may_retry(error: &NetError, request: &Request) -> bool {
    match error.kind {
        Kind::BrokenPipe => true,
        Kind::Eof | Kind::Reset(_) => request.is_idempotent(),
        _ => false,
    }
}

fn describe(head: &http::response::Parts, hop: &mut Hop) {
    hop.status = head.status.as_u16();
    hop.reason = match head.extensions.get::<hyper::ext::ReasonPhrase>() {
        Some(reason) => String::from_utf8_lossy(reason.as_bytes()).into_owned(),
        None => head.status.canonical_reason().unwrap_or_default().to_owned(),
    };
    hop.headers = header::of_response(&head.headers);
    hop.proto = header::proto(head.version);
    let size = "HTTP/1.1 200 \r\n".len() + hop.reason.len() + header::size(&head.headers);
    hop.bytes_received = size as u64;
    if let Some(facts) = head.extensions.get::<Facts>() {
        hop.remote = Some(facts.remote);
        if let Some(negotiated) = facts.negotiated.filter(|_| hop.url.scheme() == "https") {
            hop.tls_version = negotiated.version();
            hop.tls_cipher_suite = negotiated.cipher_suite();
        }
    }
}

/// The next piece of a body, passing over what is no data.
async fn next_piece(body: &mut Incoming) -> hyper::Result<Option<Bytes>> {
    while let Some(frame) = body.frame().await {
        if let Ok(bytes) = frame?.into_data() {
            return Ok(Some(bytes));
        }
    }
    Ok(None)
}

impl Live {
    /// The next piece of the body, `None` at its end. May be dropped and called again.
    ///
    /// # Errors
    ///
    /// The connection broke, or the deadline has passed.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, NetError> {
        let Some(body) = &mut self.body else { return Ok(None) };
        let sent = self.marks.got_conn.unwrap_or(self.headers_at);
        let due = || self.deadlines.reading(sent, self.last_read, self.begun);
        match within(next_piece(body), due).await {
            Ok(read) => self.received(read),
            Err(kind) => Err(NetError::body(kind)),
        }
    }

    /// The next piece of the body if it is there already.
    pub fn try_chunk(&mut self) -> Poll<Result<Option<Bytes>, NetError>> {
        let Some(body) = &mut self.body else { return Poll::Ready(Ok(None)) };
        match next_piece(body).now_or_never() {
            Some(read) => Poll::Ready(self.received(read)),
            None => Poll::Pending,
        }
    }

    fn received(&mut self, read: hyper::Result<Option<Bytes>>) -> Result<Option<Bytes>, NetError> {
        match read {
            Ok(Some(bytes)) => {
                self.first_byte.get_or_insert_with(Instant::now);
                if let Some(dump) = &mut self.dump {
                    dump.piece(&bytes);
                }
                if self.deadlines.watches_reads() {
                    self.last_read = Instant::now();
                }
                self.hop.bytes_received += bytes.len() as u64;
                Ok(Some(bytes))
            }
            Ok(None) => Ok(None),
            Err(error) => Err(classify(&error, Stage::Body, self.hop.remote)),
        }
    }

    /// Ends the round trip now. A body that was not read to its end costs the connection (HTTP/2: the stream).
    pub fn settle(&mut self, error: Option<NetError>) {
        self.settle_at(Instant::now(), error);
    }

    /// Ends the round trip as if that had been done at `end`.
    pub fn settle_at(&mut self, end: Instant, error: Option<NetError>) {
        if self.body.take().is_some() {
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
