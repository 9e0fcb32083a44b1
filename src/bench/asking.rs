//! How a turn becomes a request, and what of an answer the next turn needs.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use rand::SeedableRng as _;
use rand_chacha::ChaCha8Rng;
use serde_json::{Map, Value};

use super::amount::Amount;
use super::flags::{History, SessionScope};
use super::workload::template::{Facts, Template};
use super::workload::{Content, Message, Turn};
use crate::executor::Gaps;
use crate::llm::{self, Reply, Target};

/// What all requests have in common.
#[derive(Clone, Debug)]
pub struct Asking {
    pub target: Target,
    pub template: Option<Template>,
    /// For `{inputs.KEY}`.
    pub inputs: BTreeMap<String, String>,
    /// For `{files}`.
    pub files: Value,
    /// Further fields of the body.
    pub extra: Map<String, Value>,
    pub user: Option<String>,
    /// The conversation that first turns go on with.
    pub conversation_id: Option<String>,
    /// Where the turn does not say it.
    pub max_tokens: Option<u64>,
    pub temperature: Option<f64>,
    pub session: SessionScope,
    pub history: History,
    /// The wait between turns, in seconds.
    pub think: Option<Amount>,
    pub seed: i64,
}

/// A conversation as it goes on.
#[derive(Debug)]
pub struct Talk {
    session_id: String,
    /// What the server calls it.
    conversation_id: Option<String>,
    /// What was said, where the client remembers it.
    said: Vec<Message>,
}

impl Asking {
    /// A conversation that begins.
    pub fn begin(&self) -> Talk {
        Talk { session_id: session_id(), conversation_id: self.conversation_id.clone(), said: Vec::new() }
    }

    /// The request of a turn, for the user with this number.
    pub fn request(&self, talk: &mut Talk, turn: &Turn, user: u32) -> llm::Request {
        if self.session == SessionScope::Turn {
            talk.session_id = session_id();
        }
        let said = if self.history == History::Client { &talk.said[..] } else { &[] };
        let messages: Vec<_> = said.iter().chain(&turn.messages).cloned().collect();
        let max_tokens = turn.max_tokens.or(self.max_tokens);
        let by_path = self.target.endpoint.template().contains("{session_id}");
        let conversation_id =
            if by_path { Some(talk.session_id.clone()) } else { talk.conversation_id.clone() };
        let body = self.template.as_ref().map(|template| {
            let question = messages.last().map(|message| message.content.text()).unwrap_or_default();
            let mut body = template.fill(&Facts {
                query: &question,
                messages: &messages,
                conversation_id: talk.conversation_id.as_deref().unwrap_or_default(),
                session_id: &talk.session_id,
                user: self.user.as_deref().unwrap_or_default(),
                model: self.target.model.as_deref().unwrap_or_default(),
                max_tokens,
                inputs: &self.inputs,
                files: &self.files,
            });
            if let Value::Object(fields) = &mut body {
                fields.extend(self.extra.clone());
            }
            Bytes::from(body.to_string())
        });
        // A body that is given stands for all of them.
        let messages = if body.is_some() { Vec::new() } else { messages.iter().map(sent).collect() };
        llm::Request {
            messages,
            max_tokens,
            temperature: self.temperature,
            user: self.user.clone(),
            conversation_id,
            extra: if body.is_some() { Map::new() } else { self.extra.clone() },
            body,
            caller: llm::Caller { number: u64::from(user.saturating_sub(1)), ..llm::Caller::default() },
            ..llm::Request::default()
        }
    }

    /// The wait before turn `index` of the work at a place.
    pub fn pause(&self, place: u64, index: usize) -> Option<Duration> {
        let think = self.think?;
        let mut random = ChaCha8Rng::from_seed(Gaps::seed(self.seed, "think time"));
        random.set_stream(place.wrapping_mul(1 << 16).wrapping_add(index as u64));
        Duration::try_from_secs_f64(think.draw(&mut random)).ok()
    }

    /// Whether the texts of answers are needed, for conversations of so many turns.
    pub fn needs_text(history: History, turns: usize) -> bool {
        history == History::Client && turns > 1
    }
}

impl Talk {
    /// Takes note of what was said in a turn.
    pub fn answered(&mut self, turn: &Turn, reply: Reply) {
        if reply.conversation_id.is_some() {
            self.conversation_id = reply.conversation_id;
        }
        self.said.extend(turn.messages.iter().cloned());
        let said = turn.recorded_reply.as_deref().unwrap_or(&reply.text);
        self.said.push(Message::new("assistant", said));
    }
}

fn sent(message: &Message) -> llm::Message {
    let content = match &message.content {
        Content::Text(text) => Value::from(&**text),
        Content::Parts(parts) => (**parts).clone(),
    };
    llm::Message { role: message.role.to_string(), content, rest: Map::new() }
}

/// A random UUID: servers that remember sessions must not meet the same one in two runs.
fn session_id() -> String {
    let random = rand::random::<u128>();
    // Version 4, variant 1: RFC 9562.
    let random = (random & !(0xf << 76) & !(0b11 << 62)) | (4 << 76) | (0b10 << 62);
    let [b, c, d] = [80, 64, 48].map(|shift| (random >> shift) & 0xffff);
    let (a, e) = (random >> 96, random & 0xffff_ffff_ffff);
    format!("{a:08x}-{b:04x}-{c:04x}-{d:04x}-{e:012x}")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::llm::Protocol;

    fn asking(url: &str, protocol: &str, history: History) -> Asking {
        Asking {
            target: Target::new(url, None, Protocol::named(protocol).unwrap()).unwrap(),
            template: None,
            inputs: BTreeMap::new(),
            files: json!([]),
            extra: Map::new(),
            user: None,
            conversation_id: None,
            max_tokens: Some(7),
            temperature: None,
            session: SessionScope::Conversation,
            history,
            think: Some(Amount::Uniform(1.0, 2.0)),
            seed: 1,
        }
    }

    #[test]
    fn clients_send_again_what_was_said() {
        let asking = asking("http://h", "openai-chat", History::Client);
        let mut talk = asking.begin();
        let first = Turn::question("a");
        let request = asking.request(&mut talk, &first, 1);
        assert_eq!((request.messages.len(), request.max_tokens, request.conversation_id), (1, Some(7), None));
        talk.answered(&first, Reply { text: "b".into(), ..Reply::default() });
        let second = Turn { recorded_reply: Some("recorded".into()), ..Turn::question("c") };
        let texts =
            |request: &llm::Request| request.messages.iter().map(llm::Message::text).collect::<Vec<_>>();
        assert_eq!(texts(&asking.request(&mut talk, &second, 1)), ["a", "b", "c"]);
        talk.answered(&second, Reply { text: "x".into(), ..Reply::default() });
        assert_eq!(texts(&asking.request(&mut talk, &first, 1)), ["a", "b", "c", "recorded", "a"]);
    }

    #[test]
    fn servers_know_sessions() {
        let mut asking = asking("http://h", "assistant", History::Server);
        let mut talk = asking.begin();
        let turn = Turn::question("a");
        let first = asking.request(&mut talk, &turn, 1).conversation_id.unwrap();
        talk.answered(&turn, Reply::default());
        let second = asking.request(&mut talk, &turn, 1);
        assert_eq!((second.conversation_id.as_ref(), second.messages.len()), (Some(&first), 1));
        assert_eq!((first.len(), &first[14..15]), (36, "4"));
        assert_ne!(asking.begin().session_id, first);
        asking.session = SessionScope::Turn;
        assert_ne!(asking.request(&mut talk, &turn, 1).conversation_id, Some(first));
        let pause = asking.pause(3, 1).unwrap();
        assert!((1.0..=2.0).contains(&pause.as_secs_f64()) && asking.pause(3, 1) == Some(pause));
        assert_ne!(asking.pause(3, 2), Some(pause));
    }

    #[test]
    fn templates_are_whole_bodies() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("t.json");
        std::fs::write(&file, r#"{"q":"{query}","c":"{conversation_id}"}"#).unwrap();
        let mut asking = asking("http://h", "dify", History::Server);
        asking.template = Some(Template::load(&file, &BTreeMap::new()).unwrap());
        asking.extra = json!({"x": 1}).as_object().unwrap().clone();
        let mut talk = asking.begin();
        let turn = Turn::question("hi");
        let reply = Reply { conversation_id: Some("7".into()), ..Reply::default() };
        talk.answered(&turn, reply);
        let request = asking.request(&mut talk, &turn, 1);
        assert_eq!(request.body.as_deref(), Some(&br#"{"q":"hi","c":"7","x":1}"#[..]));
        assert_eq!(request.conversation_id.as_deref(), Some("7"));
    }
}
