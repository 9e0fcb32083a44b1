//! `crypto.getRandomValues` and `crypto.randomUUID`.

use boa_engine::builtins::typed_array::TypedArrayKind;
use boa_engine::object::builtins::JsTypedArray;
use boa_engine::{Context, JsNativeError, JsResult, JsValue};
use rand::RngCore;

use super::refusal::named_error;
use crate::js::convert::{Native, arg, string, with_bytes_mut};

/// The most bytes that one call of `getRandomValues` fills.
const QUOTA: usize = 65_536;

pub const FUNCTIONS: [(&str, usize, Native); 2] =
    [("getRandomValues", 1, get_random_values), ("randomUUID", 0, random_uuid)];

/// `getRandomValues(array)`: the same array, filled
fn get_random_values(_: &JsValue, args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let view = arg(args, 0).as_object();
    let typed = view.and_then(|view| JsTypedArray::from_object(view).ok());
    let is_float = |kind| matches!(kind, TypedArrayKind::Float32 | TypedArrayKind::Float64);
    let Some(typed) = typed.filter(|typed| !typed.kind().is_some_and(is_float)) else {
        let message = "crypto.getRandomValues fills typed arrays of integers only";
        return Err(named_error("TypeMismatchError", message, context));
    };
    let length = typed.byte_length(context)?;
    if length > QUOTA {
        let message = format!("crypto.getRandomValues fills at most {QUOTA} bytes a call, not {length}");
        return Err(named_error("QuotaExceededError", &message, context));
    }
    let filled = with_bytes_mut(&typed, context, |bytes| rand::rng().fill_bytes(bytes));
    match filled {
        Some(()) => Ok(typed.into()),
        None => Err(JsNativeError::typ()
            .with_message("crypto.getRandomValues: the array's buffer is detached or shared")
            .into()),
    }
}

/// `randomUUID()`: a version 4 UUID
fn random_uuid(_: &JsValue, _: &[JsValue], _: &mut Context) -> JsResult<JsValue> {
    let mut bytes = [0; 16];
    rand::rng().fill_bytes(&mut bytes);
    bytes[6] = bytes[6] & 0x0F | 0x40;
    bytes[8] = bytes[8] & 0x3F | 0x80;
    let digits = hex::encode(bytes);
    let parts = [&digits[..8], &digits[8..12], &digits[12..16], &digits[16..20], &digits[20..]];
    Ok(string(&parts.join("-")))
}

#[cfg(test)]
mod tests {
    use boa_engine::Source;

    use super::*;
    use crate::js::convert::to_text;
    use crate::js::error::register_go_error;

    #[test]
    fn from_scripts() {
        let context = &mut Context::default();
        register_go_error(context);
        super::super::install(context).unwrap();
        for (code, want) in [
            (
                "/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.test(crypto.randomUUID())",
                "true",
            ),
            ("crypto.randomUUID() === crypto.randomUUID()", "false"),
            (
                "const a = new Uint8Array(64); const b = a.subarray(8, 56); crypto.getRandomValues(b) === b && b.some(x => x) && !a[0] && !a[63]",
                "true",
            ),
            ("crypto.getRandomValues(new BigUint64Array(8192)).length", "8192"),
            (
                "crypto.getRandomValues(new Uint8Array(65537))",
                "QuotaExceededError: crypto.getRandomValues fills at most 65536 bytes a call, not 65537",
            ),
            (
                "crypto.getRandomValues(new Float64Array(1))",
                "TypeMismatchError: crypto.getRandomValues fills typed arrays of integers only",
            ),
            (
                "crypto.getRandomValues()",
                "TypeMismatchError: crypto.getRandomValues fills typed arrays of integers only",
            ),
            ("Object.keys(crypto) + crypto", "getRandomValues,randomUUID,subtle[object Crypto]"),
        ] {
            let code = format!("(() => {{ try {{ return eval({code:?}) }} catch (e) {{ return e }} }})()");
            let got = context.eval(Source::from_bytes(&code)).unwrap();
            assert_eq!(to_text(&got, context).unwrap(), want, "{code}");
        }
    }
}
