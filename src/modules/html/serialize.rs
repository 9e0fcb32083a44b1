//! Forms as data.

use boa_engine::{Context, JsResult, JsString, JsValue};

use super::reading::value;
use super::selection::Selection;
use super::set::Matcher;
use crate::js::convert::{array, get, object, put, string};
use crate::k6::query::escape;

/// The fields that a form would send, or those among the selection's own nodes, in order. As k6 does, a box counts
/// as checked only where it says `checked="checked"`, and a field as disabled where it says `disabled="disabled"`.
pub fn form_values(selection: &Selection, context: &mut Context) -> Vec<(String, JsValue)> {
    let set = &selection.set;
    let submittable = Matcher::new("input,select,textarea,keygen");
    let form = Matcher::new("form");
    let fields = if set.nodes.iter().any(|id| form.matches(&set.document, *id)) {
        set.find("input,select,textarea,keygen")
    } else {
        set.keep(|id| submittable.matches(&set.document, id))
    };
    let mut values = Vec::new();
    for id in &fields.nodes {
        let attribute = |name| set.document.attribute(*id, name).unwrap_or_default();
        let sends = match attribute("type") {
            "submit" | "button" | "reset" | "image" | "file" => false,
            "checkbox" | "radio" => attribute("checked") == "checked",
            _ => true,
        };
        if sends && !attribute("name").is_empty() && attribute("disabled") != "disabled" {
            let name = attribute("name").to_owned();
            values.push((name, value(&selection.only(*id), context)));
        }
    }
    values
}

/// What a button adds to its form's values; nothing if it has no name or cannot have a value.
pub fn submit_value(button: &Selection, context: &mut Context) -> Option<(String, JsValue)> {
    let name = button.set.attribute("name")?.to_owned();
    Some((name, value(button, context))).filter(|(_, value)| !value.is_undefined())
}

/// `serializeArray()`: `[{name, value}, …]`
pub fn serialize_array(this: &JsValue, _: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let selection = Selection::this(this)?;
    let values = form_values(&selection, context);
    let mut items = Vec::with_capacity(values.len());
    for (name, value) in values {
        let item = object(context);
        put(&item, "name", string(&name));
        put(&item, "value", value);
        items.push(item.into());
    }
    Ok(array(items, context))
}

/// `serializeObject()`: `{name: value, …}`
pub fn serialize_object(this: &JsValue, _: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let selection = Selection::this(this)?;
    let all = object(context);
    for (name, value) in form_values(&selection, context) {
        all.create_data_property_or_throw(JsString::from(&*name), value, context)?;
    }
    Ok(all.into())
}

/// `serialize()`: `a=1&b=2`, sorted by name; of two fields with one name, the last.
pub fn serialize(this: &JsValue, _: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let selection = Selection::this(this)?;
    let mut fields: Vec<(String, Vec<String>)> = Vec::new();
    for (name, value) in form_values(&selection, context) {
        let values = match (value.as_string(), value.as_object()) {
            (Some(text), _) => vec![text.to_std_string_lossy()],
            (_, Some(list)) => {
                let mut values = Vec::new();
                for index in 0..get(&list, "length", context)?.to_length(context)? {
                    let item = list.get(index, context)?;
                    values.extend(item.as_string().map(|text| text.to_std_string_lossy()));
                }
                values
            }
            _ => continue,
        };
        fields.retain(|(known, _)| *known != name);
        fields.push((name, values));
    }
    fields.sort_by(|a, b| a.0.cmp(&b.0));
    let pairs = fields.iter().flat_map(|(name, values)| values.iter().map(move |value| (name, value)));
    let pairs = pairs.map(|(name, value)| format!("{}={}", escape(name), escape(value)));
    Ok(string(&pairs.collect::<Vec<_>>().join("&")))
}
