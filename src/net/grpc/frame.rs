//! Messages in the bytes of a stream: a flag for compression, the length in four bytes, the message.

use bytes::{Buf, BufMut, Bytes, BytesMut};

use super::status::{Code, Status};

/// Flag and length.
const HEAD: usize = 5;

/// A message with its head.
///
/// # Errors
///
/// It is larger than `limit` bytes.
pub fn encode(message: &[u8], limit: usize) -> Result<Bytes, Status> {
    let too_large = || {
        let text = format!("trying to send message larger than max ({} vs. {limit})", message.len());
        Status::new(Code::RESOURCE_EXHAUSTED, text)
    };
    let length = u32::try_from(message.len()).map_err(|_| too_large())?;
    if message.len() > limit {
        return Err(too_large());
    }
    let mut framed = BytesMut::with_capacity(HEAD + message.len());
    framed.put_u8(0);
    framed.put_u32(length);
    framed.put_slice(message);
    Ok(framed.freeze())
}

/// Takes bytes as they come, and gives messages.
pub struct Frames {
    buffer: BytesMut,
    limit: usize,
    /// The answer's `grpc-encoding`.
    encoding: String,
}

impl Frames {
    /// Frames of messages of at most `limit` bytes.
    pub fn new(limit: usize) -> Self {
        Self { buffer: BytesMut::new(), limit, encoding: String::new() }
    }

    /// Notes how compressed messages are compressed.
    pub fn set_encoding(&mut self, encoding: &str) {
        encoding.clone_into(&mut self.encoding);
    }

    /// Adds bytes.
    pub fn push(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    /// Whether a message has begun and not ended.
    pub fn is_broken_off(&self) -> bool {
        !self.buffer.is_empty()
    }

    /// The next whole message, if it is there.
    ///
    /// # Errors
    ///
    /// It is too large, or compressed: no call says that it understands any compression.
    pub fn pop(&mut self) -> Result<Option<Bytes>, Status> {
        let Some(head) = self.buffer.get(..HEAD) else { return Ok(None) };
        let (flag, length) = (head[0], u32::from_be_bytes([head[1], head[2], head[3], head[4]]) as usize);
        match (flag, self.encoding.as_str()) {
            (0, _) => {}
            (1, "" | "identity") => {
                return Err(Status::internal("grpc: compressed flag set with identity or empty encoding"));
            }
            (1, encoding) => {
                let text = format!("grpc: Decompressor is not installed for grpc-encoding {encoding:?}");
                return Err(Status::new(Code::UNIMPLEMENTED, text));
            }
            _ => return Err(Status::internal(format!("grpc: received unexpected payload format {flag}"))),
        }
        if length > self.limit {
            let text = format!("grpc: received message larger than max ({length} vs. {})", self.limit);
            return Err(Status::new(Code::RESOURCE_EXHAUSTED, text));
        }
        if self.buffer.len() < HEAD + length {
            return Ok(None);
        }
        self.buffer.advance(HEAD);
        Ok(Some(self.buffer.split_to(length).freeze()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_in_any_pieces() {
        let mut bytes = encode(b"hello", 5).unwrap().to_vec();
        bytes.extend(encode(b"", 5).unwrap());
        for piece in [1, 3, 20] {
            let mut frames = Frames::new(5);
            let mut found = Vec::new();
            for piece in bytes.chunks(piece) {
                frames.push(piece);
                while let Some(message) = frames.pop().unwrap() {
                    found.push(message);
                }
            }
            assert_eq!(found, [Bytes::from("hello"), Bytes::new()]);
            assert!(!frames.is_broken_off());
        }
    }

    #[test]
    fn limits_and_flags() {
        let pop = |bytes: &[u8], encoding: &str| {
            let mut frames = Frames::new(4);
            frames.set_encoding(encoding);
            frames.push(bytes);
            frames.pop().unwrap_err().to_string()
        };
        assert_eq!(
            pop(&[0, 0, 0, 0, 5], ""),
            "rpc error: code = ResourceExhausted desc = grpc: received message larger than max (5 vs. 4)"
        );
        assert!(
            pop(&[1, 0, 0, 0, 1], "gzip")
                .contains("Decompressor is not installed for grpc-encoding \"gzip\"")
        );
        assert!(pop(&[1, 0, 0, 0, 1], "").contains("identity or empty"));
        assert!(pop(&[7, 0, 0, 0, 1], "").contains("payload format 7"));
        assert!(encode(b"12345", 4).unwrap_err().message.contains("larger than max (5 vs. 4)"));
    }
}
