//! The globals `TextEncoder` and `TextDecoder` (WHATWG Encoding), for UTF-8 and UTF-16.

use boa_engine::class::{Class, ClassBuilder};
use boa_engine::object::builtins::JsUint8Array;
use boa_engine::object::{FunctionObjectBuilder, JsObject, Ref, RefMut};
use boa_engine::property::Attribute;
use boa_engine::{
    Context, Finalize, JsData, JsNativeError, JsResult, JsString, JsSymbol, JsValue, NativeFunction, Trace,
    js_string,
};

use crate::js::convert::{
    Native, arg, bytes_of, get, is_nullish, object, put, string, to_text, uint8_array, with_bytes_mut,
};

/// Defines the two globals.
pub fn install(context: &mut Context) -> JsResult<()> {
    context.register_global_class::<TextEncoder>()?;
    context.register_global_class::<TextDecoder>()
}

const HIDDEN: Attribute = Attribute::WRITABLE.union(Attribute::CONFIGURABLE);

fn getter(class: &mut ClassBuilder<'_>, name: &str, native: Native) {
    let realm = class.context().realm().clone();
    let getter = FunctionObjectBuilder::new(&realm, NativeFunction::from_fn_ptr(native));
    let getter = getter.name(JsString::from(format!("get {name}"))).build();
    let attributes = Attribute::ENUMERABLE | Attribute::CONFIGURABLE;
    class.accessor(JsString::from(name), Some(getter), None, attributes);
}

fn wrong_this(class: &str) -> JsNativeError {
    JsNativeError::typ().with_message(format!("this is a method of {class} objects only"))
}

/// Strings to UTF-8.
#[derive(Debug, Trace, Finalize, JsData)]
struct TextEncoder;

impl Class for TextEncoder {
    const NAME: &'static str = "TextEncoder";
    const ATTRIBUTES: Attribute = HIDDEN;

    fn init(class: &mut ClassBuilder<'_>) -> JsResult<()> {
        getter(class, "encoding", |_, _, _| Ok(string("utf-8")));
        class.method(js_string!("encode"), 0, NativeFunction::from_fn_ptr(encode));
        class.method(js_string!("encodeInto"), 2, NativeFunction::from_fn_ptr(encode_into));
        class.property(JsSymbol::to_string_tag(), js_string!(Self::NAME), Attribute::CONFIGURABLE);
        Ok(())
    }

    fn data_constructor(_: &JsValue, _: &[JsValue], _: &mut Context) -> JsResult<Self> {
        Ok(Self)
    }
}

/// `encode(text = '')`: a `Uint8Array`
fn encode(_: &JsValue, args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let text = arg(args, 0);
    let text = if text.is_undefined() { String::new() } else { to_text(&text, context)? };
    uint8_array(text.as_bytes(), context)
}

/// `encodeInto(text, array)`: as many whole characters as fit; `{ read, written }`, in code units and bytes
fn encode_into(_: &JsValue, args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let text = to_text(&arg(args, 0), context)?;
    let target = arg(args, 1).as_object();
    let target = target.filter(|target| JsUint8Array::from_object(target.clone()).is_ok());
    let written = target.and_then(|target| {
        with_bytes_mut(&target, context, |bytes| {
            let length = text.floor_char_boundary(bytes.len());
            bytes[..length].copy_from_slice(&text.as_bytes()[..length]);
            length
        })
    });
    let Some(written) = written else {
        return Err(JsNativeError::typ().with_message("encodeInto writes to a Uint8Array only").into());
    };
    let result = object(context);
    put(&result, "read", text[..written].encode_utf16().count());
    put(&result, "written", written);
    Ok(result.into())
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Encoding {
    Utf8,
    Utf16Le,
    Utf16Be,
}

impl Encoding {
    /// By its labels in the standard.
    fn of_label(label: &str) -> Option<Self> {
        let label = label.trim_matches(['\t', '\n', '\x0C', '\r', ' ']).to_ascii_lowercase();
        Some(match label.as_str() {
            "utf-8" | "utf8" | "unicode-1-1-utf-8" | "unicode11utf8" | "unicode20utf8"
            | "x-unicode20utf8" => Self::Utf8,
            "utf-16" | "utf-16le" | "csunicode" | "iso-10646-ucs-2" | "ucs-2" | "unicode" | "unicodefeff" => {
                Self::Utf16Le
            }
            "utf-16be" | "unicodefffe" => Self::Utf16Be,
            _ => return None,
        })
    }

    fn name(self) -> &'static str {
        match self {
            Self::Utf8 => "utf-8",
            Self::Utf16Le => "utf-16le",
            Self::Utf16Be => "utf-16be",
        }
    }
}

/// Bytes to strings.
#[derive(Debug, Trace, Finalize, JsData)]
#[boa_gc(unsafe_empty_trace)]
struct TextDecoder {
    encoding: Encoding,
    fatal: bool,
    ignore_bom: bool,
    /// Whether the last call said that more is to come.
    open: bool,
    /// The bytes of a character that is not complete.
    pending: Vec<u8>,
    /// Whether a byte-order mark can no longer come.
    past_bom: bool,
}

impl TextDecoder {
    fn new(encoding: Encoding, fatal: bool, ignore_bom: bool) -> Self {
        Self { encoding, fatal, ignore_bom, open: false, pending: Vec::new(), past_bom: false }
    }

    fn this(this: &JsValue) -> JsResult<JsObject> {
        let object = this.as_object().filter(|object| object.is::<Self>());
        Ok(object.ok_or_else(|| wrong_this("TextDecoder"))?)
    }

    /// Decodes the next bytes; `None` where they are wrong and the decoder is fatal.
    fn decode(&mut self, bytes: &[u8], more: bool) -> Option<String> {
        if !self.open {
            self.pending.clear();
            self.past_bom = false;
        }
        self.open = more;
        self.pending.extend_from_slice(bytes);
        let input = std::mem::take(&mut self.pending);
        let decoded = match self.encoding {
            Encoding::Utf8 => self.utf8(&input, more),
            Encoding::Utf16Le => self.utf16(&input, u16::from_le_bytes, more),
            Encoding::Utf16Be => self.utf16(&input, u16::from_be_bytes, more),
        };
        let Some(mut text) = decoded else {
            self.open = false;
            return None;
        };
        if !self.past_bom && !text.is_empty() {
            self.past_bom = true;
            if !self.ignore_bom && text.starts_with('\u{feff}') {
                text.remove(0);
            }
        }
        Some(text)
    }

    fn utf8(&mut self, input: &[u8], more: bool) -> Option<String> {
        let mut text = String::with_capacity(input.len());
        let mut rest = input;
        loop {
            let (valid, wrong) = match std::str::from_utf8(rest) {
                Ok(valid) => {
                    text.push_str(valid);
                    return Some(text);
                }
                Err(error) => (error.valid_up_to(), error.error_len()),
            };
            text.push_str(&String::from_utf8_lossy(&rest[..valid]));
            rest = &rest[valid..];
            match wrong {
                // The input ends within a character.
                None if more => {
                    self.pending = rest.to_vec();
                    return Some(text);
                }
                _ if self.fatal => return None,
                None => {
                    text.push('\u{fffd}');
                    return Some(text);
                }
                Some(length) => {
                    text.push('\u{fffd}');
                    rest = &rest[length..];
                }
            }
        }
    }

    fn utf16(&mut self, input: &[u8], unit: fn([u8; 2]) -> u16, more: bool) -> Option<String> {
        let (pairs, rest) = input.as_chunks::<2>();
        let mut units: Vec<u16> = pairs.iter().map(|&pair| unit(pair)).collect();
        let mut cut = rest.len();
        let is_leading = |unit: &u16| (0xD800..0xDC00).contains(unit);
        if more && units.last().is_some_and(is_leading) {
            units.pop();
            cut += 2;
        }
        if more {
            self.pending = input[input.len() - cut..].to_vec();
        }
        let ends_in_half = units.last().is_some_and(is_leading);
        let mut text = String::with_capacity(units.len());
        for character in char::decode_utf16(units) {
            match character {
                Err(_) if self.fatal => return None,
                character => text.push(character.unwrap_or('\u{fffd}')),
            }
        }
        if !more && !rest.is_empty() {
            if self.fatal {
                return None;
            }
            // The end of the input is one error, though half a pair of surrogates stands before the odd byte.
            if !ends_in_half {
                text.push('\u{fffd}');
            }
        }
        Some(text)
    }
}

impl Class for TextDecoder {
    const NAME: &'static str = "TextDecoder";
    const ATTRIBUTES: Attribute = HIDDEN;

    fn init(class: &mut ClassBuilder<'_>) -> JsResult<()> {
        getter(class, "encoding", |this, _, _| of(this, |decoder| string(decoder.encoding.name())));
        getter(class, "fatal", |this, _, _| of(this, |decoder| decoder.fatal.into()));
        getter(class, "ignoreBOM", |this, _, _| of(this, |decoder| decoder.ignore_bom.into()));
        class.method(js_string!("decode"), 0, NativeFunction::from_fn_ptr(decode));
        class.property(JsSymbol::to_string_tag(), js_string!(Self::NAME), Attribute::CONFIGURABLE);
        Ok(())
    }

    /// `new TextDecoder(label = 'utf-8', { fatal, ignoreBOM })`
    fn data_constructor(_: &JsValue, args: &[JsValue], context: &mut Context) -> JsResult<Self> {
        let label = arg(args, 0);
        let label = if label.is_undefined() { "utf-8".to_owned() } else { to_text(&label, context)? };
        let Some(encoding) = Encoding::of_label(&label) else {
            let message = format!(
                "TextDecoder does not know the encoding {label:?}, only utf-8, utf-16le and utf-16be"
            );
            return Err(JsNativeError::range().with_message(message).into());
        };
        let fatal = flag(&arg(args, 1), "fatal", context)?;
        let ignore_bom = flag(&arg(args, 1), "ignoreBOM", context)?;
        Ok(Self::new(encoding, fatal, ignore_bom))
    }
}

/// A member of an object of options; `false` where there is none.
fn flag(options: &JsValue, name: &str, context: &mut Context) -> JsResult<bool> {
    match options.as_object() {
        Some(options) => Ok(get(&options, name, context)?.to_boolean()),
        None => Ok(false),
    }
}

fn of(this: &JsValue, read: fn(&TextDecoder) -> JsValue) -> JsResult<JsValue> {
    let this = TextDecoder::this(this)?;
    let decoder: Option<Ref<'_, TextDecoder>> = this.downcast_ref();
    Ok(decoder.map(|decoder| read(&decoder)).unwrap_or_default())
}

/// `decode(bytes, { stream })`
fn decode(this: &JsValue, args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let this = TextDecoder::this(this)?;
    let input = arg(args, 0);
    let bytes = match bytes_of(&input, context) {
        Some(bytes) => bytes,
        None if is_nullish(&input) => Vec::new(),
        None => {
            let message = "TextDecoder.decode: the input must be an ArrayBuffer, a typed array or a DataView";
            return Err(JsNativeError::typ().with_message(message).into());
        }
    };
    let more = flag(&arg(args, 1), "stream", context)?;
    let decoder: Option<RefMut<'_, TextDecoder>> = this.downcast_mut();
    let Some(mut decoder) = decoder else { return Err(wrong_this("TextDecoder").into()) };
    match decoder.decode(&bytes, more) {
        Some(text) => Ok(string(&text)),
        None => {
            let message = format!("TextDecoder.decode: the bytes are not valid {}", decoder.encoding.name());
            Err(JsNativeError::typ().with_message(message).into())
        }
    }
}

#[cfg(test)]
mod tests {
    use boa_engine::Source;

    use super::*;

    #[test]
    fn every_cut_decodes_alike() {
        let text = "\u{feff}aé日😀z";
        let le: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let be: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
        for (encoding, bytes) in
            [(Encoding::Utf8, text.as_bytes()), (Encoding::Utf16Le, &le), (Encoding::Utf16Be, &be)]
        {
            for fatal in [false, true] {
                let mut decoder = TextDecoder::new(encoding, fatal, false);
                for (first, second) in (0..bytes.len()).flat_map(|a| (a..bytes.len()).map(move |b| (a, b))) {
                    let parts = [
                        decoder.decode(&bytes[..first], true),
                        decoder.decode(&bytes[first..second], true),
                        decoder.decode(&bytes[second..], false),
                    ];
                    let parts: Option<String> = parts.into_iter().collect();
                    assert_eq!(parts.as_deref(), Some("aé日😀z"), "{encoding:?} {first} {second}");
                }
            }
        }
    }

    #[test]
    fn wrong_bytes() {
        for (encoding, bytes, want) in [
            (Encoding::Utf8, &b"a\xffb\xe6\x97"[..], "a\u{fffd}b\u{fffd}"),
            (Encoding::Utf8, b"\xed\xa0\x80", "\u{fffd}\u{fffd}\u{fffd}"),
            (Encoding::Utf16Le, b"\x3d\xd8a\0", "\u{fffd}a"),
            (Encoding::Utf16Le, b"a\0b", "a\u{fffd}"),
            (Encoding::Utf16Be, b"\xd8\x3d", "\u{fffd}"),
            (Encoding::Utf16Be, b"\xd8\x3da", "\u{fffd}"),
            (Encoding::Utf16Be, b"\0b\xdc\x3da", "b\u{fffd}\u{fffd}"),
        ] {
            let text = TextDecoder::new(encoding, false, false).decode(bytes, false);
            assert_eq!(text.as_deref(), Some(want), "{bytes:?}");
            assert_eq!(TextDecoder::new(encoding, true, false).decode(bytes, false), None);
        }
    }

    #[test]
    fn from_scripts() {
        let context = &mut Context::default();
        install(context).unwrap();
        for (code, want) in [
            ("new TextEncoder().encode('é😀\\ud800').join()", "195,169,240,159,152,128,239,191,189"),
            ("new TextEncoder().encode().length + new TextEncoder().encoding", "0utf-8"),
            (
                "const a = new Uint8Array(4); JSON.stringify(new TextEncoder().encodeInto('aé😀', a.subarray(0, 4))) + a",
                "{\"read\":2,\"written\":3}97,195,169,0",
            ),
            ("String(new TextEncoder()) + new TextDecoder()", "[object TextEncoder][object TextDecoder]"),
            ("new TextDecoder().decode(new Uint8Array([0xef, 0xbb, 0xbf, 104, 105]))", "hi"),
            (
                "new TextDecoder('utf8', { ignoreBOM: true }).decode(new Uint8Array([0xef, 0xbb, 0xbf])).length",
                "1",
            ),
            (
                "const d = new TextDecoder(' UTF-16 ', { fatal: 1 }); [d.encoding, d.fatal, d.ignoreBOM, d.decode()].join()",
                "utf-16le,true,false,",
            ),
            ("new TextDecoder().decode(new DataView(new Uint8Array([65, 66, 67]).buffer, 1))", "BC"),
            (
                "new TextDecoder('latin1')",
                "RangeError: TextDecoder does not know the encoding \"latin1\", only utf-8, utf-16le and utf-16be",
            ),
            (
                "new TextDecoder('utf-8', { fatal: true }).decode(new Uint8Array([255]))",
                "TypeError: TextDecoder.decode: the bytes are not valid utf-8",
            ),
            (
                "new TextDecoder().decode('text')",
                "TypeError: TextDecoder.decode: the input must be an ArrayBuffer, a typed array or a DataView",
            ),
            (
                "TextDecoder.prototype.decode.call({})",
                "TypeError: this is a method of TextDecoder objects only",
            ),
        ] {
            let code = format!("(() => {{ try {{ return eval({code:?}) }} catch (e) {{ return e }} }})()");
            let got = context.eval(Source::from_bytes(&code)).unwrap();
            assert_eq!(to_text(&got, context).unwrap(), want, "{code}");
        }
    }
}
