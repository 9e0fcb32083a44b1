//! `atob` and `btoa`, by <https://infra.spec.whatwg.org/#forgiving-base64>.

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use boa_engine::object::JsObject;
use boa_engine::{Context, JsResult, JsString, JsValue, NativeFunction};

use super::{Made, dom_exception};
use crate::js::convert::{arg, object, put, string};

const FORGIVING: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::RequireNone),
);

const INVALID: &str = "InvalidCharacterError";

type Native = fn(&JsValue, &[JsValue], &Made, &mut Context) -> JsResult<JsValue>;

pub(super) fn make(made: &Made, context: &mut Context) -> JsResult<JsObject> {
    let all = object(context);
    let functions: [(&str, Native); 2] = [("atob", atob), ("btoa", btoa)];
    for (name, native) in functions {
        let native = NativeFunction::from_copy_closure_with_captures(native, made.clone());
        let function = boa_engine::object::FunctionObjectBuilder::new(context.realm(), native);
        put(&all, name, function.name(JsString::from(name)).length(1).build());
    }
    Ok(all)
}

/// `atob(text)`: a string with a character for each byte
fn atob(_: &JsValue, args: &[JsValue], made: &Made, context: &mut Context) -> JsResult<JsValue> {
    let text = arg(args, 0).to_string(context)?.to_std_string_lossy();
    match decode(&text) {
        Some(bytes) => {
            Ok(JsString::from(bytes.iter().map(|&byte| char::from(byte)).collect::<String>()).into())
        }
        None => {
            Err(dom_exception(INVALID, "atob: the string is not correctly encoded as base64", made, context))
        }
    }
}

fn decode(text: &str) -> Option<Vec<u8>> {
    let mut text: Vec<u8> =
        text.bytes().filter(|b| !matches!(b, b'\t' | b'\n' | 0x0C | b'\r' | b' ')).collect();
    if text.len().is_multiple_of(4) {
        for _ in 0..2 {
            text.pop_if(|last| *last == b'=');
        }
    }
    FORGIVING.decode(text).ok()
}

/// `btoa(text)` for text whose characters are bytes
fn btoa(_: &JsValue, args: &[JsValue], made: &Made, context: &mut Context) -> JsResult<JsValue> {
    let text = arg(args, 0).to_string(context)?;
    let bytes: Option<Vec<u8>> = text.iter().map(|unit| u8::try_from(unit).ok()).collect();
    match bytes {
        Some(bytes) => Ok(string(&base64::prelude::BASE64_STANDARD.encode(bytes))),
        None => {
            let text = "btoa: the string has characters above U+00FF; encode it with TextEncoder or \
                        k6/encoding's b64encode";
            Err(dom_exception(INVALID, text, made, context))
        }
    }
}
