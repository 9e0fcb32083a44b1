//! GJSON paths, found as the gjson of Go finds them: in the text, without a model of it. That also makes what odd paths
//! find the same, such as those that go on after something that does not exist.
//!
//! ```text
//! get ── @name ──▶ modifiers ─┐
//!     ── { [ ! ──▶ several   ─┼──▶ get with what is left of the path
//!     ── else  ──▶ walk (path: its parts; query: conditions) ──▶ get with what is behind a pipe
//! ```

mod modifiers; // @keys
mod path; // a.b, #(c>1)#.d
mod query; // what a condition lets through
mod scan; // values in a text
mod several; // {a,b}, [a,b], !"text"
mod walk; // objects and arrays

use std::borrow::Cow;

use scan::{Found, Kind, inside, members, parse, unescaped};
use walk::Walk;

/// A path with more parts than this finds nothing: each is a call deeper.
const MAX_PARTS: usize = 512;

/// What `path` finds in valid JSON, as JSON; `None` if nothing.
pub fn find(json: &str, path: &str) -> Option<String> {
    if path.bytes().filter(|b| b".|{[(@!".contains(b)).count() > MAX_PARTS {
        return None;
    }
    let found = get(json, path);
    if !found.exists() {
        return None;
    }
    // A multipath may give one name to several values, of which Go takes the first.
    if found.kind == Kind::Json && (path.contains('{') || !gjson::valid(&found.raw)) {
        let mut out = String::new();
        write(&found, 0, &mut out);
        return Some(out);
    }
    Some(found.raw.into_owned())
}

/// What a path finds in a text.
fn get<'j>(json: &'j str, path: &str) -> Found<'j> {
    let special = match path.as_bytes() {
        [b'@', _, ..] => modifiers::apply(json, path),
        [b'!', _, ..] => several::literal(path).map(|(text, rest)| (Cow::Owned(text.to_owned()), rest)),
        [b'{' | b'[', _, ..] => several::collect(json, path).map(|(made, rest)| (Cow::Owned(made), rest)),
        _ => None,
    };
    if let Some((made, rest)) = special {
        return match made {
            Cow::Borrowed(made) => go_on(made, rest),
            Cow::Owned(made) => go_on(&made, rest).into_owned(),
        };
    }
    let mut walk = Walk::new(json);
    if let Some(path) = path.strip_prefix("..") {
        walk.array(0, path);
    } else if let Some(at) = walk::first_nested(json) {
        match json.as_bytes()[at] {
            b'{' => walk.object(at + 1, path),
            _ => walk.array(at + 1, path),
        };
    }
    match (walk.value, walk.pipe) {
        (value, None) => value,
        (Found { raw: Cow::Borrowed(raw), .. }, Some(pipe)) => get(raw, pipe),
        (value, Some(pipe)) => get(&value.raw, pipe).into_owned(),
    }
}

/// What is left of a path after something was made; nothing: the thing itself.
fn go_on<'j>(made: &'j str, rest: &str) -> Found<'j> {
    match rest.strip_prefix(['|', '.']) {
        Some(rest) => get(made, rest),
        None => parse(made),
    }
}

/// A text as a JSON string, with what means something in HTML escaped, as Go does it.
fn quoted(text: &str) -> String {
    let quoted = serde_json::Value::from(text).to_string();
    [('<', "\\u003c"), ('>', "\\u003e"), ('&', "\\u0026"), ('\u{2028}', "\\u2028"), ('\u{2029}', "\\u2029")]
        .into_iter()
        .fold(quoted, |text, (character, escaped)| text.replace(character, escaped))
}

/// Writes a value as JSON, whatever its text is; of members of one name, the first.
fn write(value: &Found<'_>, depth: usize, out: &mut String) {
    if value.kind != Kind::Json || depth > MAX_PARTS {
        out.push_str(if value.raw.is_empty() { "null" } else { &value.raw });
        return;
    }
    let is_object = value.is_object();
    let mut seen = std::collections::HashSet::new();
    out.push(if is_object { '{' } else { '[' });
    let start = out.len();
    for (key, value) in members(value) {
        if is_object && !seen.insert(unescaped(inside(key)).into_owned()) {
            continue;
        }
        if out.len() > start {
            out.push(',');
        }
        if is_object {
            out.push_str(key);
            out.push(':');
        }
        write(&value, depth + 1, out);
    }
    out.push(if is_object { '}' } else { ']' });
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
            ("a|!true", "true"),
            ("{a.b,\"k\":s,!1}", r#"{"b":[1,2],"k":"[4,\"q\"]","_":1}"#),
            ("[a.b.#,no,!\"x\"]", "[2,\"x\"]"),
            ("l.#.{n,!2}|0", r#"{"n":1,"_":2}"#),
            ("a.[b,b].1.0", "1"),
            ("l.0.n.@values", "[1]"),
        ] {
            assert_eq!(find(JSON, path).as_deref(), Some(found), "{path}");
        }
        for path in ["no", "no.a", "no.!5", "a.!true", "!nope", "s.#", "l.9", "l.#(n==7).n"] {
            assert_eq!(find(JSON, path), None, "{path}");
        }
        // Go's goes on from nothing, too.
        for (path, found) in [
            ("no.{a}", "{}"),
            ("no.@keys", "[]"),
            ("no.@tostr", "\"\""),
            ("no|[!5,a]", "[5]"),
            ("l.#(n>7)#", "[]"),
            ("l.#(n>7)#|@reverse", "[]"),
            ("{a.b.0,\"0\":!2}", r#"{"0":1}"#),
        ] {
            assert_eq!(find(JSON, path).as_deref(), Some(found), "{path}");
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
    }
}
