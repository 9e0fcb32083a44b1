//! What a selection says: `text`, `attr`, `val`, `get` and their like.

use boa_engine::{Context, JsResult, JsValue};

use super::data;
use super::element::Element;
use super::render;
use super::selection::Selection;
use super::set::{Matcher, Set, Until, Walk};
use super::travel;
use crate::js::convert::{arg, array, string, to_text};

/// `size()`
pub fn size(this: &JsValue, _: &[JsValue], _: &mut Context) -> JsResult<JsValue> {
    Ok(JsValue::from(Selection::this(this)?.set.nodes.len() as f64))
}

/// `text()`
pub fn text(this: &JsValue, _: &[JsValue], _: &mut Context) -> JsResult<JsValue> {
    Ok(string(&Selection::this(this)?.set.text()))
}

/// `attr(name, [default])`
pub fn attr(this: &JsValue, args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let selection = Selection::this(this)?;
    let name = to_text(&arg(args, 0), context)?;
    Ok(selection.set.attribute(&name).map_or_else(|| arg(args, 1), string))
}

/// `html()`
pub fn html(this: &JsValue, _: &[JsValue], _: &mut Context) -> JsResult<JsValue> {
    Ok(inner(&Selection::this(this)?.set))
}

/// The text of the first node's children.
pub fn inner(set: &Set) -> JsValue {
    let Some(first) = set.first() else { return string("") };
    render::inner(&set.document, first).map_or_else(JsValue::undefined, |text| string(&text))
}

/// `data([key])`
pub fn data(this: &JsValue, args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let selection = Selection::this(this)?;
    let key = match args.first() {
        Some(key) => Some(to_text(key, context)?),
        None => None,
    };
    data::read(&selection.set, key.as_deref(), context)
}

/// `val()`
pub fn val(this: &JsValue, _: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let selection = Selection::this(this)?;
    Ok(value(&selection, context))
}

/// What the first node would send with its form.
pub fn value(selection: &Selection, context: &mut Context) -> JsValue {
    let set = &selection.set;
    let Some(first) = set.first() else { return JsValue::undefined() };
    let own = set.attribute("value");
    match set.document.name(first) {
        "input" => match (own, set.attribute("type")) {
            (Some(own), _) => string(own),
            (None, Some("radio" | "checkbox")) => string("on"),
            _ => string(""),
        },
        "button" => string(own.unwrap_or_default()),
        "textarea" => inner(set),
        "option" => string(&value_or_html(set)),
        "select" => {
            let chosen = set.at(0).find("option[selected]");
            if set.attribute("multiple").is_none() {
                return string(&value_or_html(&chosen));
            }
            let chosen = chosen.nodes.iter().map(|id| string(&value_or_html(&set.only(Some(*id)))));
            array(chosen.collect::<Vec<_>>(), context)
        }
        _ => JsValue::undefined(),
    }
}

/// The attribute `value`, or else the content.
pub fn value_or_html(set: &Set) -> String {
    if let Some(value) = set.attribute("value") {
        return value.to_owned();
    }
    set.first().and_then(|first| render::inner(&set.document, first)).unwrap_or_default()
}

/// `get([index])`: elements
pub fn get(this: &JsValue, args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let selection = Selection::this(this)?;
    let Some(index) = args.first() else { return Element::list(&selection, context) };
    let index = travel::index(index, context)?;
    // In k6 a negative index cannot reach the first node.
    if index == -(selection.set.nodes.len() as i64) {
        return Ok(JsValue::undefined());
    }
    Element::or_undefined(Element::first(selection.with(selection.set.at(index))), context)
}

/// `toArray()`: selections of one node each
pub fn to_array(this: &JsValue, _: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let selection = Selection::this(this)?;
    let mut items = Vec::with_capacity(selection.set.nodes.len());
    for index in 0..selection.set.nodes.len() {
        items.push(selection.with(selection.set.at(index as i64)).into_js(context)?);
    }
    Ok(array(items, context))
}

/// `index([selector | selection | element])`: a place, or -1
pub fn index(this: &JsValue, args: &[JsValue], _: &mut Context) -> JsResult<JsValue> {
    let selection = Selection::this(this)?;
    let set = &selection.set;
    let place = match args.first() {
        None => set.first().map(|first| set.only(Some(first)).walk(Walk::PrevAll, &Until::Never).len()),
        Some(given) => match (given.as_string(), Selection::of(given), Element::untyped(given)) {
            (Some(selector), ..) => {
                set.place_in(&set.everywhere(&Matcher::new(&selector.to_std_string_lossy())))
            }
            (_, Some(other), _) => {
                let first = selection.nodes_of(&other).first().copied();
                set.nodes.iter().position(|id| Some(*id) == first)
            }
            (.., Some(element)) => {
                let wanted = selection.nodes_of(&element.selection.only(element.node));
                set.nodes.iter().position(|id| wanted.contains(id))
            }
            _ => None,
        },
    };
    Ok(place.map_or_else(|| JsValue::from(-1), |place| JsValue::from(place as f64)))
}
