//! From one element to others.

use boa_engine::{Context, JsResult, JsValue};

use super::document::{Document, Node, NodeId};
use super::element::Element;
use super::reading::inner;
use super::set::{Matcher, Set};
use crate::js::convert::{arg, to_text};

/// A relative by the node's own links, or undefined.
fn linked(this: &JsValue, link: fn(&Node) -> Option<NodeId>, context: &mut Context) -> JsResult<JsValue> {
    let element = Element::this(this)?;
    let found = link(element.document().node(element.node)).and_then(|id| element.other(id));
    Element::or_undefined(found, context)
}

/// `firstChild()`
pub fn first_child(this: &JsValue, _: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    linked(this, |node| node.first_child, context)
}

/// `lastChild()`
pub fn last_child(this: &JsValue, _: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    linked(this, |node| node.last_child, context)
}

/// `nextSibling()`
pub fn next_sibling(this: &JsValue, _: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    linked(this, |node| node.next, context)
}

/// `previousSibling()`
pub fn previous_sibling(this: &JsValue, _: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    linked(this, |node| node.previous, context)
}

/// `parentNode()`
pub fn parent_node(this: &JsValue, _: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    linked(this, |node| node.parent, context)
}

/// `ownerDocument()`
pub fn owner_document(this: &JsValue, _: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let element = Element::this(this)?;
    Element::or_undefined(element.other(Document::ROOT), context)
}

/// The first or last of some nodes as an element, or undefined.
fn one_of(
    this: &JsValue,
    find: impl FnOnce(&Set) -> Vec<NodeId>,
    last: bool,
    context: &mut Context,
) -> JsResult<JsValue> {
    let element = Element::this(this)?;
    let set = &element.selection.set;
    let found = set.push(find(set)).at(if last { -1 } else { 0 });
    Element::or_undefined(Element::first(element.selection.with(found)), context)
}

/// `firstElementChild()`
pub fn first_element_child(this: &JsValue, _: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    one_of(this, |set| set.children(false), false, context)
}

/// `lastElementChild()`
pub fn last_element_child(this: &JsValue, _: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    one_of(this, |set| set.children(false), true, context)
}

/// `nextElementSibling()`
pub fn next_element_sibling(this: &JsValue, _: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    one_of(this, |set| set.neighbour(true), false, context)
}

/// `previousElementSibling()`
pub fn previous_element_sibling(this: &JsValue, _: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    one_of(this, |set| set.neighbour(false), false, context)
}

/// `parentElement()`
pub fn parent_element(this: &JsValue, _: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    one_of(this, Set::parent, false, context)
}

/// `children()`
pub fn children(this: &JsValue, _: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let Element { selection, .. } = Element::this(this)?;
    Element::list(&selection.with(selection.set.push(selection.set.children(false))), context)
}

/// `childNodes()`: texts and comments, too
pub fn child_nodes(this: &JsValue, _: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let Element { selection, .. } = Element::this(this)?;
    Element::list(&selection.with(selection.set.push(selection.set.children(true))), context)
}

/// `childElementCount()`
pub fn child_element_count(this: &JsValue, _: &[JsValue], _: &mut Context) -> JsResult<JsValue> {
    Ok(JsValue::from(Element::this(this)?.selection.set.children(false).len() as f64))
}

/// `hasChildNodes()`
pub fn has_child_nodes(this: &JsValue, _: &[JsValue], _: &mut Context) -> JsResult<JsValue> {
    let element = Element::this(this)?;
    Ok(JsValue::from(element.document().node(element.node).first_child.is_some()))
}

/// `querySelector(selector)`; the text of what it gives is that of all that match, as in k6.
pub fn query_selector(this: &JsValue, args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let selector = to_text(&arg(args, 0), context)?;
    let found = Element::this(this)?.selection.find(&selector);
    Element::or_undefined(Element::first(found), context)
}

/// `querySelectorAll(selector)` and `getElementsByTagName(tag)`
pub fn query_selector_all(this: &JsValue, args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let selector = to_text(&arg(args, 0), context)?;
    Element::list(&Element::this(this)?.selection.find(&selector), context)
}

/// `getElementsByClassName(class)`
pub fn get_elements_by_class_name(
    this: &JsValue,
    args: &[JsValue],
    context: &mut Context,
) -> JsResult<JsValue> {
    let class = to_text(&arg(args, 0), context)?;
    Element::list(&Element::this(this)?.selection.find(&format!(".{class}")), context)
}

/// `matches(selector)`
pub fn matches(this: &JsValue, args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let matcher = Matcher::new(&to_text(&arg(args, 0), context)?);
    let set = Element::this(this)?.selection.set;
    Ok(JsValue::from(set.nodes.iter().any(|id| matcher.matches(&set.document, *id))))
}

/// `contains(element)`: whether that is below; false for the element itself
pub fn contains(this: &JsValue, args: &[JsValue], _: &mut Context) -> JsResult<JsValue> {
    let element = Element::this(this)?;
    let other = Element::untyped(&arg(args, 0)).filter(|other| is_of_same_document(&element, other));
    Ok(JsValue::from(
        other.is_some_and(|other| other.node != element.node && element.selection.set.contains(other.node)),
    ))
}

/// `isSameNode(element)`
pub fn is_same_node(this: &JsValue, args: &[JsValue], _: &mut Context) -> JsResult<JsValue> {
    let element = Element::this(this)?;
    let other = Element::untyped(&arg(args, 0)).filter(|other| is_of_same_document(&element, other));
    Ok(JsValue::from(other.is_some_and(|other| other.node == element.node)))
}

fn is_of_same_document(one: &Element, other: &Element) -> bool {
    std::ptr::eq(one.document(), other.document())
}

/// `isEqualNode(element)`: whether both have the same content
pub fn is_equal_node(this: &JsValue, args: &[JsValue], _: &mut Context) -> JsResult<JsValue> {
    let element = Element::this(this)?;
    Ok(JsValue::from(Element::untyped(&arg(args, 0)).is_some_and(|other| {
        let (own, others) = (inner(&element.selection.set), inner(&other.selection.set));
        own.is_string() && own == others
    })))
}

/// `selection()`
pub fn selection(this: &JsValue, _: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    Element::this(this)?.selection.into_js(context)
}
