//! Dify's chats, agents and workflows.

use serde::Deserialize;
use serde_json::{Value, json};

use super::chunk::{OpenAiUsage, Text, read, said};
use super::{Auth, Decode, Kind};
use crate::llm::delta::Delta;
use crate::llm::request::Request;
use crate::net::{Event, Format};

pub const KIND: Kind = Kind {
    name: "dify",
    path: "/v1/chat-messages",
    auth: Auth::Bearer,
    headers: &[],
    format: Format::Sse,
    body: |request, _| body(request),
    decoder: || Box::new(Dify { is_workflow: false }),
};

/// Applications that hold no conversation take their question among the inputs.
pub(super) const COMPLETION: Kind =
    Kind { path: "/v1/completion-messages", body: |request, _| with_query(request), ..KIND };

/// So do workflows.
pub(super) const WORKFLOW: Kind =
    Kind { path: "/v1/workflows/run", decoder: || Box::new(Dify { is_workflow: true }), ..COMPLETION };

/// Dify asks for a user; this one is sent where there is none.
const USER: &str = "ssek";

fn body(request: &Request) -> Value {
    json!({
        "inputs": {},
        "query": request.question(),
        "response_mode": "streaming",
        "conversation_id": request.conversation_id.as_deref().unwrap_or_default(),
        "user": request.user.as_deref().unwrap_or(USER),
    })
}

fn with_query(request: &Request) -> Value {
    let mut body = body(request);
    body["inputs"]["query"] = request.question().into();
    body
}

#[derive(Deserialize)]
struct Chunk<'a> {
    #[serde(borrow)]
    event: Option<Text<'a>>,
    #[serde(borrow)]
    answer: Option<Text<'a>>,
    #[serde(borrow)]
    conversation_id: Option<Text<'a>>,
    #[serde(borrow)]
    message_id: Option<Text<'a>>,
    metadata: Option<Metadata>,
    #[serde(borrow)]
    data: Option<Data<'a>>,
    #[serde(borrow)]
    message: Option<Text<'a>>,
    #[serde(borrow)]
    code: Option<Text<'a>>,
}

#[derive(Deserialize)]
struct Metadata {
    usage: Option<OpenAiUsage>,
}

#[derive(Deserialize)]
struct Data<'a> {
    #[serde(borrow)]
    text: Option<Text<'a>>,
    #[serde(borrow)]
    status: Option<Text<'a>>,
    #[serde(borrow)]
    error: Option<Text<'a>>,
}

struct Dify {
    /// `workflow_finished` ends the stream.
    is_workflow: bool,
}

impl Decode for Dify {
    fn decode(&mut self, event: &Event, out: &mut dyn FnMut(&Delta)) -> Result<(), String> {
        let chunk: Chunk = read(&event.data)?;
        if let Some(id) = said(&chunk.conversation_id) {
            out(&Delta::ConversationId(id));
        }
        if let Some(id) = said(&chunk.message_id) {
            out(&Delta::MessageId(id));
        }
        let kind = chunk.event.as_ref().map_or(event.name.as_str(), Text::as_str);
        match kind {
            "message" | "agent_message" => {
                if let Some(answer) = &chunk.answer {
                    out(&Delta::Text(answer.as_str()));
                }
            }
            "text_chunk" => {
                if let Some(text) = chunk.data.as_ref().and_then(|data| said(&data.text)) {
                    out(&Delta::Text(text));
                }
            }
            "message_end" => {
                if let Some(usage) = chunk.metadata.as_ref().and_then(|metadata| metadata.usage.as_ref()) {
                    out(&Delta::Usage(usage.read()));
                }
                out(&Delta::Done);
            }
            // The end of a workflow, after which a chat still says `message_end`.
            "workflow_finished" => {
                let data = chunk.data.as_ref();
                if let Some(error) = data.and_then(|data| said(&data.error)) {
                    out(&Delta::Error(error));
                }
                if let Some(status) = data.and_then(|data| said(&data.status)) {
                    out(&Delta::Finish(status));
                }
                if self.is_workflow {
                    out(&Delta::Done);
                }
            }
            "error" => {
                let text = said(&chunk.message).or(said(&chunk.code)).unwrap_or("error");
                out(&Delta::Error(text));
            }
            _ => {}
        }
        Ok(())
    }
}
