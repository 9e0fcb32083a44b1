//! Breakpoints as a client sets them, and as the hook looks them up.

use std::collections::HashMap;

use super::script::{Place, Script};

/// The files that a breakpoint is for.
#[derive(Debug)]
pub enum Target {
    Url(String),
    /// Files whose URL matches.
    Pattern(Box<regress::Regex>),
    /// The file with this SHA-256.
    Hash(String),
    /// One file, by its id.
    Script(u32),
}

impl Target {
    fn is(&self, script: &Script) -> bool {
        match self {
            Self::Url(url) => *url == script.url || *url == script.file,
            Self::Pattern(pattern) => pattern.find(&script.url).is_some(),
            Self::Hash(hash) => *hash == script.hash(),
            Self::Script(id) => *id == script.id,
        }
    }
}

/// A breakpoint.
#[derive(Debug)]
pub struct Breakpoint {
    pub id: String,
    pub target: Target,
    /// It binds to the first statement here or behind.
    pub place: Place,
    /// An expression that must be true; empty for none.
    pub condition: String,
    /// The numbers of the points that it is bound to, with their files and places.
    pub bound: Vec<(u32, u32, Place)>,
}

impl Breakpoint {
    /// Binds it to a file, if it is for that one and has a statement for it. Returns the place.
    pub(super) fn bind(&mut self, script: &Script) -> Option<Place> {
        let point = self.target.is(script).then(|| script.point_from(self.place))??;
        self.bound.push((point.number, script.id, point.place));
        Some(point.place)
    }
}

/// Which exceptions pause the script.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Exceptions {
    #[default]
    None,
    /// Those that end an iteration.
    Uncaught,
    /// Those, and what `throw` statements throw.
    All,
}

/// Where the script is to pause: what the hook asks, made anew when something of it changes.
#[derive(Debug, Default)]
pub struct Plan {
    /// Whether a client debugs at all.
    pub enabled: bool,
    /// Whether nothing pauses at present.
    pub skips_all: bool,
    pub exceptions: Exceptions,
    /// Ids and conditions of breakpoints by the numbers of points.
    pub points: HashMap<u32, Vec<(String, String)>>,
}

impl Plan {
    /// Whether the script may pause.
    pub fn pauses(&self) -> bool {
        self.enabled && !self.skips_all
    }
}
