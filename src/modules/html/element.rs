//! An element, or another node, in a script's hands.

use boa_engine::object::JsObject;
use boa_engine::{Context, JsData, JsNativeError, JsResult, JsValue};
use boa_gc::{Finalize, Trace};

use super::document::{Document, NodeId};
use super::kinds::Kind;
use super::prototypes::{Prototypes, with_methods};
use super::selection::Selection;
use super::{nodes, properties};
use crate::js::convert::array;

/// The first node of a selection; its text and its relatives are those of the whole selection, as in k6.
#[derive(Clone)]
pub struct Element {
    pub selection: Selection,
    pub node: NodeId,
    /// What its tag adds to the methods of every element.
    kind: Option<&'static Kind>,
}

#[derive(Trace, Finalize, JsData)]
struct Handle(#[unsafe_ignore_trace] Element);

impl Element {
    /// The first node of a selection.
    pub fn first(selection: Selection) -> Option<Self> {
        let node = selection.set.first()?;
        let kind = selection.set.document.element(node).and_then(|element| Kind::of(element.tag()));
        Some(Self { selection, node, kind })
    }

    /// Another node of the same document.
    pub fn other(&self, id: NodeId) -> Option<Self> {
        Self::first(self.selection.only(id))
    }

    /// The element that a value is.
    pub fn of(value: &JsValue) -> Option<Self> {
        value.as_object()?.downcast_ref::<Handle>().map(|handle| handle.0.clone())
    }

    /// The element that a value is if its tag has no methods of its own: k6 compares only those.
    pub fn untyped(value: &JsValue) -> Option<Self> {
        Self::of(value).filter(|element| element.kind.is_none())
    }

    /// The element whose method was called.
    ///
    /// # Errors
    ///
    /// The method was taken to another object.
    pub fn this(this: &JsValue) -> JsResult<Self> {
        Self::of(this)
            .ok_or_else(|| JsNativeError::typ().with_message("this is no Element of k6/html").into())
    }

    /// Its document.
    pub fn document(&self) -> &Document {
        &self.selection.set.document
    }

    /// The value of an attribute.
    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.document().attribute(self.node, name)
    }

    /// The object for scripts.
    pub fn into_js(self, context: &mut Context) -> JsResult<JsValue> {
        let prototypes = Prototypes::of(context);
        let prototype = match self.kind {
            Some(kind) => prototypes.kind(kind, context)?,
            None => prototypes.element(context),
        };
        Ok(JsObject::from_proto_and_data(prototype, Handle(self)).into())
    }

    /// The object for scripts without what the tag adds.
    pub fn plain(&self, context: &mut Context) -> JsValue {
        let prototype = Prototypes::of(context).element(context);
        JsObject::from_proto_and_data(prototype, Handle(Self { kind: None, ..self.clone() })).into()
    }

    /// The object for scripts, or undefined where there is no element.
    pub fn or_undefined(element: Option<Self>, context: &mut Context) -> JsResult<JsValue> {
        element.map_or(Ok(JsValue::undefined()), |element| element.into_js(context))
    }

    /// An array of a selection's nodes.
    pub fn list(selection: &Selection, context: &mut Context) -> JsResult<JsValue> {
        let mut items = Vec::with_capacity(selection.set.nodes.len());
        for index in 0..selection.set.nodes.len() {
            let one = Self::first(selection.with(selection.set.at(index as i64)));
            items.push(Self::or_undefined(one, context)?);
        }
        Ok(array(items, context))
    }
}

/// The name behind a namespace's prefix.
pub fn namespace_uri(prefix: &str) -> &'static str {
    match prefix {
        "svg" => "http://www.w3.org/2000/svg",
        "math" => "http://www.w3.org/1998/Math/MathML",
        _ => "http://www.w3.org/1999/xhtml",
    }
}

/// The methods of every element.
pub fn prototype(context: &mut Context) -> JsObject {
    with_methods(
        &[
            ("attributes", 0, properties::attributes),
            ("childElementCount", 0, nodes::child_element_count),
            ("childNodes", 0, nodes::child_nodes),
            ("children", 0, nodes::children),
            ("classList", 0, properties::class_list),
            ("className", 0, properties::class_name),
            ("contains", 1, nodes::contains),
            ("firstChild", 0, nodes::first_child),
            ("firstElementChild", 0, nodes::first_element_child),
            ("getAttribute", 1, properties::get_attribute),
            ("getAttributeNode", 1, properties::get_attribute_node),
            ("getElementsByClassName", 1, nodes::get_elements_by_class_name),
            ("getElementsByTagName", 1, nodes::query_selector_all),
            ("hasAttribute", 1, properties::has_attribute),
            ("hasAttributes", 0, properties::has_attributes),
            ("hasChildNodes", 0, nodes::has_child_nodes),
            ("id", 0, properties::id),
            ("innerHTML", 0, properties::inner_html),
            ("isDefaultNamespace", 0, properties::is_default_namespace),
            ("isEqualNode", 1, nodes::is_equal_node),
            ("isSameNode", 1, nodes::is_same_node),
            ("lang", 0, properties::lang),
            ("lastChild", 0, nodes::last_child),
            ("lastElementChild", 0, nodes::last_element_child),
            ("matches", 1, nodes::matches),
            ("namespaceURI", 0, properties::namespace),
            ("nextElementSibling", 0, nodes::next_element_sibling),
            ("nextSibling", 0, nodes::next_sibling),
            ("nodeName", 0, properties::node_name),
            ("nodeType", 0, properties::node_type),
            ("nodeValue", 0, properties::node_value),
            ("ownerDocument", 0, nodes::owner_document),
            ("parentElement", 0, nodes::parent_element),
            ("parentNode", 0, nodes::parent_node),
            ("previousElementSibling", 0, nodes::previous_element_sibling),
            ("previousSibling", 0, nodes::previous_sibling),
            ("querySelector", 1, nodes::query_selector),
            ("querySelectorAll", 1, nodes::query_selector_all),
            ("selection", 0, nodes::selection),
            ("textContent", 0, properties::text_content),
            ("toString", 0, properties::to_string),
        ],
        context,
    )
}
