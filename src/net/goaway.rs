//! The last words of an HTTP/2 server.
//!
//! A server that gives up says why in a GOAWAY frame, but the library tells those who wait for an answer only that
//! the connection ended. So the frame is looked for in what the connection reads.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// A frame's length, type, flags and stream (RFC 9113, section 4.1).
const HEAD: usize = 9;
/// The last stream and the error code, with which the payload of a GOAWAY frame begins.
const REASON: usize = 8;
const GOAWAY: u8 = 7;

/// The HTTP/2 error code of the GOAWAY frame that a connection received, if it did.
#[derive(Clone, Debug, Default)]
pub struct GoAway(
    /// One more than the code; zero: none yet.
    Arc<AtomicU64>,
);

impl GoAway {
    /// The code, once it has come.
    pub fn code(&self) -> Option<u32> {
        self.0.load(Ordering::Relaxed).checked_sub(1).map(|code| code as u32)
    }
}

/// Follows the frames in what a client reads.
#[derive(Debug, Default)]
pub struct Watch {
    pub seen: GoAway,
    /// The frame's head, and the payload's begin if it is a GOAWAY frame.
    begun: [u8; HEAD + REASON],
    /// How much of `begun` is there.
    length: usize,
    /// The payload's bytes that are to be passed over.
    skip: usize,
}

impl Watch {
    /// Takes in what was read next.
    pub fn read(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let passed = self.skip.min(bytes.len());
            self.skip -= passed;
            bytes = &bytes[passed..];
            let wanted = if self.length >= HEAD { HEAD + REASON } else { HEAD };
            let (piece, rest) = bytes.split_at(bytes.len().min(wanted - self.length));
            self.begun[self.length..self.length + piece.len()].copy_from_slice(piece);
            self.length += piece.len();
            bytes = rest;
            if self.length == wanted {
                self.complete();
            }
        }
    }

    /// Looks at a head, or at a reason.
    fn complete(&mut self) {
        let [a, b, c, kind, ..] = self.begun;
        let payload = u32::from_be_bytes([0, a, b, c]) as usize;
        if self.length == HEAD && kind == GOAWAY && payload >= REASON {
            return;
        }
        self.skip = payload;
        if self.length > HEAD {
            self.skip -= REASON;
            let [.., a, b, c, d] = self.begun;
            self.seen.0.store(u64::from(u32::from_be_bytes([a, b, c, d])) + 1, Ordering::Relaxed);
        }
        self.length = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_in_any_pieces() {
        let settings = [0, 0, 6, 4, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 100];
        let empty = [0, 0, 0, 4, 1, 0, 0, 0, 0];
        let goaway = [0, 0, 10, 7, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 11, b'h', b'i'];
        let data = [0, 0, 3, 0, 0, 0, 0, 0, 1, 7, 7, 7];
        let bytes = [&settings[..], &empty, &data, &goaway, &data].concat();
        for size in 1..bytes.len() {
            let mut watch = Watch::default();
            let pieces: Vec<_> = bytes.chunks(size).collect();
            for piece in &pieces[..pieces.len() / 3] {
                watch.read(piece);
            }
            assert_eq!(watch.seen.code(), None);
            pieces[pieces.len() / 3..].iter().for_each(|piece| watch.read(piece));
            assert_eq!(watch.seen.code(), Some(11), "{size}");
        }
    }
}
