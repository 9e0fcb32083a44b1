//! Which variables can be seen from a place of a script.

use std::collections::HashMap;

use oxc::semantic::{ScopeId, Scoping};
use oxc::syntax::scope::ScopeFlags;

/// What opens a scope.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScopeKind {
    Block,
    Function,
    /// A module, or a CommonJS file.
    File,
}

/// The variables of one scope.
#[derive(Debug, PartialEq, Eq)]
pub struct Scope {
    pub kind: ScopeKind,
    /// The next scope outwards, by its index.
    pub parent: Option<u32>,
    /// In the order in which they are declared.
    pub names: Vec<String>,
}

/// The scopes of a file that its points are in.
#[derive(Debug, Default)]
pub struct Scopes {
    list: Vec<Scope>,
    known: HashMap<ScopeId, u32>,
}

impl Scopes {
    /// The index of a scope; noted with all that are around it.
    pub(super) fn index(&mut self, id: ScopeId, scoping: &Scoping) -> u32 {
        if let Some(index) = self.known.get(&id) {
            return *index;
        }
        let parent = scoping.scope_parent_id(id).map(|parent| self.index(parent, scoping));
        let flags = scoping.scope_flags(id);
        let kind = if parent.is_none() {
            ScopeKind::File
        } else if flags.intersects(ScopeFlags::Function | ScopeFlags::ClassStaticBlock) {
            ScopeKind::Function
        } else {
            ScopeKind::Block
        };
        let mut symbols: Vec<_> = scoping.iter_bindings_in(id).collect();
        symbols.sort_unstable();
        let names = symbols.into_iter().map(|symbol| scoping.symbol_name(symbol).to_owned()).collect();
        let index = self.list.len() as u32;
        self.list.push(Scope { kind, parent, names });
        self.known.insert(id, index);
        index
    }

    /// A scope and all around it, the innermost first, without blocks that have no variables: each
    /// with the names that are not those of variables further in.
    pub fn seen_from(&self, index: u32) -> Vec<(ScopeKind, Vec<&str>)> {
        let mut seen = Vec::new();
        let mut hidden: Vec<&str> = Vec::new();
        let mut next = self.list.get(index as usize);
        while let Some(scope) = next {
            let names: Vec<_> =
                scope.names.iter().map(String::as_str).filter(|name| !hidden.contains(name)).collect();
            hidden.extend(&names);
            if !names.is_empty() || scope.kind != ScopeKind::Block {
                seen.push((scope.kind, names));
            }
            next = scope.parent.and_then(|parent| self.list.get(parent as usize));
        }
        seen
    }
}
