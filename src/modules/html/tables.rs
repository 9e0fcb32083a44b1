//! Tables: rows, cells and sections.

use boa_engine::{Context, JsResult, JsValue};

use super::controls::{first, found};
use super::element::Element;
use super::options::{above, place};

fn child(element: &Element, tag: &str, context: &mut Context) -> JsResult<JsValue> {
    let set = &element.selection.set;
    let mut children = set.children(false);
    children.retain(|id| set.document.name(*id) == tag);
    first(element, &set.push(children), context)
}

/// `caption()`
pub fn caption(element: &Element, context: &mut Context) -> JsResult<JsValue> {
    child(element, "caption", context)
}

/// `tHead()`
pub fn head(element: &Element, context: &mut Context) -> JsResult<JsValue> {
    child(element, "thead", context)
}

/// `tFoot()`
pub fn foot(element: &Element, context: &mut Context) -> JsResult<JsValue> {
    child(element, "tfoot", context)
}

/// `tBodies()`
pub fn bodies(element: &Element, context: &mut Context) -> JsResult<JsValue> {
    found(element, "tbody", context)
}

/// `rows()` of a table or a section
pub fn rows(element: &Element, context: &mut Context) -> JsResult<JsValue> {
    found(element, "tr", context)
}

/// `cells()` of a row
pub fn cells(element: &Element, context: &mut Context) -> JsResult<JsValue> {
    found(element, "th,td", context)
}

/// `cellIndex()` in its row
pub fn cell_index(element: &Element, _: &mut Context) -> JsResult<JsValue> {
    Ok(place(element, &above(&element.selection.set, "tr"), "th,td", -1))
}

/// `rowIndex()` in its table
pub fn row_index(element: &Element, _: &mut Context) -> JsResult<JsValue> {
    Ok(place(element, &above(&element.selection.set, "table"), "tr", -1))
}

/// `sectionRowIndex()` in its head, body or foot
pub fn section_row_index(element: &Element, _: &mut Context) -> JsResult<JsValue> {
    Ok(place(element, &above(&element.selection.set, "thead,tbody,tfoot"), "tr", -1))
}

/// `span()` of a column, at least 1
pub fn span(element: &Element, _: &mut Context) -> JsResult<JsValue> {
    let span = element.attribute("span").and_then(|span| span.parse::<i64>().ok()).unwrap_or(1);
    Ok(JsValue::from(span.max(1) as f64))
}
