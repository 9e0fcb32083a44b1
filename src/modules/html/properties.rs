//! What an element says of itself.

use boa_engine::{Context, JsResult, JsValue};

use super::document::Kind;
use super::element::{Element, namespace_uri};
use super::{attribute, reading};
use crate::js::convert::{arg, array, string, to_text};

fn or_undefined(text: Option<&str>) -> JsValue {
    text.map_or_else(JsValue::undefined, string)
}

/// `getAttribute(name)`
pub fn get_attribute(this: &JsValue, args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let name = to_text(&arg(args, 0), context)?;
    Ok(or_undefined(Element::this(this)?.attribute(&name)))
}

/// `getAttributeNode(name)`
pub fn get_attribute_node(this: &JsValue, args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let name = to_text(&arg(args, 0), context)?;
    attribute::named(&Element::this(this)?, &name, context)
}

/// `attributes()`: by name
pub fn attributes(this: &JsValue, _: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    attribute::all(&Element::this(this)?, context)
}

/// `hasAttribute(name)`
pub fn has_attribute(this: &JsValue, args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let name = to_text(&arg(args, 0), context)?;
    Ok(JsValue::from(Element::this(this)?.attribute(&name).is_some()))
}

/// `hasAttributes()`
pub fn has_attributes(this: &JsValue, _: &[JsValue], _: &mut Context) -> JsResult<JsValue> {
    let element = Element::this(this)?;
    let own = element.document().element(element.node);
    Ok(JsValue::from(own.is_some_and(|own| !own.attributes.is_empty())))
}

/// `id()`
pub fn id(this: &JsValue, _: &[JsValue], _: &mut Context) -> JsResult<JsValue> {
    Ok(string(Element::this(this)?.attribute("id").unwrap_or_default()))
}

/// `className()`
pub fn class_name(this: &JsValue, _: &[JsValue], _: &mut Context) -> JsResult<JsValue> {
    Ok(or_undefined(Element::this(this)?.attribute("class")))
}

/// `classList()`
pub fn class_list(this: &JsValue, _: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let element = Element::this(this)?;
    let classes = element.attribute("class").unwrap_or_default().split_whitespace().map(string);
    Ok(array(classes.collect::<Vec<_>>(), context))
}

/// `lang()`
pub fn lang(this: &JsValue, _: &[JsValue], _: &mut Context) -> JsResult<JsValue> {
    let element = Element::this(this)?;
    let own = element.document().element(element.node).and_then(|own| own.attribute("lang"));
    Ok(or_undefined(own.filter(|own| own.name.prefix.is_none()).map(|own| &*own.value)))
}

/// `innerHTML()`
pub fn inner_html(this: &JsValue, _: &[JsValue], _: &mut Context) -> JsResult<JsValue> {
    Ok(reading::inner(&Element::this(this)?.selection.set))
}

/// `textContent()`
pub fn text_content(this: &JsValue, _: &[JsValue], _: &mut Context) -> JsResult<JsValue> {
    Ok(string(&Element::this(this)?.selection.set.text()))
}

/// `nodeName()`
pub fn node_name(this: &JsValue, _: &[JsValue], _: &mut Context) -> JsResult<JsValue> {
    let element = Element::this(this)?;
    Ok(string(element.document().name(element.node)))
}

/// `nodeType()`: the DOM's number
pub fn node_type(this: &JsValue, _: &[JsValue], _: &mut Context) -> JsResult<JsValue> {
    let element = Element::this(this)?;
    Ok(JsValue::from(match element.document().node(element.node).kind {
        Kind::Element(_) => 1,
        Kind::Text(_) => 3,
        Kind::Comment(_) => 8,
        Kind::Document => 9,
        Kind::Doctype { .. } => 10,
    }))
}

/// `nodeValue()`: the text of a text node; of a comment, nothing, as in k6
pub fn node_value(this: &JsValue, _: &[JsValue], _: &mut Context) -> JsResult<JsValue> {
    let element = Element::this(this)?;
    Ok(match element.document().node(element.node).kind {
        Kind::Text(_) | Kind::Comment(_) => string(&element.selection.set.text()),
        _ => JsValue::undefined(),
    })
}

/// `namespaceURI()`
pub fn namespace(this: &JsValue, _: &[JsValue], _: &mut Context) -> JsResult<JsValue> {
    let element = Element::this(this)?;
    let own = element.document().element(element.node);
    Ok(string(namespace_uri(own.map_or("", |own| own.namespace()))))
}

/// `isDefaultNamespace()`
pub fn is_default_namespace(this: &JsValue, _: &[JsValue], _: &mut Context) -> JsResult<JsValue> {
    let element = Element::this(this)?;
    let own = element.document().element(element.node);
    Ok(JsValue::from(own.is_none_or(|own| own.namespace().is_empty())))
}

/// `toString()`
pub fn to_string(this: &JsValue, _: &[JsValue], _: &mut Context) -> JsResult<JsValue> {
    let element = Element::this(this)?;
    let name = match element.document().name(element.node) {
        _ if element.document().is_element(element.node) => "html.Node",
        name => name,
    };
    Ok(string(&format!("[object {name}]")))
}
