//! An attribute in a script's hands.

use boa_engine::object::JsObject;
use boa_engine::{Context, JsData, JsNativeError, JsResult, JsValue};
use boa_gc::{Finalize, Trace};

use super::document::NodeId;
use super::element::{Element, namespace_uri};
use super::prototypes::{Prototypes, with_methods};
use crate::js::convert::{object, put, string};

/// The prefix, such as `xlink`; what else scripts see are properties.
#[derive(Trace, Finalize, JsData)]
struct Attribute {
    #[unsafe_ignore_trace]
    name: String,
    #[unsafe_ignore_trace]
    prefix: String,
}

/// The attribute of that name, or undefined.
pub fn named(element: &Element, name: &str, context: &mut Context) -> JsResult<JsValue> {
    let owner = element.plain(context);
    let Some((name, prefix, value)) = listed(element, element.node).into_iter().find(|(n, ..)| *n == name)
    else {
        return Ok(JsValue::undefined());
    };
    Ok(make(name, prefix, &value, owner, context))
}

/// All attributes, by name.
pub fn all(element: &Element, context: &mut Context) -> JsResult<JsValue> {
    let owner = element.plain(context);
    let map = object(context);
    for (name, prefix, value) in listed(element, element.node) {
        let key = boa_engine::JsString::from(&*name);
        let attribute = make(name, prefix, &value, owner.clone(), context);
        map.create_data_property_or_throw(key, attribute, context)?;
    }
    Ok(map.into())
}

fn listed(element: &Element, id: NodeId) -> Vec<(String, String, String)> {
    let own = element.document().element(id);
    let attributes = own.into_iter().flat_map(|own| &own.attributes).map(|attribute| {
        let prefix = attribute.name.prefix.as_deref().unwrap_or_default();
        (attribute.name.local.to_string(), prefix.to_owned(), attribute.value.to_string())
    });
    attributes.collect()
}

fn make(name: String, prefix: String, value: &str, owner: JsValue, context: &mut Context) -> JsValue {
    let prototype = Prototypes::of(context).attribute(context);
    let shown = string(&name);
    let made = JsObject::from_proto_and_data(prototype, Attribute { name, prefix }).upcast();
    put(&made, "owner_element", owner);
    put(&made, "name", shown);
    put(&made, "value", string(value));
    made.into()
}

/// The methods of every attribute.
pub fn prototype(context: &mut Context) -> JsObject {
    with_methods(
        &[
            ("prefix", 0, |this, _, _| read(this, |attribute| string(&attribute.prefix))),
            ("namespaceURI", 0, |this, _, _| {
                read(this, |attribute| string(namespace_uri(&attribute.prefix)))
            }),
            ("localName", 0, |this, _, _| read(this, |attribute| string(&attribute.name))),
        ],
        context,
    )
}

fn read(this: &JsValue, read: impl FnOnce(&Attribute) -> JsValue) -> JsResult<JsValue> {
    let object = this.as_object();
    let found = object.as_ref().and_then(|object| Some(read(&*object.downcast_ref::<Attribute>()?)));
    found.ok_or_else(|| JsNativeError::typ().with_message("this is no Attribute of k6/html").into())
}
