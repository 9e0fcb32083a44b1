//! A compiled pattern that cuts strings in pieces.

use std::cell::RefCell;

use regress::{Flags, Regex};
use rustc_hash::FxHashMap;

use super::regexp_split::Pieces;

/// A pattern and its flags, compiled with the engine's own matcher.
pub(super) struct Matcher {
    regex: Regex,
    /// Whether the text is read by code points.
    is_unicode: bool,
    class: Option<Class>,
}

/// A pattern that is one set of units, or a run of them: `[\s,]`, `,`, `\s+`.
struct Class {
    is_run: bool,
    latin1: [bool; 256],
    /// Other units that were asked for.
    others: RefCell<FxHashMap<u16, bool>>,
}

/// A code unit of Latin-1 or UTF-16 text.
pub(super) trait Unit: Copy + Into<u16> {
    fn wide(units: &[Self]) -> std::borrow::Cow<'_, [u16]>;
}

impl Unit for u8 {
    fn wide(units: &[u8]) -> std::borrow::Cow<'_, [u16]> {
        units.iter().copied().map(u16::from).collect()
    }
}

impl Unit for u16 {
    fn wide(units: &[u16]) -> std::borrow::Cow<'_, [u16]> {
        units.into()
    }
}

impl Matcher {
    /// Compiles a pattern as `RegExp.prototype.source` and `flags` give it. `None` if it does not compile,
    /// and with the flag `v`, which the engine splits in its own way.
    pub fn new(source: &str, flags: &str) -> Option<Self> {
        if flags.contains('v') {
            return None;
        }
        let is_unicode = flags.contains('u');
        let flags = Flags::new(flags.chars().map(u32::from));
        let regex = if is_unicode {
            Regex::from_unicode(source.chars().map(u32::from), flags)
        } else {
            // Without the flag `u` each half of a surrogate pair stands for itself.
            Regex::from_unicode(source.encode_utf16().map(u32::from), flags)
        };
        let regex = regex.ok()?;
        let class = if is_unicode { None } else { Class::new(source, &regex) };
        Some(Self { regex, is_unicode, class })
    }

    /// Whether the pattern matches the empty string.
    pub fn matches_empty(&self) -> bool {
        self.regex.find_from_ucs2(&[], 0).next().is_some()
    }

    /// Cuts a string that is not empty (ECMA-262, `RegExp.prototype [ @@split ]`, steps 17 to 21).
    pub fn split<U: Unit>(&self, pieces: &mut Pieces<'_, U>) {
        let text = pieces.units;
        let last = match &self.class {
            Some(class) => class.split(&self.regex, pieces),
            None => {
                let wide = U::wide(text);
                // Latin-1 has no surrogates, so that code points and units are the same.
                if self.is_unicode && size_of::<U>() > 1 {
                    cut(text.len(), self.regex.find_from_utf16(&wide, 0), pieces)
                } else {
                    cut(text.len(), self.regex.find_from_ucs2(&wide, 0), pieces)
                }
            }
        };
        if let Some(last) = last {
            pieces.push(Some(last..text.len()));
        }
    }
}

/// Cuts at each match. Returns where the last piece begins, unless there is no room for it.
fn cut<U: Unit>(
    length: usize,
    matches: impl Iterator<Item = regress::Match>,
    pieces: &mut Pieces<'_, U>,
) -> Option<usize> {
    let mut from = 0;
    for found in matches.take_while(|found| found.start() < length) {
        // An empty match right behind the one before cuts nothing off.
        if found.end() == from {
            continue;
        }
        if !pieces.push(Some(from..found.start())) {
            return None;
        }
        from = found.end();
        for capture in found.captures {
            if !pieces.push(capture) {
                return None;
            }
        }
    }
    Some(from)
}

impl Class {
    /// The set, if a pattern without the flags `u` and `v` is of this kind. The matcher says which units
    /// are in it.
    fn new(source: &str, regex: &Regex) -> Option<Self> {
        let (set, is_run) = match source.strip_suffix('+') {
            Some(set) if !set.ends_with('\\') => (set, true),
            _ => (source, false),
        };
        is_set(set).then(|| Self {
            is_run,
            latin1: std::array::from_fn(|unit| has(regex, unit as u16)),
            others: RefCell::default(),
        })
    }

    fn split<U: Unit>(&self, regex: &Regex, pieces: &mut Pieces<'_, U>) -> Option<usize> {
        let text = pieces.units;
        let mut others = self.others.borrow_mut();
        let mut is_separator = |unit: U| {
            let unit: u16 = unit.into();
            match self.latin1.get(usize::from(unit)) {
                Some(known) => *known,
                None => *others.entry(unit).or_insert_with(|| has(regex, unit)),
            }
        };
        let (mut from, mut at) = (0, 0);
        while let Some(next) = text[at..].iter().position(|unit| is_separator(*unit)) {
            let end = at + next;
            if !pieces.push(Some(from..end)) {
                return None;
            }
            at = end + 1;
            while self.is_run && text.get(at).is_some_and(|unit| is_separator(*unit)) {
                at += 1;
            }
            from = at;
        }
        Some(from)
    }
}

fn has(regex: &Regex, unit: u16) -> bool {
    regex.find_from_ucs2(&[unit], 0).next().is_some()
}

/// Whether a pattern stands for just one unit: a character, a class escape, or a class in brackets.
fn is_set(pattern: &str) -> bool {
    let mut units = pattern.chars();
    match (units.next(), units.as_str()) {
        (Some('['), rest) => {
            let Some(content) = rest.strip_suffix(']') else { return false };
            let mut is_escaped = false;
            let is_open = content.chars().all(|unit| {
                let is_plain = is_escaped || unit != ']';
                is_escaped = !is_escaped && unit == '\\';
                is_plain
            });
            is_open && !is_escaped
        }
        (Some('\\'), rest) => {
            matches!(rest, "d" | "D" | "s" | "S" | "w" | "W" | "t" | "r" | "n" | "v" | "f")
                || (rest.len() == 1 && rest.starts_with(|unit: char| unit.is_ascii_punctuation()))
        }
        (Some('^' | '$' | '*' | '+' | '?' | '(' | ')' | '{' | '}' | ']' | '|' | '/'), _) => false,
        (Some(unit), "") => unit.len_utf16() == 1,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets() {
        for set in [
            ",",
            ".",
            "é",
            "日",
            "\\s",
            "\\.",
            "\\\\",
            "[\\s,'\".?]",
            "[^a-z]",
            "[\\]]",
            "[\\\\]",
            "[]",
            "[^]",
        ] {
            assert!(is_set(set), "{set}");
        }
        for other in
            ["", "ab", "^", "$", "\\b", "\\1", "\\cA", "a|b", "[a]b]", "[a][b]", "[\\]", "😀", "(a)", "a*"]
        {
            assert!(!is_set(other), "{other}");
        }
        for (source, run) in [("\\s+", true), ("[+]", false), ("\\+", false), ("\\++", true), ("a", false)] {
            let class = Matcher::new(source, "").unwrap().class.unwrap();
            assert_eq!(class.is_run, run, "{source}");
        }
        for (source, flags) in [("a++", ""), ("a+b", ""), ("\\s", "u"), ("a", "v")] {
            assert!(Matcher::new(source, flags).is_none_or(|matcher| matcher.class.is_none()), "{source}");
        }
    }
}
