//! What the global `fetch` needs of `k6/http`, which its script may not import.

use std::cell::Cell;
use std::rc::Rc;

use boa_engine::{Context, JsResult, JsValue, NativeFunction};
use boa_gc::{Finalize, Trace};
use tokio::sync::oneshot;

use super::asynchronous::start;
use super::file::File;
use super::response::Response;
use super::verbs::{arguments, refuse_init};
use super::{Common, Handle, Http, body};
use crate::js::convert::{array, entries};
use crate::js::go_error;
use crate::vu::State;

pub use super::file::file;
pub use super::url::is_template;

/// `k6/http` for contexts that do not import it.
#[derive(Trace, Finalize)]
pub struct Standby(#[unsafe_ignore_trace] Common);

impl Standby {
    /// That of a realm.
    pub fn new(context: &mut Context) -> JsResult<Self> {
        Ok(Self(Common::new(context)?))
    }

    fn http(&self, context: &mut Context) -> JsResult<Rc<Http>> {
        if !context.has_data::<Handle>() {
            self.0.give(context);
        }
        Http::of(context)
    }
}

/// `send(method, url, body, params)`: the promise of a response as `asyncRequest` gives it, which is rejected where
/// there is none, and a function that ends the request where it stands.
pub fn send(args: &[JsValue], standby: &Standby, context: &mut Context) -> JsResult<JsValue> {
    let state = State::of(context)?;
    refuse_init(&state, context)?;
    let http = standby.http(context)?;
    let given = arguments(args, context)?;
    let (cancel, cancelled) = oneshot::channel();
    let promise = start(&given, Some(cancelled), http, &state, context)?;
    let cancel = Cancel(Cell::new(Some(cancel)));
    let cancel = NativeFunction::from_copy_closure_with_captures(
        |_, _, cancel: &Cancel, _| {
            // Nobody listens where the request is over.
            cancel.0.take().map(|cancel| cancel.send(()));
            Ok(JsValue::undefined())
        },
        cancel,
    );
    let cancel = cancel.to_js_function(context.realm());
    Ok(array([promise, cancel.into()], context))
}

#[derive(Trace, Finalize)]
struct Cancel(#[unsafe_ignore_trace] Cell<Option<oneshot::Sender<()>>>);

/// Whether a value was made by `http.file`.
pub fn is_file(value: &JsValue) -> bool {
    File::of(value).is_some()
}

/// The lines of a response's head, names as Go writes them.
pub fn header_lines(response: &JsValue) -> Vec<(String, String)> {
    let object = response.as_object();
    let response = object.as_ref().and_then(|object| object.downcast_ref::<Response>());
    let Some(hop) = response.as_ref().and_then(|response| response.facts.answer()) else { return Vec::new() };
    let lines = hop.headers.iter();
    lines.flat_map(|(name, values)| values.iter().map(|value| (name.clone(), value.clone()))).collect()
}

/// Encodes the pairs of a form, which may have files in them: the bytes and their type.
pub fn multipart(pairs: &JsValue, context: &mut Context) -> JsResult<(Vec<u8>, String)> {
    let mut fields = Vec::new();
    for (_, pair) in entries(&pairs.to_object(context)?, context)? {
        let pair = pair.to_object(context)?;
        let name = pair.get(0, context)?.to_string(context)?;
        fields.push((name, pair.get(1, context)?));
    }
    let body = body::multipart(&fields, context);
    let body = body.map_err(|_| go_error("the form cannot be sent", context))?;
    Ok((body.bytes.to_vec(), body.content_type.unwrap_or_default()))
}
