//! Bytes from the server to messages.

use bytes::{Buf, Bytes, BytesMut};

use super::deflate;
use super::ended::{Ended, NO_STATUS, TOO_BIG, is_sent_code};
use super::frame::{Header, MOST_CONTROL, Opcode, RSV1, RSV2, RSV3};

/// Bytes of the largest message that is taken in.
pub const MOST: usize = 1 << 29;

/// What came from the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Received {
    /// UTF-8, unless the server errs.
    Text(Bytes),
    Binary(Bytes),
    Ping(Bytes),
    Pong(Bytes),
}

impl Ended {
    /// The server's message is larger than what is taken in.
    pub fn too_big() -> Self {
        Self::Fault { code: TOO_BIG, text: "read limit exceeded".to_owned() }
    }
}

/// Takes frames apart and puts messages together.
#[derive(Debug, Default)]
pub struct Inbound {
    /// What was read and not taken apart yet.
    pub buffer: BytesMut,
    /// Whether messages may be packed.
    deflate: bool,
    message: Option<Partial>,
}

/// A message whose last frame is not there yet.
#[derive(Debug)]
struct Partial {
    opcode: Opcode,
    packed: bool,
    data: BytesMut,
}

impl Inbound {
    /// Begins with what was read already.
    pub fn new(read: &[u8], deflate: bool) -> Self {
        Self { buffer: read.into(), deflate, message: None }
    }

    /// The next message; `None` if more bytes are needed for it.
    ///
    /// # Errors
    ///
    /// The server said goodbye, or broke the protocol.
    pub fn next(&mut self) -> Result<Option<Received>, Ended> {
        loop {
            let Some(header) = Header::parse(&self.buffer) else { return Ok(None) };
            let opcode = self.check(header)?;
            let total =
                usize::try_from(header.length).ok().and_then(|length| length.checked_add(header.size));
            let sofar = self.message.as_ref().map_or(0, |message| message.data.len());
            let Some(total) = total.filter(|total| total.saturating_add(sofar) <= MOST) else {
                return Err(Ended::too_big());
            };
            if self.buffer.len() < total {
                return Ok(None);
            }
            self.buffer.advance(header.size);
            let payload = self.buffer.split_to(total - header.size);
            let received = match opcode {
                Opcode::Ping => Some(Received::Ping(payload.freeze())),
                Opcode::Pong => Some(Received::Pong(payload.freeze())),
                Opcode::Close => return Err(goodbye(&payload)),
                Opcode::Text | Opcode::Binary | Opcode::Continuation => self.data(opcode, header, payload)?,
            };
            if self.buffer.is_empty() && self.buffer.capacity() > 64 * 1024 {
                // An idle connection is to cost little.
                self.buffer = BytesMut::new();
            }
            if received.is_some() {
                return Ok(received);
            }
        }
    }

    /// The opcode of a frame that is as it must be.
    fn check(&self, header: Header) -> Result<Opcode, Ended> {
        let mut faults = Vec::new();
        let opcode = Opcode::of(header.opcode);
        let may_be_packed = self.deflate && matches!(opcode, Some(Opcode::Text | Opcode::Binary));
        for (bit, text) in [(RSV1, "RSV1 set"), (RSV2, "RSV2 set"), (RSV3, "RSV3 set")] {
            if header.reserved & bit != 0 && !(bit == RSV1 && may_be_packed) {
                faults.push(text.to_owned());
            }
        }
        match opcode {
            None => faults.push(format!("bad opcode {}", header.opcode)),
            Some(opcode) if opcode.is_control() => {
                if header.length > MOST_CONTROL as u64 {
                    faults.push("len > 125 for control".to_owned());
                }
                if !header.last {
                    faults.push("FIN not set on control".to_owned());
                }
            }
            Some(Opcode::Continuation) if self.message.is_none() => {
                faults.push("continuation after FIN".to_owned());
            }
            Some(Opcode::Text | Opcode::Binary) if self.message.is_some() => {
                faults.push("data before FIN".to_owned());
            }
            Some(_) => {}
        }
        if header.masked {
            faults.push("bad MASK".to_owned());
        }
        match opcode {
            Some(opcode) if faults.is_empty() => Ok(opcode),
            _ => Err(Ended::fault(faults.join(", "))),
        }
    }

    fn data(&mut self, opcode: Opcode, header: Header, payload: BytesMut) -> Result<Option<Received>, Ended> {
        let message = match self.message.take() {
            Some(mut message) => {
                message.data.unsplit(payload);
                message
            }
            None => Partial { opcode, packed: header.reserved & RSV1 != 0, data: payload },
        };
        if !header.last {
            self.message = Some(message);
            return Ok(None);
        }
        let data =
            if message.packed { deflate::unpack(&message.data)?.into() } else { message.data.freeze() };
        Ok(Some(match message.opcode {
            Opcode::Text => Received::Text(data),
            _ => Received::Binary(data),
        }))
    }
}

/// What a close frame says.
fn goodbye(payload: &[u8]) -> Ended {
    let Some((code, reason)) = payload.split_first_chunk() else {
        return Ended::Close { code: NO_STATUS, reason: String::new() };
    };
    let code = u16::from_be_bytes(*code);
    if !is_sent_code(code) {
        return Ended::fault(format!("bad close code {code}"));
    }
    match str::from_utf8(reason) {
        Ok(reason) => Ended::Close { code, reason: reason.to_owned() },
        Err(_) => Ended::fault("invalid utf8 payload in close frame"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(inbound: &mut Inbound) -> (Vec<Received>, Option<Ended>) {
        let mut received = Vec::new();
        loop {
            match inbound.next() {
                Ok(Some(one)) => received.push(one),
                Ok(None) => return (received, None),
                Err(ended) => return (received, Some(ended)),
            }
        }
    }

    #[test]
    fn messages_in_any_pieces() {
        // A text in two frames with a ping between them, a binary message, a goodbye.
        let bytes = b"\x01\x03Hel\x89\x01p\x80\x02lo\x82\x02\x00\xFF\x88\x05\x03\xE8bye";
        let expected = [
            Received::Ping(Bytes::from_static(b"p")),
            Received::Text(Bytes::from_static(b"Hello")),
            Received::Binary(Bytes::from_static(b"\x00\xFF")),
        ];
        let goodbye = Ended::Close { code: 1000, reason: "bye".to_owned() };
        for piece in [1, 2, 3, 100] {
            let mut inbound = Inbound::default();
            let (mut received, mut ended) = (Vec::new(), None);
            for piece in bytes.chunks(piece) {
                inbound.buffer.extend_from_slice(piece);
                let (more, end) = all(&mut inbound);
                received.extend(more);
                ended = ended.or(end);
            }
            assert_eq!((received.as_slice(), ended.as_ref()), (&expected[..], Some(&goodbye)));
        }
    }

    #[test]
    fn packed_messages() {
        let mut inbound = Inbound { deflate: true, ..Inbound::default() };
        inbound.buffer.extend_from_slice(b"\x41\x03\xf2\x48\xcd\x80\x04\xc9\xc9\x07\x00");
        assert_eq!(all(&mut inbound), (vec![Received::Text(Bytes::from_static(b"Hello"))], None));
    }

    #[test]
    fn breaches() {
        for (bytes, text) in [
            (&b"\xC1\x00"[..], "RSV1 set"),
            (b"\xB3\x80", "RSV2 set, RSV3 set, bad opcode 3, bad MASK"),
            (b"\x09\x7e\x00\x7e", "len > 125 for control, FIN not set on control"),
            (b"\x80\x00", "continuation after FIN"),
            (b"\x01\x00\x01\x00", "data before FIN"),
            (b"\x88\x02\x03\xED", "bad close code 1005"),
            (b"\x88\x03\x03\xE8\xFF", "invalid utf8 payload in close frame"),
            (b"\x82\x7f\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF", "read limit exceeded"),
        ] {
            let mut inbound = Inbound::default();
            inbound.buffer.extend_from_slice(bytes);
            let (_, ended) = all(&mut inbound);
            assert_eq!(ended.unwrap().to_string(), format!("websocket: {text}"));
        }
        let mut inbound = Inbound::default();
        inbound.buffer.extend_from_slice(b"\x88\x00");
        assert_eq!(all(&mut inbound).1, Some(Ended::Close { code: 1005, reason: String::new() }));
    }
}
