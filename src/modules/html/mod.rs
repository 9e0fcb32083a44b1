//! `k6/html`: documents as goquery reads them.
//!
//! ```text
//! document ◀─ sink ◀─ text       css ◀─ css_parser ◀─ selector
//!     └──▶ set  the nodes of a selection, and where one can go from there
//!           └▶ selection, element, attribute   what scripts hold
//! ```

mod attribute; // attributes()
mod callbacks; // each, map, filter, is, not
mod controls; // what a form's elements have beside attributes
mod css; // what selectors mean
mod css_parser;
#[cfg(test)]
mod css_tests;
mod data; // data-… attributes
mod document;
mod element;
mod kind_table;
mod kinds; // the methods of each tag
mod links; // href() and its parts
mod nodes; // from one element to others
mod options; // and what they are chosen in
mod properties; // an element's own
mod prototypes;
mod reading; // text, attr, val …
mod reference; // URLs as Go resolves them
mod render; // a document as text
mod selection;
mod serialize; // forms as data
mod set;
mod sink; // how the parser builds a document
mod tables; // rows, cells and sections
mod travel; // find, children, next …

pub use document::Document;
pub use prototypes::register;
pub use reference::Reference;
pub use selection::Selection;
pub use serialize::{form_values, submit_value};

use std::rc::Rc;

use boa_engine::{Context, JsResult, JsValue};

use crate::js::convert::{arg, object_of, to_text};
use crate::js::{Exports, garbage, go_error};

/// The module's exports.
pub fn exports(context: &mut Context) -> JsResult<Exports> {
    register(context);
    Ok(Exports::default_object(object_of(&[("parseHTML", 1, parse_html)], context)))
}

/// `parseHTML(text)`: a selection of the whole document
fn parse_html(_: &JsValue, args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let text = to_text(&arg(args, 0), context)?;
    let document = parse(&text, context)?;
    Selection::of_document(document, "").into_js(context)
}

/// Parses a text.
///
/// # Errors
///
/// Elements are nested too deep.
pub fn parse(text: &str, context: &mut Context) -> JsResult<Rc<Document>> {
    let document = Document::parse(text).map_err(|error| go_error(error, context))?;
    garbage::made(text.len() + document.size() * size_of::<document::Node>());
    Ok(Rc::new(document))
}
