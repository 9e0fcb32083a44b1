//! `JSON`, native.
//!
//! The engine's own `JSON.parse` compiles the text as a script: it is an order of magnitude slower,
//! keeps every string for ever and overflows the native stack on nested text. This one reads the
//! string's code units once, keeps nothing and works without recursion, and so does `JSON.stringify`.
//! Both follow ECMA-262, sections `JSON.parse`, `JSON.stringify` and `JSON.rawJSON`.

mod output;
mod parse;
mod raw;
mod revive;
mod scan;
mod state;
mod stringify;

#[cfg(test)]
mod tests;

use boa_engine::object::JsObject;
use boa_engine::property::PropertyKey;
use boa_engine::string::JsStrVariant;
use boa_engine::{Context, JsNativeError, JsResult, JsString, JsValue};

pub use scan::ParseError;

use self::parse::{Mode, Parsed, Parser};
use self::state::State;
use super::convert::{arg, function, get, put_hidden};
use super::garbage;

/// Replaces the functions of the global `JSON` with these.
///
/// Call it before any script runs: it keeps the engine's own `Object.keys` and others for itself.
pub fn install(context: &mut Context) -> JsResult<()> {
    State::install(context)?;
    let json = context.global_object();
    let json = get(&json, "JSON", context)?.to_object(context)?;
    let functions: [(&str, usize, super::convert::Native); 4] = [
        ("parse", 2, parse_native),
        ("stringify", 3, stringify::native),
        ("rawJSON", 1, raw::raw_json),
        ("isRawJSON", 1, raw::is_raw_json),
    ];
    for (name, length, native) in functions {
        let native = function(name, length, native, context);
        put_hidden(&json, name, native);
    }
    Ok(())
}

/// Parses JSON text for the host, as `JSON.parse(text)` does. A bad text is a `SyntaxError`.
pub fn parse_str(text: &str, context: &mut Context) -> JsResult<JsValue> {
    try_parse_str(text, context)?.map_err(|error| syntax_error(&error))
}

/// Parses JSON text for a host that words its own errors. The outer result fails only when the
/// engine cannot work.
pub fn try_parse_str(text: &str, context: &mut Context) -> JsResult<Result<JsValue, ParseError>> {
    let state = State::of(context)?;
    let parsed = Text::of(text).parse(Mode::Plain, &state, context);
    Ok(parsed.map(|parsed| parsed.value))
}

/// Parses JSON text; every object and array in the value is frozen.
pub fn parse_frozen(text: &str, context: &mut Context) -> JsResult<JsValue> {
    let state = State::of(context)?;
    let parsed = Text::of(text).parse(Mode::Frozen, &state, context).map_err(|error| syntax_error(&error))?;
    for object in parsed.frozen {
        // Its properties are read-only from the start; only new ones must be kept out.
        state.prevent_extensions.call(&JsValue::undefined(), &[object.into()], context)?;
    }
    Ok(parsed.value)
}

/// What `JSON.stringify(value)` gives; `None` where that is `undefined`.
pub fn stringify_value(value: &JsValue, context: &mut Context) -> JsResult<Option<String>> {
    let text = stringify::stringify(value.clone(), stringify::Settings::default(), context)?;
    Ok(text.map(|text| text.to_std_string_lossy()))
}

/// `Array.isArray(object)`, which sees through Proxies.
pub fn is_array(object: &JsObject, context: &mut Context) -> JsResult<bool> {
    let state = State::of(context)?;
    stringify::is_array(object, &state, context)
}

/// The names of an object's own enumerable properties in order, as `Object.keys(object)`.
pub fn own_keys(object: &JsObject, context: &mut Context) -> JsResult<Vec<PropertyKey>> {
    let state = State::of(context)?;
    stringify::keys(object, &state, context)
}

/// `JSON.parse(text, reviver)`
fn parse_native(_: &JsValue, args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let text = match args.first().and_then(JsValue::as_string) {
        Some(text) => text,
        None => arg(args, 0).to_string(context)?,
    };
    let state = State::of(context)?;
    let reviver = arg(args, 1).as_callable();
    let mode = if reviver.is_some() { Mode::Recorded } else { Mode::Plain };
    let parsed = Text::String(text.clone()).parse(mode, &state, context);
    let parsed = parsed.map_err(|error| syntax_error(&error))?;
    match reviver {
        Some(reviver) => revive::revive(parsed, &text, reviver, &state, context),
        None => Ok(parsed.value),
    }
}

fn syntax_error(error: &ParseError) -> boa_engine::JsError {
    JsNativeError::syntax().with_message(error.to_string()).into()
}

/// Text in one of the forms that the parser reads.
enum Text<'a> {
    Ascii(&'a [u8]),
    String(JsString),
}

impl<'a> Text<'a> {
    fn of(text: &'a str) -> Self {
        if text.is_ascii() { Self::Ascii(text.as_bytes()) } else { Self::String(JsString::from(text)) }
    }

    fn parse(&self, mode: Mode, state: &State, context: &mut Context) -> Result<Parsed, ParseError> {
        garbage::made(match self {
            Text::Ascii(units) => units.len(),
            Text::String(text) => text.len(),
        });
        let mut cache = state.cache.borrow_mut();
        match self {
            Text::Ascii(units) => Parser::new(units, mode, &mut cache, context).parse(),
            Text::String(text) => match text.as_str().variant() {
                JsStrVariant::Latin1(units) => Parser::new(units, mode, &mut cache, context).parse(),
                JsStrVariant::Utf16(units) => Parser::new(units, mode, &mut cache, context).parse(),
            },
        }
    }
}
