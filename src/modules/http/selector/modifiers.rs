//! Modifiers: `@reverse`, `@flatten:{"deep":true}` and their kin.

use std::borrow::Cow;
use std::collections::HashMap;

use super::scan::{Found, members, parse, squashed};
use super::{get, quoted};

type Modifier = for<'j> fn(&'j str, &str) -> Cow<'j, str>;

const MODIFIERS: [(&str, Modifier); 13] = [
    ("this", |json, _| Cow::Borrowed(json)),
    ("valid", |json, _| Cow::Borrowed(if gjson::valid(json) { json } else { "" })),
    ("pretty", |json, _| ugly(json)),
    ("ugly", |json, _| ugly(json)),
    ("reverse", |json, _| reverse(json)),
    ("flatten", flatten),
    ("join", join),
    ("keys", |json, _| keys(json)),
    ("values", |json, _| values(json)),
    ("tostr", |json, _| Cow::Owned(quoted(json))),
    ("fromstr", |json, _| {
        Cow::Owned(if gjson::valid(json) { parse(json).text().into_owned() } else { String::new() })
    }),
    ("group", |json, _| group(json)),
    ("dig", |json, path| {
        let mut found = Vec::new();
        dig(&parse(json), path, 0, &mut found);
        Cow::Owned(format!("[{}]", found.join(",")))
    }),
];

/// Nested deeper than this is not dug for.
const MAX_DIG: usize = 1_000;

fn find(name: &str) -> Option<Modifier> {
    MODIFIERS.iter().find(|(known, _)| *known == name).map(|(_, modifier)| *modifier)
}

/// Whether there is a modifier of that name.
pub fn is_known(name: &str) -> bool {
    find(name).is_some()
}

/// What the modifier at a path's begin makes of a text, and what is left of the path.
pub fn apply<'j, 'p>(json: &'j str, path: &'p str) -> Option<(Cow<'j, str>, &'p str)> {
    let named = &path[1..];
    let end = named.find([':', '|', '.']).unwrap_or(named.len());
    let modifier = find(&named[..end])?;
    let rest = &named[end..];
    let Some(rest) = rest.strip_prefix(':') else { return Some((modifier(json, ""), rest)) };
    let length = match rest.as_bytes().first() {
        None => 0,
        Some(b'{' | b'[' | b'"') if parse(rest).exists() => squashed(rest),
        Some(_) => simple_argument(rest),
    };
    let (argument, rest) = rest.split_at(length);
    Some((modifier(json, argument), rest))
}

/// An argument that is no JSON reaches to the next pipe, dots and all.
fn simple_argument(text: &str) -> usize {
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() && bytes[at] != b'|' {
        at += match bytes[at] {
            b'{' | b'[' | b'"' | b'(' => squashed(&text[at..]).max(1),
            _ => 1,
        };
    }
    at.min(bytes.len())
}

/// Without the blanks between its parts.
fn ugly(json: &str) -> Cow<'_, str> {
    let mut out = String::with_capacity(json.len());
    let mut rest = json;
    while let Some(at) = rest.find('"') {
        out.extend(rest[..at].chars().filter(|c| *c > ' '));
        let length = squashed(&rest[at..]);
        out.push_str(&rest[at..at + length]);
        rest = &rest[at + length..];
    }
    out.extend(rest.chars().filter(|c| *c > ' '));
    Cow::Owned(out)
}

fn list<'a>(items: impl Iterator<Item = &'a str>) -> Cow<'static, str> {
    Cow::Owned(format!("[{}]", items.collect::<Vec<_>>().join(",")))
}

fn reverse(json: &str) -> Cow<'_, str> {
    let value = parse(json);
    let members = members(&value);
    if value.is_array() {
        return list(members.iter().rev().map(|(_, value)| &*value.raw));
    }
    if value.is_object() {
        let pairs: Vec<_> = members.iter().rev().map(|(key, value)| format!("{key}:{}", value.raw)).collect();
        return Cow::Owned(format!("{{{}}}", pairs.join(",")));
    }
    Cow::Borrowed(json)
}

/// Whether an argument such as `{"deep":true}` switches a setting on.
fn is_on(argument: &str, name: &str) -> bool {
    let argument = parse(argument);
    let members = members(&argument);
    let last = members.iter().rev().find(|(key, _)| super::scan::inside(key) == name);
    last.is_some_and(|(_, value)| value.is_true())
}

/// Without the brackets around it.
fn unwrapped(json: &str) -> &str {
    let json = json.trim_matches(|c: char| c <= ' ');
    if json.len() >= 2 && json.starts_with(['[', '{']) { json[1..json.len() - 1].trim() } else { json }
}

fn flatten<'j>(json: &'j str, argument: &str) -> Cow<'j, str> {
    let value = parse(json);
    if !value.is_array() {
        return Cow::Borrowed(json);
    }
    let mut flat = Vec::new();
    flatten_into(&value, if is_on(argument, "deep") { MAX_DIG } else { 1 }, &mut flat);
    list(flat.iter().map(String::as_str))
}

fn flatten_into(array: &Found<'_>, levels: usize, flat: &mut Vec<String>) {
    for (_, item) in members(array) {
        if !item.is_array() || levels == 0 {
            flat.push(item.raw.into_owned());
        } else if levels == 1 {
            flat.extend(Some(unwrapped(&item.raw).to_owned()).filter(|inner| !inner.is_empty()));
        } else {
            flatten_into(&item, levels - 1, flat);
        }
    }
}

fn join<'j>(json: &'j str, argument: &str) -> Cow<'j, str> {
    let value = parse(json);
    if !value.is_array() {
        return Cow::Borrowed(json);
    }
    let items = members(&value);
    let objects = items.iter().map(|(_, item)| item).filter(|item| item.is_object());
    if is_on(argument, "preserve") {
        let inner: Vec<_> = objects.map(|object| unwrapped(&object.raw)).collect();
        return Cow::Owned(format!("{{{}}}", inner.join(",")));
    }
    let mut order: Vec<(String, String)> = Vec::new();
    let mut places: HashMap<String, usize> = HashMap::new();
    for object in objects {
        for (key, value) in members(object) {
            let name = super::scan::unescaped(super::scan::inside(key)).into_owned();
            let place = *places.entry(name).or_insert_with(|| {
                order.push((key.to_owned(), String::new()));
                order.len() - 1
            });
            order[place].1 = value.raw.into_owned();
        }
    }
    let pairs: Vec<_> = order.iter().map(|(key, value)| format!("{key}:{value}")).collect();
    Cow::Owned(format!("{{{}}}", pairs.join(",")))
}

fn keys(json: &str) -> Cow<'_, str> {
    let value = parse(json);
    let is_object = value.is_object();
    list(members(&value).iter().map(|(key, _)| if is_object { key } else { "null" }))
}

fn values(json: &str) -> Cow<'_, str> {
    let value = parse(json);
    if value.is_array() {
        Cow::Borrowed(json)
    } else {
        list(members(&value).iter().map(|(_, value)| &*value.raw))
    }
}

fn group(json: &str) -> Cow<'_, str> {
    let value = parse(json);
    if !value.is_object() {
        return Cow::Borrowed("");
    }
    let mut groups: Vec<Vec<String>> = Vec::new();
    for (key, list) in members(&value).iter().filter(|(_, list)| list.is_array()) {
        for (index, (_, item)) in members(list).iter().enumerate() {
            if index == groups.len() {
                groups.push(Vec::new());
            }
            groups[index].push(format!("{key}:{}", item.raw));
        }
    }
    let groups: Vec<_> = groups.iter().map(|group| format!("{{{}}}", group.join(","))).collect();
    Cow::Owned(format!("[{}]", groups.join(",")))
}

/// What the path finds at any depth, outermost first.
fn dig(value: &Found<'_>, path: &str, depth: usize, found: &mut Vec<String>) {
    let here = get(&value.raw, path);
    if here.exists() {
        found.push(here.raw.into_owned());
    }
    if depth < MAX_DIG && (value.is_array() || value.is_object()) {
        for (_, value) in members(value) {
            dig(&value, path, depth + 1, found);
        }
    }
}
