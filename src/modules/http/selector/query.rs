//! Whether a value is what a query asks for.

use std::borrow::Cow;

use super::path::Query;
use super::scan::{Found, Kind, truth};

/// Compares as gjson does: by the value's type, whatever the query's looks like.
pub fn matches(query: &Query<'_>, value: &Found<'_>) -> bool {
    let mut wanted = Cow::Borrowed(&*query.value);
    let mut kind = value.kind;
    if let Some(loose) = query.value.strip_prefix('~') {
        let is = match loose {
            "*" => value.exists(),
            "null" => kind == Kind::Null,
            "true" => is_trueish(value),
            "false" => is_falseish(value),
            _ => return false,
        };
        wanted = Cow::Borrowed("true");
        kind = if is { Kind::True } else { Kind::False };
    } else if !value.exists() {
        return false;
    }
    let wanted = &*wanted;
    match (kind, query.op) {
        (_, "") => true,
        (Kind::String, "%") => glob(&value.text(), wanted),
        (Kind::String, "!%") => !glob(&value.text(), wanted),
        (Kind::String, op) => ordered(op, &*value.text(), wanted),
        (Kind::Number, op) => ordered(op, &value.number(), &wanted.parse().unwrap_or(0.0)),
        (Kind::True, "=") => wanted == "true",
        (Kind::True, "!=") => wanted != "true",
        (Kind::True, ">") => wanted == "false",
        (Kind::True, ">=") | (Kind::False, "<=") => true,
        (Kind::False, "=") => wanted == "false",
        (Kind::False, "!=") => wanted != "false",
        (Kind::False, "<") => wanted == "true",
        _ => false,
    }
}

fn ordered<T: PartialOrd + ?Sized>(op: &str, left: &T, right: &T) -> bool {
    match op {
        "=" => left == right,
        "!=" => left != right,
        "<" => left < right,
        "<=" => left <= right,
        ">" => left > right,
        ">=" => left >= right,
        _ => false,
    }
}

fn is_trueish(value: &Found<'_>) -> bool {
    value.is_true()
}

fn is_falseish(value: &Found<'_>) -> bool {
    match value.kind {
        Kind::Null | Kind::False => true,
        Kind::String => truth(&value.text()) == Some(false),
        Kind::Number => value.number() == 0.0,
        _ => false,
    }
}

/// Whether a pattern with `*` and `?` is all of a text; a backslash makes the next character plain.
pub fn glob(text: &str, pattern: &str) -> bool {
    let (text, pattern): (Vec<char>, Vec<char>) = (text.chars().collect(), pattern.chars().collect());
    let (mut at, mut in_pattern) = (0, 0);
    // Where to go on when it does not match: behind the last star, one character later.
    let mut again: Option<(usize, usize)> = None;
    while at < text.len() {
        let one = match pattern.get(in_pattern) {
            Some('*') => {
                again = Some((at, in_pattern + 1));
                in_pattern += 1;
                continue;
            }
            Some('?') => Some(1),
            Some('\\') => (pattern.get(in_pattern + 1) == Some(&text[at])).then_some(2),
            other => (other == Some(&text[at])).then_some(1),
        };
        match (one, again) {
            (Some(length), _) => {
                at += 1;
                in_pattern += length;
            }
            (None, Some((from, star))) => {
                again = Some((from + 1, star));
                (at, in_pattern) = (from + 1, star);
            }
            (None, None) => return false,
        }
    }
    pattern[in_pattern.min(pattern.len())..].iter().all(|c| *c == '*')
}
