//! Which protocol a URL or an event belongs to, for `auto`.

use serde_json::Value;

use super::{
    Decode, Decoder, Kind, anthropic, append, assistant, dify, gemini, llamacpp, ollama, openai_chat,
    openai_completions, openai_responses, tgi,
};
use crate::llm::delta::Delta;
use crate::net::Event;

/// How requests to a URL are put, by the end of its path; `None` where that says nothing.
pub(super) fn by_path(url: &str) -> Option<&'static Kind> {
    const ENDS: &[(&str, &Kind)] = &[
        ("/chat/completions", &openai_chat::KIND),
        ("/completions", &openai_completions::KIND),
        ("/responses", &openai_responses::KIND),
        ("/messages", &anthropic::KIND),
        (":streamGenerateContent", &gemini::KIND),
        ("/api/chat", &ollama::KIND),
        ("/api/generate", &ollama::GENERATE),
        ("/generate_stream", &tgi::KIND),
        ("/chat-messages", &dify::KIND),
        ("/completion-messages", &dify::COMPLETION),
        ("/workflows/run", &dify::WORKFLOW),
        ("/completion", &llamacpp::KIND),
    ];
    let path = url.split(['?', '#']).next().unwrap_or_default().trim_end_matches('/');
    if path.contains("/stream/assistant/") {
        return Some(&assistant::KIND);
    }
    ENDS.iter().find(|(end, _)| path.ends_with(end)).map(|(_, kind)| *kind)
}

/// Whose first event this is.
fn by_event(event: &Event) -> Option<&'static Kind> {
    if event.data == openai_chat::DONE {
        return Some(&openai_chat::KIND);
    }
    let Ok(value) = serde_json::from_str::<Value>(&event.data) else {
        // A broken chunk is no text.
        return (!event.data.starts_with(['{', '['])).then_some(&assistant::KIND);
    };
    let text = |key: &str| value.get(key).and_then(Value::as_str);
    let has = |key: &str| value.get(key).is_some();
    let kind = text("type").unwrap_or(&event.name);
    if kind.starts_with("response.") {
        return Some(&openai_responses::KIND);
    }
    if matches!(kind, "message_start" | "content_block_start" | "content_block_delta" | "message_delta") {
        return Some(&anthropic::KIND);
    }
    if matches!(kind, "append" | "close") {
        return Some(&append::KIND);
    }
    if let Some(choices) = value.get("choices") {
        let is_completion = text("object") == Some("text_completion") || choices.pointer("/0/text").is_some();
        return Some(if is_completion { &openai_completions::KIND } else { &openai_chat::KIND });
    }
    let table: [(bool, &'static Kind); 6] = [
        (has("candidates") || has("usageMetadata") || has("promptFeedback"), &gemini::KIND),
        (has("done") && (has("message") || has("response")), &ollama::KIND),
        (value.pointer("/token/text").is_some(), &tgi::KIND),
        (text("event").is_some(), &dify::KIND),
        (has("content") && has("stop"), &llamacpp::KIND),
        (value.is_string() || has("content") || has("text"), &assistant::KIND),
    ];
    table.into_iter().find(|(fits, _)| *fits).map(|(_, kind)| kind)
}

/// A decoder that becomes another one with the first event.
#[derive(Default)]
pub(super) struct Auto {
    found: Option<(&'static Kind, Decoder)>,
}

impl Decode for Auto {
    fn decode(&mut self, event: &Event, out: &mut dyn FnMut(&Delta)) -> Result<(), String> {
        if self.found.is_none() {
            match by_event(event) {
                Some(kind) => self.found = Some((kind, (kind.decoder)())),
                // An error looks much the same in all of them.
                None if crate::net::outcome::tells_error(&event.name, &event.data) => {
                    return openai_chat::decode(event, out);
                }
                None => {}
            }
        }
        match &mut self.found {
            Some((_, decoder)) => decoder.decode(event, out),
            None => {
                let shown: String = event.data.chars().take(80).collect();
                Err(format!("no known protocol begins with this event; choose one with protocol: {shown}"))
            }
        }
    }

    fn name(&self) -> Option<&'static str> {
        self.found.as_ref().map(|(kind, _)| kind.name)
    }
}
