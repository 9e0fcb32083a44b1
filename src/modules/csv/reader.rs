//! Comma-separated values by RFC 4180, as strict as Go's reader, whose errors k6 shows.

use std::io::{BufRead, BufReader, Read};

/// How much is read from a file at once, in bytes: as in Go, so that the script's own place in it moves alike.
const PIECE: usize = 4096;

/// The records of a text. All have as many fields as the first one.
pub struct Reader<R> {
    input: BufReader<R>,
    delimiter: u8,
    /// The lines read so far.
    line: u64,
    /// Of the first record.
    fields: Option<usize>,
    /// The present line with its end, kept for its memory.
    buffer: Vec<u8>,
}

impl<R: Read> Reader<R> {
    pub fn new(input: R, delimiter: u8) -> Self {
        Self {
            input: BufReader::with_capacity(PIECE, input),
            delimiter,
            line: 0,
            fields: None,
            buffer: Vec::new(),
        }
    }

    /// The next record; empty lines are passed over. `None` at the end.
    ///
    /// # Errors
    ///
    /// Quotes in the wrong places, another number of fields, or the file cannot be read.
    pub fn next_record(&mut self) -> Result<Option<Vec<String>>, String> {
        loop {
            if !self.read_line()? {
                return Ok(None);
            }
            if self.buffer != b"\n" && !self.buffer.is_empty() {
                break;
            }
        }
        let start = self.line;
        let record = self.split(start)?;
        if *self.fields.get_or_insert(record.len()) != record.len() {
            return Err(format!("record on line {start}: wrong number of fields"));
        }
        Ok(Some(record))
    }

    /// Reads a line into the buffer; its end is a line feed, whatever it was. `false` at the end of the text.
    fn read_line(&mut self) -> Result<bool, String> {
        self.buffer.clear();
        let read = self.input.read_until(b'\n', &mut self.buffer).map_err(|error| error.to_string())?;
        if read == 0 {
            return Ok(false);
        }
        self.line += 1;
        if self.buffer.ends_with(b"\r\n") {
            let end = self.buffer.len() - 2;
            self.buffer.truncate(end);
            self.buffer.push(b'\n');
        } else if self.buffer.last() == Some(&b'\r') {
            // Only at the end of the text.
            self.buffer.pop();
        }
        Ok(true)
    }

    /// The fields of the record that begins in the buffer; a quoted field may go on in the lines after it.
    fn split(&mut self, start: u64) -> Result<Vec<String>, String> {
        let mut record = Vec::new();
        let mut at = 0;
        loop {
            if self.buffer.get(at) != Some(&b'"') {
                let rest = &self.buffer[at..];
                let text = rest.strip_suffix(b"\n").unwrap_or(rest);
                let end = memchr::memchr(self.delimiter, text);
                let field = &text[..end.unwrap_or(text.len())];
                if let Some(quote) = memchr::memchr(b'"', field) {
                    return Err(self.wrong(start, at + quote, "bare \" in non-quoted field"));
                }
                record.push(String::from_utf8_lossy(field).into_owned());
                match end {
                    Some(end) => at += end + 1,
                    None => return Ok(record),
                }
                continue;
            }
            at += 1;
            let mut field = Vec::new();
            let is_last = loop {
                let rest = &self.buffer[at..];
                let Some(quote) = memchr::memchr(b'"', rest) else {
                    field.extend_from_slice(rest);
                    let end = self.buffer.len();
                    if !self.read_line()? {
                        return Err(self.wrong(start, end, "extraneous or missing \" in quoted-field"));
                    }
                    at = 0;
                    continue;
                };
                field.extend_from_slice(&rest[..quote]);
                at += quote + 1;
                match self.buffer.get(at) {
                    Some(b'"') => {
                        field.push(b'"');
                        at += 1;
                    }
                    Some(byte) if *byte == self.delimiter => {
                        at += 1;
                        break false;
                    }
                    None | Some(b'\n') => break true,
                    Some(_) => {
                        return Err(self.wrong(start, at - 1, "extraneous or missing \" in quoted-field"));
                    }
                }
            };
            record.push(String::from_utf8_lossy(&field).into_owned());
            if is_last {
                return Ok(record);
            }
        }
    }

    /// `index`: of a byte in the present line.
    fn wrong(&self, start: u64, index: usize, what: &str) -> String {
        let place = format!("parse error on line {}, column {}: {what}", self.line, index + 1);
        if start == self.line { place } else { format!("record on line {start}; {place}") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(text: &str, delimiter: u8) -> Result<Vec<Vec<String>>, String> {
        let mut reader = Reader::new(text.as_bytes(), delimiter);
        let mut records = Vec::new();
        while let Some(record) = reader.next_record()? {
            records.push(record);
        }
        Ok(records)
    }

    #[test]
    fn records_as_go_reads_them() {
        for (text, want) in [
            ("", ""),
            ("a,b\n1,2\n", "a|b / 1|2"),
            ("a,b\r\n1,2\r", "a|b / 1|2"),
            ("\n\na, b\n\r\n,\n", "a| b / |"),
            ("\"a,\"\"x\"\"\",\"b\nc\r\nd\"\n1,\"\"\n", "a,\"x\"|b\nc\nd / 1|"),
            ("é,\"日\"", "é|日"),
        ] {
            let got = all(text, b',').unwrap();
            let shown: Vec<_> = got.iter().map(|record| record.join("|")).collect();
            assert_eq!(shown.join(" / "), want, "{text:?}");
        }
        assert_eq!(all("a,b;c", b';').unwrap(), [["a,b", "c"]]);
    }

    #[test]
    fn errors_in_gos_words() {
        for (text, want) in [
            ("a,b\n1,2,3\n", "record on line 2: wrong number of fields"),
            ("a,b\"c\n", "parse error on line 1, column 4: bare \" in non-quoted field"),
            ("\"a\"b,c\n", "parse error on line 1, column 3: extraneous or missing \" in quoted-field"),
            (
                "x\n\"a\nb\n",
                "record on line 2; parse error on line 3, column 3: extraneous or missing \" in quoted-field",
            ),
        ] {
            assert_eq!(all(text, b',').unwrap_err(), want, "{text:?}");
        }
    }
}
