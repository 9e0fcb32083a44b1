//! Values that a client was shown and may ask about.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

use boa_engine::JsValue;
use boa_engine::object::JsObject;

/// The group of what is held for the length of a pause.
pub const BACKTRACE: &str = "backtrace";

/// The group of what was shown by `console.*`.
pub const CONSOLE: &str = "console";

/// So many values of the console are held at least, and twice as many at most; older ones are forgotten.
const MOST_OF_CONSOLE: u64 = 1000;

/// What an id stands for.
#[derive(Clone, Debug)]
pub enum Held {
    Value(JsValue),
    /// Variables that can be seen from a statement.
    Scope {
        evaluator: JsObject,
        names: Vec<String>,
    },
}

/// The values of one context by their ids.
#[derive(Debug)]
pub struct Objects {
    /// Tells the ids of contexts apart.
    context: u32,
    last: Cell<u64>,
    /// Values of the console up to this number are forgotten.
    tidied: Cell<u64>,
    held: RefCell<BTreeMap<u64, (Held, String)>>,
}

impl Objects {
    pub fn new(context: u32) -> Self {
        Self { context, last: Cell::new(0), tidied: Cell::new(0), held: RefCell::default() }
    }

    /// Holds something under a group's name; returns its id.
    pub fn hold(&self, what: Held, group: &str) -> String {
        let number = self.last.get() + 1;
        self.last.set(number);
        let mut held = self.held.borrow_mut();
        if group == CONSOLE && number > self.tidied.get() + 2 * MOST_OF_CONSOLE {
            let oldest = number - MOST_OF_CONSOLE;
            self.tidied.set(oldest);
            held.retain(|at, (_, group)| group != CONSOLE || *at > oldest);
        }
        held.insert(number, (what, group.to_owned()));
        format!("{}.{number}", self.context)
    }

    /// What an id stands for, and its group.
    pub fn find(&self, id: &str) -> Result<(Held, String), String> {
        let number = self.number(id);
        let found = number.and_then(|number| self.held.borrow().get(&number).cloned());
        found.ok_or_else(|| "Could not find object with given id".to_owned())
    }

    /// The value that an id stands for.
    pub fn value(&self, id: &str) -> Result<JsValue, String> {
        match self.find(id)?.0 {
            Held::Value(value) => Ok(value),
            Held::Scope { .. } => Err("A scope is no value".to_owned()),
        }
    }

    /// Forgets what an id stands for; unknown ids are passed over.
    pub fn release(&self, id: &str) {
        if let Some(number) = self.number(id) {
            self.held.borrow_mut().remove(&number);
        }
    }

    pub fn release_group(&self, group: &str) {
        self.held.borrow_mut().retain(|_, (_, held)| held != group);
    }

    fn number(&self, id: &str) -> Option<u64> {
        let (context, number) = id.split_once('.')?;
        (context.parse() == Ok(self.context)).then(|| number.parse().ok())?
    }
}
