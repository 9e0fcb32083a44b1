//! What `stream.expect` waits for.

use std::collections::VecDeque;

use boa_engine::object::JsObject;
use boa_engine::object::builtins::JsRegExp;
use boa_engine::{Context, JsResult, JsString, JsValue, js_string};

use crate::js::convert::{get, is_nullish};
use crate::js::go_error;
use crate::net::Event;

/// A condition on events.
pub enum Matcher {
    /// Called with the event; what it returns counts as true or false.
    Function(JsObject),
    Fields {
        name: Option<Pattern>,
        data: Option<Pattern>,
    },
}

/// A condition on a text.
pub enum Pattern {
    /// It is this.
    Text(String),
    /// This finds something in it.
    RegExp(JsObject),
}

impl Matcher {
    /// Reads the first argument of `expect`.
    ///
    /// # Errors
    ///
    /// It is none of the things that can be matched.
    pub fn read(value: &JsValue, context: &mut Context) -> JsResult<Self> {
        if let Some(function) = value.as_callable() {
            return Ok(Self::Function(function));
        }
        if let Some(data) = Pattern::read(value) {
            return Ok(Self::Fields { name: None, data: Some(data) });
        }
        if let Some(fields) = value.as_object() {
            let mut pattern = |key: &str| {
                let given = get(&fields, key, context)?;
                let read = Pattern::read(&given);
                match read {
                    None if !is_nullish(&given) => {
                        Err(go_error(format!("expect: {key} must be a string or a RegExp"), context))
                    }
                    read => Ok(read),
                }
            };
            let (name, data) = (pattern("name")?, pattern("data")?);
            if name.is_some() || data.is_some() {
                return Ok(Self::Fields { name, data });
            }
        }
        Err(go_error(
            "expect needs something to match: a function, a string, a RegExp, or an object with name or data",
            context,
        ))
    }

    /// Whether an event, as scripts see it, is what was expected.
    ///
    /// # Errors
    ///
    /// The function threw.
    pub fn matches(&self, event: &Event, shown: &JsValue, context: &mut Context) -> JsResult<bool> {
        let (name, data) = match self {
            Self::Function(function) => {
                let verdict = function.call(&JsValue::undefined(), std::slice::from_ref(shown), context)?;
                return Ok(verdict.to_boolean());
            }
            Self::Fields { name, data } => (name, data),
        };
        for (pattern, text) in [(name, &event.name), (data, &event.data)] {
            if let Some(pattern) = pattern
                && !pattern.matches(text, context)?
            {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// The condition in words, for errors: `data "x"`.
    pub fn describe(&self, context: &mut Context) -> String {
        let (name, data) = match self {
            Self::Function(_) => return "the condition".to_owned(),
            Self::Fields { name, data } => (name, data),
        };
        let parts = [("name", name), ("data", data)];
        let parts = parts.into_iter().filter_map(|(key, pattern)| {
            pattern.as_ref().map(|pattern| format!("{key} {}", pattern.describe(context)))
        });
        parts.collect::<Vec<_>>().join(" and ")
    }
}

impl Pattern {
    fn read(value: &JsValue) -> Option<Self> {
        if let Some(text) = value.as_string() {
            return Some(Self::Text(text.to_std_string_lossy()));
        }
        let object = value.as_object()?;
        JsRegExp::from_object(object.clone()).is_ok().then_some(Self::RegExp(object))
    }

    fn matches(&self, text: &str, context: &mut Context) -> JsResult<bool> {
        match self {
            Self::Text(expected) => Ok(expected == text),
            Self::RegExp(regexp) => {
                // A global or sticky one would go on where it found something in the event before.
                regexp.set(js_string!("lastIndex"), 0, false, context)?;
                JsRegExp::from_object(regexp.clone())?.test(JsString::from(text), context)
            }
        }
    }

    fn describe(&self, context: &mut Context) -> String {
        match self {
            Self::Text(text) => format!("{:?}", short(text)),
            Self::RegExp(regexp) => {
                let shown =
                    JsRegExp::from_object(regexp.clone()).and_then(|regexp| regexp.to_string(context));
                shown.unwrap_or_else(|_| "the RegExp".to_owned())
            }
        }
    }
}

/// What came instead: how many events, and the last few.
#[derive(Debug, Default)]
pub struct Skipped {
    count: u64,
    last: VecDeque<String>,
}

/// Events that are shown.
const SHOWN: usize = 3;

/// Characters of a text that are shown.
const LONGEST: usize = 80;

impl Skipped {
    /// Notes an event that did not match.
    pub fn note(&mut self, event: &Event) {
        self.count += 1;
        if self.last.len() == SHOWN {
            self.last.pop_front();
        }
        let data = format!("{:?}", short(&event.data));
        self.last.push_back(match event.name.as_str() {
            "" => data,
            name => format!("{} {data}", short(name)),
        });
    }

    /// `no event came`, or `2 others came: "a", done "b"`.
    pub fn describe(&self) -> String {
        let shown = self.last.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
        match self.count {
            0 => "no event came".to_owned(),
            1 => format!("another event came: {shown}"),
            count if count as usize <= SHOWN => format!("{count} others came: {shown}"),
            count => format!("{count} others came, at last: {shown}"),
        }
    }
}

fn short(text: &str) -> String {
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_came_instead() {
        let event = |name: &str, data: &str| Event {
            name: name.to_owned(),
            data: data.to_owned(),
            ..Event::default()
        };
        let mut skipped = Skipped::default();
        assert_eq!(skipped.describe(), "no event came");
        skipped.note(&event("", "a\n"));
        assert_eq!(skipped.describe(), r#"another event came: "a\n""#);
        skipped.note(&event("x", &"é".repeat(81)));
        assert_eq!(skipped.describe(), format!(r#"2 others came: "a\n", x "{}…""#, "é".repeat(80)));
        skipped.note(&event("", "c"));
        skipped.note(&event("", "d"));
        assert!(skipped.describe().starts_with("4 others came, at last: x "));
        assert!(skipped.describe().ends_with(r#"…", "c", "d""#));
    }
}
