//! Array methods that the engine implements by recursion on the native stack: `join`,
//! `toLocaleString` (and through them `toString`) and `flat`. Deeply nested arrays end in a
//! `RangeError` here.

use std::cell::Cell;
use std::rc::Rc;

use boa_engine::object::JsObject;
use boa_engine::object::builtins::JsArray;
use boa_engine::{Context, JsError, JsNativeError, JsResult, JsValue, js_string};

use super::convert::{arg, function, put_hidden};
use super::shared_realm::inherit;

/// Arrays in arrays that are followed: as many as `JSON.parse` makes.
const MAX_DEPTH: usize = 2_000;
/// Up to here `flat` is the engine's own.
const FEW_LEVELS: i64 = 100;

/// The engine's own functions, and how deep the calls of `join` are within each other.
#[derive(Clone)]
struct Originals {
    join: JsObject,
    to_locale_string: JsObject,
    flat: JsObject,
    depth: Cell<usize>,
}

/// How the replacements find them: a context's data are found by type.
struct Handle(Rc<Originals>);

/// Replaces the methods on a fresh context's `Array.prototype`.
pub fn install(context: &mut Context) -> JsResult<()> {
    let prototype = context.intrinsics().constructors().array().prototype();
    let mut original = |name| {
        let method = prototype.get(name, context)?.as_object();
        method.ok_or_else(|| {
            JsError::from(JsNativeError::typ().with_message("the engine lacks a method of arrays"))
        })
    };
    let originals = Originals {
        join: original(js_string!("join"))?,
        to_locale_string: original(js_string!("toLocaleString"))?,
        flat: original(js_string!("flat"))?,
        depth: Cell::new(0),
    };
    // How deep a VU is, is its own.
    inherit(context, move |context| drop(context.insert_data(Handle(Rc::new(originals.clone())))));
    let join = function("join", 1, join, context);
    put_hidden(&prototype, "join", join);
    let to_locale_string = function("toLocaleString", 0, to_locale_string, context);
    put_hidden(&prototype, "toLocaleString", to_locale_string);
    let flat = function("flat", 0, flat, context);
    put_hidden(&prototype, "flat", flat);
    Ok(())
}

fn originals(context: &Context) -> JsResult<Rc<Originals>> {
    let handle = context.get_data::<Handle>().map(|handle| handle.0.clone());
    handle.ok_or_else(|| JsNativeError::typ().with_message("arrays are not set up").into())
}

fn join(this: &JsValue, args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    within(|originals| &originals.join, this, args, context)
}

fn to_locale_string(this: &JsValue, args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    within(|originals| &originals.to_locale_string, this, args, context)
}

fn within(
    method: fn(&Originals) -> &JsObject,
    this: &JsValue,
    args: &[JsValue],
    context: &mut Context,
) -> JsResult<JsValue> {
    let originals = originals(context)?;
    let depth = originals.depth.get();
    if depth >= MAX_DEPTH {
        return Err(too_deep());
    }
    originals.depth.set(depth + 1);
    let result = method(&originals).call(this, args, context);
    originals.depth.set(depth);
    result
}

fn flat(this: &JsValue, args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let depth = arg(args, 0);
    let levels = if depth.is_undefined() {
        1
    } else {
        depth.to_integer_or_infinity(context)?.clamp_finite(0, i64::MAX)
    };
    if levels <= FEW_LEVELS {
        return originals(context)?.flat.call(this, &[JsValue::from(levels as f64)], context);
    }
    let mut flattened = Vec::new();
    let mut within = vec![Rest::of(this.to_object(context)?, context)?];
    while let Some(rest) = within.last_mut() {
        let Some(element) = rest.next(context)? else {
            within.pop();
            continue;
        };
        match element.as_object().filter(|object| object.is_array()) {
            Some(_) if within.len() > MAX_DEPTH => return Err(too_deep()),
            Some(inner) if within.len() as i64 <= levels => within.push(Rest::of(inner, context)?),
            _ => flattened.push(element),
        }
    }
    Ok(JsArray::from_iter(flattened, context).into())
}

/// What is still to come of an array.
struct Rest {
    array: JsObject,
    next: u64,
    length: u64,
}

impl Rest {
    fn of(array: JsObject, context: &mut Context) -> JsResult<Self> {
        let length = array.get(js_string!("length"), context)?.to_length(context)?;
        Ok(Self { array, next: 0, length })
    }

    /// The next element; holes are passed over.
    fn next(&mut self, context: &mut Context) -> JsResult<Option<JsValue>> {
        while self.next < self.length {
            let index = self.next;
            self.next += 1;
            if self.array.has_property(index, context)? {
                return self.array.get(index, context).map(Some);
            }
        }
        Ok(None)
    }
}

fn too_deep() -> JsError {
    JsNativeError::range().with_message("arrays nested too deeply").into()
}
