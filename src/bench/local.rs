//! What the users of one thread share: a buffer of samples, and connections that nobody uses.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Instant;

use crate::k6::SystemTag;
use crate::k6::builtin::Builtin;
use crate::metrics::{SeriesId, TagSet, TagSetId};
use crate::net::{Client, Shared};
use crate::vu::Test;
use crate::vu::samples::Samples;

/// A conversation, if it has a name, and the number of a turn; zero where turns are not told apart.
type Part = (Option<Arc<str>>, usize);

/// The thread's own.
pub struct Local {
    pub test: Arc<Test>,
    pub samples: Samples,
    /// Whether no connection is kept from one piece of work to the next.
    pub opens_anew: bool,
    network: Arc<Shared>,
    /// Of an open model: those who have no request, and their numbers.
    idle: RefCell<Vec<(u32, Client)>>,
    /// The next number of a client, and what it grows by: threads count past each other.
    next: Cell<u32>,
    step: u32,
    /// Of what is recorded once a piece of work.
    series: RefCell<HashMap<(&'static str, TagSetId), SeriesId>>,
    /// Of each conversation and turn.
    tags: RefCell<HashMap<Part, TagSet>>,
}

impl Local {
    /// For thread `place` of `threads`, from zero.
    pub fn new(test: &Arc<Test>, network: &Arc<Shared>, place: u32, threads: u32) -> Self {
        let samples = Samples::new(Rc::default());
        if let Some(sender) = test.samples() {
            samples.connect(sender);
        }
        Self {
            test: test.clone(),
            samples,
            opens_anew: test.options().is_some_and(|options| options.no_vu_connection_reuse),
            network: network.clone(),
            idle: RefCell::default(),
            next: Cell::new(place + 1),
            step: threads,
            series: RefCell::default(),
            tags: RefCell::default(),
        }
    }

    /// Connections of a user of its own, with a number from one.
    pub fn client(&self, number: u32) -> Client {
        Client::new(&self.network, number)
    }

    /// Connections that nobody uses at the moment, those that were used last; new ones if there are none.
    pub fn borrow_client(&self) -> (u32, Client) {
        let idle = self.idle.borrow_mut().pop();
        idle.unwrap_or_else(|| {
            let number = self.next.get();
            self.next.set(number.wrapping_add(self.step));
            (number, self.client(number))
        })
    }

    /// Gives them back.
    pub fn return_client(&self, (number, client): (u32, Client)) {
        let client = (number, if self.opens_anew { self.client(number) } else { client });
        self.idle.borrow_mut().push(client);
    }

    /// The tags of a turn, from zero, of a conversation. Turns are told apart where `turns` is above one.
    pub fn tags(&self, conversation: Option<&Arc<str>>, turn: usize, turns: usize) -> TagSet {
        let key = (conversation.cloned(), if turns > 1 { turn + 1 } else { 0 });
        let mut known = self.tags.borrow_mut();
        let made = known.entry(key).or_insert_with_key(|(conversation, turn)| {
            let mut tags = self.test.run_tags();
            if self.test.system_tags().has(SystemTag::Scenario) {
                tags.set("scenario", super::schedule::SCENARIO);
            }
            if let Some(name) = conversation {
                tags.set("conversation", name);
            }
            if *turn > 0 {
                tags.set("turn", &turn.to_string());
            }
            tags
        });
        made.clone()
    }

    /// Adds a value under these tags; times in milliseconds.
    pub fn record(&self, metric: &Builtin, tags: TagSetId, at: Instant, value: f64) {
        self.samples.push(self.series(metric, tags), at, value);
    }

    /// The series of a metric under these tags.
    pub fn series(&self, metric: &Builtin, tags: TagSetId) -> SeriesId {
        let registry = &self.test.registry;
        let mut known = self.series.borrow_mut();
        *known.entry((metric.name, tags)).or_insert_with(|| registry.series(registry.builtin(metric), tags))
    }
}
