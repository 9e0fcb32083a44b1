//! A selection in a script's hands.

use std::cell::RefCell;
use std::rc::Rc;

use boa_engine::object::JsObject;
use boa_engine::property::PropertyDescriptor;
use boa_engine::{Context, JsData, JsError, JsNativeError, JsResult, JsString, JsValue};
use boa_gc::{Finalize, Trace};

use super::document::{Document, NodeId};
use super::element::Element;
use super::prototypes::{Prototypes, with_methods};
use super::set::Set;
use super::{callbacks, reading, serialize, travel};
use crate::js::convert::{arg, function, string, to_text};
use crate::js::go_error;

/// Nodes, and the URL that their document came from: what goquery's Selection is in k6.
#[derive(Clone)]
pub struct Selection {
    pub set: Rc<Set>,
    /// Empty for a document that was parsed from a text.
    pub url: Rc<str>,
}

#[derive(Trace, Finalize, JsData)]
struct Handle(#[unsafe_ignore_trace] RefCell<Selection>);

impl Selection {
    /// A whole document.
    pub fn of_document(document: Rc<Document>, url: &str) -> Self {
        Self { set: Set::new(document, vec![Document::ROOT]), url: url.into() }
    }

    /// Another selection of the same document.
    pub fn with(&self, set: Rc<Set>) -> Self {
        Self { set, url: self.url.clone() }
    }

    /// One node of the same document, without a history.
    pub fn only(&self, id: NodeId) -> Self {
        self.with(self.set.only(Some(id)))
    }

    /// The nodes that a selector finds below these.
    pub fn find(&self, selector: &str) -> Self {
        self.with(self.set.find(selector))
    }

    /// The nodes of another selection; none if that is of another document.
    pub fn nodes_of(&self, other: &Self) -> Vec<NodeId> {
        if Rc::ptr_eq(&self.set.document, &other.set.document) { other.set.nodes.clone() } else { Vec::new() }
    }

    /// The selection that a value is.
    pub fn of(value: &JsValue) -> Option<Self> {
        value.as_object()?.downcast_ref::<Handle>().map(|handle| handle.0.borrow().clone())
    }

    /// The selection whose method was called.
    ///
    /// # Errors
    ///
    /// The method was taken to another object.
    pub fn this(this: &JsValue) -> JsResult<Self> {
        Self::of(this).ok_or_else(not_a_selection)
    }

    /// The object for scripts.
    pub fn into_js(self, context: &mut Context) -> JsResult<JsValue> {
        let prototype = Prototypes::of(context).selection(context);
        Ok(JsObject::from_proto_and_data(prototype, Handle(RefCell::new(self))).into())
    }
}

fn not_a_selection() -> JsError {
    JsNativeError::typ().with_message("this is no Selection of k6/html").into()
}

/// What a method takes that goes by a selector, a selection or an element.
pub enum Target {
    Selector(String),
    Nodes(Vec<NodeId>),
}

impl Target {
    /// Reads an argument of a selection's method; nodes of other documents are left out.
    ///
    /// # Errors
    ///
    /// It is none of the three.
    pub fn read(selection: &Selection, value: &JsValue, context: &mut Context) -> JsResult<Self> {
        if let Some(text) = value.as_string() {
            return Ok(Self::Selector(text.to_std_string_lossy()));
        }
        if let Some(other) = Selection::of(value) {
            return Ok(Self::Nodes(selection.nodes_of(&other)));
        }
        match Element::of(value) {
            Some(element) => Ok(Self::Nodes(selection.nodes_of(&element.selection.only(element.node)))),
            None => Err(no_selector(value, context)),
        }
    }
}

/// The error about an argument that selects nothing.
pub fn no_selector(value: &JsValue, context: &mut Context) -> JsError {
    let kind = match value.as_object() {
        None if value.is_null_or_undefined() => "<nil>",
        None if value.is_boolean() => "bool",
        None => match value.as_number() {
            Some(number) if number.fract() == 0.0 => "int64",
            _ => "float64",
        },
        Some(object) if object.is_callable() => "func(sobek.FunctionCall) sobek.Value",
        Some(object) if object.is_array() => "[]interface {}",
        Some(_) if Element::of(value).is_some() => "html.Element",
        Some(_) => "map[string]interface {}",
    };
    go_error(format!("invalid argument, cannot use a '{kind}' as a selector"), context)
}

/// The methods of every selection.
pub fn prototype(context: &mut Context) -> JsObject {
    let prototype = with_methods(
        &[
            ("add", 1, travel::add),
            ("attr", 1, reading::attr),
            ("children", 0, travel::children),
            ("closest", 1, travel::closest),
            ("contents", 0, travel::contents),
            ("data", 0, reading::data),
            ("each", 1, callbacks::each),
            ("end", 0, travel::end),
            ("eq", 1, travel::eq),
            ("filter", 1, callbacks::filter),
            ("find", 1, travel::find),
            ("first", 0, travel::first),
            ("get", 0, reading::get),
            ("has", 1, travel::has),
            ("html", 0, reading::html),
            ("index", 0, reading::index),
            ("is", 1, callbacks::is),
            ("last", 0, travel::last),
            ("map", 1, callbacks::map),
            ("next", 0, travel::next),
            ("nextAll", 0, travel::next_all),
            ("nextUntil", 0, travel::next_until),
            ("not", 1, callbacks::not),
            ("parent", 0, travel::parent),
            ("parents", 0, travel::parents),
            ("parentsUntil", 0, travel::parents_until),
            ("prev", 0, travel::prev),
            ("prevAll", 0, travel::prev_all),
            ("prevUntil", 0, travel::prev_until),
            ("serialize", 0, serialize::serialize),
            ("serializeArray", 0, serialize::serialize_array),
            ("serializeObject", 0, serialize::serialize_object),
            ("siblings", 0, travel::siblings),
            ("single", 1, travel::single),
            ("size", 0, reading::size),
            ("slice", 1, travel::slice),
            ("text", 0, reading::text),
            ("toArray", 0, reading::to_array),
            ("val", 0, reading::val),
        ],
        context,
    );
    let getter = function("url", 0, |this, _, _| Ok(string(&Selection::this(this)?.url)), context);
    let setter = function("url", 1, set_url, context);
    let url =
        PropertyDescriptor::builder().get(getter).set(setter).enumerable(true).configurable(true).build();
    prototype.insert_property(JsString::from("url"), url);
    prototype
}

/// Elements that are found from here on resolve their links against another URL.
fn set_url(this: &JsValue, args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let url = to_text(&arg(args, 0), context)?;
    let object = this.as_object().ok_or_else(not_a_selection)?;
    let handle = object.downcast_ref::<Handle>().ok_or_else(not_a_selection)?;
    handle.0.borrow_mut().url = url.into();
    Ok(JsValue::undefined())
}
