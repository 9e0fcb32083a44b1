//! Text to values, in one pass and without recursion.

use std::ops::Range;

use boa_engine::builtins::object::OrdinaryObject;
use boa_engine::object::JsObject;
use boa_engine::object::builtins::JsArray;
use boa_engine::property::{PropertyDescriptor, PropertyKey};
use boa_engine::{Context, JsValue, js_string};
use rustc_hash::FxHashMap;

use super::scan::{ParseError, Scanner, Unit};
use super::state::Cache;

/// Objects and arrays within each other, at most.
const MAX_DEPTH: usize = 2_000;

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
    scan: Scanner<'a, U>,
    cache: &'a mut Cache,
    context: &'a mut Context,
    object_prototype: JsObject,
    stack: Vec<Frame>,
    values: Vec<JsValue>,
    mode: Mode,
    records: Vec<Record>,
    frozen: Vec<JsObject>,
}

impl<'a, U: Unit> Parser<'a, U> {
    pub fn new(text: &'a [U], mode: Mode, cache: &'a mut Cache, context: &'a mut Context) -> Self {
        let object_prototype = context.intrinsics().constructors().object().prototype();
        Self {
            scan: Scanner::new(text),
            cache,
            context,
            object_prototype,
            stack: Vec::new(),
            values: Vec::new(),
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
                    if self.scan.next_token().is_some() {
                        return Err(self.scan.unexpected("the end of the text"));
                    }
                    return Ok(Parsed { value, records: self.records, frozen: self.frozen });
                }
                Step::Done(value) => self.attach(value)?,
            };
        }
    }

    /// Reads a primitive, or the opening of an object or array.
    fn value(&mut self) -> Result<Step, ParseError> {
        let token = self.scan.next_token();
        let start = self.scan.at();
        let value = match token {
            Some(b'{') => return self.open_object(),
            Some(b'[') => return self.open_array(),
            Some(b'"') => JsValue::from(self.scan.string()?),
            Some(b'-' | b'0'..=b'9') => self.scan.number()?,
            Some(b't') => self.scan.literal("true", JsValue::from(true))?,
            Some(b'f') => self.scan.literal("false", JsValue::from(false))?,
            Some(b'n') => self.scan.literal("null", JsValue::null())?,
            _ => return Err(self.scan.unexpected("a value")),
        };
        if self.mode == Mode::Recorded {
            let source = start..self.scan.at();
            self.records.push(Record { value: value.clone(), source, children: Children::None });
        }
        Ok(Step::Done(value))
    }

    fn open_array(&mut self) -> Result<Step, ParseError> {
        let start = self.scan.at();
        self.check_depth()?;
        self.scan.skip();
        if self.scan.next_token() == Some(b']') {
            let array = self.array(self.values.len());
            return Ok(self.finish(array, start, Children::None));
        }
        let container = Container::Array(self.values.len());
        self.stack.push(Frame { container, start, children: Children::None });
        Ok(Step::Value)
    }

    fn open_object(&mut self) -> Result<Step, ParseError> {
        let start = self.scan.at();
        self.check_depth()?;
        self.scan.skip();
        let object =
            JsObject::new(self.context.root_shape(), self.object_prototype.clone(), OrdinaryObject).upcast();
        if self.scan.next_token() == Some(b'}') {
            return Ok(self.finish(object, start, Children::None));
        }
        let key = self.scan.key(self.cache)?;
        let container = Container::Object(object, key);
        self.stack.push(Frame { container, start, children: Children::None });
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
        match (self.scan.next_token(), in_array) {
            (Some(b','), _) => self.scan.skip(),
            (Some(b']'), true) | (Some(b'}'), false) => {
                let Some(frame) = self.stack.pop() else { return Ok(Step::Value) };
                let object = match frame.container {
                    Container::Array(first) => self.array(first),
                    Container::Object(object, _) => {
                        self.cache.hold_shape(&object);
                        object
                    }
                };
                return Ok(self.finish(object, frame.start, frame.children));
            }
            (_, true) => return Err(self.scan.unexpected("',' or ']' after an array element")),
            (_, false) => return Err(self.scan.unexpected("',' or '}' after a property value")),
        }
        if !in_array {
            self.scan.next_token();
            let name = self.scan.key(self.cache)?;
            if let Some(Frame { container: Container::Object(_, key), .. }) = self.stack.last_mut() {
                *key = name;
            }
        }
        Ok(Step::Value)
    }

    /// Goes over the closing bracket of an object or array that is complete.
    fn finish(&mut self, object: JsObject, start: usize, children: Children) -> Step {
        self.scan.skip();
        if self.mode == Mode::Frozen {
            self.frozen.push(object.clone());
        }
        let value = JsValue::from(object);
        if self.mode == Mode::Recorded {
            self.records.push(Record { value: value.clone(), source: start..self.scan.at(), children });
        }
        Step::Done(value)
    }

    /// An array of the values from a place on.
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

    fn check_depth(&self) -> Result<(), ParseError> {
        if self.stack.len() < MAX_DEPTH {
            return Ok(());
        }
        Err(self.scan.error(&format!("objects and arrays nested deeper than {MAX_DEPTH} levels")))
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
