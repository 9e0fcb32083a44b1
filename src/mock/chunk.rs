//! The events of a stream, serialised beforehand as far as that is possible.

use std::fmt::Write;
use std::time::{SystemTime, UNIX_EPOCH};

use bytes::Bytes;

use super::settings::Finish;

/// The name of the one model that is served.
pub(super) const MODEL: &str = "mock-model";

/// The identity that every completion carries; fixed, so that answers are the same in each run.
macro_rules! identity {
    ($object:literal) => {
        concat!(
            r#"{"id":"chatcmpl-B9MHDbslfkBeAs8l4bebGdFOJ6PeG","object":""#,
            $object,
            r#"","created":1741570283,"model":"mock-model","system_fingerprint":"fp_44709d6fcb","choices":["#
        )
    };
}
macro_rules! chunk_head {
    () => {
        concat!("data: ", identity!("chat.completion.chunk"))
    };
}
macro_rules! delta_head {
    () => {
        concat!(chunk_head!(), r#"{"index":0,"delta":{"content":""#)
    };
}
macro_rules! delta_tail {
    () => {
        r#""},"logprobs":null,"finish_reason":null}]"#
    };
}
macro_rules! words {
    ($($word:literal)*) => {
        /// What the model says, over and over.
        const WORDS: &[&str] = &[$($word),*];
        /// The whole event of each word.
        const TOKENS: &[&str] = &[$(concat!(delta_head!(), $word, delta_tail!(), "}\n\n")),*];
    };
}

words! {
    "the " "of " "stream " "a " "token " "goes " "by " "and " "another " "one " "follows, " "as " "steady " "as "
    "clockwork; " "nothing " "here " "was " "thought, " "yet " "every " "word " "arrives " "when " "it " "should. "
}

/// The event of token `i`.
pub(super) fn token(i: u64) -> Bytes {
    Bytes::from_static(TOKENS[(i % TOKENS.len() as u64) as usize].as_bytes())
}

/// The event of a token with a text of `size` bytes.
pub(super) fn token_of_size(size: usize) -> Bytes {
    let mut event = String::with_capacity(size + 512);
    event.push_str(delta_head!());
    push_filler(&mut event, size);
    event.push_str(concat!(delta_tail!(), "}\n\n"));
    event.into()
}

/// A token's event with the wall clock `"ts"`, in milliseconds since the epoch, as its last field.
pub(super) fn stamped(event: &[u8]) -> Bytes {
    let body = event.strip_suffix(b"}\n\n").unwrap_or(event);
    let stamp = format!(",\"ts\":{:.3}}}\n\n", unix_milliseconds());
    [body, stamp.as_bytes()].concat().into()
}

/// The leading event that has only the role.
pub(super) fn role() -> Bytes {
    Bytes::from_static(
        concat!(
            chunk_head!(),
            r#"{"index":0,"delta":{"role":"assistant","content":""},"logprobs":null,"finish_reason":null}]}"#,
            "\n\n"
        )
        .as_bytes(),
    )
}

/// The event that says why the completion ended.
pub(super) fn finish(reason: Finish) -> Bytes {
    let head = concat!(chunk_head!(), r#"{"index":0,"delta":{},"logprobs":null,"finish_reason":""#);
    format!("{head}{}\"}}]}}\n\n", reason.name()).into()
}

/// The event with the token counts.
pub(super) fn usage(prompt_tokens: u64, completion_tokens: u64) -> Bytes {
    let usage = usage_object(prompt_tokens, completion_tokens);
    format!("{}],\"usage\":{usage}}}\n\n", chunk_head!()).into()
}

/// The event that ends an OpenAI stream.
pub(super) fn done() -> Bytes {
    Bytes::from_static(b"data: [DONE]\n\n")
}

/// Event `i` of the plain event stream, with a text of `size` bytes where one is given.
pub(super) fn plain(i: u64, size: Option<usize>) -> Bytes {
    let mut event = String::with_capacity(64 + size.unwrap_or(0));
    let _ = write!(event, "id: {i}\nevent: message\ndata: {{\"n\":{i},\"text\":\"");
    match size {
        Some(size) => push_filler(&mut event, size),
        None => event.push_str("hello"),
    }
    event.push_str("\"}\n\n");
    event.into()
}

/// The comment that ends the plain event stream.
pub(super) fn end_of_stream() -> Bytes {
    Bytes::from_static(b": end of stream\n\n")
}

/// A completion in one piece; with token counts where they are wanted.
pub(super) fn completion(text: &str, reason: Finish, usage: Option<(u64, u64)>) -> Bytes {
    let mut body = String::with_capacity(text.len() + 512);
    body.push_str(concat!(
        identity!("chat.completion"),
        r#"{"index":0,"message":{"role":"assistant","content":""#
    ));
    body.push_str(text);
    let _ = write!(body, "\"}},\"logprobs\":null,\"finish_reason\":\"{}\"}}]", reason.name());
    if let Some((prompt_tokens, completion_tokens)) = usage {
        let _ = write!(body, ",\"usage\":{}", usage_object(prompt_tokens, completion_tokens));
    }
    body.push('}');
    body.into()
}

/// The text of a completion of that many tokens, of `size` bytes each where one is given.
pub(super) fn text(tokens: u64, size: Option<usize>) -> String {
    let mut text = String::new();
    for i in 0..tokens {
        match size {
            Some(size) => push_filler(&mut text, size),
            None => text.push_str(word(i)),
        }
    }
    text
}

/// What token `i` says.
pub(super) fn word(i: u64) -> &'static str {
    WORDS[(i % WORDS.len() as u64) as usize]
}

/// A text of `size` bytes that needs no escaping.
pub(super) fn push_filler(to: &mut String, size: usize) {
    to.extend(std::iter::repeat_n('x', size));
}

fn usage_object(prompt_tokens: u64, completion_tokens: u64) -> String {
    let total = prompt_tokens.saturating_add(completion_tokens);
    format!(
        r#"{{"prompt_tokens":{prompt_tokens},"completion_tokens":{completion_tokens},"total_tokens":{total}}}"#
    )
}

/// The wall clock.
pub(super) fn unix_milliseconds() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64() * 1e3
}

#[cfg(test)]
mod tests {
    use super::*;

    fn data(event: &[u8]) -> serde_json::Value {
        let text = std::str::from_utf8(event).unwrap();
        let json = text.strip_prefix("data: ").unwrap().strip_suffix("\n\n").unwrap();
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn chunks_are_openai_shaped() {
        let fixed = r#"{"id":"chatcmpl-B9MHDbslfkBeAs8l4bebGdFOJ6PeG","object":"chat.completion.chunk","created":1741570283,"model":"mock-model","system_fingerprint":"fp_44709d6fcb","choices":["#;
        let of = |rest: &str| format!("data: {fixed}{rest}\n\n");
        let table = [
            (
                token(0),
                of(r#"{"index":0,"delta":{"content":"the "},"logprobs":null,"finish_reason":null}]}"#),
            ),
            (finish(Finish::Stop), of(r#"{"index":0,"delta":{},"logprobs":null,"finish_reason":"stop"}]}"#)),
            (usage(14, 2), of(r#"],"usage":{"prompt_tokens":14,"completion_tokens":2,"total_tokens":16}}"#)),
        ];
        for (got, want) in table {
            assert_eq!(std::str::from_utf8(&got).unwrap(), want);
        }
        assert_eq!(data(&role())["choices"][0]["delta"]["role"], "assistant");
        assert_eq!(data(&token_of_size(3))["choices"][0]["delta"]["content"], "xxx");
        let stamped = data(&stamped(&token(1)));
        assert_eq!(stamped["choices"][0]["delta"]["content"], "of ");
        assert!(stamped["ts"].as_f64().unwrap() > 1.7e12);
    }

    #[test]
    fn plain_events_and_whole_completions() {
        assert_eq!(
            std::str::from_utf8(&plain(2, None)).unwrap(),
            "id: 2\nevent: message\ndata: {\"n\":2,\"text\":\"hello\"}\n\n"
        );
        let json: serde_json::Value =
            serde_json::from_slice(&completion(&text(2, None), Finish::Length, Some((3, 2)))).unwrap();
        assert_eq!(json["choices"][0]["message"]["content"], "the of ");
        assert_eq!(json["choices"][0]["finish_reason"], "length");
        assert_eq!(json["usage"]["total_tokens"], 5);
        assert_eq!(MODEL, json["model"]);
    }
}
