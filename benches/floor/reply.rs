//! One streamed answer: head, chunks, lines, events; nothing is kept of any.

use super::epoll::find;

/// How far an answer has been read.
#[derive(Default)]
pub struct Reply {
    place: Place,
    head: Vec<u8>,
    /// Bytes of the current chunk that are yet to come; its size, while that is read.
    chunk: usize,
    /// Bytes of the current line so far.
    column: usize,
    /// Whether the current line is a `data` line, as far as it was read.
    is_data: bool,
    /// Whether the current event has a `data` line.
    has_data: bool,
    /// Events so far.
    pub events: u64,
}

#[derive(Clone, Copy, Default, PartialEq)]
enum Place {
    #[default]
    Head,
    Size,
    Body,
    AfterChunk,
    /// The last chunk was read; its empty line is left.
    Last,
    End,
}

const FIELD: &[u8] = b"data";

impl Reply {
    /// Whether all of the answer was read.
    pub fn is_complete(&self) -> bool {
        self.place == Place::End
    }

    /// Reads on. Fails on an answer that is not chunked or whose status is not 200.
    pub fn feed(&mut self, mut bytes: &[u8]) -> Result<(), String> {
        while let Some(&byte) = bytes.first() {
            if self.place == Place::Body {
                let (body, rest) = bytes.split_at(self.chunk.min(bytes.len()));
                self.lines(body);
                self.chunk -= body.len();
                if self.chunk == 0 {
                    self.place = Place::AfterChunk;
                }
                bytes = rest;
                continue;
            }
            self.framing(byte)?;
            bytes = &bytes[1..];
        }
        Ok(())
    }

    /// A byte outside of the chunks' contents.
    fn framing(&mut self, byte: u8) -> Result<(), String> {
        match (self.place, byte) {
            (Place::Head, _) => {
                self.head.push(byte);
                if self.head.ends_with(b"\r\n\r\n") {
                    let head = String::from_utf8_lossy(&self.head).to_lowercase();
                    if !head.starts_with("http/1.1 200") || !head.contains("transfer-encoding: chunked") {
                        return Err(format!("not a streamed answer: {}", head.lines().next().unwrap_or("")));
                    }
                    self.head = Vec::new();
                    self.place = Place::Size;
                }
            }
            (Place::Size, b'\n') => self.place = if self.chunk == 0 { Place::Last } else { Place::Body },
            (Place::AfterChunk, b'\n') => self.place = Place::Size,
            (Place::Last, b'\n') => self.place = Place::End,
            (Place::Size, byte) if byte != b'\r' => {
                let digit = char::from(byte).to_digit(16).ok_or("a chunk's size is no number")?;
                self.chunk = self.chunk << 4 | digit as usize;
            }
            (Place::End, _) => return Err("bytes after the answer's end".into()),
            _ => {}
        }
        Ok(())
    }

    /// Splits contents into lines and lines into events.
    fn lines(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let end = find(b'\n', bytes);
            let line = &bytes[..end.unwrap_or(bytes.len())];
            if self.column < FIELD.len() && !line.is_empty() {
                let want = &FIELD[self.column..];
                let seen = want.len().min(line.len());
                self.is_data = (self.column == 0 || self.is_data) && line[..seen] == want[..seen];
            }
            self.column += line.len();
            let Some(end) = end else { return };
            bytes = &bytes[end + 1..];
            if self.column > 0 {
                self.has_data |= self.is_data;
            } else if std::mem::take(&mut self.has_data) {
                self.events += 1;
            }
            (self.column, self.is_data) = (0, false);
        }
    }
}
