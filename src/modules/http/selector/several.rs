//! Multipaths, `{a,"name":b}` and `[a,b]`, and literals, `!"text"`.

use super::{Cut, find};

/// The multipath or literal that begins at `at`, if one does.
pub fn cut(path: &str, at: usize) -> Option<Cut<'_>> {
    let begun = &path[at..];
    let length = if begun.starts_with('!') { literal(begun)? } else { several(begun)? };
    let (part, after) = begun.split_at(length);
    let after = match after.strip_prefix(['.', '|']) {
        Some(after) => after,
        None if after.is_empty() => after,
        None => return None,
    };
    let before = path[..at].strip_suffix(['.', '|']).unwrap_or_default();
    Some(match part.strip_prefix('!') {
        Some(json) => Cut::Literal { before, json, after },
        None => Cut::Several { before, paths: part, after },
    })
}

/// What a multipath finds, as an object or array; parts that find nothing are left out.
pub fn collect(json: &str, paths: &str) -> String {
    let is_object = paths.starts_with('{');
    let parts = parts(&paths[1..paths.len() - 1]).into_iter().filter_map(|(name, path)| {
        let found = find(json, path)?;
        Some(if is_object { format!("{}:{found}", key(name, path)) } else { found })
    });
    let parts = parts.collect::<Vec<_>>().join(",");
    if is_object { format!("{{{parts}}}") } else { format!("[{parts}]") }
}

/// The name that was given, or the last key of the path if it is a plain one.
fn key(name: &str, path: &str) -> String {
    if name.starts_with('"') && gjson::valid(name) {
        return name.to_owned();
    }
    let name = if name.is_empty() { last(path) } else { name };
    serde_json::Value::from(name).to_string()
}

fn last(path: &str) -> &str {
    let bytes = path.as_bytes();
    let is_end = |at: &usize| matches!(bytes[*at], b'.' | b'|') && (*at == 0 || bytes[at - 1] != b'\\');
    let name = (0..bytes.len()).rev().find(is_end).map_or(path, |at| &path[at + 1..]);
    let is_plain = name.bytes().all(|b| b >= b' ' && !b"[]{}()#|!".contains(&b));
    if is_plain { name } else { "_" }
}

/// Names (empty where there are none) and paths.
fn parts(inner: &str) -> Vec<(&str, &str)> {
    let bytes = inner.as_bytes();
    let mut parts = Vec::new();
    let (mut at, mut start, mut nested, mut colon, mut modified) = (0, 0, 0_usize, None, false);
    let part = |start: usize, colon: Option<usize>, end: usize| match colon {
        Some(colon) => (&inner[start..colon], &inner[colon + 1..end]),
        None => ("", &inner[start..end]),
    };
    while at < bytes.len() {
        match bytes[at] {
            b'\\' => at += 1,
            b'"' => at = past_text(bytes, at) - 1,
            b'[' | b'(' | b'{' => nested += 1,
            b']' | b')' | b'}' => nested = nested.saturating_sub(1),
            b'@' if at > 0 && matches!(bytes[at - 1], b'.' | b'|') => modified = true,
            b':' if nested == 0 && !modified => colon = Some(at),
            b',' if nested == 0 => {
                parts.push(part(start, colon.take(), at));
                modified = false;
                start = at + 1;
            }
            _ => {}
        }
        at += 1;
    }
    parts.push(part(start, colon, bytes.len()));
    parts
}

/// The length of what brackets enclose, with them.
fn several(path: &str) -> Option<usize> {
    let bytes = path.as_bytes();
    let (mut at, mut nested) = (0, 0_usize);
    while at < bytes.len() {
        match bytes[at] {
            b'\\' => at += 1,
            b'"' => at = past_text(bytes, at) - 1,
            b'[' | b'(' | b'{' => nested += 1,
            b']' | b')' | b'}' => {
                nested -= 1;
                if nested == 0 {
                    return Some(at + 1);
                }
            }
            _ => {}
        }
        at += 1;
    }
    None
}

/// The length of a literal, with its exclamation mark.
fn literal(path: &str) -> Option<usize> {
    let bytes = path.as_bytes();
    match bytes.get(1)? {
        b'{' | b'[' => several(&path[1..]).map(|length| length + 1),
        b'"' => Some(past_text(bytes, 1)),
        b'+' | b'-' | b'0'..=b'9' => {
            let is_number = |b: &&u8| b.is_ascii_digit() || b"+-.eE".contains(b);
            Some(1 + bytes[1..].iter().take_while(is_number).count())
        }
        _ => {
            let end = path.find(['.', '|']).unwrap_or(path.len());
            ["true", "false", "null"].contains(&&path[1..end]).then_some(end)
        }
    }
}

/// Where the text that begins at `at` with a quote has ended.
fn past_text(bytes: &[u8], at: usize) -> usize {
    let mut at = at + 1;
    while at < bytes.len() {
        match bytes[at] {
            b'\\' => at += 1,
            b'"' => return at + 1,
            _ => {}
        }
        at += 1;
    }
    bytes.len()
}
