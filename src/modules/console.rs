//! The global `console`: `log`, `debug`, `info`, `warn` and `error`.
//!
//! Values are shown on one line, as k6 shows them: strings as they are, objects as
//! `{ a: 1, b: "x", c: [ 1, null ] }`.

use boa_engine::builtins::error::Error;
use boa_engine::object::JsObject;
use boa_engine::object::builtins::{JsArrayBuffer, JsTypedArray};
use boa_engine::property::PropertyKey;
use boa_engine::value::PreferredType;
use boa_engine::{Context, JsError, JsResult, JsString, JsValue, JsVariant, js_string};

use crate::js::convert::{Native, object_of, put_hidden, to_text};
use crate::js::json::{is_array, own_keys};
use crate::log::{self, Level};
use crate::vu::State;

/// Objects within each other that are shown.
const MAX_DEPTH: usize = 100;

/// Bytes of one value's text, after which the rest is cut: a shared part may show up any number of times.
const MAX_TEXT: usize = 1 << 20;

/// Defines the global `console`.
pub fn install(context: &mut Context) {
    let methods: [(&str, usize, Native); 5] = [
        ("log", 0, |_, args, context| print(Level::Info, "log", args, context)),
        ("debug", 0, |_, args, context| print(Level::Debug, "debug", args, context)),
        ("info", 0, |_, args, context| print(Level::Info, "info", args, context)),
        ("warn", 0, |_, args, context| print(Level::Warn, "warning", args, context)),
        ("error", 0, |_, args, context| print(Level::Error, "error", args, context)),
    ];
    let console = object_of(&methods, context);
    put_hidden(&context.global_object(), "console", console);
}

/// `kind` is what debuggers call the method.
fn print(level: Level, kind: &str, args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let text = format(args, context)?;
    write(level, &text, context);
    crate::js::debug::console(kind, args, context);
    Ok(JsValue::undefined())
}

/// Hands a line to where console output goes.
///
/// `--console-output` takes what VUs say; init code stays in the log.
fn write(level: Level, text: &str, context: &mut Context) {
    let state = State::of(context).ok().filter(|state| !state.in_init());
    match state.as_ref().and_then(|state| state.test.console()) {
        Some(file) if log::enabled(level) => file.write(level, text, &[]),
        Some(_) => {}
        None => log::emit(level, text, &[("source", "console")]),
    }
}

/// The arguments of one call as a line. Fails only when the script is being stopped.
pub fn format(args: &[JsValue], context: &mut Context) -> JsResult<String> {
    let mut line = String::new();
    for (index, value) in args.iter().enumerate() {
        if index > 0 {
            line.push(' ');
        }
        match value.variant() {
            JsVariant::Undefined => line.push_str("undefined"),
            JsVariant::String(text) => line.push_str(&text.to_std_string_lossy()),
            _ => {
                let mut shown = Shown { text: String::new(), within: Vec::new() };
                shown.value(value, context)?;
                line.push_str(&shown.text);
            }
        }
    }
    Ok(line)
}

/// A value's text under construction.
struct Shown {
    text: String,
    /// The objects that the current one is part of.
    within: Vec<JsObject>,
}

impl Shown {
    fn value(&mut self, value: &JsValue, context: &mut Context) -> JsResult<()> {
        match value.variant() {
            JsVariant::Undefined | JsVariant::Null => self.text.push_str("null"),
            JsVariant::String(text) => self.quoted(&text),
            JsVariant::Symbol(symbol) => {
                let description = symbol.description().unwrap_or_default();
                self.text.push_str(&description.to_std_string_lossy());
            }
            JsVariant::Object(object) => return self.object(&object, context),
            JsVariant::Boolean(_)
            | JsVariant::BigInt(_)
            | JsVariant::Integer32(_)
            | JsVariant::Float64(_) => self.text.push_str(&to_text(value, context)?),
        }
        Ok(())
    }

    fn quoted(&mut self, text: &JsString) {
        let text = text.to_std_string_lossy();
        // A string always has a JSON form.
        self.text.push_str(&serde_json::to_string(&text).unwrap_or_default());
    }

    fn object(&mut self, object: &JsObject, context: &mut Context) -> JsResult<()> {
        if object.is_callable() {
            self.text.push_str("[object Function]");
        } else if object.is::<Error>() {
            let shown = to_text(&object.clone().into(), context);
            self.text.push_str(&caught(shown, context)?);
        } else if self.within.iter().any(|outer| JsObject::equals(outer, object)) {
            self.text.push_str("[Circular]");
        } else if self.within.len() >= MAX_DEPTH {
            self.text.push_str("[Object]");
        } else {
            self.within.push(object.clone());
            let done = self.parts(object, context);
            self.within.pop();
            if let Err(error) = done {
                // A Proxy's trap or a `toJSON` threw.
                let shown = caught(Err(error), context)?;
                self.text.push_str(&shown);
            }
        }
        Ok(())
    }

    fn parts(&mut self, object: &JsObject, context: &mut Context) -> JsResult<()> {
        if let Ok(buffer) = JsArrayBuffer::from_object(object.clone()) {
            self.array_buffer(&buffer);
            return Ok(());
        }
        if let Ok(typed) = JsTypedArray::from_object(object.clone()) {
            let kind = typed.kind().map(|kind| format!("{kind:?}Array")).unwrap_or_default();
            let length = typed.length(context)?;
            self.text.push_str(&format!("{kind}({length}) "));
            return self.elements(object, length as u64, context);
        }
        if is_array(object, context)? {
            let length = object.get(js_string!("length"), context)?.to_length(context)?;
            return self.elements(object, length, context);
        }
        if object.is::<f64>() || object.is::<JsString>() || object.is::<bool>() {
            let inner = JsValue::from(object.clone()).to_primitive(context, PreferredType::Default)?;
            return self.value(&inner, context);
        }
        if let Some(to_json) = object.get(js_string!("toJSON"), context)?.as_callable() {
            let value = to_json.call(&object.clone().into(), &[js_string!("").into()], context)?;
            return match value.as_object() {
                Some(inner) if JsObject::equals(&inner, object) => self.properties(object, context),
                _ => self.value(&value, context),
            };
        }
        self.properties(object, context)
    }

    fn elements(&mut self, object: &JsObject, length: u64, context: &mut Context) -> JsResult<()> {
        if length == 0 {
            self.text.push_str("[]");
            return Ok(());
        }
        self.text.push('[');
        for index in 0..length {
            if !self.separate(index > 0) {
                break;
            }
            self.property(object, PropertyKey::from(index), context)?;
        }
        self.text.push_str(" ]");
        Ok(())
    }

    fn properties(&mut self, object: &JsObject, context: &mut Context) -> JsResult<()> {
        let keys = own_keys(object, context)?;
        if keys.is_empty() {
            self.text.push_str("{}");
            return Ok(());
        }
        self.text.push('{');
        for (index, key) in keys.into_iter().enumerate() {
            if !self.separate(index > 0) {
                break;
            }
            match &key {
                PropertyKey::String(name) => self.text.push_str(&name.to_std_string_lossy()),
                key => self.text.push_str(&key.to_string()),
            }
            self.text.push_str(": ");
            self.property(object, key, context)?;
        }
        self.text.push_str(" }");
        Ok(())
    }

    /// The way to the next part; `false` when the text is long enough.
    fn separate(&mut self, comma: bool) -> bool {
        self.text.push_str(if comma { ", " } else { " " });
        let goes_on = self.text.len() < MAX_TEXT;
        if !goes_on {
            self.text.push('…');
        }
        goes_on
    }

    fn property(&mut self, object: &JsObject, key: PropertyKey, context: &mut Context) -> JsResult<()> {
        match object.get(key, context) {
            Ok(value) => self.value(&value, context),
            Err(error) => {
                let shown = caught(Err(error), context)?;
                self.text.push_str(&shown);
                Ok(())
            }
        }
    }

    fn array_buffer(&mut self, buffer: &JsArrayBuffer) {
        let data = buffer.data();
        let bytes = data.as_deref().unwrap_or_default();
        let digits: Vec<_> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        let (digits, length) = (digits.join(" "), bytes.len());
        self.text.push_str(&format!("ArrayBuffer {{ [Uint8Contents]: <{digits}>, byteLength: {length} }}"));
    }
}

/// What stands for a part that threw. An error that scripts cannot catch goes on its way.
fn caught(shown: JsResult<String>, context: &mut Context) -> JsResult<String> {
    let error: JsError = match shown {
        Ok(text) => return Ok(text),
        Err(error) => error,
    };
    let thrown = error.into_opaque(context)?;
    let text = to_text(&thrown, context);
    Ok(format!("[threw {}]", text.unwrap_or_else(|_| "an error".to_owned())))
}

#[cfg(test)]
mod tests {
    use boa_engine::Source;

    use super::*;

    /// What `console.log(...args)` prints.
    fn shown(args: &str) -> String {
        let context = &mut Context::default();
        let args = context.eval(Source::from_bytes(&format!("[{args}]"))).unwrap().as_object().unwrap();
        let length = args.get(js_string!("length"), context).unwrap().to_length(context).unwrap();
        let args: Vec<_> = (0..length).map(|index| args.get(index, context).unwrap()).collect();
        format(&args, context).unwrap()
    }

    #[test]
    fn as_k6_shows_them() {
        for (args, want) in [
            (
                r#""plain", 1, true, null, undefined, { a: 1, n: { b: [1, 2] } }, [1, "x"], new Date(0), /re/g, () => 1, Symbol("s"), 1n, NaN, new Error("e1"), new Map([[1, 2]]), new Set([1]), new Uint8Array([1, 2])"#,
                r#"plain 1 true null undefined { a: 1, n: { b: [ 1, 2 ] } } [ 1, "x" ] "1970-01-01T00:00:00.000Z" {} [object Function] s 1 NaN Error: e1 {} {} Uint8Array(2) [ 1, 2 ]"#,
            ),
            ("", ""),
            (r#""%s is %d", "fmt", 5"#, "%s is %d fmt 5"),
            (
                r#"{ a: undefined, b: [null, undefined, , "q\"\n"] }"#,
                r#"{ a: null, b: [ null, null, null, "q\"\n" ] }"#,
            ),
            ("{}, [], [[]], -0, { z: -0, 1: 2 }", "{} [] [ [] ] 0 { 1: 2, z: 0 }"),
            ("new Uint8Array([1, 2]).buffer", "ArrayBuffer { [Uint8Contents]: <01 02>, byteLength: 2 }"),
            ("new Uint8Array(), new Float64Array([1.5])", "Uint8Array(0) [] Float64Array(1) [ 1.5 ]"),
            ("Promise.resolve(), new (class A { x = 1 })", "{} { x: 1 }"),
            ("new String('s'), Object(2), new Date(NaN)", "\"s\" 2 null"),
            ("{ e: new TypeError('t'), f() {}, [Symbol()]: 1 }", "{ e: TypeError: t, f: [object Function] }"),
            ("new Proxy([1, { a: 2 }], {})", "[ 1, { a: 2 } ]"),
            (
                "{ toJSON() { return { b: 1 } } }, { a: 1, toJSON() { return this } }",
                "{ b: 1 } { a: 1, toJSON: [object Function] }",
            ),
        ] {
            assert_eq!(shown(args), want, "{args}");
        }
    }

    #[test]
    fn whatever_happens() {
        for (args, want) in [
            ("(() => { const a = { b: [] }; a.b.push(a); return a })()", "{ b: [ [Circular] ] }"),
            ("(() => { const s = { v: 1 }; return [s, s] })()", "[ { v: 1 }, { v: 1 } ]"),
            ("{ get a() { throw new Error('no') }, b: 1 }", "{ a: [threw Error: no], b: 1 }"),
            ("{ a: { toJSON() { throw 'x' } } }", "{ a: [threw x] }"),
            ("new Proxy({}, { ownKeys() { throw new TypeError('trap') } })", "[threw TypeError: trap]"),
            (
                "Object.assign(new Error('x'), { toString() { throw { toString() { throw 1 } } } })",
                "[threw an error]",
            ),
        ] {
            assert_eq!(shown(args), want, "{args}");
        }
        let deep = shown("(() => { let o = {}; for (let i = 0; i < 1e4; i++) o = [o]; return o })()");
        assert!(deep.contains("[ [Object] ]"));
        let wide = shown("(() => { let o = [1]; for (let i = 0; i < 40; i++) o = [o, o]; return o })()");
        assert!(wide.len() < 2 * MAX_TEXT && wide.contains('…'));
        assert!(shown("new Array(4e9)").len() < 2 * MAX_TEXT);
    }
}
