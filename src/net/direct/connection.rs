//! A connection that is driven by whoever waits for its answer.

use std::cell::Cell;
use std::convert::Infallible;
use std::future::poll_fn;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Instant;

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use super::socket::{Descriptor, Socket, Times, is_quiet};
use crate::net::classify::classify;
use crate::net::error::{NetError, Stage};
use crate::net::header::MAX_HEADERS;

type Driver = http1::Connection<TokioIo<Socket>, Outgoing>;

/// A connection with at most one request under way.
pub struct Connection {
    sender: SendRequest<Outgoing>,
    /// `None` once it has ended.
    driver: Option<Pin<Box<Driver>>>,
    times: Rc<Times>,
    /// Of the driver's socket.
    descriptor: Descriptor,
    peer: SocketAddr,
    /// Whether the body of the current request was handed over to its end.
    body_taken: Option<Rc<Cell<bool>>>,
}

impl Connection {
    /// Takes over a connected socket.
    ///
    /// # Errors
    ///
    /// None is known.
    pub async fn new((stream, peer): (TcpStream, SocketAddr)) -> Result<Self, NetError> {
        let times = Rc::<Times>::default();
        let socket = Socket::new(stream, times.clone());
        let descriptor = socket.descriptor();
        let (sender, driver) = http1::Builder::new()
            .title_case_headers(true)
            .allow_obsolete_multiline_headers_in_responses(true)
            .max_headers(MAX_HEADERS)
            .handshake(TokioIo::new(socket))
            .await
            .map_err(|error| classify(&error, Stage::Request, Some(peer)))?;
        Ok(Self { sender, driver: Some(Box::pin(driver)), times, descriptor, peer, body_taken: None })
    }

    /// The server's address.
    pub fn peer(&self) -> SocketAddr {
        self.peer
    }

    /// When bytes left and arrived.
    pub fn times(&self) -> &Times {
        &self.times
    }

    /// When the whole request was written, if it was.
    pub fn wrote(&self) -> Option<Instant> {
        let taken = self.body_taken.as_ref().is_some_and(|taken| taken.get());
        self.times.last_write().filter(|_| taken)
    }

    /// Sends a request and waits for the head of the answer.
    ///
    /// # Errors
    ///
    /// The connection broke, or the answer is not HTTP.
    pub async fn send(
        &mut self,
        request: http::Request<Outgoing>,
    ) -> hyper::Result<http::Response<Incoming>> {
        self.times.restart();
        self.body_taken = Some(request.body().taken.clone());
        let mut answer = pin!(self.sender.send_request(request));
        let driver = &mut self.driver;
        poll_fn(|cx| {
            if let Poll::Ready(answer) = answer.as_mut().poll(cx) {
                return Poll::Ready(answer);
            }
            drive(driver, cx);
            answer.as_mut().poll(cx)
        })
        .await
    }

    /// The next piece of a body that came over this connection.
    pub fn poll_body(
        &mut self,
        body: &mut Incoming,
        cx: &mut Context<'_>,
    ) -> Poll<Option<hyper::Result<Frame<Bytes>>>> {
        // The body is asked first: only then does the connection read for it.
        if let Poll::Ready(frame) = Pin::new(&mut *body).poll_frame(cx) {
            return Poll::Ready(frame);
        }
        drive(&mut self.driver, cx);
        Pin::new(body).poll_frame(cx)
    }

    /// Lets the connection notice that an answer has ended; whether it can take another request.
    pub fn settle(&mut self) -> bool {
        let cx = &mut Context::from_waker(std::task::Waker::noop());
        drive(&mut self.driver, cx);
        self.driver.is_some() && self.sender.poll_ready(cx).is_ready() && self.sender.is_ready()
    }

    /// Whether an idle connection still stands.
    pub fn is_alive(&self) -> bool {
        self.driver.is_some() && is_quiet(self.descriptor)
    }
}

/// Reads and writes what can be. An error is not lost: the request or the body hear of it.
fn drive(driver: &mut Option<Pin<Box<Driver>>>, cx: &mut Context<'_>) {
    if let Some(connection) = driver
        && connection.as_mut().poll(cx).is_ready()
    {
        *driver = None;
    }
}

/// A request's body.
pub struct Outgoing {
    rest: Bytes,
    /// Set when the last of it was handed over.
    taken: Rc<Cell<bool>>,
}

/// Small enough to show the back-pressure of a slow server in `sending`.
const SLICE: usize = 16 * 1024;

impl Outgoing {
    pub fn new(body: Bytes) -> Self {
        let taken = Rc::new(Cell::new(body.is_empty()));
        Self { rest: body, taken }
    }
}

impl Body for Outgoing {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if self.rest.is_empty() {
            return Poll::Ready(None);
        }
        let at = self.rest.len().min(SLICE);
        let slice = self.rest.split_to(at);
        self.taken.set(self.rest.is_empty());
        Poll::Ready(Some(Ok(Frame::data(slice))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.rest.len() as u64)
    }
}
