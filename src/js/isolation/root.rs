//! Where an object of the realm comes from, and how a text got from there to it.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

/// A step from an object to a property of it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(in crate::js) enum Segment {
    Named(String),
    /// The name is only known at run time.
    Dynamic,
}

impl Segment {
    pub fn is(&self, name: &str) -> bool {
        matches!(self, Self::Named(known) if known == name)
    }
}

/// The name that an object of the realm is first reached by.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(in crate::js) enum Base {
    /// A property of the global object.
    Global(String),
    /// What a built-in module exports under a name.
    Export { module: String, name: String },
    /// All that a built-in module exports.
    Builtin { module: String },
    /// The namespace of a script file: per export what object of the realm it is, if one.
    Namespace(Arc<BTreeMap<String, Option<Root>>>),
}

/// An object of the realm.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(in crate::js) struct Root {
    pub base: Base,
    pub path: Vec<Segment>,
}

impl Root {
    pub fn new(base: Base) -> Self {
        Self { base, path: Vec::new() }
    }

    pub fn global(name: &str) -> Self {
        Self::new(Base::Global(name.to_owned()))
    }

    /// What is found from here along a path.
    pub fn at(&self, path: &[Segment]) -> Self {
        Self { base: self.base.clone(), path: self.path.iter().chain(path).cloned().collect() }
    }

    /// The objects that stand for the VU's own tags and may be written to.
    pub fn is_vu_tags(&self) -> bool {
        let module = match &self.base {
            Base::Export { module, .. } | Base::Builtin { module } => module,
            _ => return false,
        };
        let is_map = |segment: &Segment| segment.is("tags") || segment.is("metadata");
        module == "k6/execution" && self.path.iter().any(is_map)
    }
}

impl fmt::Display for Root {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.base {
            Base::Global(name) => f.write_str(name)?,
            Base::Export { module, name } if name == "default" => f.write_str(module)?,
            Base::Export { module, name } => write!(f, "{name} of {module}")?,
            Base::Builtin { module } => f.write_str(module)?,
            Base::Namespace(_) => f.write_str("a module's namespace")?,
        }
        for segment in &self.path {
            match segment {
                Segment::Named(name) => write!(f, ".{name}")?,
                Segment::Dynamic => f.write_str("[…]")?,
            }
        }
        Ok(())
    }
}
