//! What is asked, in no protocol's words.

use bytes::Bytes;
use serde_json::{Map, Value};

use crate::net::SharedJar;

/// One question to a model.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// Instead of the target's.
    pub model: Option<String>,
    /// Goes before `messages`.
    pub system: Option<String>,
    pub messages: Vec<Message>,
    /// The last message of the user, after `messages`.
    pub prompt: Option<String>,
    pub max_tokens: Option<u64>,
    pub temperature: Option<f64>,
    /// In the protocol's own form.
    pub tools: Option<Value>,
    pub user: Option<String>,
    /// The conversation that the server holds: the path's `{session_id}`, Dify's `conversation_id`.
    pub conversation_id: Option<String>,
    /// Further fields of the body, which replace those that the protocol makes.
    pub extra: Map<String, Value>,
    /// The body, byte by byte, instead of what the protocol makes of all the above.
    pub body: Option<Bytes>,
    /// Headers of this request alone; they replace the target's.
    pub headers: Vec<(String, String)>,
    pub caller: Caller,
}

/// On whose behalf a request is sent.
#[derive(Clone, Debug, Default)]
pub struct Caller {
    /// The number of the virtual user, for keys that stick to users.
    pub number: u64,
    /// Where cookies come from and go to.
    pub jar: Option<SharedJar>,
    /// Fields of the lines that `httpDebug` logs.
    pub log_fields: Vec<(String, String)>,
}

/// One turn of a conversation.
#[derive(Clone, Debug, PartialEq)]
pub struct Message {
    /// `user`, `assistant`, `system`, `tool`.
    pub role: String,
    /// A string, or parts in the protocol's own form.
    pub content: Value,
    /// Further fields, such as `tool_calls` or `tool_call_id`.
    pub rest: Map<String, Value>,
}

impl Message {
    /// A message that is plain text.
    pub fn new(role: &str, text: &str) -> Self {
        Self { role: role.to_owned(), content: Value::from(text), rest: Map::new() }
    }

    /// The message as OpenAI's API has it.
    pub fn to_json(&self) -> Value {
        let mut made = Map::new();
        made.insert("role".to_owned(), Value::from(self.role.as_str()));
        made.insert("content".to_owned(), self.content.clone());
        made.extend(self.rest.clone());
        Value::Object(made)
    }

    /// What is text of its content.
    pub fn text(&self) -> String {
        match &self.content {
            Value::String(text) => text.clone(),
            Value::Array(parts) => {
                let texts = parts.iter().filter_map(|part| part.get("text").and_then(Value::as_str));
                texts.collect::<Vec<_>>().join("\n")
            }
            _ => String::new(),
        }
    }
}

impl Request {
    /// A question that is plain text.
    pub fn prompt(text: impl Into<String>) -> Self {
        Self { prompt: Some(text.into()), ..Self::default() }
    }

    /// All messages but the system's, the prompt as the last one.
    pub fn conversation(&self) -> impl Iterator<Item = Message> {
        let prompt = self.prompt.as_deref().map(|text| Message::new("user", text));
        self.messages.iter().filter(|message| message.role != "system").cloned().chain(prompt)
    }

    /// What the system is told, from `system` and from messages of that role.
    pub fn system_text(&self) -> Option<String> {
        let messages = self.messages.iter().filter(|message| message.role == "system").map(Message::text);
        let texts: Vec<_> = self.system.iter().cloned().chain(messages).collect();
        (!texts.is_empty()).then(|| texts.join("\n"))
    }

    /// All messages as OpenAI's API has them, in their order.
    pub fn chat_messages(&self) -> Vec<Value> {
        let system = self.system.as_deref().map(|text| Message::new("system", text).to_json());
        let prompt = self.prompt.as_deref().map(|text| Message::new("user", text).to_json());
        system.into_iter().chain(self.messages.iter().map(Message::to_json)).chain(prompt).collect()
    }

    /// The last message of the user as plain text, for protocols that take one.
    pub fn question(&self) -> String {
        match &self.prompt {
            Some(prompt) => prompt.clone(),
            None => self.messages.last().map(Message::text).unwrap_or_default(),
        }
    }

    /// Everything that is text, a paragraph each, for protocols that know no turns.
    pub fn plain_text(&self) -> String {
        self.texts().join("\n\n")
    }

    /// The text of each turn, the system's first.
    pub fn texts(&self) -> Vec<String> {
        self.system_text().into_iter().chain(self.conversation().map(|message| message.text())).collect()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn parts_of_a_question_in_their_order() {
        let request = Request {
            system: Some("Be brief.".into()),
            messages: vec![Message::new("user", "Hi"), Message::new("assistant", "Yes?")],
            ..Request::prompt("Why?")
        };
        let messages = Value::from(request.chat_messages());
        assert_eq!(
            messages,
            json!([{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hi"},
                {"role": "assistant", "content": "Yes?"}, {"role": "user", "content": "Why?"}])
        );
        assert_eq!(request.plain_text(), "Be brief.\n\nHi\n\nYes?\n\nWhy?");
        assert_eq!((request.question().as_str(), request.conversation().count()), ("Why?", 3));
        let parts = Message {
            content: json!([{"type": "text", "text": "a"}, {"type": "image_url"}, {"type": "text", "text": "b"}]),
            ..Message::new("user", "")
        };
        assert_eq!(parts.text(), "a\nb");
    }
}
