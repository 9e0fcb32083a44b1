//! What a stream says and when: its events in order, without clock or socket.

use std::time::Duration;

use bytes::Bytes;

use super::chunk;
use super::ollama::{self, Answer};
use super::settings::{Finish, Settings};

/// The events of one stream, by number: an optional role, the tokens, and what closes the stream.
#[derive(Debug)]
pub(super) struct Script {
    settings: Settings,
    tokens: u64,
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    /// A chat completion; with token counts (prompt, completion) where they are sent.
    Chat { finish: Finish, usage: Option<(u64, u64)>, sized: Option<Bytes> },
    /// The plain event stream.
    Plain,
    /// Ollama's lines of JSON.
    Ollama(Answer),
}

impl Script {
    /// A streamed chat completion.
    pub fn chat(settings: Settings, tokens: u64, finish: Finish, usage: Option<(u64, u64)>) -> Self {
        let sized = settings.size.map(chunk::token_of_size);
        Self { settings, tokens, kind: Kind::Chat { finish, usage, sized } }
    }

    /// The plain event stream of `/sse`.
    pub fn plain(settings: Settings) -> Self {
        Self { tokens: settings.tokens, settings, kind: Kind::Plain }
    }

    /// A streamed Ollama chat.
    pub fn ollama(settings: Settings, answer: Answer) -> Self {
        Self { tokens: answer.tokens, settings, kind: Kind::Ollama(answer) }
    }

    /// What the response says it is.
    pub fn content_type(&self) -> &'static str {
        match self.kind {
            Kind::Ollama(_) => "application/x-ndjson",
            _ => "text/event-stream; charset=utf-8",
        }
    }

    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The number of events, the closing ones included.
    pub fn len(&self) -> u64 {
        let closing = match self.kind {
            Kind::Chat { usage: Some(_), .. } => 3,
            Kind::Chat { usage: None, .. } => 2,
            Kind::Plain | Kind::Ollama(_) => 1,
        };
        self.first_token().saturating_add(self.tokens).saturating_add(closing)
    }

    /// The number of the first token's event.
    pub fn first_token(&self) -> u64 {
        u64::from(self.settings.role && matches!(self.kind, Kind::Chat { .. }))
    }

    /// When event `step` is due, after the request's arrival. The role goes out with the response head,
    /// the closing events together with the last token.
    pub fn due(&self, step: u64) -> Duration {
        if step < self.first_token() {
            return Duration::ZERO;
        }
        self.settings.due((step - self.first_token()).min(self.tokens.saturating_sub(1)))
    }

    /// The bytes of event `step`; a `ts` stamp shows the instant of this call.
    pub fn event(&self, step: u64) -> Bytes {
        let Some(i) = step.checked_sub(self.first_token()) else { return chunk::role() };
        if i < self.tokens {
            let event = match &self.kind {
                Kind::Chat { sized: Some(event), .. } => event.clone(),
                Kind::Chat { .. } => chunk::token(i),
                Kind::Plain => chunk::plain(i, self.settings.size),
                Kind::Ollama(_) => {
                    return ollama::token(i, self.settings.size, self.settings.ts && i == 0);
                }
            };
            return if self.settings.ts && i == 0 { chunk::stamped(&event) } else { event };
        }
        match (&self.kind, i - self.tokens) {
            (Kind::Chat { finish, .. }, 0) => chunk::finish(*finish),
            (Kind::Chat { usage: Some((prompt, completion)), .. }, 1) => chunk::usage(*prompt, *completion),
            (Kind::Chat { .. }, _) => chunk::done(),
            (Kind::Plain, _) => chunk::end_of_stream(),
            (Kind::Ollama(answer), _) => ollama::last(answer),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(script: &Script) -> Vec<(u128, String)> {
        let event = |step| String::from_utf8(script.event(step).to_vec()).unwrap();
        (0..script.len()).map(|step| (script.due(step).as_millis(), event(step))).collect()
    }

    #[test]
    fn a_chat_has_role_tokens_finish_usage_done() {
        let settings: Settings = "ttft=50,itl=10,role".parse().unwrap();
        let events = told(&Script::chat(settings, 2, Finish::Stop, Some((14, 2))));
        let marks = [r#""role""#, r#""the ""#, r#""of ""#, r#""stop""#, r#""usage""#, "[DONE]"];
        assert_eq!(events.iter().map(|(due, _)| *due).collect::<Vec<_>>(), [0, 50, 60, 60, 60, 60]);
        for ((_, event), mark) in events.iter().zip(marks) {
            assert!(event.contains(mark), "{event} lacks {mark}");
        }
    }

    #[test]
    fn a_plain_stream_ends_with_a_comment() {
        let events = told(&Script::plain("n=2,role,itl=3,ts".parse().unwrap()));
        assert_eq!(events.iter().map(|(due, _)| *due).collect::<Vec<_>>(), [60, 63, 63]);
        assert!(events[0].1.contains(r#""text":"hello","ts":"#) && !events[1].1.contains("ts"));
        assert_eq!(events[2].1, ": end of stream\n\n");
    }

    #[test]
    fn no_tokens_still_close_the_stream() {
        let events = told(&Script::chat("ttft=5".parse().unwrap(), 0, Finish::Length, None));
        assert_eq!(events.len(), 2);
        assert_eq!(events[1], (5, "data: [DONE]\n\n".into()));
    }
}
