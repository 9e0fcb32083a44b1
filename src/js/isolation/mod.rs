//! Whether a script can tell that it shares its realm with other VUs.
//!
//! VUs of one thread may share the global object and all that hangs on it, if none of them changes it
//! or what is reachable from it. This is decided from the text alone, and for the worse in doubt: an
//! object of the realm must not be written to, nor get to where the text no longer shows what it is.
//! [`uses`] follows each name that stands for such an object through its file, [`syntax`] refuses the
//! ways that lead there from any value, such as `.constructor`.
//!
//! What is not seen: a property name made at run time (`table[word].count++` where the word is
//! `toString`), a method taken from a value of the script's own (`const push = [].push; push.count =
//! 1`), and what another function does with a part of a built-in module that it is given (`f(exec.vu)`).
//! All of these are errors in the script, and reach no further than the other VUs of the thread.

mod judge;
mod names;
mod root;
mod syntax;
mod uses;

#[cfg(test)]
mod tests;

use std::collections::HashMap;

use oxc::ast::ast::Program;
use oxc::semantic::{Semantic, SymbolId};

pub(super) use root::{Base, Root, Segment};
pub(super) use syntax::is_in_function;

/// Why code must have a realm of its own.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Finding {
    /// Where, in bytes.
    pub offset: u32,
    /// What was found: `assignment to Math.x`.
    pub reason: String,
}

impl Finding {
    pub fn new(offset: u32, reason: impl Into<String>) -> Self {
        Self { offset, reason: reason.into() }
    }
}

/// What is known of a file that can share its realm.
#[derive(Debug, Default)]
pub(super) struct Shareable {
    /// Its variables that hold an object of the realm, and which ones.
    pub rooted: HashMap<SymbolId, Vec<Root>>,
    /// The same of its anonymous default export.
    pub rooted_default: Option<Root>,
}

/// Checks one module. `imports` has those of its imports that are objects of the realm; `semantic` was
/// built with nodes.
pub(super) fn check(
    program: &Program<'_>,
    semantic: &Semantic<'_>,
    imports: &[(SymbolId, Root)],
) -> Result<Shareable, Finding> {
    syntax::check(program, semantic)?;
    uses::check(semantic, imports)
}
