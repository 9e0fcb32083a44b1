//! Whether a use of an object of the realm can be seen by other VUs.

use oxc::semantic::{NodeId, SymbolId};

use super::names::{self, Kind};
use super::uses::Use;
use super::{Base, Root, Segment};

/// Which arguments of a call must not be objects of the realm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sensitive {
    /// The first, which the function changes, and global objects.
    FirstIsChanged,
    /// Global objects: the function gives out what it was called with.
    GlobalsShow,
    /// All: what the call makes stands for its argument.
    Wrapping,
}

/// What follows from a use.
#[derive(Debug)]
pub(super) enum Verdict {
    /// Nobody can see it.
    Fine,
    /// So it is, as long as the call of this node has no argument that speaks against it.
    Sensitive(NodeId, Sensitive),
    /// So it is, as long as these variables are used well.
    Aliased(Vec<(SymbolId, Root)>),
    /// It is the default export.
    Exported(Root),
    Refused(String),
}

/// Judges one use of an object of the realm.
pub(super) fn judge(root: &Root, use_: &Use) -> Verdict {
    match &root.base {
        Base::Namespace(exports) => {
            let Some((first, rest)) = root.path.split_first() else { return whole(root, use_) };
            let found = match first {
                Segment::Named(name) => exports.get(name).cloned().flatten(),
                Segment::Dynamic => exports.values().flatten().next().cloned(),
            };
            match found {
                Some(found) => judge(&found.at(rest), use_),
                None if rest.is_empty() && *use_ == Use::Written => refused("assignment to", root),
                None => Verdict::Fine,
            }
        }
        Base::Global(name) => global(name, root, use_),
        Base::Builtin { .. } if root.path.is_empty() => whole(root, use_),
        Base::Builtin { .. } if root.path[0].is("default") => refused("the default export read from", root),
        Base::Export { name, .. } if root.path.is_empty() && name == "default" => whole(root, use_),
        Base::Export { .. } | Base::Builtin { .. } => export(root, use_),
    }
}

fn refused(what: &str, root: &Root) -> Verdict {
    Verdict::Refused(format!("{what} {root}"))
}

fn aliased(root: &Root, aliases: &[(SymbolId, Vec<Segment>)]) -> Verdict {
    Verdict::Aliased(aliases.iter().map(|(symbol, path)| (*symbol, root.at(path))).collect())
}

/// A whole module: its parts can be used, but not the object that has them.
fn whole(root: &Root, use_: &Use) -> Verdict {
    match use_ {
        Use::Looked | Use::Called(_) => Verdict::Fine,
        Use::Aliased(aliases) => aliased(root, aliases),
        Use::Exported => Verdict::Exported(root.clone()),
        Use::Written => refused("assignment to", root),
        Use::Argument(_) | Use::Escapes => refused("passing on", root),
    }
}

/// What a built-in module exports, or something below it.
fn export(root: &Root, use_: &Use) -> Verdict {
    let is_seed = |name: &str| name == "randomSeed";
    let seeds = matches!(&root.base, Base::Export { name, .. } if is_seed(name))
        || root.path.iter().any(|segment| matches!(segment, Segment::Named(name) if is_seed(name)));
    if seeds {
        // It puts another function in the place of `Math.random`.
        return refused("the use of", root);
    }
    match use_ {
        Use::Written if !is_tag_of_vu(root) => refused("assignment to", root),
        Use::Aliased(aliases) => aliased(root, aliases),
        Use::Exported => Verdict::Exported(root.clone()),
        _ => Verdict::Fine,
    }
}

/// `exec.vu.tags.x`, but not `exec.vu.tags` itself.
fn is_tag_of_vu(root: &Root) -> bool {
    let Some((_, object)) = root.path.split_last() else { return false };
    Root { base: root.base.clone(), path: object.to_vec() }.is_vu_tags()
}

fn global(name: &str, root: &Root, use_: &Use) -> Verdict {
    if *use_ == Use::Written {
        return refused("assignment to", root);
    }
    let Some(kind) = names::kind(name) else { return refused("the global", root) };
    let Some((first, rest)) = root.path.split_first() else { return whole_global(kind, root, use_) };
    let Segment::Named(member) = first else { return computed(name, rest, root, use_) };
    if member == "prototype" {
        return prototype_method(rest, root, use_);
    }
    let mut members = root.path.iter().filter_map(|segment| match segment {
        Segment::Named(name) => Some(name.as_str()),
        Segment::Dynamic => None,
    });
    if members.clone().any(names::is_forbidden_member) || members.clone().count() < root.path.len() {
        return refused("the use of", root);
    }
    if rest.is_empty() && names::is_constant(name, member) {
        return Verdict::Fine;
    }
    let is_revealing = kind == Kind::Revealing;
    if is_revealing && members.any(|name| matches!(name, "call" | "apply" | "bind")) {
        return refused("the use of", root);
    }
    match use_ {
        Use::Called(call) if is_revealing && names::changes_first_argument(member) => {
            Verdict::Sensitive(*call, Sensitive::FirstIsChanged)
        }
        Use::Called(call) if is_revealing => Verdict::Sensitive(*call, sensitivity(name)),
        Use::Looked | Use::Called(_) | Use::Argument(_) => Verdict::Fine,
        Use::Aliased(aliases) => aliased(root, aliases),
        Use::Exported => Verdict::Exported(root.clone()),
        Use::Written | Use::Escapes => refused("passing on", root),
    }
}

fn sensitivity(name: &str) -> Sensitive {
    if name == "Proxy" { Sensitive::Wrapping } else { Sensitive::GlobalsShow }
}

fn whole_global(kind: Kind, root: &Root, use_: &Use) -> Verdict {
    match (use_, kind) {
        (Use::Called(call), Kind::Revealing) => Verdict::Sensitive(*call, Sensitive::Wrapping),
        (Use::Looked | Use::Called(_), _) | (Use::Argument(_), Kind::Function) => Verdict::Fine,
        (Use::Aliased(aliases), _) => aliased(root, aliases),
        (Use::Exported, _) => Verdict::Exported(root.clone()),
        _ => refused("passing on", root),
    }
}

/// `console[level](…)`
fn computed(name: &str, rest: &[Segment], root: &Root, use_: &Use) -> Verdict {
    let is_called = matches!(use_, Use::Called(_));
    if is_called && rest.is_empty() && matches!(name, "console" | "Math" | "JSON") {
        return Verdict::Fine;
    }
    refused("the use of", root)
}

/// `Object.prototype.hasOwnProperty.call(…)`
fn prototype_method(rest: &[Segment], root: &Root, use_: &Use) -> Verdict {
    if let ([Segment::Named(method), how], Use::Called(call)) = (rest, use_)
        && (how.is("call") || how.is("apply"))
        && !names::is_forbidden_member(method)
    {
        return Verdict::Sensitive(*call, Sensitive::Wrapping);
    }
    refused("the use of", root)
}
