//! Who is told of a WebSocket's events.

use boa_engine::object::JsObject;
use boa_gc::{Finalize, Trace};

/// The events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Open,
    Message,
    Error,
    Close,
    Ping,
    Pong,
}

/// All of them, by their place in [`Listeners`].
pub const KINDS: [Kind; 6] = [Kind::Open, Kind::Message, Kind::Error, Kind::Close, Kind::Ping, Kind::Pong];

impl Kind {
    /// `open`, `message`, …
    pub fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Message => "message",
            Self::Error => "error",
            Self::Close => "close",
            Self::Ping => "ping",
            Self::Pong => "pong",
        }
    }

    /// The event of that name.
    pub fn named(name: &str) -> Option<Self> {
        KINDS.into_iter().find(|kind| kind.name() == name)
    }
}

/// The listeners of one WebSocket.
#[derive(Debug, Default, Trace, Finalize)]
pub struct Listeners {
    /// `onopen` and its kin.
    on: [Option<JsObject>; 6],
    /// Those of `addEventListener`.
    added: Vec<Added>,
}

#[derive(Debug, Trace, Finalize)]
struct Added {
    #[unsafe_ignore_trace]
    kind: Kind,
    function: JsObject,
}

impl Listeners {
    /// The listener of `onopen` or one of its kin.
    pub fn on(&self, kind: Kind) -> Option<JsObject> {
        self.on[kind as usize].clone()
    }

    /// Sets it, or takes it away.
    pub fn set_on(&mut self, kind: Kind, function: Option<JsObject>) {
        self.on[kind as usize] = function;
    }

    /// Adds another.
    pub fn add(&mut self, kind: Kind, function: JsObject) {
        self.added.push(Added { kind, function });
    }

    /// Those who are told of an event, in their order: first the property's, then those that were added.
    pub fn of(&self, kind: Kind) -> Vec<JsObject> {
        let added = self.added.iter().filter(|added| added.kind == kind).map(|added| added.function.clone());
        self.on(kind).into_iter().chain(added).collect()
    }
}
