//! Memory that the garbage collector does not see.
//!
//! The engine's collector counts objects only, and starts when these have grown. Strings are freed with
//! the objects that hold them, so a few thousand arrays of words can hold gigabytes before it starts.

use std::cell::Cell;

/// Bytes of strings and lists made between two collections.
const LIMIT: usize = 128 << 20;

thread_local! {
    static MADE: Cell<usize> = const { Cell::new(0) };
}

/// Notes that native code made values of this many bytes; collects garbage from time to time.
pub fn made(bytes: usize) {
    let made = MADE.get().saturating_add(bytes);
    if made < LIMIT {
        MADE.set(made);
    } else {
        MADE.set(0);
        boa_gc::force_collect();
    }
}
