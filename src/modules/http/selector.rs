//! GJSON paths: those of the crate `gjson`, and what it lacks of Go's: literals, some modifiers, and what is
//! made of parts that do not exist.

mod several;

/// A modifier that the crate lacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Modifier {
    Keys,
    Values,
    ToStr,
    FromStr,
    Group,
    Dig,
}

const MODIFIERS: [(&str, Modifier); 6] = [
    ("keys", Modifier::Keys),
    ("values", Modifier::Values),
    ("tostr", Modifier::ToStr),
    ("fromstr", Modifier::FromStr),
    ("group", Modifier::Group),
    ("dig", Modifier::Dig),
];

/// A path with one of [`MODIFIERS`] in it.
enum Cut<'a> {
    /// The modifier comes after a `#.`: the rest of the path, up to a pipe, belongs to each element of a list.
    Each {
        list: &'a str,
        inner: &'a str,
        outer: &'a str,
    },
    Modify {
        before: &'a str,
        modifier: Modifier,
        argument: &'a str,
        after: &'a str,
    },
    /// `!"text"`, `!5`: JSON that stands for itself.
    Literal {
        before: &'a str,
        json: &'a str,
        after: &'a str,
    },
    /// `{a,b}` or `[a,b]`.
    Several {
        before: &'a str,
        paths: &'a str,
        after: &'a str,
    },
}

/// What `path` finds in valid JSON, as JSON; `None` if nothing.
pub fn find(json: &str, path: &str) -> Option<String> {
    if path.is_empty() {
        return None;
    }
    // Nothing to the left or right of such a part leaves things as they are.
    let step = |json: String, path: &str| if path.is_empty() { Some(json) } else { find(&json, path) };
    match cut(path) {
        None => {
            let found = gjson::get(json, path);
            found.exists().then(|| found.json().to_owned())
        }
        Some(Cut::Each { list, inner, outer }) => {
            let list = step(json.to_owned(), list)?;
            if gjson::parse(&list).kind() != gjson::Kind::Array {
                return None;
            }
            let found = list_of(children(&list).iter().filter_map(|(_, item)| find(item, inner)));
            step(found, outer)
        }
        Some(Cut::Modify { before, modifier, argument, after }) => {
            let input = step(json.to_owned(), before)?;
            let made = modify(&input, modifier, argument)?;
            step(made, after)
        }
        Some(Cut::Literal { before, json: literal, after }) => {
            step(json.to_owned(), before)?;
            step(literal.to_owned(), after)
        }
        Some(Cut::Several { before, paths, after }) => {
            let input = step(json.to_owned(), before)?;
            step(several::collect(&input, paths), after)
        }
    }
}

/// Looks for the first modifier outside of quotes and brackets.
fn cut(path: &str) -> Option<Cut<'_>> {
    let bytes = path.as_bytes();
    let (mut at, mut nested) = (0, 0_usize);
    // The first `#` of the present pipe that has something to do with each element.
    let mut hash = None;
    while at < bytes.len() {
        match bytes[at] {
            b'\\' => at += 1,
            b'"' => at += path[at + 1..].find('"').map_or(path.len(), |end| end + 1),
            b'!' | b'{' | b'[' if nested == 0 && is_start(bytes, at) => {
                if let Some(cut) = several::cut(path, at) {
                    return Some(hash.map_or(cut, |hash| each(path, hash)));
                }
                nested += usize::from(bytes[at] != b'!');
            }
            b'(' | b'[' | b'{' => nested += 1,
            b')' | b']' | b'}' => nested = nested.saturating_sub(1),
            b'|' if nested == 0 => hash = None,
            b'#' if nested == 0 && bytes.get(at + 1) == Some(&b'.') => hash = hash.or(Some(at)),
            b'@' if nested == 0 && is_start(bytes, at) => {
                if let Some(modify) = cut_at(path, at) {
                    return Some(hash.map_or(modify, |hash| each(path, hash)));
                }
            }
            _ => {}
        }
        at += 1;
    }
    None
}

/// Whether a part of the path begins there.
fn is_start(path: &[u8], at: usize) -> bool {
    at == 0 || matches!(path[at - 1], b'.' | b'|')
}

fn cut_at(path: &str, at: usize) -> Option<Cut<'_>> {
    let named = &path[at + 1..];
    let length = named.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(named.len());
    let (_, modifier) = MODIFIERS.into_iter().find(|(name, _)| *name == &named[..length])?;
    let tail = &named[length..];
    let (argument, tail) = match tail.strip_prefix(':') {
        // An argument reaches to the next pipe, dots and all.
        Some(argument) => argument.split_at(argument.find('|').unwrap_or(argument.len())),
        None => ("", tail),
    };
    let before = path[..at].strip_suffix(['.', '|']).unwrap_or_default();
    Some(Cut::Modify { before, modifier, argument, after: tail.strip_prefix(['.', '|']).unwrap_or(tail) })
}

fn each(path: &str, hash: usize) -> Cut<'_> {
    // `list.#` alone would be a count; `list.#(…)#` is the list of those that match.
    let list = if path[..hash].ends_with(')') { &path[..=hash] } else { path[..hash].trim_end_matches('.') };
    let rest = &path[hash + 2..];
    let (inner, outer) = rest.split_once('|').unwrap_or((rest, ""));
    Cut::Each { list, inner, outer }
}

/// Keys (empty in arrays) and values of an object or array, as JSON; anything else is its own only value.
fn values_of(json: &str) -> Vec<(String, String)> {
    match gjson::parse(json).kind() {
        gjson::Kind::Object | gjson::Kind::Array => children(json),
        _ => vec![(String::new(), json.to_owned())],
    }
}

fn children(json: &str) -> Vec<(String, String)> {
    let mut children = Vec::new();
    let parsed = gjson::parse(json);
    if matches!(parsed.kind(), gjson::Kind::Object | gjson::Kind::Array) {
        parsed.each(|key, value| {
            children.push((key.json().to_owned(), value.json().to_owned()));
            true
        });
    }
    children
}

fn list_of(items: impl Iterator<Item = String>) -> String {
    format!("[{}]", items.collect::<Vec<_>>().join(","))
}

fn modify(json: &str, modifier: Modifier, argument: &str) -> Option<String> {
    let kind = gjson::parse(json).kind();
    let is_object = kind == gjson::Kind::Object;
    match modifier {
        Modifier::Keys => {
            let name = |key: String| if is_object { key } else { "null".to_owned() };
            Some(list_of(values_of(json).into_iter().map(|(key, _)| name(key))))
        }
        Modifier::Values if kind == gjson::Kind::Array => Some(json.to_owned()),
        Modifier::Values => Some(list_of(values_of(json).into_iter().map(|(_, value)| value))),
        Modifier::ToStr => Some(serde_json::Value::from(json).to_string()),
        Modifier::FromStr => {
            let parsed = gjson::parse(json);
            Some(parsed.str().to_owned()).filter(|text| gjson::valid(text))
        }
        Modifier::Group if !is_object => None,
        Modifier::Group => {
            let mut groups: Vec<Vec<String>> = Vec::new();
            for (key, values) in children(json) {
                for (index, (_, value)) in children(&values).into_iter().enumerate() {
                    if index == groups.len() {
                        groups.push(Vec::new());
                    }
                    groups[index].push(format!("{key}:{value}"));
                }
            }
            Some(list_of(groups.into_iter().map(|group| format!("{{{}}}", group.join(",")))))
        }
        Modifier::Dig => {
            let mut found = Vec::new();
            dig(json, argument, &mut found);
            Some(list_of(found.into_iter()))
        }
    }
}

/// What the path finds at any depth, outermost first.
fn dig(json: &str, path: &str, found: &mut Vec<String>) {
    let mut left = vec![json.to_owned()];
    while let Some(json) = left.pop() {
        found.extend(find(&json, path));
        left.extend(children(&json).into_iter().rev().map(|(_, value)| value));
    }
}

#[cfg(test)]
mod tests {
    use super::find;

    const JSON: &str = r#"{"a":{"b":[1,2],"c.d":"x"},"l":[{"n":1},{"n":2,"m":[3]}],"s":"[4,\"q\"]"}"#;

    #[test]
    fn paths() {
        for (path, found) in [
            ("a.b.#", "2"),
            ("a.c\\.d", "\"x\""),
            ("l.#(n==2).m.0", "3"),
            ("l.#.n|@reverse", "[2,1]"),
            ("@keys", r#"["a","l","s"]"#),
            ("a.@keys.0", "\"b\""),
            ("a|@values|#", "2"),
            ("a.b.@values", "[1,2]"),
            ("a.b.@keys", "[null,null]"),
            ("l.#.@keys", r#"[["n"],["n","m"]]"#),
            ("l.#(n>0)#.@keys|#", "2"),
            ("l.#.n.@tostr", r#"["1","2"]"#),
            ("s.@fromstr.1", "\"q\""),
            ("a.@dig:0", "[1]"),
            ("@dig:n", "[1,2]"),
            ("@dig:m.0|#", "1"),
        ] {
            assert_eq!(find(JSON, path).as_deref(), Some(found), "{path}");
        }
        for (path, found) in [
            ("!\"x\"", "\"x\""),
            ("!5", "5"),
            ("!{\"a\":[1]}.a.0", "1"),
            ("a.!true", "true"),
            ("{a.b,\"k\":s,!1}", r#"{"b":[1,2],"k":"[4,\"q\"]","_":1}"#),
            ("[a.b.#,no,!\"x\"]", "[2,\"x\"]"),
            ("l.#.{n,!2}|0", r#"{"n":1,"_":2}"#),
            ("a.[b,b].1.0", "1"),
            ("l.0.n.@values", "[1]"),
        ] {
            assert_eq!(find(JSON, path).as_deref(), Some(found), "{path}");
        }
        for path in ["no.{a}", "no.!5", "no.@tostr", "!nope", "a.#.{b}", "a.#.@keys"] {
            assert_eq!(find(JSON, path), None, "{path}");
        }
        let columns = r#"{"id":[1,2,3],"name":["a","b"]}"#;
        let grouped = r#"[{"id":1,"name":"a"},{"id":2,"name":"b"},{"id":3}]"#;
        assert_eq!(find(columns, "@group").as_deref(), Some(grouped));
    }

    #[test]
    fn nothing_is_found_and_nothing_breaks() {
        for path in [
            "",
            "no",
            "a.no.@keys",
            "a.b.@group",
            "a.b.0.@fromstr.x",
            "\"@keys",
            "l.#.@nope",
            "@dig",
            "#.@keys",
        ] {
            let _ = find(JSON, path);
            let _ = find("[]", path);
            let _ = find("null", path);
        }
        assert_eq!(find(JSON, "no.@keys"), None);
    }
}
