//! Where in a JSON text a value stands.

use std::collections::BTreeMap;

use serde_json::value::RawValue;

/// Line and column, from one, of the value at `path`: keys and indices, joined by dots. Where the path
/// ends before the text does, the last value that is there counts.
///
/// Keys may hold dots and differ in case from the path's, as in [`super::json::Fields`].
pub fn place(text: &str, path: &str) -> (usize, usize) {
    let (mut value, mut rest) = (text, path);
    while !rest.is_empty() {
        let Some((inner, behind)) = step(value, rest) else { break };
        (value, rest) = (inner, behind);
    }
    let value = value.trim_start();
    // Both are parts of one text.
    let offset = (value.as_ptr() as usize).saturating_sub(text.as_ptr() as usize).min(text.len());
    let before = &text[..offset];
    let line = before.rfind('\n').map_or(0, |at| at + 1);
    (before.matches('\n').count() + 1, before[line..].chars().count() + 1)
}

/// The value that the first part of `path` leads to, and what of the path is behind it.
fn step<'a, 'p>(value: &'a str, path: &'p str) -> Option<(&'a str, &'p str)> {
    if let Ok(items) = serde_json::from_str::<Vec<&'a RawValue>>(value) {
        let (index, rest) = path.split_once('.').unwrap_or((path, ""));
        return Some((items.get(index.parse::<usize>().ok()?)?.get(), rest));
    }
    let entries = serde_json::from_str::<BTreeMap<String, &'a RawValue>>(value).ok()?;
    let behind = |key: &str| {
        let (head, rest) = path.split_at_checked(key.len())?;
        let is_key = head.eq_ignore_ascii_case(key) && (rest.is_empty() || rest.starts_with('.'));
        is_key.then(|| rest.strip_prefix('.').unwrap_or(rest))
    };
    // The longest key, and of those the one that is written the same.
    let (key, value) = entries
        .iter()
        .filter(|(key, _)| behind(key).is_some())
        .max_by_key(|(key, _)| (key.len(), path.starts_with(key.as_str())))?;
    Some((value.get(), behind(key)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_found() {
        let text = "{\n  \"VUS\": 1, \"vus\": 2,\n  \"thresholds\": {\"a\": 1, \"a.b\": [\n    \"é\", {\"x\": 3}]}\n}";
        for (path, want) in [
            ("", (1, 1)),
            ("vus", (2, 20)),
            ("Thresholds.a.b.1.x", (4, 16)),
            ("thresholds.a", (3, 23)),
            ("thresholds.a.c", (3, 23)),
            ("nope", (1, 1)),
        ] {
            assert_eq!(place(text, path), want, "{path}");
        }
        assert_eq!(place("nonsense", "a.b"), (1, 1));
    }
}
