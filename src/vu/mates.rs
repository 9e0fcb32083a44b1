//! What the VUs of one thread have in common.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use boa_engine::{Context, JsResult};

use super::known::Known;
use super::samples::Buffer;
use crate::js::factory::Factory;
use crate::js::shared_script::SharedScript;
use crate::js::{Loader, SharedRealm};

/// The thread's buffer of samples, its heap, and what of the script is not each VU's own.
#[derive(Default)]
pub struct Mates {
    pub samples: Rc<Buffer>,
    pub known: Known,
    /// How many VUs were made on the thread.
    vus: Cell<u32>,
    alone: bool,
    shared: RefCell<Option<Rc<Shared>>>,
    /// Work that left garbage behind since the last collection.
    garbage: Cell<u32>,
}

/// A realm with the script compiled in it.
pub struct Shared {
    pub realm: SharedRealm,
    pub script: SharedScript,
}

/// Garbage-producing host calls between two forced collections; the engine counts only part of what
/// its objects take, and would let a thread's heap grow by several MiB.
const COLLECT_EVERY: u32 = 256;

/// … and as many more for each VU of the thread: a collection looks at all that every one of them keeps.
const COLLECT_EVERY_PER_VU: u32 = 32;

/// The weight of a realm that was made and is not used.
pub const REALM: u32 = COLLECT_EVERY / 4;

/// More than any number of calls: collects at once.
pub const EVERYTHING: u32 = u32::MAX / 2;

impl Mates {
    /// `alone`: the thread will never have more than one VU.
    pub fn new(alone: bool) -> Self {
        Self { alone, ..Self::default() }
    }

    /// Counts a VU that is about to be made; whether it is the first.
    pub fn admit(&self) -> bool {
        self.vus.replace(self.vus.get() + 1) == 0
    }

    /// Whether the thread will never have more than one VU.
    pub fn is_alone(&self) -> bool {
        self.alone
    }

    /// What the VUs share, if the first of them has made it.
    pub fn shared(&self) -> Option<Rc<Shared>> {
        self.shared.borrow().clone()
    }

    /// Makes what the VUs share of the first VU's context, in which no script has run yet.
    pub fn share(
        &self,
        factories: &[Factory],
        loader: &Loader,
        context: &mut Context,
    ) -> JsResult<Rc<Shared>> {
        let script = SharedScript::compile(factories, loader, context)?;
        let shared = Rc::new(Shared { realm: SharedRealm::of(context), script });
        *self.shared.borrow_mut() = Some(shared.clone());
        Ok(shared)
    }

    /// Notes that work left garbage behind; collects it from time to time.
    pub fn left_garbage(&self, weight: u32) {
        let garbage = self.garbage.get().saturating_add(weight);
        if garbage < COLLECT_EVERY + COLLECT_EVERY_PER_VU * self.vus.get() {
            self.garbage.set(garbage);
        } else {
            self.garbage.set(0);
            boa_gc::force_collect();
        }
    }
}
