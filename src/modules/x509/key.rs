//! Public keys.

use boa_engine::object::JsObject;
use boa_engine::{Context, JsBigInt, JsResult, JsValue};
use x509_parser::der_parser::der::parse_der_integer;
use x509_parser::public_key::PublicKey;
use x509_parser::x509::SubjectPublicKeyInfo;

use crate::js::convert::{object, put, string};
use crate::js::go_error;

/// A curve's OID, its name and its bits.
const CURVES: [(&str, &str, i32); 4] = [
    ("1.3.132.0.33", "P-224", 224),
    ("1.2.840.10045.3.1.7", "P-256", 256),
    ("1.3.132.0.34", "P-384", 384),
    ("1.3.132.0.35", "P-521", 521),
];

/// `{algorithm, key}`
///
/// # Errors
///
/// The key is none of RSA, ECDSA on one of NIST's curves, or DSA.
pub fn show(info: &SubjectPublicKeyInfo<'_>, context: &mut Context) -> JsResult<JsValue> {
    let shown = match info.parsed() {
        Ok(PublicKey::RSA(key)) => {
            let made = object(context);
            put(&made, "n", number(key.modulus));
            // An exponent is small; one that is not keeps its leading digits.
            put(&made, "e", number(key.exponent).to_f64());
            Some(("RSA", made))
        }
        Ok(PublicKey::EC(point)) => elliptic(info, point.data(), context).map(|key| ("ECDSA", key)),
        Ok(PublicKey::DSA(y)) => dsa(info, y, context).map(|key| ("DSA", key)),
        _ => None,
    };
    let Some((algorithm, key)) = shown else {
        return Err(go_error("unsupported public key algorithm", context));
    };
    let made = object(context);
    put(&made, "algorithm", string(algorithm));
    put(&made, "key", key);
    Ok(made.into())
}

/// The curve, and the coordinates of a point that is not compressed.
fn elliptic(info: &SubjectPublicKeyInfo<'_>, point: &[u8], context: &mut Context) -> Option<JsObject> {
    let curve = info.algorithm.parameters.as_ref()?.as_oid().ok()?.to_id_string();
    let (_, name, bits) = CURVES.iter().find(|(oid, ..)| *oid == curve)?;
    let coordinates = point.strip_prefix(&[4])?;
    let (x, y) = coordinates.split_at_checked(coordinates.len() / 2)?;
    let parameters = object(context);
    put(&parameters, "name", string(name));
    put(&parameters, "bit_size", *bits);
    let made = object(context);
    put(&made, "curve", parameters);
    put(&made, "x", number(x));
    put(&made, "y", number(y));
    Some(made)
}

/// `{parameters: {p, q, g}, y}`
fn dsa(info: &SubjectPublicKeyInfo<'_>, y: &[u8], context: &mut Context) -> Option<JsObject> {
    let mut rest = info.algorithm.parameters.as_ref()?.data;
    let parameters = object(context);
    for name in ["p", "q", "g"] {
        let (after, integer) = parse_der_integer(rest).ok()?;
        put(&parameters, name, number(integer.as_slice().ok()?));
        rest = after;
    }
    let made = object(context);
    put(&made, "parameters", parameters);
    put(&made, "y", number(y));
    Some(made)
}

/// A positive number from its bytes, the greatest first.
fn number(bytes: &[u8]) -> JsBigInt {
    JsBigInt::from_string_radix(&hex::encode(bytes), 16).unwrap_or_else(JsBigInt::zero)
}
