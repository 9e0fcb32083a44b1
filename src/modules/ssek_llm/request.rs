//! The first argument of `chat`.

use boa_engine::{Context, JsResult, JsValue};
use bytes::Bytes;
use serde_json::{Map, Value};

use super::fields::{headers, json, number, text, whole};
use super::options::Options;
use crate::js::convert::{entries, is_nullish, to_text};
use crate::js::go_error;
use crate::llm::{Message, Request};
use crate::modules::tags;
use crate::vu::State;

/// A question, and what is special about it.
pub struct Question {
    pub request: Request,
    pub tags: Vec<(String, String)>,
    pub throw: bool,
}

impl Question {
    /// Reads a text, or an object; keys that are not known go into the body as they are.
    ///
    /// # Errors
    ///
    /// Thrown into the script: a value that is none of those allowed.
    pub fn read(given: &JsValue, options: &Options, state: &State, context: &mut Context) -> JsResult<Self> {
        let mut question =
            Self { request: Request::default(), tags: options.tags.clone(), throw: options.throw };
        if given.is_string() {
            question.request.prompt = Some(to_text(given, context)?);
        } else if let Some(object) = given.as_object() {
            for (key, value) in entries(&object, context)? {
                if !is_nullish(&value) {
                    question.set(&key.to_std_string_lossy(), &value, context)?;
                }
            }
        } else {
            return Err(go_error(
                "chat: the first argument is a text, or an object with messages or a prompt",
                context,
            ));
        }
        if question.is_empty() {
            return Err(go_error(
                "chat: there is nothing to ask: give messages, a prompt or a body",
                context,
            ));
        }
        let caller = &mut question.request.caller;
        caller.number = u64::from(state.id.saturating_sub(1));
        caller.jar = Some(state.jar());
        caller.log_fields = state.debug_fields(&question.tags);
        Ok(question)
    }

    /// Neither messages nor a body, nor further fields that may hold a question.
    fn is_empty(&self) -> bool {
        let request = &self.request;
        request.prompt.is_none()
            && request.messages.is_empty()
            && request.system.is_none()
            && request.body.is_none()
            && request.extra.is_empty()
    }

    fn set(&mut self, key: &str, value: &JsValue, context: &mut Context) -> JsResult<()> {
        let request = &mut self.request;
        match key {
            "prompt" => request.prompt = Some(text(key, value, context)?),
            "system" => request.system = Some(text(key, value, context)?),
            "model" => request.model = Some(text(key, value, context)?),
            "user" => request.user = Some(to_text(value, context)?),
            "conversationId" | "sessionId" => request.conversation_id = Some(to_text(value, context)?),
            "messages" => request.messages = messages(value, context)?,
            "maxTokens" | "max_tokens" => request.max_tokens = Some(whole(key, value, context)?),
            "temperature" => request.temperature = Some(number(key, value, context)?),
            "tools" => request.tools = Some(json(key, value, context)?),
            "headers" => request.headers = headers(key, value, context)?,
            "tags" => self.tags.extend(tags::read(value, context)?),
            "throw" => self.throw = value.to_boolean(),
            "body" if value.is_string() => request.body = Some(Bytes::from(to_text(value, context)?)),
            "body" => match json(key, value, context)? {
                Value::Object(fields) => request.extra.extend(fields),
                _ => {
                    return Err(go_error(
                        "chat: body must be a text or an object of further fields",
                        context,
                    ));
                }
            },
            _ => drop(request.extra.insert(key.to_owned(), json(key, value, context)?)),
        }
        Ok(())
    }
}

fn messages(value: &JsValue, context: &mut Context) -> JsResult<Vec<Message>> {
    let Value::Array(list) = json("messages", value, context)? else {
        return Err(go_error("chat: messages must be an array", context));
    };
    let mut all = Vec::with_capacity(list.len());
    for (place, item) in list.into_iter().enumerate() {
        let message = match item {
            Value::String(text) => Some(Message::new("user", &text)),
            Value::Object(fields) => read_message(fields),
            _ => None,
        };
        let Some(message) = message else {
            let text = format!("chat: messages[{place}] must be a text or an object with a role");
            return Err(go_error(text, context));
        };
        all.push(message);
    }
    Ok(all)
}

fn read_message(mut fields: Map<String, Value>) -> Option<Message> {
    let Some(Value::String(role)) = fields.shift_remove("role") else { return None };
    let content = fields.shift_remove("content").unwrap_or_default();
    Some(Message { role, content, rest: fields })
}
