//! Text to values, in one pass and without recursion.

use std::fmt;
use std::ops::Range;

use boa_engine::builtins::object::OrdinaryObject;
use boa_engine::object::JsObject;
use boa_engine::object::builtins::JsArray;
use boa_engine::property::{PropertyDescriptor, PropertyKey};
use boa_engine::string::JsStr;
use boa_engine::{Context, JsString, JsValue, js_string};
use rustc_hash::FxHashMap;

use super::state::Cache;

/// Objects and arrays within each other, at most.
const MAX_DEPTH: usize = 2_000;

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

/// What is to be made of the text besides its value.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    Plain,
    /// Records of where values come from, for a reviver.
    Recorded,
    /// Every object and array is read-only.
    Frozen,
}

/// A value, and what was asked for besides.
pub(super) struct Parsed {
    pub value: JsValue,
    /// Where each value comes from, children before parents; empty unless asked for.
    pub records: Vec<Record>,
    /// The objects and arrays that are to be made non-extensible.
    pub frozen: Vec<JsObject>,
}

/// A value as the text gave it (ECMA-262, JSON Parse Record).
pub(super) struct Record {
    pub value: JsValue,
    /// The value's place in the text, in code units.
    pub source: Range<usize>,
    pub children: Children,
}

/// The records of a value's parts, by their places in the list of records.
#[derive(Default)]
pub(super) enum Children {
    #[default]
    None,
    Elements(Vec<usize>),
    Entries(FxHashMap<PropertyKey, usize>),
}

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

/// An object or array that is being read.
struct Frame {
    container: Container,
    start: usize,
    /// Only filled when records are asked for.
    children: Children,
}

enum Container {
    /// Its elements are on the stack of values, from this place on.
    Array(usize),
    /// The object so far, and the name whose value comes next.
    Object(JsObject, PropertyKey),
}

/// Where reading goes on.
enum Step {
    /// A value begins here.
    Value,
    /// A value has been read.
    Done(JsValue),
}

pub(super) struct Parser<'a, U> {
    text: &'a [U],
    at: usize,
    cache: &'a mut Cache,
    context: &'a mut Context,
    object_prototype: JsObject,
    stack: Vec<Frame>,
    values: Vec<JsValue>,
    unescaped: Vec<u16>,
    mode: Mode,
    records: Vec<Record>,
    frozen: Vec<JsObject>,
}

impl<'a, U: Unit> Parser<'a, U> {
    pub fn new(text: &'a [U], mode: Mode, cache: &'a mut Cache, context: &'a mut Context) -> Self {
        let object_prototype = context.intrinsics().constructors().object().prototype();
        Self {
            text,
            at: 0,
            cache,
            context,
            object_prototype,
            stack: Vec::new(),
            values: Vec::new(),
            unescaped: Vec::new(),
            mode,
            records: Vec::new(),
            frozen: Vec::new(),
        }
    }

    /// Reads the whole text.
    pub fn parse(mut self) -> Result<Parsed, ParseError> {
        let mut step = Step::Value;
        loop {
            step = match step {
                Step::Value => self.value()?,
                Step::Done(value) if self.stack.is_empty() => {
                    if self.next_token().is_some() {
                        return Err(self.unexpected("the end of the text"));
                    }
                    return Ok(Parsed { value, records: self.records, frozen: self.frozen });
                }
                Step::Done(value) => self.attach(value)?,
            };
        }
    }

    /// Reads a primitive, or the opening of an object or array.
    fn value(&mut self) -> Result<Step, ParseError> {
        let token = self.next_token();
        let start = self.at;
        let value = match token {
            Some(b'{') => return self.open_object(),
            Some(b'[') => return self.open_array(),
            Some(b'"') => JsValue::from(self.string()?),
            Some(b'-' | b'0'..=b'9') => self.number()?,
            Some(b't') => self.literal("true", JsValue::from(true))?,
            Some(b'f') => self.literal("false", JsValue::from(false))?,
            Some(b'n') => self.literal("null", JsValue::null())?,
            _ => return Err(self.unexpected("a value")),
        };
        if self.mode == Mode::Recorded {
            let source = start..self.at;
            self.records.push(Record { value: value.clone(), source, children: Children::None });
        }
        Ok(Step::Done(value))
    }

    fn open_array(&mut self) -> Result<Step, ParseError> {
        let start = self.at;
        self.check_depth()?;
        self.at += 1;
        let frame = Frame { container: Container::Array(self.values.len()), start, children: Children::None };
        if self.next_token() == Some(b']') {
            return Ok(self.close(frame));
        }
        self.stack.push(frame);
        Ok(Step::Value)
    }

    fn open_object(&mut self) -> Result<Step, ParseError> {
        let start = self.at;
        self.check_depth()?;
        self.at += 1;
        let object =
            JsObject::new(self.context.root_shape(), self.object_prototype.clone(), OrdinaryObject).upcast();
        let closed = self.next_token() == Some(b'}');
        let key = if closed { PropertyKey::from(0_u8) } else { self.key()? };
        let frame = Frame { container: Container::Object(object, key), start, children: Children::None };
        if closed {
            return Ok(self.close(frame));
        }
        self.stack.push(frame);
        Ok(Step::Value)
    }

    /// Puts a value where it belongs, and reads the comma or bracket behind it.
    fn attach(&mut self, value: JsValue) -> Result<Step, ParseError> {
        let Some(frame) = self.stack.last_mut() else { return Ok(Step::Done(value)) };
        let record = self.mode == Mode::Recorded;
        let last = self.records.len().wrapping_sub(1);
        let in_array = match &mut frame.container {
            Container::Array(_) => {
                if record {
                    frame.children.push_element(last);
                }
                self.values.push(value);
                true
            }
            Container::Object(object, key) => {
                if record {
                    frame.children.insert_entry(key.clone(), last);
                }
                object.insert_property(key.clone(), property(value, self.mode == Mode::Frozen));
                false
            }
        };
        match (self.next_token(), in_array) {
            (Some(b','), _) => self.at += 1,
            (Some(b']'), true) | (Some(b'}'), false) => {
                let frame = self.stack.pop();
                return Ok(frame.map_or(Step::Value, |frame| self.close(frame)));
            }
            (_, true) => return Err(self.unexpected("',' or ']' after an array element")),
            (_, false) => return Err(self.unexpected("',' or '}' after a property value")),
        }
        if !in_array {
            self.next_token();
            let name = self.key()?;
            if let Some(Frame { container: Container::Object(_, key), .. }) = self.stack.last_mut() {
                *key = name;
            }
        }
        Ok(Step::Value)
    }

    /// Ends an object or array at its closing bracket.
    fn close(&mut self, frame: Frame) -> Step {
        self.at += 1;
        let value = match frame.container {
            Container::Array(first) => self.array(first),
            Container::Object(object, _) => {
                self.cache.hold_shape(&object);
                object
            }
        };
        if self.mode == Mode::Frozen {
            self.frozen.push(value.clone());
        }
        let value = JsValue::from(value);
        if self.mode == Mode::Recorded {
            let source = frame.start..self.at;
            self.records.push(Record { value: value.clone(), source, children: frame.children });
        }
        Step::Done(value)
    }

    fn array(&mut self, first: usize) -> JsObject {
        let elements = self.values.drain(first..);
        if self.mode != Mode::Frozen {
            return JsArray::from_iter(elements, self.context).into();
        }
        let array = JsObject::from(JsArray::from_iter([], self.context));
        let length = elements.len();
        for (index, element) in elements.enumerate() {
            array.insert_property(PropertyKey::from(index as u64), property(element, true));
        }
        let length = PropertyDescriptor::builder().value(length).writable(false).enumerable(false);
        array.insert_property(PropertyKey::from(js_string!("length")), length.configurable(false));
        array
    }

    /// Reads a property's name and the colon.
    fn key(&mut self) -> Result<PropertyKey, ParseError> {
        if self.peek() != Some(b'"') {
            return Err(self.unexpected("a property name in double quotes"));
        }
        let text = self.text;
        let key = match self.plain_string()? {
            Some(name) => U::key(&text[name], self.cache),
            None => {
                self.escaped_string()?;
                u16::key(&self.unescaped, self.cache)
            }
        };
        if self.next_token() != Some(b':') {
            return Err(self.unexpected("':' after a property name"));
        }
        self.at += 1;
        Ok(key)
    }

    fn string(&mut self) -> Result<JsString, ParseError> {
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

    fn number(&mut self) -> Result<JsValue, ParseError> {
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

    fn literal(&mut self, word: &str, value: JsValue) -> Result<JsValue, ParseError> {
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
    fn next_token(&mut self) -> Option<u8> {
        while matches!(self.peek(), Some(b' ' | b'\n' | b'\r' | b'\t')) {
            self.at += 1;
        }
        self.peek()
    }

    fn check_depth(&self) -> Result<(), ParseError> {
        if self.stack.len() < MAX_DEPTH {
            return Ok(());
        }
        Err(self.error(&format!("objects and arrays nested deeper than {MAX_DEPTH} levels")))
    }

    fn unexpected(&self, expected: &str) -> ParseError {
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

    fn error(&self, message: &str) -> ParseError {
        let before = &self.text[..self.at.min(self.text.len())];
        let is_newline = |&&unit: &&U| unit.into() == 0x0A;
        let line = before.iter().filter(is_newline).count() + 1;
        let column = before.iter().rev().take_while(|unit| !is_newline(unit)).count() + 1;
        ParseError { message: message.to_owned(), line, column }
    }
}

impl Children {
    fn push_element(&mut self, record: usize) {
        match self {
            Self::Elements(elements) => elements.push(record),
            _ => *self = Self::Elements(vec![record]),
        }
    }

    fn insert_entry(&mut self, key: PropertyKey, record: usize) {
        if !matches!(self, Self::Entries(_)) {
            *self = Self::Entries(FxHashMap::default());
        }
        if let Self::Entries(entries) = self {
            entries.insert(key, record);
        }
    }
}

fn property(value: JsValue, frozen: bool) -> PropertyDescriptor {
    PropertyDescriptor::builder()
        .value(value)
        .writable(!frozen)
        .enumerable(true)
        .configurable(!frozen)
        .build()
}
