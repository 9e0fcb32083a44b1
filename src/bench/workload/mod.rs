//! What is asked: prompts and conversations, from files or made up.

pub mod conversations;
pub mod lines;
pub mod messages;
pub mod mooncake;
pub mod sharegpt;
pub mod source;
pub mod synthetic;
pub mod template;
mod words;

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

pub use source::{Settings, load};
use synthetic::{Prefix, Synthetic};

/// What a message says.
#[derive(Clone, Debug, PartialEq)]
pub enum Content {
    Text(Arc<str>),
    /// Parts in a protocol's own form: texts, images.
    Parts(Arc<Value>),
}

impl Content {
    /// The text; of parts, their texts one after the other.
    pub fn text(&self) -> Arc<str> {
        match self {
            Self::Text(text) => text.clone(),
            Self::Parts(parts) => {
                let texts = parts.as_array().into_iter().flatten().filter_map(|part| part["text"].as_str());
                texts.collect::<Vec<_>>().join("\n").into()
            }
        }
    }
}

/// One message of a chat.
#[derive(Clone, Debug, PartialEq)]
pub struct Message {
    pub role: Arc<str>,
    pub content: Content,
}

impl Message {
    /// A message of text.
    pub fn new(role: &str, text: &str) -> Self {
        Self { role: role.into(), content: Content::Text(text.into()) }
    }

    /// `{"role": …, "content": …}`
    pub fn to_json(&self) -> Value {
        let content = match &self.content {
            Content::Text(text) => Value::from(&**text),
            Content::Parts(parts) => (**parts).clone(),
        };
        json!({ "role": &*self.role, "content": content })
    }
}

/// One request of a conversation: what it says that was not said before.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Turn {
    pub messages: Vec<Message>,
    /// What the assistant said at this point when the conversation was recorded: takes the place of the
    /// actual reply in a history that the client holds.
    pub recorded_reply: Option<Arc<str>>,
    /// How many tokens the answer may have.
    pub max_tokens: Option<u64>,
}

impl Turn {
    /// A single question.
    pub fn question(text: &str) -> Self {
        Self { messages: vec![Message::new("user", text)], ..Self::default() }
    }
}

/// What one iteration of a user does: the turns of a conversation in order; most have one.
#[derive(Clone, Debug, PartialEq)]
pub struct Work {
    /// The conversation's name.
    pub name: Option<Arc<str>>,
    pub turns: Arc<[Turn]>,
    /// Its place among all that there is to do, from zero.
    pub place: u64,
}

/// Where the work comes from.
#[derive(Clone, Debug)]
pub enum Supply {
    /// One after the other, and from the first again.
    Cycle(Vec<Arc<[Turn]>>),
    /// Each so often as it says, and then it is over.
    Queue(conversations::Queue),
    /// Recorded sizes of requests, at recorded times; and then it is over.
    Trace(mooncake::Replay),
    /// Made up, without end.
    Synthetic(Synthetic),
}

/// All that there is to do. The same place always has the same work, whoever takes it when.
#[derive(Clone, Debug)]
pub struct Workload {
    pub supply: Supply,
    /// What conversations without a system message begin with.
    pub system: Option<Arc<str>>,
    /// In front of each first message.
    pub prefix: Option<Prefix>,
}

impl Workload {
    /// The work at a place; `None` when there is no more.
    pub fn at(&self, place: u64) -> Option<Work> {
        let (name, turns) = match &self.supply {
            Supply::Cycle(list) => {
                let index = usize::try_from(place % list.len().max(1) as u64).ok()?;
                (None, list.get(index)?.clone())
            }
            Supply::Queue(queue) => {
                let conversation = queue.at(place)?;
                (Some(conversation.name.clone()), conversation.turns.clone())
            }
            Supply::Trace(trace) => (None, Arc::from([trace.at(place)?])),
            Supply::Synthetic(synthetic) => (None, Arc::from([synthetic.at(place)])),
        };
        let turns = match &self.system {
            Some(system) => with_system(&turns, system),
            None => turns,
        };
        let turns = match &self.prefix {
            Some(prefix) => prefix.before(&turns),
            None => turns,
        };
        Some(Work { name, turns, place })
    }

    /// How many pieces of work there are, where they end.
    pub fn total(&self) -> Option<u64> {
        match &self.supply {
            Supply::Queue(queue) => Some(queue.total()),
            Supply::Trace(trace) => Some(trace.total()),
            Supply::Cycle(_) | Supply::Synthetic(_) => None,
        }
    }

    /// The names of the conversations, in the order of their files.
    pub fn names(&self) -> Vec<Arc<str>> {
        match &self.supply {
            Supply::Queue(queue) => {
                queue.conversations().map(|conversation| conversation.name.clone()).collect()
            }
            _ => Vec::new(),
        }
    }

    /// The most turns that a piece of work has.
    pub fn longest(&self) -> usize {
        match &self.supply {
            Supply::Cycle(list) => list.iter().map(|turns| turns.len()).max().unwrap_or(1),
            Supply::Queue(queue) => queue.conversations().map(|c| c.turns.len()).max().unwrap_or(1),
            Supply::Trace(_) | Supply::Synthetic(_) => 1,
        }
    }

    /// When the work is due, where a file says so.
    pub fn times(&self) -> Option<Vec<Duration>> {
        match &self.supply {
            Supply::Trace(trace) => Some(trace.times()),
            _ => None,
        }
    }

    /// What there is, for the banner: `12 prompts, in turn`.
    pub fn describe(&self) -> String {
        let many = |count: u64, what: &str| format!("{count} {what}{}", if count == 1 { "" } else { "s" });
        match &self.supply {
            Supply::Cycle(list) if list.iter().all(|turns| turns.len() == 1) => match list.len() {
                1 => "one prompt".to_owned(),
                several => format!("{}, in turn", many(several as u64, "prompt")),
            },
            Supply::Cycle(list) => format!("{}, in turn", many(list.len() as u64, "conversation")),
            Supply::Queue(queue) => format!(
                "{} × their invocations = {} to hold",
                many(queue.conversations().count() as u64, "conversation"),
                queue.total()
            ),
            Supply::Trace(trace) => format!("{} of a trace", many(trace.total(), "request")),
            Supply::Synthetic(synthetic) => synthetic.describe(),
        }
    }
}

fn with_system(turns: &Arc<[Turn]>, system: &str) -> Arc<[Turn]> {
    let mut turns = turns.to_vec();
    if let Some(first) = turns.first_mut()
        && first.messages.iter().all(|message| !matches!(&*message.role, "system" | "developer"))
    {
        first.messages.insert(0, Message::new("system", system));
    }
    turns.into()
}
