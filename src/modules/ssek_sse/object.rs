//! The stream in a script's hands.

use std::rc::Rc;

use boa_engine::builtins::iterable::create_iter_result_object;
use boa_engine::object::JsObject;
use boa_engine::object::builtins::JsPromise;
use boa_engine::property::PropertyDescriptor;
use boa_engine::{Context, JsData, JsNativeError, JsResult, JsSymbol, JsValue};
use boa_gc::{Finalize, Trace};

use super::matcher::{Matcher, Skipped};
use super::params::within;
use super::stream::Stream;
use super::waiting::Wanted;
use crate::js::convert::{Native, arg, function, object, put, put_hidden, string};
use crate::js::shared_realm::inherit;
use crate::net::Outcome;

#[derive(Trace, Finalize, JsData)]
struct Handle(#[unsafe_ignore_trace] Rc<Stream>);

/// The prototype of a context's streams: a context's data are found by type.
#[derive(Clone)]
struct Prototype(JsObject);

/// Makes the prototype with the realm, so that the streams of all VUs in it have one shape.
pub fn register(context: &mut Context) {
    let made = Prototype(prototype(context));
    inherit(context, move |context| drop(context.insert_data(made.clone())));
}

/// The object of a stream.
pub fn of(stream: Rc<Stream>, context: &mut Context) -> JsResult<JsValue> {
    if !context.has_data::<Prototype>() {
        register(context);
    }
    let known = context.get_data::<Prototype>().map(|known| known.0.clone());
    Ok(JsObject::from_proto_and_data(known, Handle(stream)).into())
}

fn prototype(context: &mut Context) -> JsObject {
    let prototype = object(context);
    let methods: [(&str, usize, Native); 6] = [
        ("next", 0, next),
        ("expect", 1, expect),
        ("received", 0, received),
        ("drain", 0, drain),
        ("close", 0, close),
        ("return", 0, finish),
    ];
    for (name, length, native) in methods {
        let method = function(name, length, native, context);
        put_hidden(&prototype, name, method);
    }
    let iterator = function("[Symbol.asyncIterator]", 0, |this, _, _| Ok(this.clone()), context);
    let iterator =
        PropertyDescriptor::builder().value(iterator).writable(true).enumerable(false).configurable(true);
    prototype.insert_property(JsSymbol::async_iterator(), iterator);
    let getters: [(&str, Native); 7] = [
        ("url", |this, _, _| Ok(string(&this_stream(this)?.url))),
        ("status", |this, _, _| Ok(JsValue::from(this_stream(this)?.status.get()))),
        ("headers", headers),
        ("outcome", |this, _, _| {
            let stream = this_stream(this)?;
            let end = stream.end.borrow();
            Ok(end.as_ref().map_or_else(JsValue::null, |end| string(end.outcome.name())))
        }),
        ("error", |this, _, _| {
            let stream = this_stream(this)?;
            let end = stream.end.borrow();
            Ok(string(end.as_ref().and_then(|end| end.error.as_deref()).unwrap_or_default()))
        }),
        ("lastEventId", |this, _, _| Ok(string(&this_stream(this)?.last_event_id.borrow()))),
        ("dropped", |this, _, _| Ok(JsValue::from(this_stream(this)?.dropped.get() as f64))),
    ];
    for (name, getter) in getters {
        let getter = function(name, 0, getter, context);
        let getter = PropertyDescriptor::builder().get(getter).enumerable(false).configurable(true);
        prototype.insert_property(boa_engine::JsString::from(name), getter);
    }
    prototype
}

fn this_stream(this: &JsValue) -> JsResult<Rc<Stream>> {
    let stream = this.as_object().and_then(|object| Some(object.downcast_ref::<Handle>()?.0.clone()));
    stream.ok_or_else(|| JsNativeError::typ().with_message("this is no stream of ssek/sse").into())
}

/// `next({within})`: a promise of `{value, done}`
fn next(this: &JsValue, args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let stream = this_stream(this)?;
    let within = within(&arg(args, 0), context)?;
    stream.wait_for(Wanted::Next, within, context)
}

/// `expect(match, {within})`: a promise of the event
fn expect(this: &JsValue, args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let stream = this_stream(this)?;
    let matcher = Matcher::read(&arg(args, 0), context)?;
    let within = within(&arg(args, 1), context)?;
    stream.wait_for(Wanted::Match(matcher, Skipped::default()), within, context)
}

/// `received()`: an array of events
fn received(this: &JsValue, _: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    this_stream(this)?.received(context)
}

/// `drain({within})`: a promise of `{events, bytes, outcome}`
fn drain(this: &JsValue, args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let stream = this_stream(this)?;
    let within = within(&arg(args, 0), context)?;
    stream.wait_for(Wanted::Drained, within, context)
}

/// `close()`
fn close(this: &JsValue, _: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let stream = this_stream(this)?;
    stream.close_as(Outcome::Aborted);
    stream.serve(context)?;
    Ok(JsValue::undefined())
}

/// What `for await` calls when the loop is left before the stream's end.
fn finish(this: &JsValue, args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    close(this, &[], context)?;
    let result = create_iter_result_object(arg(args, 0), true, context);
    Ok(JsPromise::resolve(result, context)?.into())
}

fn headers(this: &JsValue, _: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let stream = this_stream(this)?;
    let map = object(context);
    for (name, values) in &*stream.headers.borrow() {
        put(&map, name, string(&values.join(", ")));
    }
    Ok(map.into())
}
