//! What the VUs of one thread have in common.

use std::cell::Cell;
use std::rc::Rc;

use super::samples::Buffer;

/// The thread's buffer of samples and its count of garbage.
///
/// The VUs of a thread share the engine's heap, which is a thread's.
#[derive(Default)]
pub struct Mates {
    pub samples: Rc<Buffer>,
    peopled: Cell<bool>,
    /// Work that left garbage behind since the last collection.
    garbage: Cell<u32>,
}

/// Garbage-producing host calls between two forced collections; the engine counts only part of what
/// its objects take, and would let a thread's heap grow by several MiB.
const COLLECT_EVERY: u32 = 512;

impl Mates {
    /// Whether no VU has been made on the thread yet.
    pub fn is_new(&self) -> bool {
        !self.peopled.replace(true)
    }

    /// Notes that a host call left garbage behind; collects it from time to time.
    pub fn left_garbage(&self, weight: u32) {
        let garbage = self.garbage.get() + weight;
        if garbage < COLLECT_EVERY {
            self.garbage.set(garbage);
        } else {
            self.garbage.set(0);
            boa_gc::force_collect();
        }
    }
}
