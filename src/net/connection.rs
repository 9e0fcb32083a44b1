//! A connection that stands: TCP, or TLS over it.

use std::io::{self, IoSlice};
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};

use hyper::rt::{Read, ReadBuf, ReadBufCursor, Write};
use hyper_util::client::legacy::connect::{self, Connected};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;

use crate::net::error::{Http2, Kind, NetError};
use crate::net::goaway::{GoAway, Watch};
use crate::net::handshake::Negotiated;

/// A connection to a server or to a proxy.
#[derive(Debug)]
pub struct Connection {
    wire: Wire,
    /// The address that was connected to.
    pub remote: SocketAddr,
    negotiated: Option<Negotiated>,
    /// Where HTTP/2 was agreed on.
    frames: Option<Box<Watch>>,
    of_proxy: bool,
}

/// What every response over a connection brings along in its extensions.
#[derive(Clone, Debug)]
pub struct Facts {
    /// The server's address, or the proxy's.
    pub remote: SocketAddr,
    pub negotiated: Option<Negotiated>,
    goaway: Option<GoAway>,
}

impl Facts {
    /// What is known of a connection that failed a request.
    pub fn of(connected: &Connected) -> Option<Self> {
        let mut extensions = http::Extensions::new();
        connected.get_extras(&mut extensions);
        extensions.get().cloned()
    }

    /// An error over this connection. Where it is only that the connection ended, the server's last words say why.
    pub fn explain(&self, error: NetError) -> NetError {
        let is_end =
            matches!(error.kind, Kind::Eof | Kind::UnexpectedEof | Kind::Reset(_) | Kind::BrokenPipe);
        match self.goaway.as_ref().and_then(GoAway::code).filter(|_| is_end) {
            Some(code) => NetError { kind: Kind::Http2 { class: Http2::GoAway, code }, ..error },
            None => error,
        }
    }
}

#[derive(Debug)]
enum Wire {
    Plain(TokioIo<TcpStream>),
    /// Over a connection of its own, for that may be a tunnel through a proxy.
    Secured(TokioIo<Box<TlsStream<TokioIo<Connection>>>>),
}

impl Connection {
    /// Plain TCP.
    pub fn plain(stream: TcpStream, remote: SocketAddr) -> Self {
        let wire = Wire::Plain(TokioIo::new(stream));
        Self { wire, remote, negotiated: None, frames: None, of_proxy: false }
    }

    /// TLS; `multiplexed` says that HTTP/2 was agreed on.
    pub fn secured(
        stream: TlsStream<TokioIo<Self>>,
        remote: SocketAddr,
        negotiated: Option<Negotiated>,
        multiplexed: bool,
    ) -> Self {
        let wire = Wire::Secured(TokioIo::new(Box::new(stream)));
        let frames = multiplexed.then(Box::default);
        Self { wire, remote, negotiated, frames, of_proxy: false }
    }

    /// Marks it as one to a proxy that is asked for whole URLs.
    #[must_use]
    pub fn of_proxy(self) -> Self {
        Self { of_proxy: true, ..self }
    }
}

impl connect::Connection for Connection {
    fn connected(&self) -> Connected {
        let goaway = self.frames.as_ref().map(|frames| frames.seen.clone());
        let facts = Facts { remote: self.remote, negotiated: self.negotiated, goaway };
        let connected = Connected::new().extra(facts).proxy(self.of_proxy);
        if self.frames.is_some() { connected.negotiated_h2() } else { connected }
    }
}

macro_rules! pass_on {
    ($self:ident, $method:ident($($argument:expr),*)) => {
        match &mut $self.get_mut().wire {
            Wire::Plain(stream) => Pin::new(stream).$method($($argument),*),
            Wire::Secured(stream) => Pin::new(stream).$method($($argument),*),
        }
    };
}

impl Read for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        mut into: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        let Some(mut frames) = self.frames.take() else { return pass_on!(self, poll_read(cx, into)) };
        let this = self.get_mut();
        let mut piece = [0; 8192];
        let length = into.remaining().min(piece.len());
        let mut read = ReadBuf::new(&mut piece[..length]);
        let done = match &mut this.wire {
            Wire::Plain(stream) => Pin::new(stream).poll_read(cx, read.unfilled()),
            Wire::Secured(stream) => Pin::new(stream).poll_read(cx, read.unfilled()),
        };
        if matches!(done, Poll::Ready(Ok(()))) {
            frames.read(read.filled());
            into.put_slice(read.filled());
        }
        this.frames = Some(frames);
        done
    }
}

impl Write for Connection {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        pass_on!(self, poll_write(cx, bytes))
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        pass_on!(self, poll_flush(cx))
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        pass_on!(self, poll_shutdown(cx))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        pass_on!(self, poll_write_vectored(cx, slices))
    }

    fn is_write_vectored(&self) -> bool {
        match &self.wire {
            Wire::Plain(stream) => stream.is_write_vectored(),
            Wire::Secured(stream) => stream.is_write_vectored(),
        }
    }
}
