//! `exec.vu.tags` and `exec.vu.metrics.{tags,metadata}`: objects that are the VU's tags.

use boa_engine::object::JsObject;
use boa_engine::object::builtins::JsProxyBuilder;
use boa_engine::{Context, JsNativeError, JsResult, JsValue, js_string};

use super::tags::tag_value;
use crate::js::convert::{arg, array, object, put, put_getter, string, to_text};
use crate::js::go_error;
use crate::js::shared_realm::inherit;
use crate::metrics::TagSet;
use crate::vu::State;

/// Which of the VU's two maps an object stands for.
trait Map {
    fn read(tags: &TagSet) -> Vec<(String, String)>;
    fn set(tags: &mut TagSet, key: &str, value: &str);
    fn remove(tags: &mut TagSet, key: &str);
}

struct Indexed;
struct Metadata;

impl Map for Indexed {
    fn read(tags: &TagSet) -> Vec<(String, String)> {
        tags.tags.iter().map(|(k, v)| (k.to_string(), v.to_string())).collect()
    }
    fn set(tags: &mut TagSet, key: &str, value: &str) {
        tags.set(key, value);
    }
    fn remove(tags: &mut TagSet, key: &str) {
        tags.remove(key);
    }
}

impl Map for Metadata {
    fn read(tags: &TagSet) -> Vec<(String, String)> {
        tags.metadata.iter().map(|(k, v)| (k.to_string(), v.to_string())).collect()
    }
    fn set(tags: &mut TagSet, key: &str, value: &str) {
        tags.set_metadata(key, value);
    }
    fn remove(tags: &mut TagSet, key: &str) {
        tags.metadata.retain(|(k, _)| &**k != key);
    }
}

/// Defines `tags` and `metrics` on `exec.vu`.
pub fn define(vu: &JsObject, context: &mut Context) -> JsResult<()> {
    let tags = proxy::<Indexed>(context)?;
    let metadata = proxy::<Metadata>(context)?;
    let metrics = object(context);
    put(&metrics, "tags", tags.clone());
    put(&metrics, "metadata", metadata);
    // k6 ignores an assignment to the whole object; so does a getter without a setter.
    let held = object(context);
    put(&held, "tags", tags);
    put(&held, "metrics", metrics);
    inherit(context, move |context| drop(context.insert_data(Held(held.clone()))));
    put_getter(vu, "tags", |_, _, context| held_value("tags", context), context);
    put_getter(vu, "metrics", |_, _, context| held_value("metrics", context), context);
    Ok(())
}

/// The objects behind the getters; engine values live in the context, never in a thread-local.
struct Held(JsObject);

fn held_value(key: &str, context: &mut Context) -> JsResult<JsValue> {
    let state = State::of(context)?;
    if state.in_init() {
        return Err(go_error("getting VU information in the init context is not supported", context));
    }
    let Some(held) = context.get_data::<Held>().map(|held| held.0.clone()) else {
        return Ok(JsValue::undefined());
    };
    crate::js::convert::get(&held, key, context)
}

fn proxy<M: Map>(context: &mut Context) -> JsResult<JsValue> {
    let target = object(context);
    let proxy = JsProxyBuilder::new(target)
        .get(get::<M>)
        .set(set::<M>)
        .has(has::<M>)
        .delete_property(delete::<M>)
        .own_keys(own_keys::<M>)
        .get_own_property_descriptor(describe::<M>)
        .build(context)?;
    Ok(proxy.into())
}

fn find<M: Map>(key: &JsValue, context: &mut Context) -> JsResult<Option<String>> {
    let Some(key) = key.as_string() else { return Ok(None) };
    let key = key.to_std_string_lossy();
    let state = State::of(context)?;
    let found = M::read(&state.tags()).into_iter().find(|(k, _)| *k == key);
    Ok(found.map(|(_, value)| value))
}

fn get<M: Map>(_: &JsValue, args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    if let Some(value) = find::<M>(&arg(args, 1), context)? {
        return Ok(string(&value));
    }
    // Methods such as `toString` come from the target's prototype.
    let key = arg(args, 1).to_property_key(context)?;
    match arg(args, 0).as_object() {
        Some(target) => target.get(key, context),
        None => Ok(JsValue::undefined()),
    }
}

fn set<M: Map>(_: &JsValue, args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let key = to_text(&arg(args, 1), context)?;
    let given = arg(args, 2);
    let value = tag_value(&key, &given, context).map_err(|_| {
        JsNativeError::typ().with_message(format!(
            "invalid value for metric tag '{key}': only String, Boolean and Number types are accepted as a metric \
             tag values"
        ))
    })?;
    let state = State::of(context)?;
    state.change_tags(|tags| M::set(tags, &key, &value));
    Ok(JsValue::from(true))
}

fn has<M: Map>(_: &JsValue, args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    Ok(JsValue::from(find::<M>(&arg(args, 1), context)?.is_some()))
}

fn delete<M: Map>(_: &JsValue, args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let key = to_text(&arg(args, 1), context)?;
    let state = State::of(context)?;
    state.change_tags(|tags| M::remove(tags, &key));
    Ok(JsValue::from(true))
}

fn own_keys<M: Map>(_: &JsValue, _: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let state = State::of(context)?;
    let keys: Vec<_> = M::read(&state.tags()).into_iter().map(|(key, _)| string(&key)).collect();
    Ok(array(keys, context))
}

fn describe<M: Map>(_: &JsValue, args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let Some(value) = find::<M>(&arg(args, 1), context)? else { return Ok(JsValue::undefined()) };
    let made = object(context);
    put(&made, "value", js_string!(value));
    for key in ["writable", "enumerable", "configurable"] {
        put(&made, key, true);
    }
    Ok(made.into())
}
