//! The words of a JSON text: strings, numbers, literals and brackets.

use std::fmt;
use std::ops::Range;

use boa_engine::property::PropertyKey;
use boa_engine::string::JsStr;
use boa_engine::{JsString, JsValue};

use super::state::Cache;

/// What is wrong with a JSON text, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParseError {
    pub message: String,
    /// From one.
    pub line: usize,
    /// From one, in UTF-16 code units.
    pub column: usize,
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} in JSON at line {} column {}", self.message, self.line, self.column)
    }
}

impl std::error::Error for ParseError {}

/// A code unit of Latin-1 or UTF-16 text.
pub(super) trait Unit: Copy + Into<u32> + 'static {
    fn string(units: &[Self]) -> JsString;
    fn key(units: &[Self], cache: &mut Cache) -> PropertyKey;
    /// The value of a JSON number that is known to be well-formed.
    fn number(units: &[Self]) -> f64;
}

impl Unit for u8 {
    fn string(units: &[u8]) -> JsString {
        JsString::from(JsStr::latin1(units))
    }

    fn key(units: &[u8], cache: &mut Cache) -> PropertyKey {
        cache.key(units)
    }

    fn number(units: &[u8]) -> f64 {
        std::str::from_utf8(units).ok().and_then(|digits| digits.parse().ok()).unwrap_or(f64::NAN)
    }
}

impl Unit for u16 {
    fn string(units: &[u16]) -> JsString {
        match narrow(units) {
            Some(narrow) => u8::string(&narrow),
            None => JsString::from(JsStr::utf16(units)),
        }
    }

    fn key(units: &[u16], cache: &mut Cache) -> PropertyKey {
        match narrow(units) {
            Some(narrow) => cache.key(&narrow),
            None => PropertyKey::from(JsStr::utf16(units)),
        }
    }

    fn number(units: &[u16]) -> f64 {
        narrow(units).map_or(f64::NAN, |digits| u8::number(&digits))
    }
}

/// The text as Latin-1, which is the form that equal strings should share.
fn narrow(units: &[u16]) -> Option<Vec<u8>> {
    units.iter().map(|&unit| u8::try_from(unit).ok()).collect()
}

/// A place in a text, and how to go on from it.
pub(super) struct Scanner<'a, U> {
    text: &'a [U],
    at: usize,
    unescaped: Vec<u16>,
}

impl<'a, U: Unit> Scanner<'a, U> {
    pub fn new(text: &'a [U]) -> Self {
        Self { text, at: 0, unescaped: Vec::new() }
    }

    /// How many units are behind.
    pub fn at(&self) -> usize {
        self.at
    }

    /// Goes over one unit.
    pub fn skip(&mut self) {
        self.at += 1;
    }

    /// Reads a property's name and the colon.
    pub fn key(&mut self, cache: &mut Cache) -> Result<PropertyKey, ParseError> {
        if self.peek() != Some(b'"') {
            return Err(self.unexpected("a property name in double quotes"));
        }
        let text = self.text;
        let key = match self.plain_string()? {
            Some(name) => U::key(&text[name], cache),
            None => {
                self.escaped_string()?;
                u16::key(&self.unescaped, cache)
            }
        };
        if self.next_token() != Some(b':') {
            return Err(self.unexpected("':' after a property name"));
        }
        self.at += 1;
        Ok(key)
    }

    pub fn string(&mut self) -> Result<JsString, ParseError> {
        let text = self.text;
        Ok(match self.plain_string()? {
            Some(units) => U::string(&text[units]),
            None => {
                self.escaped_string()?;
                u16::string(&self.unescaped)
            }
        })
    }

    /// Reads a string without escapes. At an escape it stops with `None`, and what it has read is in
    /// `unescaped`.
    fn plain_string(&mut self) -> Result<Option<Range<usize>>, ParseError> {
        let start = self.at + 1;
        let rest = &self.text[start..];
        let end = rest.iter().position(|&unit| matches!(unit.into(), 0x22 | 0x5C | 0..0x20));
        self.at = start + end.unwrap_or(rest.len());
        match self.peek() {
            Some(b'"') => {
                self.at += 1;
                Ok(Some(start..self.at - 1))
            }
            Some(b'\\') => {
                self.unescaped.clear();
                let read = self.text[start..self.at].iter().map(|&unit| unit.into() as u16);
                self.unescaped.extend(read);
                Ok(None)
            }
            Some(_) => Err(self.control_character()),
            None => Err(self.error("unterminated string")),
        }
    }

    /// Reads the rest of a string, from its first escape on.
    fn escaped_string(&mut self) -> Result<(), ParseError> {
        loop {
            let Some(&unit) = self.text.get(self.at) else { return Err(self.error("unterminated string")) };
            match unit.into() {
                0x22 => {
                    self.at += 1;
                    return Ok(());
                }
                0x5C => {
                    let unit = self.escape()?;
                    self.unescaped.push(unit);
                }
                0..0x20 => return Err(self.control_character()),
                unit => {
                    self.at += 1;
                    self.unescaped.push(unit as u16);
                }
            }
        }
    }

    fn escape(&mut self) -> Result<u16, ParseError> {
        self.at += 1;
        let unit = match self.peek() {
            Some(b'b') => 0x08,
            Some(b't') => 0x09,
            Some(b'n') => 0x0A,
            Some(b'f') => 0x0C,
            Some(b'r') => 0x0D,
            Some(unit @ (b'"' | b'\\' | b'/')) => u16::from(unit),
            Some(b'u') => {
                let digits = self.text.get(self.at + 1..self.at + 5);
                let unit = digits.and_then(|digits| {
                    digits.iter().try_fold(0, |unit, &digit| {
                        Some(unit * 16 + char::from_u32(digit.into())?.to_digit(16)?)
                    })
                });
                let Some(unit) = unit else {
                    return Err(self.error("bad escape: \\u needs four hexadecimal digits"));
                };
                self.at += 4;
                unit as u16
            }
            Some(_) => {
                let found = self.found();
                return Err(self.error(&format!("bad escape: \\ before {found}")));
            }
            None => return Err(self.error("unterminated string")),
        };
        self.at += 1;
        Ok(unit)
    }

    pub fn number(&mut self) -> Result<JsValue, ParseError> {
        let start = self.at;
        let negative = self.peek() == Some(b'-');
        self.at += usize::from(negative);
        let digits = self.at;
        if self.peek() == Some(b'0') {
            self.at += 1;
            if matches!(self.peek(), Some(b'0'..=b'9')) {
                return Err(self.error("number with a leading zero"));
            }
        } else {
            self.digits()?;
        }
        let integer = digits..self.at;
        if !matches!(self.peek(), Some(b'.' | b'e' | b'E')) && integer.len() < 10 {
            let value = self.text[integer].iter().fold(0, |value, &digit| {
                let digit: u32 = digit.into();
                value * 10 + digit as i32 - 0x30
            });
            if value != 0 || !negative {
                return Ok(JsValue::from(if negative { -value } else { value }));
            }
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.digits()?;
        }
        Ok(JsValue::from(U::number(&self.text[start..self.at])))
    }

    /// One digit or more.
    fn digits(&mut self) -> Result<(), ParseError> {
        let start = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        if self.at == start { Err(self.unexpected("a digit")) } else { Ok(()) }
    }

    pub fn literal(&mut self, word: &str, value: JsValue) -> Result<JsValue, ParseError> {
        for byte in word.bytes() {
            if self.peek() != Some(byte) {
                return Err(self.unexpected(word));
            }
            self.at += 1;
        }
        Ok(value)
    }

    /// The unit here, if it is ASCII.
    fn peek(&self) -> Option<u8> {
        let unit: u32 = (*self.text.get(self.at)?).into();
        Some(u8::try_from(unit).unwrap_or(u8::MAX))
    }

    /// Skips white space.
    pub fn next_token(&mut self) -> Option<u8> {
        while matches!(self.peek(), Some(b' ' | b'\n' | b'\r' | b'\t')) {
            self.at += 1;
        }
        self.peek()
    }

    pub fn unexpected(&self, expected: &str) -> ParseError {
        let found = self.found();
        self.error(&format!("expected {expected}, found {found}"))
    }

    fn control_character(&self) -> ParseError {
        let found = self.found();
        self.error(&format!("{found} must be escaped in a string"))
    }

    /// What stands here, for an error text.
    fn found(&self) -> String {
        let units: Vec<u16> =
            self.text.iter().skip(self.at).take(2).map(|&unit| unit.into() as u16).collect();
        match char::decode_utf16(units.iter().copied()).next() {
            None => "the end of the text".to_owned(),
            Some(Ok(found)) if !found.is_control() => format!("'{found}'"),
            Some(_) => format!("U+{:04X}", units[0]),
        }
    }

    pub fn error(&self, message: &str) -> ParseError {
        let before = &self.text[..self.at.min(self.text.len())];
        let is_newline = |&&unit: &&U| unit.into() == 0x0A;
        let line = before.iter().filter(is_newline).count() + 1;
        let column = before.iter().rev().take_while(|unit| !is_newline(unit)).count() + 1;
        ParseError { message: message.to_owned(), line, column }
    }
}
