//! The way through a text: to the first thing that a path finds.

use super::get;
use super::path::{self, Item};
use super::query::{glob, matches};
use super::scan::{Found, Kind, begins_value, next_value, string_end, unescaped, value_at};

/// A search in a text.
#[derive(Default)]
pub struct Walk<'j, 'p> {
    json: &'j str,
    pub value: Found<'j>,
    /// What is to be done with the value.
    pub pipe: Option<&'p str>,
}

impl<'j, 'p> Walk<'j, 'p> {
    pub fn new(json: &'j str) -> Self {
        Self { json, ..Self::default() }
    }

    /// Searches the object whose inside begins at `at`. Returns where it stopped, and whether that is a hit.
    pub fn object(&mut self, mut at: usize, path: &'p str) -> (usize, bool) {
        let wanted = path::key(path);
        if wanted.rest.is_none() && wanted.pipe.is_some() {
            self.pipe = wanted.pipe;
        }
        let json = self.json;
        let bytes = json.as_bytes();
        while at < bytes.len() {
            match bytes[at] {
                b'}' => return (at + 1, false),
                b'"' => {}
                _ => {
                    at += 1;
                    continue;
                }
            }
            let Some(end) = string_end(bytes, at + 1) else { return (bytes.len(), false) };
            let name = unescaped(&json[at + 1..end - 1]);
            let is_it = if wanted.wild { glob(&name, &wanted.part) } else { name == wanted.part };
            at = end;
            let Some(begin) = bytes[at..].iter().position(|b| begins_value(*b)) else {
                return (bytes.len(), false);
            };
            at += begin;
            if let Some(rest) = wanted.rest.filter(|_| is_it && matches!(bytes[at], b'{' | b'[')) {
                let (end, is_hit) = self.nested(at, rest);
                if is_hit {
                    return (end, true);
                }
                at = end;
                continue;
            }
            let Some((end, value)) = value_at(json, at) else { return (bytes.len(), false) };
            if is_it && wanted.rest.is_none() {
                self.value = value;
                return (end, true);
            }
            at = end;
        }
        (at, false)
    }

    fn nested(&mut self, at: usize, path: &'p str) -> (usize, bool) {
        match self.json.as_bytes()[at] {
            b'{' => self.object(at + 1, path),
            _ => self.array(at + 1, path),
        }
    }

    /// Searches the array whose inside begins at `at`, as [`Self::object`] does.
    pub fn array(&mut self, mut at: usize, path: &'p str) -> (usize, bool) {
        let mut wanted = path::item(path);
        let is_number = !wanted.part.is_empty() && wanted.part.bytes().all(|b| b.is_ascii_digit());
        let index = wanted.part.parse::<usize>().ok().filter(|_| is_number && !wanted.hash);
        if wanted.rest.is_none() && wanted.pipe.is_some() {
            self.pipe = wanted.pipe;
        }
        let json = self.json;
        let bytes = json.as_bytes();
        let mut several = String::new();
        let mut begins = Vec::new();
        let mut count = 0;
        loop {
            if wanted.each.is_some() {
                begins.push(at);
            }
            // To the next item, or to the end, which the text's end is, too.
            while at < bytes.len() && bytes[at] != b']' && !begins_value(bytes[at]) {
                at += 1;
            }
            if at >= bytes.len() || bytes[at] == b']' {
                return (at + 1, self.end(&wanted, &begins, count, several));
            }
            let is_it = index == Some(count);
            count += 1;
            if wanted.query.is_none()
                && let Some(rest) = wanted.rest.filter(|_| is_it && matches!(bytes[at], b'{' | b'['))
            {
                let (end, is_hit) = self.nested(at, rest);
                if is_hit {
                    return (end, true);
                }
                at = end;
                continue;
            }
            let Some((end, value)) = value_at(json, at) else { return (bytes.len(), false) };
            at = end;
            if wanted.query.is_some() {
                if self.asked(&mut wanted, value, &mut several) {
                    return (at, true);
                }
            } else if is_it && wanted.rest.is_none() {
                self.value = value;
                return (at, true);
            }
        }
    }

    /// Puts a query to an item. `true` if the search is over.
    fn asked(&mut self, wanted: &mut Item<'p>, item: Found<'j>, several: &mut String) -> bool {
        let Some(query) = &wanted.query else { return false };
        if query.all && several.is_empty() {
            several.push('[');
        }
        let is_it = match item.kind {
            Kind::Json => matches(query, &get(&item.raw, query.path)),
            _ => query.path.is_empty() && matches(query, &item),
        };
        if !is_it {
            return false;
        }
        let is_all = query.all;
        let found = match wanted.rest {
            None => item,
            Some(rest) => {
                let (rest, pipe) =
                    path::split_pipe(rest).map_or((rest, None), |(rest, pipe)| (rest, Some(pipe)));
                if pipe.is_some() {
                    wanted.rest = Some(rest);
                    self.pipe = pipe;
                }
                get(&item.raw, rest).into_owned()
            }
        };
        if !is_all {
            self.value = found;
            return true;
        }
        if !found.raw.is_empty() {
            if several.len() > 1 {
                several.push(',');
            }
            several.push_str(&found.raw);
        }
        false
    }

    /// What an array comes to at its end, and whether that is a hit.
    fn end(&mut self, wanted: &Item<'p>, begins: &[usize], count: usize, mut several: String) -> bool {
        if wanted.hash && wanted.part == "#" {
            self.value = match wanted.each {
                None => Found::new(Kind::Number, count.to_string()),
                Some(path) => self.each(path, begins),
            };
            return true;
        }
        if !self.value.exists() {
            if !several.is_empty() {
                several.push(']');
                self.value = Found::new(Kind::Json, several);
            } else if wanted.query.as_ref().is_some_and(|query| query.all) {
                self.value = Found::new(Kind::Json, "[]");
            }
        }
        false
    }

    /// What a path finds in each item.
    fn each(&mut self, path: &'p str, begins: &[usize]) -> Found<'j> {
        let (path, pipe) = path::split_pipe(path).map_or((path, None), |(path, pipe)| (path, Some(pipe)));
        if pipe.is_some() {
            self.pipe = pipe;
        }
        let bytes = self.json.as_bytes();
        let mut found = String::from("[");
        for begin in begins {
            let blank = |b: &u8| matches!(b, b' ' | b'\t' | b'\r' | b'\n');
            let at = begin + bytes[*begin..].iter().take_while(|b| blank(b)).count();
            if at >= bytes.len() || bytes[at] == b']' {
                continue;
            }
            let Some((_, item)) = next_value(self.json, at) else { continue };
            let value = get(&item.raw, path);
            if value.exists() {
                if found.len() > 1 {
                    found.push(',');
                }
                found.push_str(&value.raw);
            }
        }
        found.push(']');
        Found::new(Kind::Json, found)
    }
}

/// Where the first object or array of a text begins.
pub fn first_nested(json: &str) -> Option<usize> {
    json.bytes().position(|b| matches!(b, b'{' | b'['))
}
