//! Bytes to events, by the rules of WHATWG's `text/event-stream`, as they come and however they are cut.
//!
//! The tests set it against the crate `eventsource-stream`, which it replaced: see docs/adr.

use std::borrow::Cow;

/// An event.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Event {
    /// The last event ID: stays until the server sends another.
    pub id: String,
    /// Whether the block itself has an `id` field.
    pub own_id: bool,
    /// The `event` field; empty if the block has none (WHATWG then says `message`).
    pub name: String,
    /// The `data` fields, joined by LF.
    pub data: String,
    /// The last comment since the event before.
    pub comment: String,
    /// The last valid `retry` field since the event before, in milliseconds; `u64::MAX` if it is larger.
    pub retry: Option<u64>,
}

/// What the parser found, in the order of the stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Parsed {
    Event(Event),
    /// A comment line, without its colon and one space. It shows in the next event, too.
    Comment(String),
    /// A line that is no field, with LF at its end; only of streams that are not declared as event streams,
    /// where such lines are more likely an error message than a field of tomorrow.
    UnknownLine(String),
}

/// What the parser takes before it gives up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of one line.
    pub line: usize,
    /// Bytes of one event's data.
    pub event: usize,
}

impl Default for Limits {
    /// 16 MiB each.
    fn default() -> Self {
        Self { line: 16 << 20, event: 16 << 20 }
    }
}

/// A limit was broken; the stream can't be read on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParseError {
    #[error("a line of the event stream is longer than {0} bytes")]
    Line(usize),
    #[error("the data of an event is longer than {0} bytes")]
    Event(usize),
}

/// The parser. Feed it what was read; each event comes out with the byte that ends its blank line.
pub struct Parser {
    limits: Limits,
    report_unknown: bool,
    /// The beginning of a line whose end has not come.
    partial: Vec<u8>,
    /// No line has come yet: a BOM may.
    at_start: bool,
    /// The last line ended in CR; an LF that follows belongs to it.
    after_cr: bool,
    /// The last `id` field that counts.
    last_id: String,
    block: Block,
    comment: String,
    retry: Option<u64>,
}

/// What is known of the block that is being read.
#[derive(Default)]
struct Block {
    name: String,
    /// The values of the `data` fields so far; `None`: there was none.
    data: Option<String>,
    /// Whether an `id` that counts has come.
    id: bool,
    /// Whether any line has come.
    begun: bool,
}

impl Parser {
    /// A parser at the start of a stream. `report_unknown` makes [`Parsed::UnknownLine`]s.
    pub fn new(limits: Limits, report_unknown: bool) -> Self {
        Self {
            limits,
            report_unknown,
            partial: Vec::new(),
            at_start: true,
            after_cr: false,
            last_id: String::new(),
            block: Block::default(),
            comment: String::new(),
            retry: None,
        }
    }

    /// Takes in bytes and appends what they complete to `out`.
    ///
    /// # Errors
    ///
    /// A limit was broken. What was complete before is in `out`; feed no more.
    pub fn feed(&mut self, mut bytes: &[u8], out: &mut Vec<Parsed>) -> Result<(), ParseError> {
        loop {
            if self.after_cr && !bytes.is_empty() {
                self.after_cr = false;
                bytes = bytes.strip_prefix(b"\n").unwrap_or(bytes);
            }
            let end = memchr::memchr2(b'\n', b'\r', bytes);
            if self.partial.len() + end.unwrap_or(bytes.len()) > self.limits.line {
                return Err(ParseError::Line(self.limits.line));
            }
            let Some(end) = end else {
                self.partial.extend_from_slice(bytes);
                return Ok(());
            };
            self.after_cr = bytes[end] == b'\r';
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

    /// Whether the stream, if it ended here, would end in the middle of an event or line. What there is of it
    /// is then dropped, as WHATWG demands.
    pub fn is_mid_event(&self) -> bool {
        self.block.begun || !self.partial.is_empty()
    }

    fn line(&mut self, mut line: &[u8], out: &mut Vec<Parsed>) -> Result<(), ParseError> {
        if std::mem::take(&mut self.at_start) {
            line = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line);
        }
        let line = String::from_utf8_lossy(line);
        if line.is_empty() {
            self.dispatch(out);
            return Ok(());
        }
        self.block.begun = true;
        let (field, value) = match line.split_once(':') {
            Some((field, value)) => (field, value.strip_prefix(' ').unwrap_or(value)),
            None => (&*line, ""),
        };
        match field {
            "data" => {
                let before = self.block.data.as_ref().map_or(0, |data| data.len() + 1);
                if before + value.len() > self.limits.event {
                    return Err(ParseError::Event(self.limits.event));
                }
                match &mut self.block.data {
                    Some(data) => {
                        data.push('\n');
                        data.push_str(value);
                    }
                    None => self.block.data = Some(value.to_owned()),
                }
            }
            // One with a NUL is no ID.
            "id" if value.contains('\0') => {}
            "id" => {
                self.block.id = true;
                value.clone_into(&mut self.last_id);
            }
            "event" => value.clone_into(&mut self.block.name),
            "retry" => self.retry = milliseconds(value).or(self.retry),
            "" if line.starts_with(':') => {
                value.clone_into(&mut self.comment);
                out.push(Parsed::Comment(value.to_owned()));
            }
            _ if self.report_unknown => out.push(Parsed::UnknownLine(Cow::into_owned(line) + "\n")),
            _ => {}
        }
        Ok(())
    }

    fn dispatch(&mut self, out: &mut Vec<Parsed>) {
        let Block { name, data, id, .. } = std::mem::take(&mut self.block);
        let Some(data) = data else { return };
        out.push(Parsed::Event(Event {
            id: self.last_id.clone(),
            own_id: id,
            name,
            data,
            comment: std::mem::take(&mut self.comment),
            retry: self.retry.take(),
        }));
    }
}

/// A `retry` value: ASCII digits only.
fn milliseconds(value: &str) -> Option<u64> {
    let digits = !value.is_empty() && value.bytes().all(|b| b.is_ascii_digit());
    digits.then(|| value.parse().unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use eventsource_stream::EventStream;
    use futures_util::{FutureExt, StreamExt, stream};
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    fn parse(text: &[u8], report_unknown: bool) -> Vec<Parsed> {
        let mut out = Vec::new();
        Parser::new(Limits::default(), report_unknown).feed(text, &mut out).unwrap();
        out
    }

    /// What the crate makes of a stream that it takes in one piece: `(id, name, data)`.
    fn by_the_crate(text: &str) -> Vec<(String, String, String)> {
        let whole = stream::iter([Ok::<_, Infallible>(text.to_owned())]);
        let events = EventStream::new(whole).filter_map(|event| std::future::ready(event.ok()));
        let events = events.map(|event| (event.id, event.event, event.data));
        events.collect::<Vec<_>>().now_or_never().unwrap()
    }

    proptest! {
        /// Lines of fields, comments and blanks, however they are cut.
        #[test]
        fn agrees_with_eventsource_stream(
            lines in vec("(data|id|event|x|retry|)(:| : |: )?[a-cé\u{1F600} :]{0,4}", 0..12),
            blank in vec(any::<bool>(), 12),
            cuts in vec(0..200_usize, 0..4),
        ) {
            let mut text = String::new();
            for (line, blank) in lines.iter().zip(blank) {
                text.push_str(line);
                text.push_str(if blank { "\n\n" } else { "\n" });
            }
            let mut out = Vec::new();
            let mut parser = Parser::new(Limits::default(), false);
            let mut cuts: Vec<_> = cuts.into_iter().map(|cut| cut.min(text.len())).collect();
            cuts.sort_unstable();
            cuts.push(text.len());
            let mut start = 0;
            for end in cuts {
                parser.feed(&text.as_bytes()[start..end], &mut out).unwrap();
                start = end;
            }
            let events = out.into_iter().filter_map(|parsed| match parsed {
                Parsed::Event(event) => {
                    let name = if event.name.is_empty() { "message".to_owned() } else { event.name };
                    Some((event.id, name, event.data))
                }
                _ => None,
            });
            prop_assert_eq!(events.collect::<Vec<_>>(), by_the_crate(&text));
        }
    }

    #[test]
    fn comments_names_and_retries() {
        let out =
            parse(b":a\n: b\nretry: 5\n\nevent: x\n\nevent:y\nid:1\ndata:1\n\nretry:+1\ndata:2\n\n", false);
        let event = |name: &str, data: &str, comment: &str, retry| {
            let own_id = comment == "b";
            let (name, data, comment) = (name.to_owned(), data.to_owned(), comment.to_owned());
            Parsed::Event(Event { id: "1".into(), own_id, name, data, comment, retry })
        };
        let comment = |text: &str| Parsed::Comment(text.to_owned());
        assert_eq!(
            out,
            [comment("a"), comment("b"), event("y", "1", "b", Some(5)), event("", "2", "", None)]
        );
    }

    #[test]
    fn unknown_lines_only_where_asked_for() {
        assert_eq!(parse(b"ok\n", true), [Parsed::UnknownLine("ok\n".into())]);
        assert_eq!(parse(b"data\nid\n:c\n", true), [Parsed::Comment("c".into())]);
        assert_eq!(parse(b"{\"error\":1}", true), []);
        assert_eq!(parse(b"ok\n", false), []);
    }

    #[test]
    fn limits_name_themselves() {
        let mut parser = Parser::new(Limits { line: 10, event: 6 }, false);
        let mut out = Vec::new();
        assert_eq!(parser.feed(b"data: 1234\n\n", &mut out), Ok(()));
        assert_eq!(parser.feed(b"data:123\ndata:123\n", &mut out), Err(ParseError::Event(6)));
        let mut parser = Parser::new(Limits { line: 10, event: 6 }, false);
        assert_eq!(parser.feed(b"data: ", &mut out), Ok(()));
        assert_eq!(parser.feed(b"12345", &mut out), Err(ParseError::Line(10)));
        assert!(ParseError::Line(10).to_string().contains("10 bytes"));
        assert_eq!(out.len(), 1);
    }

    #[test]
    fn the_end_of_a_stream_may_cut_an_event() {
        let mid = |text: &[u8]| {
            let mut parser = Parser::new(Limits::default(), false);
            parser.feed(text, &mut Vec::new()).unwrap();
            parser.is_mid_event()
        };
        assert!(!mid(b"") && !mid(b"data: 1\n\n") && !mid(b"data: 1\r\n\r"));
        assert!(mid(b"data: 1\n") && mid(b"da") && mid(b"data: 1\n\nx"));
    }
}
