//! An open connection: one half that reads, one that writes.

use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Instant;

use bytes::{Buf, BytesMut};
use futures_util::FutureExt;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt, AsyncWriteExt, ReadHalf, WriteHalf};

use super::counted::{Counted, Counts};
use super::deflate;
use super::ended::Ended;
use super::frame::{self, MOST_CONTROL, Opcode};
use super::inbound::{Inbound, Received};
use crate::net::classify::classify;
use crate::net::connection::Connection;
use crate::net::error::Stage;

/// A socket, with TLS or without.
pub type Io = Counted<TokioIo<Connection>>;

/// Bytes asked for in one read.
const READ: usize = 8 * 1024;

/// Bytes of memory that a connection keeps for what it writes next.
const KEPT: usize = 64 * 1024;

/// A connection.
pub struct Link {
    pub reader: Reader,
    pub writer: Writer,
    counts: Rc<Counts>,
}

/// What comes from the server.
pub struct Reader {
    half: ReadHalf<Io>,
    inbound: Inbound,
    /// Why nothing more comes.
    ended: Option<Ended>,
    counts: Rc<Counts>,
    peer: SocketAddr,
}

/// What goes to the server.
pub struct Writer {
    half: WriteHalf<Io>,
    /// What is not written yet.
    out: BytesMut,
    deflate: bool,
    has_closed: bool,
    peer: SocketAddr,
}

impl Link {
    /// Takes over a socket on which hands were shaken; `read` came with the server's answer.
    pub(super) fn new(io: Io, read: &[u8], deflate: bool, counts: Rc<Counts>, peer: SocketAddr) -> Self {
        let (reads, writes) = tokio::io::split(io);
        let inbound = Inbound::new(read, deflate);
        let reader = Reader { half: reads, inbound, ended: None, counts: counts.clone(), peer };
        let writer = Writer { half: writes, out: BytesMut::new(), deflate, has_closed: false, peer };
        Self { reader, writer, counts }
    }

    /// Bytes written and read, those of the handshake included and the records of TLS left out.
    pub fn bytes(&self) -> (u64, u64) {
        (self.counts.sent(), self.counts.received())
    }

    /// Sends a message. What the server sends meanwhile is taken in, lest both sides wait for each other.
    ///
    /// # Errors
    ///
    /// See [`Writer::send`].
    pub async fn send(&mut self, opcode: Opcode, payload: &[u8]) -> Result<(), Ended> {
        let reader = &mut self.reader;
        tokio::select! {
            biased;
            sent = self.writer.send(opcode, payload) => sent,
            never = async {
                loop {
                    reader.fill().await;
                }
            } => never,
        }
    }
}

impl Reader {
    /// The next message, and the instant at which its last byte was read. May be dropped and called again.
    ///
    /// # Errors
    ///
    /// Nothing more comes.
    pub async fn next(&mut self) -> Result<(Received, Instant), Ended> {
        loop {
            match self.inbound.next() {
                Ok(Some(received)) => {
                    return Ok((received, self.counts.last_read().unwrap_or_else(Instant::now)));
                }
                Ok(None) => {}
                Err(ended) => return Err(ended),
            }
            if let Some(ended) = self.ended.clone() {
                return Err(ended);
            }
            self.fill().await;
        }
    }

    /// Reads once. Never returns where nothing more comes.
    async fn fill(&mut self) {
        if self.ended.is_some() {
            std::future::pending::<()>().await;
        }
        self.inbound.buffer.reserve(READ);
        self.ended = match self.half.read_buf(&mut self.inbound.buffer).await {
            Ok(0) => Some(Ended::cut()),
            Ok(_) => None,
            Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => Some(Ended::cut()),
            Err(error) => Some(Ended::Socket(classify(&error, Stage::Body, Some(self.peer)).to_string())),
        };
    }
}

impl Writer {
    /// Sends a message or a control frame.
    ///
    /// # Errors
    ///
    /// The socket failed, or a close frame was sent before.
    pub async fn send(&mut self, opcode: Opcode, payload: &[u8]) -> Result<(), Ended> {
        if self.has_closed {
            return Err(Ended::CloseSent);
        }
        self.put(opcode, payload);
        self.flush().await
    }

    /// Sends a close frame as far as that can be done without waiting: a server that does not read must not keep
    /// a connection from its end. No code is sent for 1005.
    ///
    /// # Errors
    ///
    /// See [`Self::send`].
    pub fn close(&mut self, code: u16, reason: &str) -> Result<(), Ended> {
        self.send(Opcode::Close, &farewell(code, reason)).now_or_never().unwrap_or(Ok(()))
    }

    fn put(&mut self, opcode: Opcode, payload: &[u8]) {
        let mask = rand::random();
        self.has_closed = opcode == Opcode::Close;
        if self.deflate && !opcode.is_control() {
            frame::write(&mut self.out, opcode, true, &deflate::pack(payload), mask);
        } else {
            frame::write(&mut self.out, opcode, false, payload, mask);
        }
    }

    async fn flush(&mut self) -> Result<(), Ended> {
        let written = async {
            while !self.out.is_empty() {
                match self.half.write(&self.out).await? {
                    0 => return Err(std::io::ErrorKind::WriteZero.into()),
                    // Gone as soon as it is written: whoever waits may be dropped, and the next frame must not
                    // begin in the middle of this one.
                    bytes => self.out.advance(bytes),
                }
            }
            self.half.flush().await
        };
        let written: std::io::Result<()> = written.await;
        if self.out.capacity() > KEPT {
            self.out = BytesMut::new();
        }
        written.map_err(|error| {
            self.out.clear();
            Ended::Socket(classify(&error, Stage::Request, Some(self.peer)).to_string())
        })
    }
}

/// The payload of a close frame.
fn farewell(code: u16, reason: &str) -> Vec<u8> {
    if code == super::ended::NO_STATUS {
        return Vec::new();
    }
    let mut payload = code.to_be_bytes().to_vec();
    let most = MOST_CONTROL - payload.len();
    let end = (0..=reason.len().min(most)).rev().find(|&end| reason.is_char_boundary(end)).unwrap_or(0);
    payload.extend_from_slice(&reason.as_bytes()[..end]);
    payload
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn farewells() {
        assert_eq!(farewell(1000, "bye"), b"\x03\xE8bye");
        assert!(farewell(1005, "x").is_empty());
        assert_eq!(farewell(3000, &"é".repeat(100)).len(), 124);
    }
}
