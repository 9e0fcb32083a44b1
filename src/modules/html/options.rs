//! Options and what they are chosen in.

use std::rc::Rc;

use boa_engine::{Context, JsResult, JsValue};

use super::controls::{first, found};
use super::element::Element;
use super::reading::value_or_html;
use super::set::{Matcher, Set, Until, Walk};
use crate::js::convert::string;

/// The elements above that a selector describes, the nearest first.
pub fn above(set: &Rc<Set>, selector: &str) -> Rc<Set> {
    let matcher = Matcher::new(selector);
    let mut nodes = set.walk(Walk::Parents, &Until::Never);
    nodes.retain(|id| matcher.matches(&set.document, *id));
    set.push(nodes)
}

/// An element's place among what a selector finds below others; `none` if there are none of those.
pub fn place(element: &Element, others: &Rc<Set>, selector: &str, none: i32) -> JsValue {
    if others.first().is_none() {
        return JsValue::from(none);
    }
    let place = element.selection.set.place_in(&others.find(selector).nodes);
    place.map_or_else(|| JsValue::from(-1), |place| JsValue::from(place as f64))
}

/// `disabled()`: by itself or with its group
pub fn disabled(element: &Element, _: &mut Context) -> JsResult<JsValue> {
    let group = above(&element.selection.set, "optgroup");
    let disabled = element.attribute("disabled").is_some() || group.attribute("disabled").is_some();
    Ok(JsValue::from(disabled))
}

/// `form()`: the one around, or the one that the `select` names
pub fn form(element: &Element, context: &mut Context) -> JsResult<JsValue> {
    let set = &element.selection.set;
    let around = above(set, "form");
    if around.first().is_some() {
        return first(element, &around, context);
    }
    let select = above(set, "select");
    match select.attribute("form") {
        Some(id) => first(element, &select.root().find(&format!("form#{id}")), context),
        None => Ok(JsValue::undefined()),
    }
}

/// `index()`
pub fn index(element: &Element, _: &mut Context) -> JsResult<JsValue> {
    Ok(place(element, &above(&element.selection.set, "select,datalist"), "option", 0))
}

/// `label()`
pub fn label(element: &Element, _: &mut Context) -> JsResult<JsValue> {
    let text = element.attribute("label").map_or_else(|| element.selection.set.text(), str::to_owned);
    Ok(string(&text))
}

/// `options()`
pub fn options(element: &Element, context: &mut Context) -> JsResult<JsValue> {
    found(element, "option", context)
}

/// `length()`: how many options
pub fn length(element: &Element, _: &mut Context) -> JsResult<JsValue> {
    Ok(JsValue::from(element.selection.set.find("option").nodes.len() as f64))
}

/// `selectedOptions()`
pub fn selected_options(element: &Element, context: &mut Context) -> JsResult<JsValue> {
    found(element, "option[selected]", context)
}

/// `selectedIndex()`: of the first that is selected, or -1
pub fn selected_index(element: &Element, _: &mut Context) -> JsResult<JsValue> {
    let set = &element.selection.set;
    let place = set.find("option[selected]").place_in(&set.find("option").nodes);
    Ok(place.map_or_else(|| JsValue::from(-1), |place| JsValue::from(place as f64)))
}

/// `value()`: of the first that is selected
pub fn selected_value(element: &Element, _: &mut Context) -> JsResult<JsValue> {
    Ok(string(&value_or_html(&element.selection.set.find("option[selected]"))))
}

/// `size()`
pub fn size(element: &Element, _: &mut Context) -> JsResult<JsValue> {
    Ok(JsValue::from(if element.attribute("multiple").is_some() { 4 } else { 1 }))
}

/// `type()`
pub fn select_type(element: &Element, _: &mut Context) -> JsResult<JsValue> {
    Ok(string(if element.attribute("multiple").is_some() { "select-multiple" } else { "select" }))
}
