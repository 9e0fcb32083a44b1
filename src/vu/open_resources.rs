//! What an iteration opened and must not outlive it.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

/// How the call that opened something came to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// It ran to its end.
    Complete,
    /// It threw.
    Failed,
    /// It was cut off.
    Interrupted,
}

/// Something that stays open while the script does other things.
pub trait Resource {
    /// Closes it, without calling the script. It may be closed already.
    fn close(self: Rc<Self>, ending: Ending);
}

/// The open resources of one VU, in the order in which they were opened.
#[derive(Default)]
pub struct OpenResources {
    last: Cell<u64>,
    open: RefCell<BTreeMap<u64, Rc<dyn Resource>>>,
}

impl OpenResources {
    /// Keeps a resource until [`Self::remove`], or until the call ends; returns its number.
    pub fn add(&self, resource: Rc<dyn Resource>) -> u64 {
        let number = self.last.get() + 1;
        self.last.set(number);
        self.open.borrow_mut().insert(number, resource);
        number
    }

    /// Forgets a resource that was closed by itself or by the script.
    pub fn remove(&self, number: u64) {
        self.open.borrow_mut().remove(&number);
    }

    /// How many are open.
    pub fn len(&self) -> usize {
        self.open.borrow().len()
    }

    /// Whether none is open.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Closes everything that is still open.
    pub fn close_all(&self, ending: Ending) {
        // Taken out first: closing removes.
        let open = std::mem::take(&mut *self.open.borrow_mut());
        open.into_values().for_each(|resource| resource.close(ending));
    }
}
