//! The methods that elements have by their tag. Nearly all give an attribute, in one of a few ways.

use boa_engine::object::{FunctionObjectBuilder, JsObject};
use boa_engine::{Context, JsResult, JsString, JsValue, NativeFunction};

use super::element::Element;
use super::kind_table::KINDS;
use super::links;
use crate::js::convert::{object, put_hidden, string};

/// An element's tag and its methods, in groups that tags share.
pub struct Kind {
    pub tag: &'static str,
    pub methods: &'static [&'static [(&'static str, Read)]],
}

/// How a method comes by its result.
pub enum Read {
    /// The attribute's text, or nothing.
    Text(&'static str),
    /// The attribute's text as an absolute URL.
    Link(&'static str),
    /// Whether the attribute is there.
    Present(&'static str),
    /// The attribute as a whole number, or else this one.
    Number(&'static str, i32),
    /// The attribute if it is one of these, or else the last.
    Choice(&'static str, &'static [&'static str], &'static str),
    /// The attribute if it is one of these, or else undefined.
    Known(&'static str, &'static [&'static str]),
    /// Always the same.
    Constant(&'static str),
    /// Something else.
    Made(fn(&Element, &mut Context) -> JsResult<JsValue>),
}

impl Kind {
    /// The kind of a tag that has methods of its own.
    pub fn of(tag: &str) -> Option<&'static Self> {
        KINDS.iter().find(|kind| kind.tag == tag)
    }
}

impl Read {
    fn of(&self, element: &Element, context: &mut Context) -> JsResult<JsValue> {
        Ok(match self {
            Self::Text(name) => string(element.attribute(name).unwrap_or_default()),
            Self::Link(name) => string(&links::absolute(element, name, "")),
            Self::Present(name) => JsValue::from(element.attribute(name).is_some()),
            Self::Number(name, default) => {
                let number = element.attribute(name).and_then(|text| text.parse::<i64>().ok());
                JsValue::from(number.map_or(f64::from(*default), |number| number as f64))
            }
            Self::Choice(name, choices, default) => {
                let chosen = element.attribute(name).filter(|text| choices.contains(text));
                string(chosen.unwrap_or(default))
            }
            Self::Known(name, choices) => {
                let known = element.attribute(name).filter(|text| choices.contains(text));
                known.map_or_else(JsValue::undefined, string)
            }
            Self::Constant(text) => string(text),
            Self::Made(make) => make(element, context)?,
        })
    }
}

/// The methods of one kind.
pub fn prototype(kind: &'static Kind, context: &mut Context) -> JsObject {
    let prototype = object(context);
    for (name, read) in kind.methods.iter().copied().flatten() {
        let native = NativeFunction::from_copy_closure(move |this, _, context| {
            read.of(&Element::this(this)?, context)
        });
        let method =
            FunctionObjectBuilder::new(context.realm(), native).name(JsString::from(*name)).length(0).build();
        put_hidden(&prototype, name, method);
    }
    prototype
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn no_tag_and_no_method_twice() {
        let mut tags = HashSet::new();
        for kind in KINDS {
            assert!(tags.insert(kind.tag), "{}", kind.tag);
            let mut names = HashSet::new();
            for (name, _) in kind.methods.iter().copied().flatten() {
                assert!(names.insert(*name), "{} {name}", kind.tag);
            }
        }
        assert_eq!(tags.len(), 51);
    }
}
