//! The functions that a context is in, as far as hooks have seen them.

use boa_engine::Context;
use boa_engine::object::JsObject;
use boa_engine::vm::CodeBlock;
use boa_gc::Gc;

/// A function that runs.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The point that it came by last.
    pub point: u32,
    /// Evaluates a text there.
    pub evaluator: JsObject,
    /// How many frames the engine has up to the one with the statement.
    frames: usize,
    /// How many functions it is in, itself included: what steps are measured by.
    pub depth: usize,
    code: Gc<CodeBlock>,
}

/// Entries, the innermost last.
#[derive(Debug, Default)]
pub struct Stack(Vec<Entry>);

impl Stack {
    /// Notes that the innermost function of the context came by a point. `guards` says how many of the
    /// engine's innermost frames are of arrow functions that were made of parts of it.
    pub fn pass(&mut self, point: u32, evaluator: JsObject, guards: usize, context: &Context) {
        let mut frames = context.stack_trace();
        let count = frames.size_hint().0;
        let base = count.saturating_sub(guards);
        let Some(innermost) = frames.next() else { return };
        let code = innermost.code_block().clone();
        let below = self.0.iter().rposition(|entry| entry.frames < base);
        self.0.truncate(below.map_or(0, |below| below + 1));
        let depth = self.0.last().map_or(base, |below| below.depth + (base - below.frames));
        self.0.push(Entry { point, evaluator, frames: count, depth, code });
    }

    /// The innermost function.
    pub fn innermost(&self) -> Option<&Entry> {
        self.0.last()
    }

    /// The functions that the context is in now, the innermost first. Those that ended without a word
    /// are left out.
    pub fn live(&self, context: &Context) -> Vec<Entry> {
        let codes: Vec<_> = context.stack_trace().map(|frame| frame.code_block().clone()).collect();
        let is_live = |entry: &&Entry| {
            let at = codes.len().checked_sub(entry.frames);
            at.and_then(|at| codes.get(at)).is_some_and(|code| Gc::ptr_eq(code, &entry.code))
        };
        self.0.iter().filter(is_live).rev().cloned().collect()
    }

    /// All functions that were noted, the innermost first: those that the context was in when an
    /// exception ended them, and perhaps some that had ended before.
    pub fn last(&self) -> Vec<Entry> {
        self.0.iter().rev().cloned().collect()
    }
}
