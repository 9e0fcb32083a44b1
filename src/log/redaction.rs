//! Secrets that were read: no log line, sample, summary or file of ours shows them.

use std::borrow::Cow;
use std::sync::RwLock;
use std::sync::atomic::{AtomicBool, Ordering};

use memchr::memmem::Finder;

use crate::k6::query;
use crate::k6::quote::escape_html;

/// What stands in place of a secret.
pub const MARK: &str = "***SECRET_REDACTED***";

/// The secrets and the ways to write them, the longest first.
static KNOWN: RwLock<Vec<Finder<'static>>> = RwLock::new(Vec::new());
/// Whether there is any: most runs have none and should not pay for it.
static ANY: AtomicBool = AtomicBool::new(false);

/// From now on [`hide`] puts [`MARK`] in place of this value, and of what it is in JSON, in URLs and in forms.
pub fn redact(secret: &str) {
    if secret.is_empty() {
        return;
    }
    let json = serde_json::Value::from(secret).to_string();
    let json = json.trim_start_matches('"').strip_suffix('"').unwrap_or_default();
    let form = query::escape(secret);
    let ways = [secret.to_owned(), json.to_owned(), escape_html(json), form.replace('+', "%20"), form];
    let mut known = KNOWN.write().unwrap_or_else(|e| e.into_inner());
    for way in ways {
        if !way.is_empty() && !known.iter().any(|finder| finder.needle() == way.as_bytes()) {
            known.push(Finder::new(way.as_bytes()).into_owned());
        }
    }
    // A secret that contains another one must go first.
    known.sort_by_key(|finder| std::cmp::Reverse(finder.needle().len()));
    ANY.store(true, Ordering::Release);
}

/// Whether any secret was read.
pub fn has_secrets() -> bool {
    ANY.load(Ordering::Acquire)
}

/// A text without the secrets that were read.
pub fn hide(text: &str) -> Cow<'_, str> {
    match hide_bytes(text.as_bytes()) {
        Cow::Borrowed(_) => Cow::Borrowed(text),
        // Whole characters were replaced by whole characters.
        Cow::Owned(bytes) => Cow::Owned(String::from_utf8_lossy(&bytes).into_owned()),
    }
}

/// [`hide`] for bytes that may be no text.
pub fn hide_bytes(bytes: &[u8]) -> Cow<'_, [u8]> {
    if !has_secrets() {
        return Cow::Borrowed(bytes);
    }
    replaced(&KNOWN.read().unwrap_or_else(|e| e.into_inner()), bytes)
}

/// Puts the mark in place of each needle, from left to right, the longest where several begin.
fn replaced<'a>(needles: &[Finder<'_>], bytes: &'a [u8]) -> Cow<'a, [u8]> {
    let mut out = Vec::new();
    let mut done = 0;
    let mut next: Vec<Option<usize>> = needles.iter().map(|finder| finder.find(bytes)).collect();
    loop {
        for (finder, at) in needles.iter().zip(&mut next) {
            if at.is_some_and(|at| at < done) {
                *at = finder.find(&bytes[done..]).map(|found| found + done);
            }
        }
        // The first of those that begin at the same place is the longest.
        let first = needles.iter().zip(&next).filter_map(|(finder, at)| Some(((*at)?, finder)));
        let Some((at, finder)) = first.min_by_key(|(at, _)| *at) else { break };
        out.extend_from_slice(&bytes[done..at]);
        out.extend_from_slice(MARK.as_bytes());
        done = at + finder.needle().len();
    }
    if done == 0 {
        return Cow::Borrowed(bytes);
    }
    out.extend_from_slice(&bytes[done..]);
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_of_the_first_goes() {
        let needles = ["abcd", "bc", "é"].map(Finder::new);
        for (text, want) in
            [("", ""), ("xyz", "xyz"), ("abcd", "*"), ("abc", "a*"), ("bcabcdbcé!", "****!"), ("aéa", "a*a")]
        {
            let got = replaced(&needles, text.as_bytes());
            assert_eq!(String::from_utf8_lossy(&got).replace(MARK, "*"), want, "{text}");
        }
    }

    #[test]
    fn secrets_hide_in_every_way_to_write_them() {
        redact("tök \"en<1>");
        for shown in ["tök \"en<1>", "tök \\\"en<1>", "tök \\\"en\\u003c1\\u003e", "t%C3%B6k+%22en%3C1%3E"]
        {
            assert_eq!(hide(&format!("a {shown} b")), format!("a {MARK} b"), "{shown}");
        }
        assert_eq!(
            hide_bytes(b"\xff t%C3%B6k%20%22en%3C1%3E"),
            format!("\u{0} {MARK}")
                .as_bytes()
                .iter()
                .enumerate()
                .map(|(i, b)| if i == 0 { 0xff } else { *b })
                .collect::<Vec<u8>>()
        );
        assert!(matches!(hide("nothing"), Cow::Borrowed("nothing")));
    }
}
