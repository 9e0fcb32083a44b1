//! Bytes to the lines of a body of one JSON text a line (NDJSON, JSON Lines), however they are cut.

use crate::net::event_stream::{Event, Limits, ParseError, Parsed};

/// The parser. Each line that is not blank is an event, whose data is the line; what stands in it is not looked
/// at. Lines end in LF or CRLF; bytes that are no UTF-8 become U+FFFD; a leading BOM is skipped.
pub struct Parser {
    limits: Limits,
    /// The beginning of a line whose end has not come.
    partial: Vec<u8>,
    /// No line has come yet: a BOM may.
    at_start: bool,
}

impl Parser {
    /// A parser at the start of a body.
    pub fn new(limits: Limits) -> Self {
        Self { limits, partial: Vec::new(), at_start: true }
    }

    /// Takes in bytes and appends the lines that they complete to `out`.
    ///
    /// # Errors
    ///
    /// A limit was broken. What was complete before is in `out`; feed no more.
    pub fn feed(&mut self, mut bytes: &[u8], out: &mut Vec<Parsed>) -> Result<(), ParseError> {
        loop {
            let end = memchr::memchr(b'\n', bytes);
            if self.partial.len() + end.unwrap_or(bytes.len()) > self.limits.line {
                return Err(ParseError::Line(self.limits.line));
            }
            let Some(end) = end else {
                self.partial.extend_from_slice(bytes);
                return Ok(());
            };
            if self.partial.is_empty() {
                self.line(&bytes[..end], out)?;
            } else {
                let mut line = std::mem::take(&mut self.partial);
                line.extend_from_slice(&bytes[..end]);
                self.line(&line, out)?;
                // Keeps the buffer, unless one huge line made it huge.
                line.clear();
                line.shrink_to(64 * 1024);
                self.partial = line;
            }
            bytes = &bytes[end + 1..];
        }
    }

    /// Takes what is there as the last line: the body has ended, and its last line may lack an LF.
    ///
    /// # Errors
    ///
    /// A limit was broken.
    pub fn finish(&mut self, out: &mut Vec<Parsed>) -> Result<(), ParseError> {
        let line = std::mem::take(&mut self.partial);
        self.line(&line, out)
    }

    /// Whether the body stands in the middle of a line.
    pub fn is_mid_event(&self) -> bool {
        !self.partial.is_empty()
    }

    fn line(&mut self, mut line: &[u8], out: &mut Vec<Parsed>) -> Result<(), ParseError> {
        if std::mem::take(&mut self.at_start) {
            line = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line);
        }
        line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.iter().all(u8::is_ascii_whitespace) {
            return Ok(());
        }
        if line.len() > self.limits.event {
            return Err(ParseError::Event(self.limits.event));
        }
        let data = String::from_utf8_lossy(line).into_owned();
        out.push(Parsed::Event(Event { data, ..Event::default() }));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The data of all events, the body fed in these pieces.
    fn lines(pieces: &[&[u8]]) -> Vec<String> {
        let mut parser = Parser::new(Limits::default());
        let mut out = Vec::new();
        pieces.iter().for_each(|piece| parser.feed(piece, &mut out).unwrap());
        parser.finish(&mut out).unwrap();
        assert!(!parser.is_mid_event());
        out.into_iter()
            .map(|parsed| match parsed {
                Parsed::Event(event) => event.data,
                other => panic!("{other:?}"),
            })
            .collect()
    }

    #[test]
    fn lines_at_every_split() {
        let body = "\u{feff}{\"a\":1}\n\r\n \t\n{\"é\":\"日本🎉\"}\r\n\u{feff}3\n\"a\rb\"\nlast".as_bytes();
        let expected = ["{\"a\":1}", "{\"é\":\"日本🎉\"}", "\u{feff}3", "\"a\rb\"", "last"];
        assert_eq!(lines(&[body]), expected);
        assert_eq!(lines(&body.chunks(1).collect::<Vec<_>>()), expected);
        for first in 0..=body.len() {
            for second in first..=body.len() {
                let pieces = [&body[..first], &body[first..second], &body[second..]];
                assert_eq!(lines(&pieces), expected, "{first} {second}");
            }
        }
    }

    #[test]
    fn ends_and_bytes() {
        for (body, expected) in [
            (&b""[..], vec![]),
            (b"\n\n", vec![]),
            (b"1", vec!["1"]),
            (b"1\r", vec!["1"]),
            (b"1\n2\n", vec!["1", "2"]),
            (b"a\xffb\n", vec!["a\u{fffd}b"]),
        ] {
            assert_eq!(lines(&[body]), expected);
        }
        let mut parser = Parser::new(Limits::default());
        parser.feed(b"1\n2", &mut Vec::new()).unwrap();
        assert!(parser.is_mid_event());
    }

    #[test]
    fn limits_name_themselves() {
        let mut out = Vec::new();
        let mut parser = Parser::new(Limits { line: 6, event: 4 });
        assert_eq!(parser.feed(b"1234\r\n", &mut out), Ok(()));
        assert_eq!(parser.feed(b"12345\n", &mut out), Err(ParseError::Event(4)));
        let mut parser = Parser::new(Limits { line: 6, event: 9 });
        assert_eq!(parser.feed(b"1234", &mut out), Ok(()));
        assert_eq!(parser.feed(b"567\n", &mut out), Err(ParseError::Line(6)));
        assert_eq!(out.len(), 1);
    }
}
