//! Frames: their header, and the mask that clients put on the payload.

use bytes::{BufMut, BytesMut};

/// What a frame is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opcode {
    Continuation = 0,
    Text = 1,
    Binary = 2,
    Close = 8,
    Ping = 9,
    Pong = 10,
}

impl Opcode {
    /// The opcode of that number.
    pub fn of(number: u8) -> Option<Self> {
        Some(match number {
            0 => Self::Continuation,
            1 => Self::Text,
            2 => Self::Binary,
            8 => Self::Close,
            9 => Self::Ping,
            10 => Self::Pong,
            _ => return None,
        })
    }

    /// Whether it is close, ping or pong.
    pub fn is_control(self) -> bool {
        self as u8 >= 8
    }
}

/// The most bytes that the payload of a control frame has.
pub const MOST_CONTROL: usize = 125;

const FIN: u8 = 0x80;
pub const RSV1: u8 = 0x40;
pub const RSV2: u8 = 0x20;
pub const RSV3: u8 = 0x10;
const MASKED: u8 = 0x80;

/// The beginning of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// Whether it is the last frame of its message.
    pub last: bool,
    /// [`RSV1`], [`RSV2`] and [`RSV3`].
    pub reserved: u8,
    pub opcode: u8,
    pub masked: bool,
    /// Bytes of the payload.
    pub length: u64,
    /// Bytes of the header itself, without the mask's key.
    pub size: usize,
}

impl Header {
    /// Reads a header; `None` if there are too few bytes yet.
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let (&[first, second], rest) = bytes.split_first_chunk::<2>()?;
        let (length, more) = match second & !MASKED {
            126 => (u64::from(u16::from_be_bytes(*rest.first_chunk()?)), 2),
            127 => (u64::from_be_bytes(*rest.first_chunk()?), 8),
            length => (u64::from(length), 0),
        };
        Some(Self {
            last: first & FIN != 0,
            reserved: first & (RSV1 | RSV2 | RSV3),
            opcode: first & 0x0F,
            masked: second & MASKED != 0,
            length,
            size: 2 + more,
        })
    }
}

/// Appends a whole message, or a control frame, as one masked frame.
pub fn write(into: &mut BytesMut, opcode: Opcode, compressed: bool, payload: &[u8], mask: [u8; 4]) {
    into.reserve(payload.len() + 14);
    into.put_u8(FIN | if compressed { RSV1 } else { 0 } | opcode as u8);
    match payload.len() {
        length @ 0..=125 => into.put_u8(MASKED | length as u8),
        length @ 126..=0xFFFF => {
            into.put_u8(MASKED | 126);
            into.extend_from_slice(&(length as u16).to_be_bytes());
        }
        length => {
            into.put_u8(MASKED | 127);
            into.extend_from_slice(&(length as u64).to_be_bytes());
        }
    }
    into.extend_from_slice(&mask);
    let start = into.len();
    into.extend_from_slice(payload);
    let mut words = into[start..].chunks_exact_mut(4);
    for word in &mut words {
        for (byte, key) in word.iter_mut().zip(mask) {
            *byte ^= key;
        }
    }
    for (byte, key) in words.into_remainder().iter_mut().zip(mask) {
        *byte ^= key;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        for (length, size) in [(0, 2), (5, 2), (125, 2), (126, 4), (65_535, 4), (65_536, 10), (70_001, 10)] {
            let payload: Vec<u8> = (0..length).map(|n| n as u8).collect();
            let mask = [1, 2, 3, 250];
            let mut bytes = BytesMut::new();
            write(&mut bytes, Opcode::Binary, length % 2 == 0, &payload, mask);
            let header = Header::parse(&bytes).unwrap();
            let reserved = if length % 2 == 0 { RSV1 } else { 0 };
            let expected =
                Header { last: true, reserved, opcode: 2, masked: true, length: length as u64, size };
            assert_eq!(header, expected);
            let unmasked: Vec<u8> =
                bytes[size + 4..].iter().zip(mask.iter().cycle()).map(|(byte, key)| byte ^ key).collect();
            assert_eq!(unmasked, payload);
            for cut in 0..size {
                assert_eq!(Header::parse(&bytes[..cut]), None);
            }
        }
    }
}
