//! CSS selectors with cascadia's dialect: CSS 3 plus `:contains`, `:matches`, `:has`, `[a!=b]` and their like.
//!
//! Complex selectors are matched from the right; a failure says how far back another try makes sense, as browsers
//! do it, so that `div div div x` in nested `div`s takes no exponential time.

use regex::Regex;

use super::document::{Document, Kind, NodeId};

/// Selectors between commas.
#[derive(Debug)]
pub struct Group(pub(super) Vec<Complex>);

/// Compounds with combinators between them: `ul > li.x`.
#[derive(Debug)]
pub struct Complex {
    pub(super) compounds: Vec<Compound>,
    /// One fewer than compounds.
    pub(super) combinators: Vec<Combinator>,
}

/// What one node must be: `li.x:first-child`. Without conditions it is any element.
#[derive(Debug, Default)]
pub struct Compound(pub(super) Vec<Simple>);

/// How two compounds are related.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Combinator {
    Descendant,
    Child,
    /// `+`
    Adjacent,
    /// `~`
    Sibling,
}

/// A single condition.
#[derive(Debug)]
pub enum Simple {
    Tag(String),
    Id(String),
    Class(String),
    Attribute {
        name: String,
        test: Test,
    },
    Not(Group),
    Has(Group),
    HasChild(Group),
    /// The text in small letters; of the node itself only, or of everything below it.
    Contains {
        text: String,
        own: bool,
    },
    Matches {
        regex: Regex,
        own: bool,
    },
    /// `an+b`, counted from the end, and among elements of the same tag.
    Nth {
        a: i64,
        b: i64,
        last: bool,
        of_type: bool,
    },
    Only {
        of_type: bool,
    },
    Input,
    Empty,
    Root,
    Link,
    Lang(String),
    Enabled,
    Disabled,
    Checked,
    /// `:hover` and other states that no document without a user has.
    Never,
}

/// What an attribute's value must be.
#[derive(Debug)]
pub enum Test {
    Present,
    Regex(Regex),
    Value { operator: Operator, value: String, ignore_case: bool },
}

/// How an attribute's value is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    Equals,
    Differs,
    /// One of the words.
    Includes,
    /// Equal, or up to a hyphen.
    Dash,
    Prefix,
    Suffix,
    Substring,
}

/// What a failed match means for the search further left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    Matched,
    /// Another sibling may do.
    NextSibling,
    /// Another ancestor may do.
    NextAncestor,
    Never,
}

impl Group {
    /// Whether a node is one that any of the selectors describes.
    pub fn matches(&self, document: &Document, id: NodeId) -> bool {
        self.0.iter().any(|complex| {
            complex.matches(complex.compounds.len().wrapping_sub(1), document, id) == Outcome::Matched
        })
    }
}

impl Complex {
    fn matches(&self, index: usize, document: &Document, id: NodeId) -> Outcome {
        let Some(compound) = self.compounds.get(index) else { return Outcome::Never };
        if !compound.0.is_empty() && !compound.0.iter().all(|simple| simple.matches(document, id))
            || compound.0.is_empty() && !document.is_element(id)
        {
            return Outcome::NextSibling;
        }
        if index == 0 {
            return Outcome::Matched;
        }
        let combinator = self.combinators[index - 1];
        let mut candidate = id;
        while let Some(next) = combinator.step(document, candidate) {
            candidate = next;
            match (self.matches(index - 1, document, candidate), combinator) {
                (Outcome::Matched, _) => return Outcome::Matched,
                (Outcome::Never, _) => return Outcome::Never,
                (other, Combinator::Adjacent) => return other,
                (_, Combinator::Child) => return Outcome::NextAncestor,
                (Outcome::NextAncestor, Combinator::Sibling) => return Outcome::NextAncestor,
                _ => {}
            }
        }
        match combinator {
            Combinator::Adjacent | Combinator::Sibling => Outcome::NextAncestor,
            Combinator::Child | Combinator::Descendant => Outcome::Never,
        }
    }
}

impl Combinator {
    /// The next node to its left that may do.
    fn step(self, document: &Document, id: NodeId) -> Option<NodeId> {
        match self {
            Self::Descendant | Self::Child => document.node(id).parent,
            Self::Sibling => document.node(id).previous,
            Self::Adjacent => document
                .before(id)
                .find(|id| !matches!(document.node(*id).kind, Kind::Text(_) | Kind::Comment(_))),
        }
    }
}

impl Simple {
    fn matches(&self, document: &Document, id: NodeId) -> bool {
        let is_element = document.is_element(id);
        let has = |name| document.attribute(id, name).is_some();
        match self {
            Self::Tag(tag) => is_element && document.name(id) == tag,
            Self::Id(wanted) => document.attribute(id, "id") == Some(wanted),
            Self::Class(class) => {
                document.attribute(id, "class").is_some_and(|value| words(value).any(|word| word == class))
            }
            Self::Attribute { name, test } => is_element && test.holds(document.attribute(id, name)),
            Self::Not(group) => is_element && !group.matches(document, id),
            Self::Has(group) => is_element && document.tree(id).skip(1).any(|id| group.matches(document, id)),
            Self::HasChild(group) => {
                is_element && document.children(id).any(|id| group.matches(document, id))
            }
            Self::Contains { text, own } => node_text(document, id, *own).to_lowercase().contains(text),
            Self::Matches { regex, own } => regex.is_match(&node_text(document, id, *own)),
            Self::Nth { a, b, last, of_type } => is_element && nth(document, id, *a, *b, *last, *of_type),
            Self::Only { of_type } => {
                let mut others = document.before(id).chain(document.after(id));
                is_element
                    && document.node(id).parent.is_some()
                    && !others.any(|other| counts(document, id, other, *of_type))
            }
            Self::Input => {
                is_element && matches!(document.name(id), "input" | "select" | "textarea" | "button")
            }
            Self::Empty => {
                is_element
                    && document.children(id).all(|id| match &document.node(id).kind {
                        Kind::Element(_) => false,
                        Kind::Text(text) => text.trim().is_empty(),
                        _ => true,
                    })
            }
            Self::Root => is_element && document.node(id).parent == Some(Document::ROOT),
            Self::Link => is_element && matches!(document.name(id), "a" | "area" | "link") && has("href"),
            Self::Lang(lang) => std::iter::once(id).chain(document.ancestors(id)).any(|id| {
                let own = document.attribute(id, "lang").and_then(|own| own.strip_prefix(lang.as_str()));
                own.is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
            }),
            Self::Enabled => match document.name(id) {
                "a" | "area" | "link" => has("href"),
                "optgroup" | "menuitem" | "fieldset" => !has("disabled"),
                "button" | "input" | "select" | "textarea" | "option" => {
                    !has("disabled") && !in_disabled_fieldset(document, id)
                }
                _ => false,
            },
            Self::Disabled => match document.name(id) {
                "optgroup" | "menuitem" | "fieldset" => has("disabled"),
                "button" | "input" | "select" | "textarea" | "option" => {
                    has("disabled") || in_disabled_fieldset(document, id)
                }
                _ => false,
            },
            Self::Checked => match document.name(id) {
                "input" | "menuitem" => {
                    let kind = document.attribute(id, "type").unwrap_or_default().to_ascii_lowercase();
                    has("checked") && matches!(&*kind, "checkbox" | "radio")
                }
                "option" => has("selected"),
                _ => false,
            },
            Self::Never => false,
        }
    }
}

impl Test {
    fn holds(&self, attribute: Option<&str>) -> bool {
        let Self::Value { operator, value, ignore_case } = self else {
            return attribute.is_some_and(|attribute| match self {
                Self::Regex(regex) => regex.is_match(attribute),
                _ => true,
            });
        };
        let fold = |text: &str| if *ignore_case { text.to_lowercase() } else { text.to_owned() };
        let wanted = fold(value);
        let Some(found) = attribute.map(fold) else { return *operator == Operator::Differs };
        let is_blank = found.trim().is_empty();
        match operator {
            Operator::Equals => found == wanted,
            Operator::Differs => found != wanted,
            Operator::Includes => words(&found).any(|word| word == wanted),
            Operator::Dash => {
                found.strip_prefix(&*wanted).is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
            }
            Operator::Prefix => !is_blank && found.starts_with(&*wanted),
            Operator::Suffix => !is_blank && found.ends_with(&*wanted),
            Operator::Substring => !is_blank && found.contains(&*wanted),
        }
    }
}

/// Words between CSS's white space; of two spaces in a row, an empty one.
fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split([' ', '\t', '\r', '\n', '\x0c']).filter(|word| !word.is_empty())
}

/// The text of a text node, of an element's text nodes, or of all that is below an element.
fn node_text(document: &Document, id: NodeId, own: bool) -> String {
    match document.node(id).kind {
        _ if own => document.children(id).filter_map(|id| document.own_text(id)).collect(),
        Kind::Text(_) | Kind::Element(_) => document.text(id),
        _ => String::new(),
    }
}

/// Whether an element counts when the place of a sibling is found.
fn counts(document: &Document, id: NodeId, other: NodeId, of_type: bool) -> bool {
    document.is_element(other) && (!of_type || document.name(other) == document.name(id))
}

fn nth(document: &Document, id: NodeId, a: i64, b: i64, last: bool, of_type: bool) -> bool {
    if document.node(id).parent.is_none() {
        return false;
    }
    // Where one place is meant, nothing behind it is counted: lists may be long.
    let enough = if a == 0 { usize::try_from(b).unwrap_or(0) } else { usize::MAX };
    let is_counted = |other: &NodeId| counts(document, id, *other, of_type);
    let others = if last {
        document.after(id).filter(is_counted).take(enough).count()
    } else {
        document.before(id).filter(is_counted).take(enough).count()
    };
    let place = i64::try_from(others).unwrap_or(i64::MAX - 1) + 1;
    let Some(distance) = place.checked_sub(b) else { return false };
    if a == 0 { distance == 0 } else { distance % a == 0 && distance / a >= 0 }
}

fn in_disabled_fieldset(document: &Document, id: NodeId) -> bool {
    std::iter::once(id).chain(document.ancestors(id)).any(|id| {
        let Some(parent) = document.node(id).parent else { return false };
        document.name(parent) == "fieldset"
            && document.attribute(parent, "disabled").is_some()
            // What is in a fieldset's first legend stays enabled.
            && (document.name(id) != "legend" || document.before(id).any(|id| document.name(id) == "legend"))
    })
}
