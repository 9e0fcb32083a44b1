//! What the elements of a form say beside their attributes.

use std::rc::Rc;

use boa_engine::{Context, JsResult, JsValue};

use super::element::Element;
use super::links;
use super::reading;
use super::set::{Matcher, Set};
use crate::js::convert::string;

/// The elements that a selector finds, one after another.
pub fn found(element: &Element, selector: &str, context: &mut Context) -> JsResult<JsValue> {
    Element::list(&element.selection.find(selector), context)
}

/// The first node of a set as an element, or undefined.
pub fn first(element: &Element, set: &Rc<Set>, context: &mut Context) -> JsResult<JsValue> {
    Element::or_undefined(Element::first(element.selection.with(set.at(0))), context)
}

/// The nearest elements that a selector describes, the nodes themselves included.
fn closest(element: &Element, selector: &str) -> Rc<Set> {
    let set = &element.selection.set;
    let matcher = Matcher::new(selector);
    set.closest(|id| matcher.matches(&set.document, id))
}

/// The form around an element, or the one that it names.
fn owner(element: &Element) -> Option<Rc<Set>> {
    let around = closest(element, "form");
    if around.first().is_some() {
        return Some(around);
    }
    let id = element.attribute("form").filter(|id| !id.is_empty())?;
    Some(element.selection.set.root().find(&format!("#{id}"))).filter(|named| named.first().is_some())
}

/// An attribute of the element that overrules its form's, or the form's.
fn own_or_forms(element: &Element, name: &str) -> Option<String> {
    if let Some(own) = element.attribute(&format!("form{name}")) {
        return Some(own.to_owned());
    }
    owner(element)?.attribute(name).map(str::to_owned)
}

/// `form()`
pub fn form(element: &Element, context: &mut Context) -> JsResult<JsValue> {
    owner(element).map_or(Ok(JsValue::undefined()), |form| first(element, &form, context))
}

/// `labels()`: the label around an element and those that name it
pub fn labels(element: &Element, context: &mut Context) -> JsResult<JsValue> {
    let mut labels = closest(element, "label");
    if let Some(id) = element.attribute("id").filter(|id| !id.is_empty()) {
        let naming = element.selection.set.root().find(&format!("label[for=\"{id}\"]"));
        labels = labels.add(&naming.nodes);
    }
    Element::list(&element.selection.with(labels), context)
}

/// `formAction()`
pub fn form_action(element: &Element, _: &mut Context) -> JsResult<JsValue> {
    let action = own_or_forms(element, "action").unwrap_or_default();
    let url = &element.selection.url;
    Ok(match links::resolved(url, &action) {
        _ if url.is_empty() => string(&action),
        _ if action.is_empty() => string(url),
        Some(resolved) => string(&resolved.to_string()),
        None => string(&action),
    })
}

/// `formEnctype()`
pub fn form_enctype(element: &Element, _: &mut Context) -> JsResult<JsValue> {
    Ok(match own_or_forms(element, "enctype").as_deref() {
        Some(known @ ("multipart/form-data" | "text/plain")) => string(known),
        _ => string("application/x-www-form-urlencoded"),
    })
}

/// `formMethod()`
pub fn form_method(element: &Element, _: &mut Context) -> JsResult<JsValue> {
    let method = own_or_forms(element, "method").unwrap_or_default();
    Ok(string(if method.eq_ignore_ascii_case("post") { "post" } else { "get" }))
}

/// `formNoValidate()`
pub fn form_no_validate(element: &Element, _: &mut Context) -> JsResult<JsValue> {
    Ok(JsValue::from(own_or_forms(element, "novalidate").is_some()))
}

/// `formTarget()`
pub fn form_target(element: &Element, _: &mut Context) -> JsResult<JsValue> {
    Ok(string(&own_or_forms(element, "target").unwrap_or_default()))
}

/// `text()`
pub fn text(element: &Element, _: &mut Context) -> JsResult<JsValue> {
    Ok(string(&element.selection.set.text()))
}

/// `value()` of buttons and options
pub fn value_or_html(element: &Element, _: &mut Context) -> JsResult<JsValue> {
    Ok(string(&reading::value_or_html(&element.selection.set)))
}

/// `elements()` of a field set
pub fn fieldset_elements(element: &Element, context: &mut Context) -> JsResult<JsValue> {
    found(element, "input,select,button,textarea", context)
}

/// What a form's `elements()` and `length()` count.
const ELEMENTS: &str = "input,select,button,textarea,fieldset";

/// `elements()` of a form
pub fn form_elements(element: &Element, context: &mut Context) -> JsResult<JsValue> {
    found(element, ELEMENTS, context)
}

/// `length()` of a form
pub fn form_length(element: &Element, _: &mut Context) -> JsResult<JsValue> {
    Ok(JsValue::from(element.selection.set.find(ELEMENTS).nodes.len() as f64))
}

/// `length()` of a text area: the bytes of its attribute `value`, as in k6
pub fn text_area_length(element: &Element, _: &mut Context) -> JsResult<JsValue> {
    Ok(JsValue::from(element.attribute("value").unwrap_or_default().len() as f64))
}

/// `validity()`, of which a document without a user says nothing.
pub fn nothing(_: &Element, _: &mut Context) -> JsResult<JsValue> {
    Ok(JsValue::undefined())
}

/// `list()` of an input: the data list that it names
pub fn list(element: &Element, context: &mut Context) -> JsResult<JsValue> {
    let takes_text =
        !matches!(element.attribute("type"), Some("hidden" | "checkbox" | "radio" | "file" | "button"));
    match element.attribute("list").filter(|id| takes_text && !id.is_empty()) {
        Some(id) => {
            let list = element.selection.set.root().find(&format!("datalist[id=\"{id}\"]"));
            first(element, &list, context)
        }
        None => Ok(JsValue::undefined()),
    }
}

/// `control()` of a label: what it names
pub fn control(element: &Element, context: &mut Context) -> JsResult<JsValue> {
    match element.attribute("for") {
        Some(id) => first(element, &element.selection.set.root().find(&format!("#{id}")), context),
        None => Ok(JsValue::undefined()),
    }
}

/// `textTracks()` of audio and video
pub fn text_tracks(element: &Element, context: &mut Context) -> JsResult<JsValue> {
    found(element, "track", context)
}

/// `type()` of a style
pub fn style_type(element: &Element, _: &mut Context) -> JsResult<JsValue> {
    Ok(string(element.attribute("type").filter(|own| !own.is_empty()).unwrap_or("text/css")))
}

fn number(element: &Element, name: &str) -> Option<f64> {
    element.attribute(name)?.parse().ok().filter(|number: &f64| *number >= 0.0)
}

fn maximum(element: &Element) -> f64 {
    number(element, "max").unwrap_or(1.0)
}

/// `max()` of a progress bar
pub fn progress_max(element: &Element, _: &mut Context) -> JsResult<JsValue> {
    Ok(JsValue::from(maximum(element)))
}

/// `value()` of a progress bar: the fraction that is done
pub fn progress_value(element: &Element, _: &mut Context) -> JsResult<JsValue> {
    Ok(JsValue::from(number(element, "value").map_or(0.0, |value| value / maximum(element))))
}

/// `position()` of a progress bar: the fraction that is done, or -1
pub fn progress_position(element: &Element, _: &mut Context) -> JsResult<JsValue> {
    Ok(JsValue::from(number(element, "value").map_or(-1.0, |value| value / maximum(element))))
}
