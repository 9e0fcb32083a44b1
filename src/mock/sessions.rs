//! The histories that the mock keeps for `/stream/assistant/{session}`.

use std::collections::{HashMap, VecDeque};
use std::sync::Mutex;

use serde::{Deserialize, Serialize};

/// One message of a conversation.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq, Serialize)]
pub(super) struct Message {
    pub role: String,
    pub content: String,
}

/// Sessions that are remembered; of more, the oldest are forgotten.
const MAX_SESSIONS: usize = 10_000;

/// What was said in each session.
#[derive(Debug, Default)]
pub(super) struct Sessions {
    known: Mutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    messages: HashMap<String, Vec<Message>>,
    /// From the oldest.
    order: VecDeque<String>,
}

/// The session that a path names.
pub(super) fn session_of(path: &str) -> Option<&str> {
    let (_, session) = path.split_once("/stream/assistant/")?;
    (!session.is_empty() && !session.contains('/')).then_some(session)
}

impl Sessions {
    /// Adds a message to a session, which begins with its first one.
    pub fn add(&self, session: &str, message: Message) {
        let mut guard = self.known.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        let known = &mut *guard;
        if !known.messages.contains_key(session) {
            if known.order.len() >= MAX_SESSIONS
                && let Some(oldest) = known.order.pop_front()
            {
                known.messages.remove(&oldest);
            }
            known.order.push_back(session.to_owned());
        }
        known.messages.entry(session.to_owned()).or_default().push(message);
    }

    /// What was said in a session; nothing in one that is not known.
    pub fn history(&self, session: &str) -> Vec<Message> {
        let known = self.known.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        known.messages.get(session).cloned().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn histories_grow_and_the_oldest_go() {
        let message = |content: &str| Message { role: "user".into(), content: content.into() };
        let sessions = Sessions::default();
        for i in 0..MAX_SESSIONS {
            sessions.add(&i.to_string(), message("a"));
        }
        sessions.add("0", message("b"));
        assert_eq!(sessions.history("0"), [message("a"), message("b")]);
        sessions.add("one more", message("c"));
        assert!(sessions.history("0").is_empty());
        assert_eq!(sessions.history("1").len(), 1);
        for (path, session) in [
            ("/stream/assistant/7", Some("7")),
            ("/x/stream/assistant/7", Some("7")),
            ("/stream/assistant/", None),
        ] {
            assert_eq!(session_of(path), session);
        }
    }
}
