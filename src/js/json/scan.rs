//! The words of a JSON text: strings, numbers, literals and brackets.

use std::fmt;
use std::ops::Range;

use boa_engine::property::PropertyKey;
use boa_engine::string::{JsStr, JsStrVariant};
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

/// Units that are looked at together: the compiler makes vector instructions of it.
const BLOCK: usize = 16;

/// A code unit of Latin-1 or UTF-16 text.
pub(super) trait Unit: Copy + Into<u32> + 'static {
    /// Whether it ends the plain part of a string: a quote, a backslash or a control character.
    fn ends_plain(self) -> bool;

    /// The units as Latin-1 where that is possible, so that equal strings have one form.
    fn compact<'s>(units: &'s [Self], scratch: &'s mut Vec<u8>) -> JsStr<'s>;
}

impl Unit for u8 {
    fn ends_plain(self) -> bool {
        (self == b'"') | (self == b'\\') | (self < 0x20)
    }

    fn compact<'s>(units: &'s [u8], _: &'s mut Vec<u8>) -> JsStr<'s> {
        JsStr::latin1(units)
    }
}

impl Unit for u16 {
    fn ends_plain(self) -> bool {
        (self == 0x22) | (self == 0x5C) | (self < 0x20)
    }

    fn compact<'s>(units: &'s [u16], scratch: &'s mut Vec<u8>) -> JsStr<'s> {
        let (blocks, rest) = units.as_chunks::<BLOCK>();
        let is_wide = |units: &[u16]| units.iter().fold(0, |all, unit| all | unit) > 0xFF;
        if is_wide(rest) || blocks.iter().any(|block| is_wide(block)) {
            return JsStr::utf16(units);
        }
        scratch.clear();
        scratch.extend(units.iter().map(|&unit| unit as u8));
        JsStr::latin1(scratch)
    }
}

fn property_key(name: JsStr<'_>, cache: &mut Cache) -> PropertyKey {
    match name.variant() {
        JsStrVariant::Latin1(name) => cache.key(name),
        JsStrVariant::Utf16(_) => PropertyKey::from(name),
    }
}

/// The value of a JSON number that is known to be well-formed.
fn number(digits: JsStr<'_>) -> f64 {
    let digits = digits.as_latin1().and_then(|digits| std::str::from_utf8(digits).ok());
    digits.and_then(|digits| digits.parse().ok()).unwrap_or(f64::NAN)
}

/// A place in a text, and how to go on from it.
pub(super) struct Scanner<'a, U> {
    text: &'a [U],
    at: usize,
    unescaped: Vec<u16>,
    scratch: Vec<u8>,
}

impl<'a, U: Unit> Scanner<'a, U> {
    pub fn new(text: &'a [U]) -> Self {
        Self { text, at: 0, unescaped: Vec::new(), scratch: Vec::new() }
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
            Some(name) => property_key(U::compact(&text[name], &mut self.scratch), cache),
            None => {
                self.escaped_string()?;
                property_key(u16::compact(&self.unescaped, &mut self.scratch), cache)
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
            Some(units) => U::compact(&text[units], &mut self.scratch).into(),
            None => {
                self.escaped_string()?;
                u16::compact(&self.unescaped, &mut self.scratch).into()
            }
        })
    }

    /// Reads a string without escapes. At an escape it stops with `None`, and what it has read is in
    /// `unescaped`.
    fn plain_string(&mut self) -> Result<Option<Range<usize>>, ParseError> {
        let start = self.at + 1;
        let rest = &self.text[start..];
        let (blocks, _) = rest.as_chunks::<BLOCK>();
        let is_plain = |block: &&[U; BLOCK]| !block.iter().fold(false, |ends, unit| ends | unit.ends_plain());
        let plain = blocks.iter().take_while(is_plain).count() * BLOCK;
        let end = rest[plain..].iter().position(|unit| unit.ends_plain());
        self.at = start + end.map_or(rest.len(), |end| plain + end);
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
        Ok(JsValue::from(number(U::compact(&self.text[start..self.at], &mut self.scratch))))
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
