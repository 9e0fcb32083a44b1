//! The answer while it comes.

use std::collections::HashSet;
use std::time::Instant;

use url::Url;

use crate::cmd::print;
use crate::llm::Delta;
use crate::net::debug::without_secrets;

/// What the last piece was.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Voice {
    Nobody,
    Thoughts,
    Answer,
    Call,
}

/// Prints pieces as they come.
pub(super) struct Live {
    pieces: bool,
    silent: bool,
    begun: Instant,
    last: Option<Instant>,
    voice: Voice,
    /// Ids that were shown.
    ids: HashSet<String>,
}

impl Live {
    /// `pieces`: a line each; `silent`: nothing at all.
    pub fn new(pieces: bool, silent: bool) -> Self {
        Self { pieces, silent, begun: Instant::now(), last: None, voice: Voice::Nobody, ids: HashSet::new() }
    }

    /// Shows what is about to be asked.
    pub fn asks(&mut self, url: &Url) {
        self.say(&format!("POST {}\n\n", without_secrets(url)));
        self.begun = Instant::now();
    }

    /// Shows a piece.
    pub fn delta(&mut self, delta: &Delta, at: Instant) {
        let (voice, text) = match delta {
            Delta::Text(text) => (Voice::Answer, *text),
            Delta::Reasoning(text) => (Voice::Thoughts, *text),
            Delta::ToolCall(piece) => (Voice::Call, piece.arguments),
            other => return self.fact(other, at),
        };
        if self.pieces {
            let name = match voice {
                Voice::Thoughts => "thought ",
                Voice::Call => "call ",
                _ => "",
            };
            self.piece(at, &format!("{name}{text:?}"));
            return;
        }
        if voice != self.voice {
            let begin = match voice {
                Voice::Thoughts => "(thoughts) ".to_owned(),
                Voice::Call => match delta {
                    Delta::ToolCall(piece) => format!("(call of {}) ", piece.name.unwrap_or("a tool")),
                    _ => String::new(),
                },
                _ => String::new(),
            };
            let apart = if self.voice == Voice::Nobody { "" } else { "\n\n" };
            self.say(&format!("{apart}{begin}"));
            self.voice = voice;
        }
        self.say(text);
    }

    /// Shows what is no text, where pieces are shown; an id only once.
    fn fact(&mut self, delta: &Delta, at: Instant) {
        let text = match delta {
            Delta::Role => "role".to_owned(),
            Delta::Finish(reason) => format!("finish reason {reason}"),
            Delta::Usage(usage) => {
                let count =
                    |count: Option<u64>| count.map_or_else(|| "?".to_owned(), |count| count.to_string());
                format!(
                    "usage: {} of the prompt, {} of the answer",
                    count(usage.prompt),
                    count(usage.completion)
                )
            }
            Delta::MessageId(id) => format!("message {id}"),
            Delta::ConversationId(id) => format!("conversation {id}"),
            Delta::Error(error) => format!("error: {error}"),
            Delta::Done => "end of the answer".to_owned(),
            Delta::Text(_) | Delta::Reasoning(_) | Delta::ToolCall(_) => return,
        };
        if self.pieces {
            if let Delta::MessageId(id) | Delta::ConversationId(id) = delta
                && !self.ids.insert((*id).to_owned())
            {
                return;
            }
            self.piece(at, &text);
        }
    }

    /// A line with the time since the beginning, and since the piece before.
    fn piece(&mut self, at: Instant, what: &str) {
        let since = at.saturating_duration_since(self.begun).as_secs_f64() * 1e3;
        let gap = self.last.map_or(since, |last| at.saturating_duration_since(last).as_secs_f64() * 1e3);
        self.last = Some(at);
        self.voice = Voice::Nobody;
        self.say(&format!("{since:9.1} ms  {gap:+8.1}  {what}\n"));
    }

    /// Ends what is on the screen.
    pub fn ends(&self) {
        let apart = match self.voice {
            Voice::Nobody if self.last.is_none() => "",
            Voice::Nobody => "\n",
            _ => "\n\n",
        };
        self.say(apart);
    }

    fn say(&self, text: &str) {
        if !self.silent && !text.is_empty() {
            print(text);
        }
    }
}
