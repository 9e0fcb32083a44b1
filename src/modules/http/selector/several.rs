//! Multipaths, `{a,"name":b}` and `[a,b]`, and literals, `!"text"`.

use super::scan::nested_end;
use super::{get, quoted};

/// What the multipath at a path's begin makes of a text, and what is left of the path.
pub fn collect<'p>(json: &str, path: &'p str) -> Option<(String, &'p str)> {
    let (parts, rest) = parts(path)?;
    if !rest.is_empty() && !rest.starts_with(['|', '.']) {
        return None;
    }
    let is_object = path.starts_with('{');
    let mut made = String::from(&path[..1]);
    for (name, part) in parts {
        let found = get(json, part);
        if !found.exists() {
            continue;
        }
        if made.len() > 1 {
            made.push(',');
        }
        if is_object {
            made.push_str(&key(name, part));
            made.push(':');
        }
        made.push_str(if found.raw.is_empty() { "null" } else { &found.raw });
    }
    made.push(if is_object { '}' } else { ']' });
    Some((made, rest))
}

/// The name that was given, or the last key of the path if it is a plain one.
fn key(name: &str, path: &str) -> String {
    match name {
        "" => quoted(last(path)),
        name if name.starts_with('"') && gjson::valid(name) => name.to_owned(),
        name => quoted(name),
    }
}

fn last(path: &str) -> &str {
    let bytes = path.as_bytes();
    let is_end = |at: &usize| matches!(bytes[*at], b'.' | b'|') && (*at == 0 || bytes[at - 1] != b'\\');
    let name = (0..bytes.len()).rev().find(is_end).map_or(path, |at| &path[at + 1..]);
    let is_plain = name.bytes().all(|b| b >= b' ' && !b"[]{}()#|!".contains(&b));
    if is_plain { name } else { "_" }
}

/// A part's name, empty where it has none, and its path.
type Part<'p> = (&'p str, &'p str);

fn parts(path: &str) -> Option<(Vec<Part<'_>>, &str)> {
    let bytes = path.as_bytes();
    let mut parts = Vec::new();
    let (mut at, mut start, mut depth, mut colon, mut modified) = (1, 1, 1, None, false);
    let part = |start: usize, colon: Option<usize>, end: usize| match colon {
        Some(colon) => (&path[start..colon], &path[colon + 1..end]),
        None => ("", &path[start..end]),
    };
    while at < bytes.len() {
        match bytes[at] {
            b'\\' => at += 1,
            b'@' => modified |= matches!(bytes[at - 1], b'.' | b'|'),
            b':' if depth == 1 && !modified => colon = colon.or(Some(at)),
            b',' if depth == 1 => {
                parts.push(part(start, colon.take(), at));
                modified = false;
                start = at + 1;
            }
            b'"' => {
                at += 1;
                while at < bytes.len() && bytes[at] != b'"' {
                    at += if bytes[at] == b'\\' { 2 } else { 1 };
                }
            }
            b'[' | b'(' | b'{' => depth += 1,
            b']' | b')' | b'}' => {
                depth -= 1;
                if depth == 0 {
                    parts.push(part(start, colon, at));
                    return Some((parts, &path[at + 1..]));
                }
            }
            _ => {}
        }
        at += 1;
    }
    None
}

/// The literal at a path's begin, and what is left of the path.
pub fn literal(path: &str) -> Option<(&str, &str)> {
    let named = &path[1..];
    if named.starts_with(['{', '[', '"', '+', '-']) || named.starts_with(|c: char| c.is_ascii_digit()) {
        return Some(named.split_at(nested_end(named.as_bytes(), 0)));
    }
    let (name, rest) = named.split_at(named.find(['|', '.']).unwrap_or(named.len()));
    let is_known = ["true", "false", "null", "nan", "inf"].contains(&name.to_lowercase().as_str());
    is_known.then_some((name, rest))
}
