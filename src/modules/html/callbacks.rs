//! The methods of a selection that call the script for each node.

use boa_engine::object::JsObject;
use boa_engine::{Context, JsResult, JsValue};
use rustc_hash::FxHashSet;

use super::element::Element;
use super::selection::{Selection, Target};
use super::set::Matcher;
use crate::js::convert::{arg, array, to_text};
use crate::js::go_error;
use crate::js::interrupt::overflow_to_range_error;

/// `each(fn(index, element))`: the selection itself
pub fn each(this: &JsValue, args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let selection = Selection::this(this)?;
    let callback = callback(&arg(args, 0), "the argument to each() must be a function", context)?;
    for index in 0..selection.set.nodes.len() {
        let element = Element::first(selection.with(selection.set.at(index as i64)));
        let element = Element::or_undefined(element, context)?;
        let Err(error) = call(&callback, index, element, context) else { continue };
        if error.as_engine().is_some() {
            return Err(error);
        }
        let thrown = error.into_opaque(context)?;
        let shown = to_text(&thrown, context)?;
        return Err(go_error(format!("the function passed to each() failed: {shown}"), context));
    }
    selection.into_js(context)
}

/// `map(fn(index, selection))`: an array of what the function gave, without the calls in which it threw
pub fn map(this: &JsValue, args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let selection = Selection::this(this)?;
    let callback = callback(&arg(args, 0), "the argument to map() must be a function", context)?;
    let mut values = Vec::new();
    for (index, id) in selection.set.nodes.iter().enumerate() {
        let one = selection.only(*id).into_js(context)?;
        match call(&callback, index, one, context) {
            Ok(value) => values.push(value),
            Err(error) if error.as_engine().is_some() => return Err(error),
            Err(_) => {}
        }
    }
    Ok(array(values, context))
}

/// `filter(selector | selection | fn(index, selection))`
pub fn filter(this: &JsValue, args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let fault = "the argument to filter() must be a function, a selector or a selection";
    kept(this, &arg(args, 0), fault, context)?.into_js(context)
}

/// `is(selector | selection | fn(index, selection))`
pub fn is(this: &JsValue, args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let fault = "the argument to is() must be a function, a selector or a selection";
    let kept = kept(this, &arg(args, 0), fault, context)?;
    Ok(JsValue::from(!kept.set.nodes.is_empty()))
}

/// `not(selector | selection | element | fn(index, selection))`
pub fn not(this: &JsValue, args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let selection = Selection::this(this)?;
    let given = arg(args, 0);
    if let Some(callback) = given.as_object().filter(JsObject::is_callable) {
        return by_callback(&selection, &callback, false, context)?.into_js(context);
    }
    let set = &selection.set;
    let left = match Target::read(&selection, &given, context)? {
        Target::Selector(selector) => {
            let matcher = Matcher::new(&selector);
            set.keep(|id| !matcher.matches(&set.document, id))
        }
        Target::Nodes(nodes) => {
            let nodes: FxHashSet<_> = nodes.into_iter().collect();
            set.keep(|id| !nodes.contains(&id))
        }
    };
    selection.with(left).into_js(context)
}

fn kept(this: &JsValue, given: &JsValue, fault: &str, context: &mut Context) -> JsResult<Selection> {
    let selection = Selection::this(this)?;
    let set = &selection.set;
    if let Some(selector) = given.as_string() {
        let matcher = Matcher::new(&selector.to_std_string_lossy());
        return Ok(selection.with(set.keep(|id| matcher.matches(&set.document, id))));
    }
    if let Some(other) = Selection::of(given) {
        let wanted: FxHashSet<_> = selection.nodes_of(&other).into_iter().collect();
        return Ok(selection.with(set.keep(|id| wanted.contains(&id))));
    }
    let callback = callback(given, fault, context)?;
    by_callback(&selection, &callback, true, context)
}

/// The nodes of which a function says `keep`.
fn by_callback(
    selection: &Selection,
    callback: &JsObject,
    keep: bool,
    context: &mut Context,
) -> JsResult<Selection> {
    let mut nodes = Vec::new();
    for (index, id) in selection.set.nodes.iter().enumerate() {
        let one = selection.only(*id).into_js(context)?;
        if call(callback, index, one, context)?.to_boolean() == keep {
            nodes.push(*id);
        }
    }
    Ok(selection.with(selection.set.push(nodes)))
}

fn callback(given: &JsValue, fault: &str, context: &mut Context) -> JsResult<JsObject> {
    given.as_object().filter(JsObject::is_callable).ok_or_else(|| go_error(fault, context))
}

fn call(callback: &JsObject, index: usize, item: JsValue, context: &mut Context) -> JsResult<JsValue> {
    let called = callback.call(&callback.clone().into(), &[JsValue::from(index as f64), item], context);
    called.map_err(|error| overflow_to_range_error(error, context))
}
