//! Paths, part by part.

use std::borrow::Cow;

use super::modifiers;
use super::scan::{squashed, unescaped};

/// The first part of a path, for an object.
#[derive(Debug, Default)]
pub struct Key<'p> {
    pub part: Cow<'p, str>,
    /// It has wildcards.
    pub wild: bool,
    /// What comes after its dot.
    pub rest: Option<&'p str>,
    /// What is to be done with what the whole path finds.
    pub pipe: Option<&'p str>,
}

/// Reads the first part of a path, for an object.
pub fn key(path: &str) -> Key<'_> {
    let bytes = path.as_bytes();
    let mut key = Key::default();
    // Without the backslashes, once there was one.
    let mut plain: Option<String> = None;
    let (mut at, mut copied) = (0, 0);
    while at < bytes.len() {
        match bytes[at] {
            b'|' => {
                key.pipe = Some(&path[at + 1..]);
                break;
            }
            b'.' => {
                after_dot(&path[at + 1..], true, &mut key.rest, &mut key.pipe);
                break;
            }
            b'*' | b'?' => key.wild = true,
            b'\\' => {
                plain.get_or_insert_default().push_str(&path[copied..at]);
                at += 1;
                copied = at;
            }
            _ => {}
        }
        at += 1;
    }
    let end = at.min(bytes.len());
    key.part = match plain {
        None => Cow::Borrowed(&path[..end]),
        Some(mut plain) => {
            plain.push_str(path.get(copied..end).unwrap_or_default());
            Cow::Owned(plain)
        }
    };
    key
}

/// What follows a dot belongs to the part before it, unless it is a modifier or a multipath.
fn after_dot<'p>(after: &'p str, may_pipe: bool, rest: &mut Option<&'p str>, pipe: &mut Option<&'p str>) {
    let starts_pipe = match after.as_bytes().first() {
        Some(b'[' | b'{') => true,
        Some(b'@') => {
            let name = after[1..].split(['.', '|', ':']).next().unwrap_or_default();
            modifiers::is_known(name)
        }
        _ => false,
    };
    if may_pipe && starts_pipe { *pipe = Some(after) } else { *rest = Some(after) }
}

/// `#(path op value)`, with a second `#` for all that match.
#[derive(Debug, Default)]
pub struct Query<'p> {
    pub path: &'p str,
    pub op: &'p str,
    pub value: Cow<'p, str>,
    pub all: bool,
}

/// The first part of a path, for an array.
#[derive(Debug, Default)]
pub struct Item<'p> {
    pub part: &'p str,
    /// It begins with `#`.
    pub hash: bool,
    /// What is asked of each item, for `#.…`.
    pub each: Option<&'p str>,
    pub query: Option<Query<'p>>,
    pub rest: Option<&'p str>,
    pub pipe: Option<&'p str>,
}

/// Reads the first part of a path, for an array.
pub fn item(path: &str) -> Item<'_> {
    let bytes = path.as_bytes();
    let mut item = Item::default();
    let mut at = 0;
    while at < bytes.len() {
        match bytes[at] {
            b'|' => {
                item.pipe = Some(&path[at + 1..]);
                break;
            }
            b'.' => {
                after_dot(&path[at + 1..], !item.hash, &mut item.rest, &mut item.pipe);
                break;
            }
            b'#' => {
                item.hash = true;
                if at == 0 && bytes.get(1) == Some(&b'.') {
                    item.each = Some(&path[2..]);
                } else if at == 0 && matches!(bytes.get(1), Some(b'[' | b'(')) {
                    let read = query(path);
                    let is_bad = read.is_none();
                    let (mut query, end) = read.unwrap_or_default();
                    if !is_bad {
                        query.all = bytes.get(end) == Some(&b'#');
                        at = end - 1;
                    }
                    item.query = Some(query);
                }
            }
            _ => {}
        }
        at += 1;
    }
    item.part = &path[..at.min(bytes.len())];
    item
}

/// Reads a query, and where it ends.
fn query(path: &str) -> Option<(Query<'_>, usize)> {
    let bytes = path.as_bytes();
    let (mut at, mut op_at, mut depth, mut escaped) = (2, None, 1, false);
    while at < bytes.len() {
        if depth == 1 && op_at.is_none() && matches!(bytes[at], b'!' | b'=' | b'<' | b'>' | b'%') {
            op_at = Some(at);
            at += 1;
            continue;
        }
        match bytes[at] {
            b'\\' => at += 1,
            b'[' | b'(' => depth += 1,
            b']' | b')' => {
                depth -= 1;
                if depth == 0 {
                    break;
                }
            }
            b'"' => {
                at += 1;
                while at < bytes.len() && bytes[at] != b'"' {
                    if bytes[at] == b'\\' {
                        escaped = true;
                        at += 1;
                    }
                    at += 1;
                }
            }
            _ => {}
        }
        at += 1;
    }
    if depth > 0 {
        return None;
    }
    let trim = |text: &'_ str| -> (usize, usize) {
        let start = text.len() - text.trim_start_matches(|c: char| c <= ' ').len();
        (start, text.trim_end_matches(|c: char| c <= ' ').len().max(start))
    };
    let cut = |from: usize, to: usize| {
        let (start, end) = trim(&path[from..to]);
        &path[from + start..from + end]
    };
    let Some(op_at) = op_at else {
        return Some((Query { path: cut(2, at), ..Query::default() }, at + 1));
    };
    let condition = cut(op_at, at);
    let length = match condition.as_bytes() {
        [b'!', b'=' | b'%', ..] | [b'<' | b'>', b'=', ..] | [b'=', b'=', ..] => 2,
        [b'<' | b'>' | b'=' | b'%', ..] | [_] => 1,
        _ => 0,
    };
    let (op, value) = condition.split_at(length);
    let value = value.trim_matches(|c: char| c <= ' ');
    let value = match value.strip_prefix('"').and_then(|value| value.strip_suffix('"')) {
        Some(text) if escaped => unescaped(text),
        Some(text) => Cow::Borrowed(text),
        None => Cow::Borrowed(value),
    };
    let op = if op == "==" { "=" } else { op };
    Some((Query { path: cut(2, op_at), op, value, all: false }, at + 1))
}

/// Splits a path at the pipe that ends what each item is asked.
pub fn split_pipe(path: &str) -> Option<(&str, &str)> {
    if !path.contains('|') {
        return None;
    }
    if let Some(inner) = path.strip_prefix('{') {
        let end = 1 + squashed(inner);
        let rest = path.get(end..).filter(|rest| !rest.is_empty())?;
        return Some((&path[..end], rest.strip_prefix('|')?));
    }
    let bytes = path.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        match bytes[at] {
            b'\\' => at += 1,
            b'|' => return Some((&path[..at], &path[at + 1..])),
            b'.' if at + 1 == bytes.len() => return None,
            b'.' if bytes[at + 1] == b'#' => {
                at += 2;
                match bytes.get(at) {
                    None => return None,
                    Some(b'[') => at = past(bytes, at, b'[', b']'),
                    Some(b'(') => at = past(bytes, at, b'(', b')'),
                    // As in gjson, the character after `#` is not looked at.
                    Some(_) => {}
                }
            }
            _ => {}
        }
        at += 1;
    }
    None
}

/// The closing bracket of a query.
fn past(bytes: &[u8], open_at: usize, open: u8, close: u8) -> usize {
    let (mut at, mut depth) = (open_at + 1, 1);
    while at < bytes.len() {
        match bytes[at] {
            b'\\' => at += 1,
            b if b == open => depth += 1,
            b if b == close => {
                depth -= 1;
                if depth == 0 {
                    return at;
                }
            }
            b'"' => {
                at += 1;
                while at < bytes.len() && bytes[at] != b'"' {
                    at += if bytes[at] == b'\\' { 2 } else { 1 };
                }
            }
            _ => {}
        }
        at += 1;
    }
    at
}
