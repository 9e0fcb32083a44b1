//! What a request asks for, and what the settings make of it: the same for every protocol.

use std::sync::OnceLock;

use anyhow::{Result, ensure};
use bytes::Bytes;

use super::settings::{Finish, Settings, Usage};
use super::words;

/// The name of the one model that is served.
pub(super) const MODEL: &str = "mock-model";

/// When every answer was made, in seconds since the epoch; fixed, so that answers are the same in each run.
pub(super) const CREATED: u64 = 1_741_570_283;

/// The longest text that is sent in one piece, in bytes.
const MAX_WHOLE: u64 = 64 << 20;

/// What a request says, as far as the mock heeds it.
#[derive(Debug, Default)]
pub(super) struct Ask {
    pub stream: bool,
    pub max_tokens: Option<u64>,
    /// Token counts are part of the answer when settings leave it open.
    pub usage: bool,
    /// The name of the first tool that is offered.
    pub tool: Option<String>,
    /// One of the tools has to be called.
    pub must_call: bool,
    /// A text to go on with rather than a chat, where a protocol has both.
    pub completion: bool,
    /// The conversation that goes on, where the server keeps it.
    pub conversation: Option<String>,
}

/// What a request is answered with.
#[derive(Debug)]
pub(super) struct Answer {
    pub settings: Settings,
    pub stream: bool,
    /// Of thoughts, which come first.
    pub reasoning: u64,
    /// Of the text, or of the arguments of the tool call in its place.
    pub tokens: u64,
    /// The function that is called.
    pub tool: Option<String>,
    pub finish: Finish,
    pub prompt_tokens: u64,
    pub tells_usage: bool,
    pub completion: bool,
    pub conversation: String,
    /// Tells answers apart.
    pub serial: u64,
    /// The event of each token, where `size` makes them all the same.
    pub sized: OnceLock<Bytes>,
}

impl Answer {
    /// What the settings make of request number `serial`. The prompt counts a token for every five bytes of the
    /// request's body, begun ones included.
    pub fn new(settings: Settings, ask: Ask, body_len: usize, serial: u64) -> Self {
        let wanted = settings.reasoning.saturating_add(settings.tokens);
        let allowed =
            ask.max_tokens.filter(|_| settings.honor_max).map_or(wanted, |allowed| allowed.min(wanted));
        let reasoning = settings.reasoning.min(allowed);
        let calls = settings.tool_call || ask.must_call;
        Self {
            stream: ask.stream,
            reasoning,
            tokens: allowed - reasoning,
            tool: calls.then(|| ask.tool.unwrap_or_else(|| "look_up".to_owned())),
            finish: if allowed < wanted { Finish::Length } else { settings.finish },
            prompt_tokens: body_len as u64 / 5 + 1,
            tells_usage: match settings.usage {
                Usage::Auto => ask.usage,
                Usage::Never => false,
                Usage::Always => true,
            },
            completion: ask.completion,
            conversation: ask.conversation.unwrap_or_else(|| uuid(serial)),
            serial,
            sized: OnceLock::new(),
            settings,
        }
    }

    /// Tokens of thoughts and of the answer.
    pub fn completion_tokens(&self) -> u64 {
        self.reasoning.saturating_add(self.tokens)
    }

    /// Tokens of the prompt and of the completion.
    pub fn total_tokens(&self) -> u64 {
        self.prompt_tokens.saturating_add(self.completion_tokens())
    }

    /// The whole text; empty where a tool is called.
    pub fn text(&self) -> String {
        if self.tool.is_some() { String::new() } else { words::text(self.tokens, self.settings.size) }
    }

    /// All the thoughts.
    pub fn thoughts(&self) -> String {
        words::text(self.reasoning, self.settings.size)
    }

    /// The arguments of the tool call as JSON.
    pub fn arguments(&self) -> String {
        words::arguments(self.tokens, self.settings.size)
    }

    /// Token `i` of the text, or of the arguments in its place, as it stands inside a string of JSON.
    pub fn piece(&self, i: u64) -> String {
        let mut piece = String::with_capacity(self.settings.size.unwrap_or(16));
        match self.tool {
            Some(_) => words::push_arguments(&mut piece, i, self.tokens, self.settings.size),
            None => words::push_token(&mut piece, i, self.settings.size),
        }
        piece
    }

    /// Token `i` of the thoughts.
    pub fn thought(&self, i: u64) -> String {
        let mut piece = String::new();
        words::push_token(&mut piece, i, self.settings.size);
        piece
    }

    /// The number in the shape of a UUID.
    pub fn id(&self) -> String {
        uuid(self.serial)
    }

    /// Checks that the text is short enough to be sent in one piece.
    ///
    /// # Errors
    /// It is longer than 64 MiB.
    pub fn check_length(&self) -> Result<()> {
        let tokens = self.completion_tokens();
        let length = tokens.saturating_mul(self.settings.size.map_or(16, |size| size as u64));
        ensure!(length <= MAX_WHOLE, "an answer of {tokens} tokens is too long for one piece");
        Ok(())
    }
}

fn uuid(number: u64) -> String {
    format!("00000000-0000-4000-8000-{:012x}", number & 0xffff_ffff_ffff)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(list: &str, ask: Ask) -> Answer {
        Answer::new(list.parse().unwrap(), ask, 66, 1)
    }

    #[test]
    fn a_limit_counts_when_it_is_honoured() {
        let ask = |max| Ask { max_tokens: Some(max), ..Ask::default() };
        for (list, max, want) in [
            ("n=5", 3, (0, 5, Finish::Stop)),
            ("n=5,honor_max", 3, (0, 3, Finish::Length)),
            ("n=2,honor_max", 3, (0, 2, Finish::Stop)),
            ("n=5,reasoning=2,honor_max", 3, (2, 1, Finish::Length)),
            ("n=5,reasoning=9,honor_max", 3, (3, 0, Finish::Length)),
        ] {
            let answer = answer(list, ask(max));
            assert_eq!((answer.reasoning, answer.tokens, answer.finish), want, "{list}");
        }
        assert_eq!(answer("", Ask::default()).prompt_tokens, 14);
    }

    #[test]
    fn usage_is_told_when_asked_for_unless_settings_decide() {
        for (list, asked, told) in
            [("", false, false), ("", true, true), ("usage=1", false, true), ("usage=0", true, false)]
        {
            assert_eq!(
                answer(list, Ask { usage: asked, ..Ask::default() }).tells_usage,
                told,
                "{list} {asked}"
            );
        }
    }

    #[test]
    fn tools_are_called_by_setting_or_by_request() {
        let offered = || Ask { tool: Some("sum".into()), ..Ask::default() };
        assert_eq!(answer("", offered()).tool, None);
        assert_eq!(answer("tool_call", offered()).tool.as_deref(), Some("sum"));
        assert_eq!(answer("", Ask { must_call: true, ..Ask::default() }).tool.as_deref(), Some("look_up"));
        assert_eq!(answer("", Ask::default()).conversation, "00000000-0000-4000-8000-000000000001");
        assert!(answer("n=9999999999", Ask::default()).check_length().is_err());
    }
}
