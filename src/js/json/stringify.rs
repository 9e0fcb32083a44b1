//! Values to text (ECMA-262, SerializeJSONProperty), without recursion.

use boa_engine::builtins::proxy::Proxy;
use boa_engine::object::JsObject;
use boa_engine::property::PropertyKey;
use boa_engine::{Context, JsBigInt, JsNativeError, JsResult, JsString, JsValue, JsVariant, js_string};

use super::output::Output;
use super::raw;
use super::state::State;
use crate::js::convert::{arg, object, put};

/// Objects and arrays within each other, at most.
const MAX_DEPTH: usize = 5_000;

/// The second and third argument of `JSON.stringify`.
#[derive(Default)]
pub(super) struct Settings {
    replacer: Option<JsObject>,
    /// The only properties to show, in this order.
    only: Option<Vec<PropertyKey>>,
    /// What each level is indented by.
    gap: JsString,
}

/// `JSON.stringify(value, replacer, space)`
pub(super) fn native(_: &JsValue, args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let settings = Settings::new(&arg(args, 1), &arg(args, 2), context)?;
    let text = stringify(arg(args, 0), settings, context)?;
    Ok(text.map_or_else(JsValue::undefined, JsValue::from))
}

impl Settings {
    fn new(replacer: &JsValue, space: &JsValue, context: &mut Context) -> JsResult<Self> {
        let mut settings = Self::default();
        if let Some(replacer) = replacer.as_object() {
            let state = State::of(context)?;
            if replacer.is_callable() {
                settings.replacer = Some(replacer);
            } else if is_array(&replacer, &state, context)? {
                settings.only = Some(names(&replacer, context)?);
            }
        }
        settings.gap = gap(space, context)?;
        Ok(settings)
    }
}

/// The property names that a replacer array lists.
fn names(list: &JsObject, context: &mut Context) -> JsResult<Vec<PropertyKey>> {
    let mut names = Vec::new();
    for index in 0..array_length(list, context)? {
        let item = list.get(PropertyKey::from(index), context)?;
        let boxed = item.as_object().is_some_and(|object| object.is::<JsString>() || object.is::<f64>());
        if !(item.is_string() || item.is_number() || boxed) {
            continue;
        }
        let name = PropertyKey::from(item.to_string(context)?);
        if !names.contains(&name) {
            names.push(name);
        }
    }
    Ok(names)
}

fn gap(space: &JsValue, context: &mut Context) -> JsResult<JsString> {
    let mut space = space.clone();
    if let Some(boxed) = space.as_object() {
        if boxed.is::<f64>() {
            space = space.to_number(context)?.into();
        } else if boxed.is::<JsString>() {
            space = space.to_string(context)?.into();
        }
    }
    if let Some(count) = space.as_number() {
        // NaN becomes zero in the conversion.
        return Ok(JsString::from(" ".repeat(count.clamp(0.0, 10.0) as usize)));
    }
    let text = space.as_string().unwrap_or_default();
    Ok(text.get(..text.len().min(10)).unwrap_or_default())
}

/// What a value is written as.
enum Piece {
    /// Not at all.
    Nothing,
    Literal(&'static str),
    Integer(i32),
    Number(f64),
    String(JsString),
    Raw(JsString),
    Container(JsObject),
}

/// An object or array that is being written.
struct Frame {
    object: JsObject,
    parts: Parts,
    next: u64,
    /// Own data properties can be read straight from the object.
    plain: bool,
    empty: bool,
}

enum Parts {
    Elements(u64),
    Properties(Vec<PropertyKey>),
}

impl Frame {
    /// The key of the part that comes next.
    fn key(&self) -> Option<PropertyKey> {
        match &self.parts {
            Parts::Elements(length) => (self.next < *length).then(|| PropertyKey::from(self.next)),
            Parts::Properties(keys) => keys.get(self.next as usize).cloned(),
        }
    }

    fn get(&self, key: &PropertyKey, context: &mut Context) -> JsResult<JsValue> {
        if self.plain {
            let own = self.object.borrow().properties().get(key);
            if let Some(value) = own.as_ref().and_then(|own| own.value()) {
                return Ok(value.clone());
            }
        }
        self.object.get(key.clone(), context)
    }
}

/// The text of a value; `None` for `undefined`, functions and symbols.
pub(super) fn stringify(
    value: JsValue,
    settings: Settings,
    context: &mut Context,
) -> JsResult<Option<JsString>> {
    let state = State::of(context)?;
    let mut writer = Writer { settings, state: &state, output: Output::default(), frames: Vec::new() };
    let key = PropertyKey::from(js_string!(""));
    let holder = writer.settings.replacer.is_some().then(|| {
        let holder = object(context);
        put(&holder, "", value.clone());
        holder
    });
    let piece = writer.piece(holder.as_ref(), &key, value, context)?;
    if matches!(piece, Piece::Nothing) {
        return Ok(None);
    }
    writer.write(piece, context)?;
    while !writer.frames.is_empty() {
        writer.step(context)?;
    }
    Ok(Some(writer.output.finish()))
}

struct Writer<'a> {
    settings: Settings,
    state: &'a State,
    output: Output,
    frames: Vec<Frame>,
}

impl Writer<'_> {
    /// Writes the next part of the innermost object or array, or its end.
    fn step(&mut self, context: &mut Context) -> JsResult<()> {
        let Some(frame) = self.frames.last_mut() else { return Ok(()) };
        let in_array = matches!(frame.parts, Parts::Elements(_));
        let Some(key) = frame.key() else {
            let empty = frame.empty;
            self.frames.pop();
            if !empty {
                self.indent();
            }
            self.output.byte(if in_array { b']' } else { b'}' });
            return Ok(());
        };
        frame.next += 1;
        let value = frame.get(&key, context)?;
        let holder = self.settings.replacer.is_some().then(|| frame.object.clone());
        let mut piece = self.piece(holder.as_ref(), &key, value, context)?;
        if matches!(piece, Piece::Nothing) {
            if !in_array {
                return Ok(());
            }
            piece = Piece::Literal("null");
        }
        if let Some(frame) = self.frames.last_mut() {
            let first = std::mem::replace(&mut frame.empty, false);
            if !first {
                self.output.byte(b',');
            }
        }
        self.indent();
        if !in_array {
            match &key {
                PropertyKey::String(name) => self.output.quoted(name.as_str()),
                key => self.output.bytes(format!("\"{key}\"").as_bytes()),
            }
            self.output.byte(b':');
            if !self.settings.gap.is_empty() {
                self.output.byte(b' ');
            }
        }
        self.write(piece, context)
    }

    /// A line end and the indentation of the current level, if there is a gap at all.
    fn indent(&mut self) {
        if self.settings.gap.is_empty() {
            return;
        }
        self.output.byte(b'\n');
        for _ in 0..self.frames.len() {
            self.output.text(self.settings.gap.as_str());
        }
    }

    /// What a value is to be written as, after `toJSON` and the replacer had their say.
    fn piece(
        &self,
        holder: Option<&JsObject>,
        key: &PropertyKey,
        value: JsValue,
        context: &mut Context,
    ) -> JsResult<Piece> {
        let mut value = value;
        if let Some(to_json) = self.to_json(&value, context)? {
            value = to_json.call(&value, &[key.clone().into()], context)?;
        }
        if let (Some(holder), Some(replacer)) = (holder, &self.settings.replacer) {
            value = replacer.call(&holder.clone().into(), &[key.clone().into(), value], context)?;
        }
        if let Some(object) = value.as_object() {
            if object.is_ordinary() || object.is_array() {
                return Ok(Piece::Container(object));
            }
            if let Some(raw) = raw::text_of(&object, context)? {
                return Ok(Piece::Raw(raw));
            }
            value = unboxed(&object, value, context)?;
        }
        Ok(match value.variant() {
            JsVariant::Null => Piece::Literal("null"),
            JsVariant::Boolean(true) => Piece::Literal("true"),
            JsVariant::Boolean(false) => Piece::Literal("false"),
            JsVariant::String(text) => Piece::String(text),
            JsVariant::Integer32(number) => Piece::Integer(number),
            JsVariant::Float64(number) if number.is_finite() => Piece::Number(number),
            JsVariant::Float64(_) => Piece::Literal("null"),
            JsVariant::BigInt(_) => {
                let message = format!(
                    "Do not know how to serialize a BigInt (property \"{key}\"); convert it with String() first"
                );
                return Err(JsNativeError::typ().with_message(message).into());
            }
            JsVariant::Object(object) if !object.is_callable() => Piece::Container(object),
            JsVariant::Object(_) | JsVariant::Undefined | JsVariant::Symbol(_) => Piece::Nothing,
        })
    }

    fn to_json(&self, value: &JsValue, context: &mut Context) -> JsResult<Option<JsObject>> {
        let name = js_string!("toJSON");
        let to_json = if let Some(object) = value.as_object() {
            object.get(PropertyKey::String(name), context)?
        } else if value.is_bigint() {
            // A getter must see the primitive as `this`.
            let boxed = value.to_object(context)?;
            let args = [boxed.into(), name.into(), value.clone()];
            self.state.reflect_get.call(&JsValue::undefined(), &args, context)?
        } else {
            return Ok(None);
        };
        Ok(to_json.as_callable())
    }

    fn write(&mut self, piece: Piece, context: &mut Context) -> JsResult<()> {
        match piece {
            Piece::Nothing => {}
            Piece::Literal(text) => self.output.bytes(text.as_bytes()),
            Piece::Integer(number) => self.output.bytes(number.to_string().as_bytes()),
            Piece::Number(number) => self.output.text(JsString::from(number).as_str()),
            Piece::String(text) => self.output.quoted(text.as_str()),
            Piece::Raw(text) => self.output.text(text.as_str()),
            Piece::Container(object) => self.open(object, context)?,
        }
        Ok(())
    }

    fn open(&mut self, object: JsObject, context: &mut Context) -> JsResult<()> {
        if self.frames.iter().any(|frame| JsObject::equals(&frame.object, &object)) {
            let message = format!("Converting circular structure to JSON: {} refers back", self.path());
            return Err(JsNativeError::typ().with_message(message).into());
        }
        if self.frames.len() >= MAX_DEPTH {
            let message = format!("JSON.stringify: objects and arrays nested deeper than {MAX_DEPTH} levels");
            return Err(JsNativeError::range().with_message(message).into());
        }
        let (parts, plain, bracket) = if is_array(&object, self.state, context)? {
            (Parts::Elements(array_length(&object, context)?), object.is_array(), b'[')
        } else {
            let keys = match &self.settings.only {
                Some(only) => only.clone(),
                None => keys(&object, self.state, context)?,
            };
            (Parts::Properties(keys), object.is_ordinary(), b'{')
        };
        self.output.byte(bracket);
        self.frames.push(Frame { object, parts, next: 0, plain, empty: true });
        Ok(())
    }

    /// The way to the part that is being written, such as `a.0.self`; its end where it is long.
    fn path(&self) -> String {
        const SHOWN: usize = 8;
        let frames = &self.frames[self.frames.len().saturating_sub(SHOWN)..];
        let mut path = if frames.len() < self.frames.len() { "…".to_owned() } else { String::new() };
        for frame in frames {
            let key = match &frame.parts {
                Parts::Elements(_) => Some(PropertyKey::from(frame.next.saturating_sub(1))),
                Parts::Properties(keys) => keys.get(frame.next.saturating_sub(1) as usize).cloned(),
            };
            if !path.is_empty() {
                path.push('.');
            }
            path.push_str(&key.map(|key| key.to_string()).unwrap_or_default());
        }
        path
    }
}

/// The primitive in a wrapper object; any other value as it is.
fn unboxed(object: &JsObject, value: JsValue, context: &mut Context) -> JsResult<JsValue> {
    if object.is::<f64>() {
        return Ok(value.to_number(context)?.into());
    }
    if object.is::<JsString>() {
        return Ok(value.to_string(context)?.into());
    }
    if let Some(boolean) = object.downcast_ref::<bool>() {
        return Ok(JsValue::from(*boolean));
    }
    if let Some(number) = object.downcast_ref::<JsBigInt>() {
        return Ok(JsValue::from(number.clone()));
    }
    Ok(value)
}

/// `Array.isArray(object)`
pub(super) fn is_array(object: &JsObject, state: &State, context: &mut Context) -> JsResult<bool> {
    if !object.is::<Proxy>() {
        return Ok(object.is_array());
    }
    let answer = state.array_is_array.call(&JsValue::undefined(), &[object.clone().into()], context)?;
    Ok(answer.to_boolean())
}

/// The length of an array or of a Proxy of one.
pub(super) fn array_length(object: &JsObject, context: &mut Context) -> JsResult<u64> {
    object.get(js_string!("length"), context)?.to_length(context)
}

/// The names of the own enumerable properties, in order, as `Object.keys(object)`.
pub(super) fn keys(object: &JsObject, state: &State, context: &mut Context) -> JsResult<Vec<PropertyKey>> {
    if object.is_ordinary() {
        return Ok(ordinary_keys(object));
    }
    let names = state.object_keys.call(&JsValue::undefined(), &[object.clone().into()], context)?;
    let Some(names) = names.as_object() else { return Ok(Vec::new()) };
    let mut keys = Vec::new();
    for index in 0..array_length(&names, context)? {
        let name = names.get(PropertyKey::from(index), context)?;
        keys.push(name.to_property_key(context)?);
    }
    Ok(keys)
}

fn ordinary_keys(object: &JsObject) -> Vec<PropertyKey> {
    let object = object.borrow();
    let properties = object.properties();
    let mut indices: Vec<u32> = properties.index_property_keys().collect();
    indices.sort_unstable();
    let mut keys: Vec<PropertyKey> = indices.into_iter().map(PropertyKey::from).collect();
    keys.extend(object.shape().keys());
    keys.retain(|key| {
        !matches!(key, PropertyKey::Symbol(_))
            && properties.get(key).is_some_and(|property| property.enumerable() == Some(true))
    });
    keys
}
