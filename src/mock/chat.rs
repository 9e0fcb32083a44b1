//! A chat completion request, as far as the mock heeds it.

use anyhow::{Context, Result, ensure};
use bytes::Bytes;
use serde::Deserialize;

use super::chunk;
use super::script::Script;
use super::settings::{Finish, Settings, Usage};

/// The fields that change the answer.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct ChatRequest {
    stream: Option<bool>,
    stream_options: Option<StreamOptions>,
    max_tokens: Option<u64>,
    max_completion_tokens: Option<u64>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct StreamOptions {
    include_usage: Option<bool>,
}

/// What a request is answered with.
#[derive(Debug)]
pub(super) struct Chat {
    pub stream: bool,
    pub tokens: u64,
    finish: Finish,
    /// Tokens of the prompt and of the completion, where they are told.
    usage: Option<(u64, u64)>,
}

/// The longest completion that is sent in one piece, in bytes.
const MAX_WHOLE: u64 = 64 << 20;

impl ChatRequest {
    /// Reads a request body.
    ///
    /// # Errors
    /// The body is not a JSON object, or a field has the wrong type.
    pub fn read(body: &[u8]) -> Result<Self> {
        serde_json::from_slice(body).context("the body is no chat completion request")
    }

    /// What the settings make of the request. The prompt counts a token for every five bytes of the
    /// request's body, begun ones included.
    pub fn plan(&self, settings: &Settings, body_len: usize) -> Chat {
        let allowed = self.max_completion_tokens.or(self.max_tokens).filter(|_| settings.honor_max);
        let tokens = allowed.map_or(settings.tokens, |allowed| allowed.min(settings.tokens));
        let finish = if tokens < settings.tokens { Finish::Length } else { settings.finish };
        let stream = self.stream.unwrap_or(false);
        let asked = self.stream_options.as_ref().and_then(|options| options.include_usage).unwrap_or(false);
        let told = match settings.usage {
            Usage::Auto => asked || !stream,
            Usage::Never => false,
            Usage::Always => true,
        };
        let prompt_tokens = body_len as u64 / 5 + 1;
        Chat { stream, tokens, finish, usage: told.then_some((prompt_tokens, tokens)) }
    }
}

impl Chat {
    /// The answer as a stream.
    pub fn script(&self, settings: Settings) -> Script {
        Script::chat(settings, self.tokens, self.finish, self.usage)
    }

    /// The answer in one piece.
    ///
    /// # Errors
    /// It would be longer than 64 MiB.
    pub fn whole(&self, settings: &Settings) -> Result<Bytes> {
        let length = self.tokens.saturating_mul(settings.size.map_or(16, |size| size as u64));
        ensure!(length <= MAX_WHOLE, "a completion of {} tokens is too long for one piece", self.tokens);
        Ok(chunk::completion(&chunk::text(self.tokens, settings.size), self.finish, self.usage))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn max_tokens_counts_when_it_is_honoured() {
        let request = ChatRequest::read(br#"{"max_tokens":3,"stream":true}"#).unwrap();
        let plan = |list: &str| request.plan(&list.parse().unwrap(), 66);
        let (all, some, usage) = (plan("n=5"), plan("n=5,honor_max"), plan("n=2,honor_max,usage=1"));
        assert_eq!((all.tokens, all.finish, all.usage), (5, Finish::Stop, None));
        assert_eq!((some.tokens, some.finish), (3, Finish::Length));
        assert_eq!((usage.tokens, usage.finish, usage.usage), (2, Finish::Stop, Some((14, 2))));
    }

    #[test]
    fn nulls_are_as_good_as_nothing_and_garbage_is_refused() {
        let request =
            ChatRequest::read(br#"{"stream":null,"stream_options":null,"max_tokens":null}"#).unwrap();
        assert!(!request.plan(&Settings::default(), 0).stream);
        assert!(ChatRequest::read(b"x").is_err());
        let long = request.plan(&"n=9999999999".parse().unwrap(), 0);
        assert!(long.whole(&Settings::default()).is_err());
    }
}
