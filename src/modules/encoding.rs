//! `k6/encoding`: Base64.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use boa_engine::{Context, JsResult, JsValue};

use crate::js::convert::{arg, array_buffer, function, is_nullish, string, text_or_bytes, to_text};
use crate::js::{Exports, go_error};

/// The module's exports.
pub fn exports(context: &mut Context) -> JsResult<Exports> {
    Ok(Exports::named([
        ("b64encode", function("b64encode", 3, b64encode, context).into()),
        ("b64decode", function("b64decode", 3, b64decode, context).into()),
    ]))
}

/// `b64encode(text or bytes, variant = 'std')`
fn b64encode(_: &JsValue, args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let input = input_bytes(&arg(args, 0), context)?;
    let variant = Variant::of(&arg(args, 1), context)?;
    Ok(string(&variant.encode(&input)))
}

/// `b64decode(text, variant = 'std', format)`: an `ArrayBuffer`, or a string for the format `s`.
fn b64decode(_: &JsValue, args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let text = to_text(&arg(args, 0), context)?;
    let variant = Variant::of(&arg(args, 1), context)?;
    let format = to_text(&arg(args, 2), context)?;
    match variant.decode(text.as_bytes()) {
        Ok(bytes) if format == "s" => Ok(string(&String::from_utf8_lossy(&bytes))),
        Ok(bytes) => array_buffer(&bytes, context),
        Err(at) => Err(go_error(format!("illegal base64 data at input byte {at}"), context)),
    }
}

/// The bytes of an argument that must be text or binary data.
pub(super) fn input_bytes(value: &JsValue, context: &mut Context) -> JsResult<Vec<u8>> {
    match text_or_bytes(value, context) {
        Some(bytes) => Ok(bytes),
        None => {
            let message = format!("invalid type {}, expected a string or an ArrayBuffer", value.type_of());
            Err(go_error(message, context))
        }
    }
}

/// An alphabet, with or without padding.
#[derive(Clone, Copy)]
struct Variant {
    url: bool,
    padded: bool,
}

impl Variant {
    /// By k6's names; unknown ones mean `std`.
    fn of(name: &JsValue, context: &mut Context) -> JsResult<Self> {
        let name = if is_nullish(name) { String::new() } else { to_text(name, context)? };
        Ok(match name.as_str() {
            "rawstd" => Self { url: false, padded: false },
            "url" => Self { url: true, padded: true },
            "rawurl" => Self { url: true, padded: false },
            _ => Self { url: false, padded: true },
        })
    }

    fn encode(self, bytes: &[u8]) -> String {
        match (self.url, self.padded) {
            (false, true) => STANDARD.encode(bytes),
            (false, false) => STANDARD_NO_PAD.encode(bytes),
            (true, true) => URL_SAFE.encode(bytes),
            (true, false) => URL_SAFE_NO_PAD.encode(bytes),
        }
    }

    fn digit(self, byte: u8) -> Option<u32> {
        Some(match byte {
            b'A'..=b'Z' => u32::from(byte - b'A'),
            b'a'..=b'z' => u32::from(byte - b'a') + 26,
            b'0'..=b'9' => u32::from(byte - b'0') + 52,
            b'+' if !self.url => 62,
            b'/' if !self.url => 63,
            b'-' if self.url => 62,
            b'_' if self.url => 63,
            _ => return None,
        })
    }

    /// Decodes as Go does: line ends are skipped, and an error is the place that Go would name.
    fn decode(self, text: &[u8]) -> Result<Vec<u8>, usize> {
        let mut bytes = Vec::with_capacity(text.len() / 4 * 3 + 3);
        let mut at = 0;
        let (mut group, mut digits) = (0, 0);
        while let Some(&byte) = text.get(at) {
            at += 1;
            match self.digit(byte) {
                Some(digit) => {
                    group = group << 6 | digit;
                    digits += 1;
                }
                None if is_line_end(byte) => {}
                None if byte == b'=' && self.padded => {
                    end_of_padding(text, at, digits)?;
                    push_group(&mut bytes, group, digits);
                    return Ok(bytes);
                }
                None => return Err(at - 1),
            }
            if digits == 4 {
                push_group(&mut bytes, group, digits);
                (group, digits) = (0, 0);
            }
        }
        if digits == 1 || digits > 0 && self.padded {
            return Err(at - digits);
        }
        push_group(&mut bytes, group, digits);
        Ok(bytes)
    }
}

/// Checks what follows the first `=`, which is before `at` and after so many digits of its group.
fn end_of_padding(text: &[u8], at: usize, digits: usize) -> Result<(), usize> {
    let skip_line_ends = |at: usize| at + text[at..].iter().take_while(|&&byte| is_line_end(byte)).count();
    let mut end = at;
    match digits {
        0 | 1 => return Err(at - 1),
        2 => {
            end = skip_line_ends(end);
            match text.get(end) {
                None => return Err(end),
                Some(b'=') => end += 1,
                Some(_) => return Err(end - 1),
            }
        }
        _ => {}
    }
    end = skip_line_ends(end);
    if end < text.len() { Err(end) } else { Ok(()) }
}

fn is_line_end(byte: u8) -> bool {
    matches!(byte, b'\n' | b'\r')
}

/// Appends the whole bytes among so many digits of a group.
fn push_group(bytes: &mut Vec<u8>, group: u32, digits: usize) {
    let whole = (digits * 6 / 8).min(3);
    let group = group << (6 * (4 - digits));
    bytes.extend_from_slice(&group.to_be_bytes()[1..1 + whole]);
}

#[cfg(test)]
mod tests {
    use super::*;

    const STD: Variant = Variant { url: false, padded: true };
    const RAW: Variant = Variant { url: false, padded: false };
    const URL: Variant = Variant { url: true, padded: true };

    #[test]
    fn places_of_errors_are_those_of_go() {
        for (variant, text, want) in [
            (STD, "", Ok("")),
            (STD, "aGVsbG8=", Ok("hello")),
            (STD, "aGVs\r\nbG8=\n", Ok("hello")),
            (STD, "aGVsbA==", Ok("hell")),
            (RAW, "aGVsbA", Ok("hell")),
            (STD, "Pj4+Pz8/", Ok(">>>???")),
            (URL, "Pj4-Pz8_", Ok(">>>???")),
            (URL, "Pj4+", Err(3)),
            (STD, "aGVsbA", Err(4)),
            (STD, "aGVsbA=", Err(7)),
            (STD, "aGVsbA=x", Err(6)),
            (STD, "aGVsbG8=x", Err(8)),
            (STD, "=", Err(0)),
            (STD, "a===", Err(1)),
            (RAW, "aGVsbA==", Err(6)),
            (RAW, "a", Err(0)),
            (STD, "a*Vs", Err(1)),
            (STD, "hello world", Err(5)),
            (STD, "é", Err(0)),
        ] {
            let got = variant.decode(text.as_bytes());
            assert_eq!(got, want.map(|text: &str| text.as_bytes().to_vec()), "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn round_trip(bytes: Vec<u8>, url: bool, padded: bool) {
            let variant = Variant { url, padded };
            let text = variant.encode(&bytes);
            proptest::prop_assert_eq!(variant.decode(text.as_bytes()), Ok(bytes));
        }
    }
}
