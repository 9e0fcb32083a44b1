//! What the model says: the same words over and over, or filler of a wanted length.

use std::time::{SystemTime, UNIX_EPOCH};

use bytes::Bytes;

/// Calls a macro with every word, for those who write events at compile time.
macro_rules! each_word {
    ($with:ident) => {
        $with! {
            "the " "of " "stream " "a " "token " "goes " "by " "and " "another " "one " "follows, " "as " "steady " "as "
            "clockwork; " "nothing " "here " "was " "thought, " "yet " "every " "word " "arrives " "when " "it " "should. "
        }
    };
}
pub(super) use each_word;

macro_rules! list {
    ($($word:literal)*) => {
        /// None of them needs escaping in JSON.
        const WORDS: &[&str] = &[$($word),*];
    };
}
each_word!(list);

/// What token `i` says.
pub(super) fn word(i: u64) -> &'static str {
    WORDS[(i % WORDS.len() as u64) as usize]
}

/// Token `i`: a word, or `size` bytes of filler.
pub(super) fn push_token(to: &mut String, i: u64, size: Option<usize>) {
    match size {
        Some(size) => push_filler(to, size),
        None => to.push_str(word(i)),
    }
}

/// A text of `size` bytes that needs no escaping.
pub(super) fn push_filler(to: &mut String, size: usize) {
    to.extend(std::iter::repeat_n('x', size));
}

/// The text of that many tokens.
pub(super) fn text(tokens: u64, size: Option<usize>) -> String {
    let mut text = String::new();
    for i in 0..tokens {
        push_token(&mut text, i, size);
    }
    text
}

/// Piece `i` of the arguments of a tool call that consists of `tokens` pieces, as it stands inside a string of JSON.
/// Together they are a JSON object.
pub(super) fn push_arguments(to: &mut String, i: u64, tokens: u64, size: Option<usize>) {
    match i {
        0 if tokens == 1 => to.push_str("{}"),
        0 => to.push_str(r#"{\"text\":\""#),
        _ if i + 1 == tokens => to.push_str(r#"\"}"#),
        _ => push_token(to, i - 1, size),
    }
}

/// The arguments of such a call in one piece, as JSON.
pub(super) fn arguments(tokens: u64, size: Option<usize>) -> String {
    match tokens {
        0 => String::new(),
        1 => "{}".to_owned(),
        _ => format!(r#"{{"text":"{}"}}"#, text(tokens - 2, size)),
    }
}

/// An event whose JSON object has the wall clock `"ts"`, in milliseconds since the epoch, as its last field.
pub(super) fn stamped(event: &[u8]) -> Bytes {
    let body = event.trim_ascii_end();
    let end = &event[body.len()..];
    let body = body.strip_suffix(b"}").unwrap_or(body);
    let stamp = format!(",\"ts\":{:.3}}}", unix_milliseconds());
    [body, stamp.as_bytes(), end].concat().into()
}

fn unix_milliseconds() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64() * 1e3
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_of_arguments_are_their_json() {
        for tokens in 1..6 {
            let mut pieces = String::from("\"");
            for i in 0..tokens {
                push_arguments(&mut pieces, i, tokens, None);
            }
            pieces.push('"');
            let joined: String = serde_json::from_str(&pieces).unwrap();
            assert_eq!(joined, arguments(tokens, None));
            assert!(serde_json::from_str::<serde_json::Value>(&joined).unwrap().is_object());
        }
    }

    #[test]
    fn stamps_go_before_the_last_brace() {
        for (event, begin, end) in [
            ("data: {\"a\":{}}\n\n", "data: {\"a\":{},\"ts\":", "}\n\n"),
            ("{\"a\":1}\n", "{\"a\":1,\"ts\":", "}\n"),
        ] {
            let stamped = String::from_utf8(stamped(event.as_bytes()).to_vec()).unwrap();
            assert!(stamped.starts_with(begin) && stamped.ends_with(end), "{stamped}");
        }
    }
}
