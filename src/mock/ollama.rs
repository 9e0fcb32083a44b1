//! Ollama's `/api/chat`: an answer of one JSON object a line.

use std::fmt::Write;

use anyhow::{Context, Result, ensure};
use bytes::Bytes;
use serde::Deserialize;
use serde_json::json;

use super::chunk::{self, MODEL};
use super::script::Script;
use super::settings::{Finish, Settings};

/// The fields of a request that change the answer.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct OllamaRequest {
    stream: Option<bool>,
    options: Option<ModelOptions>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct ModelOptions {
    /// Negative: no limit.
    num_predict: Option<i64>,
}

/// What a request is answered with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Answer {
    pub stream: bool,
    pub tokens: u64,
    pub finish: Finish,
    pub prompt_tokens: u64,
}

/// The longest answer that is sent in one piece, in bytes.
const MAX_WHOLE: u64 = 64 << 20;

/// Fixed, so that answers are the same in each run.
const CREATED_AT: &str = "2025-03-10T02:11:23Z";

impl OllamaRequest {
    /// Reads a request body.
    ///
    /// # Errors
    /// The body is not a JSON object, or a field has the wrong type.
    pub fn read(body: &[u8]) -> Result<Self> {
        serde_json::from_slice(body).context("the body is no Ollama chat request")
    }

    /// What the settings make of the request; Ollama streams unless it is told not to.
    pub fn plan(&self, settings: &Settings, body_len: usize) -> Answer {
        let limit = self.options.as_ref().and_then(|options| options.num_predict);
        let limit = limit.and_then(|limit| u64::try_from(limit).ok()).filter(|_| settings.honor_max);
        let tokens = limit.map_or(settings.tokens, |limit| limit.min(settings.tokens));
        let finish = if tokens < settings.tokens { Finish::Length } else { settings.finish };
        let prompt_tokens = body_len as u64 / 5 + 1;
        Answer { stream: self.stream.unwrap_or(true), tokens, finish, prompt_tokens }
    }
}

impl Answer {
    /// The answer as a stream.
    pub fn script(&self, settings: Settings) -> Script {
        Script::ollama(settings, *self)
    }

    /// The answer in one piece.
    ///
    /// # Errors
    /// It would be longer than 64 MiB.
    pub fn whole(&self, settings: &Settings) -> Result<Bytes> {
        let length = self.tokens.saturating_mul(settings.size.map_or(16, |size| size as u64));
        ensure!(length <= MAX_WHOLE, "an answer of {} tokens is too long for one piece", self.tokens);
        Ok(last_line(&chunk::text(self.tokens, settings.size), self))
    }
}

/// The line of token `i`; with the wall clock as `"ts"`, in Unix milliseconds, where it is wanted.
pub(super) fn token(i: u64, size: Option<usize>, stamped: bool) -> Bytes {
    let mut line = String::with_capacity(160 + size.unwrap_or(0));
    let _ = write!(
        line,
        r#"{{"model":"{MODEL}","created_at":"{CREATED_AT}","message":{{"role":"assistant","content":""#
    );
    match size {
        Some(size) => chunk::push_filler(&mut line, size),
        None => line.push_str(chunk::word(i)),
    }
    line.push_str(r#""},"done":false"#);
    if stamped {
        let _ = write!(line, ",\"ts\":{:.3}", chunk::unix_milliseconds());
    }
    line.push_str("}\n");
    line.into()
}

/// The line that ends the stream, with counts; the mock's model takes no time.
pub(super) fn last(answer: &Answer) -> Bytes {
    last_line("", answer)
}

fn last_line(content: &str, answer: &Answer) -> Bytes {
    let line = json!({
        "model": MODEL,
        "created_at": CREATED_AT,
        "message": {"role": "assistant", "content": content},
        "done_reason": answer.finish.name(),
        "done": true,
        "total_duration": 0,
        "load_duration": 0,
        "prompt_eval_count": answer.prompt_tokens,
        "prompt_eval_duration": 0,
        "eval_count": answer.tokens,
        "eval_duration": 0,
    });
    format!("{line}\n").into()
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    #[test]
    fn answers_stream_unless_told_otherwise() {
        let plan = |body: &str, list: &str| {
            OllamaRequest::read(body.as_bytes()).unwrap().plan(&list.parse().unwrap(), 9)
        };
        let limited = r#"{"stream":false,"options":{"num_predict":2}}"#;
        assert_eq!((plan("{}", "n=5").stream, plan("{}", "n=5").tokens), (true, 5));
        assert_eq!((plan(limited, "n=5").stream, plan(limited, "n=5").tokens), (false, 5));
        let kept = plan(limited, "n=5,honor_max");
        assert_eq!((kept.tokens, kept.finish, kept.prompt_tokens), (2, Finish::Length, 2));
        assert_eq!(plan(r#"{"options":{"num_predict":-1}}"#, "n=5,honor_max").tokens, 5);
        assert!(OllamaRequest::read(b"x").is_err());
    }

    #[test]
    fn lines_are_json() {
        let json = |line: Bytes| serde_json::from_slice::<Value>(line.strip_suffix(b"\n").unwrap()).unwrap();
        let first = json(token(1, None, true));
        assert_eq!((&first["message"]["content"], &first["done"]), (&json!("of "), &json!(false)));
        assert!(first["ts"].as_f64().unwrap() > 1.7e12);
        assert_eq!(json(token(0, Some(3), false))["message"]["content"], "xxx");
        let answer = OllamaRequest::default().plan(&"n=2".parse().unwrap(), 0);
        let end = json(last(&answer));
        assert_eq!(
            (&end["done"], &end["done_reason"], &end["eval_count"]),
            (&json!(true), &json!("stop"), &json!(2))
        );
        assert_eq!(json(answer.whole(&Settings::default()).unwrap())["message"]["content"], "the of ");
    }
}
