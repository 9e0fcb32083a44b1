//! `k6/crypto`: hashes, HMACs and random bytes.

use std::cell::RefCell;
use std::rc::Rc;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE, URL_SAFE_NO_PAD};
use boa_engine::object::FunctionObjectBuilder;
use boa_engine::{Context, Finalize, JsResult, JsString, JsValue, NativeFunction, Trace};
use hmac::{Hmac, Mac};
use rand::RngCore;
use sha2::Digest;

use super::encoding::input_bytes;
use crate::js::convert::{arg, array_buffer, function, is_nullish, object, put, string, to_text};
use crate::js::{Exports, go_error};

/// The algorithms, by k6's names; each is a function of the module, too.
const ALGORITHMS: [&str; 9] =
    ["md4", "md5", "sha1", "sha256", "sha384", "sha512", "sha512_224", "sha512_256", "ripemd160"];

/// The module's exports.
pub fn exports(context: &mut Context) -> JsResult<Exports> {
    let mut exports: Vec<(&'static str, JsValue)> = vec![
        ("createHash", function("createHash", 1, create_hash, context).into()),
        ("createHMAC", function("createHMAC", 2, create_hmac, context).into()),
        ("hmac", function("hmac", 4, hmac_of, context).into()),
        ("hexEncode", function("hexEncode", 1, hex_encode, context).into()),
        ("randomBytes", function("randomBytes", 1, random_bytes, context).into()),
    ];
    for name in ALGORITHMS {
        // `sha256(input, encoding)` and its like
        let hash = NativeFunction::from_copy_closure(move |_, args, context| {
            let Some(mut digest) = hash(name) else { return Err(unknown(name, context)) };
            digest.update(&input_bytes(&arg(args, 0), context)?);
            encoded(&digest.finish(), &arg(args, 1), context)
        });
        let hash = FunctionObjectBuilder::new(context.realm(), hash).name(JsString::from(name)).length(2);
        exports.push((name, hash.build().into()));
    }
    Ok(Exports::named(exports))
}

/// A hash or HMAC of the bytes so far.
trait Running {
    fn update(&mut self, bytes: &[u8]);
    /// The result so far; more bytes may follow.
    fn finish(&self) -> Vec<u8>;
}

struct Plain<D>(D);

impl<D: Digest + Clone> Running for Plain<D> {
    fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    fn finish(&self) -> Vec<u8> {
        self.0.clone().finalize().to_vec()
    }
}

struct Keyed<M>(M);

impl<M: Mac + Clone> Running for Keyed<M> {
    fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    fn finish(&self) -> Vec<u8> {
        self.0.clone().finalize().into_bytes().to_vec()
    }
}

/// `make!(D)` boxed, for the hash function `D` of a name.
macro_rules! by_name {
    ($name:expr, $make:ident) => {
        match $name {
            "md4" => Box::new($make!(md4::Md4)),
            "md5" => Box::new($make!(md5::Md5)),
            "sha1" => Box::new($make!(sha1::Sha1)),
            "sha256" => Box::new($make!(sha2::Sha256)),
            "sha384" => Box::new($make!(sha2::Sha384)),
            "sha512" => Box::new($make!(sha2::Sha512)),
            "sha512_224" => Box::new($make!(sha2::Sha512_224)),
            "sha512_256" => Box::new($make!(sha2::Sha512_256)),
            "ripemd160" => Box::new($make!(ripemd::Ripemd160)),
            _ => return None,
        }
    };
}

fn hash(algorithm: &str) -> Option<Box<dyn Running>> {
    macro_rules! make {
        ($digest:ty) => {
            Plain(<$digest>::new())
        };
    }
    Some(by_name!(algorithm, make))
}

fn keyed_hash(algorithm: &str, key: &[u8]) -> Option<Box<dyn Running>> {
    macro_rules! make {
        ($digest:ty) => {
            // An HMAC takes keys of any length.
            Keyed(<Hmac<$digest> as Mac>::new_from_slice(key).ok()?)
        };
    }
    Some(by_name!(algorithm, make))
}

fn unknown(algorithm: &str, context: &mut Context) -> boa_engine::JsError {
    go_error(format!("invalid algorithm: {algorithm}"), context)
}

/// `createHash(algorithm)`
fn create_hash(_: &JsValue, args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let algorithm = to_text(&arg(args, 0), context)?;
    match hash(&algorithm) {
        Some(running) => Ok(hasher(running, context)),
        None => Err(unknown(&algorithm, context)),
    }
}

/// `createHMAC(algorithm, key)`
fn create_hmac(_: &JsValue, args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let running = keyed(args, context)?;
    Ok(hasher(running, context))
}

/// `hmac(algorithm, key, input, encoding)`
fn hmac_of(_: &JsValue, args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    let mut running = keyed(args, context)?;
    running.update(&input_bytes(&arg(args, 2), context)?);
    encoded(&running.finish(), &arg(args, 3), context)
}

/// The HMAC of the first two arguments, algorithm and key.
fn keyed(args: &[JsValue], context: &mut Context) -> JsResult<Box<dyn Running>> {
    let algorithm = to_text(&arg(args, 0), context)?;
    let key = input_bytes(&arg(args, 1), context)?;
    keyed_hash(&algorithm, &key).ok_or_else(|| unknown(&algorithm, context))
}

/// What the functions of one hasher object share.
#[derive(Clone, Trace, Finalize)]
#[boa_gc(unsafe_empty_trace)]
struct Shared(Rc<RefCell<Box<dyn Running>>>);

/// The object `{ update(input), digest(encoding) }`; its functions work on their own, too.
fn hasher(running: Box<dyn Running>, context: &mut Context) -> JsValue {
    let shared = Shared(Rc::new(RefCell::new(running)));
    let update = NativeFunction::from_copy_closure_with_captures(
        |_, args, shared: &Shared, context| {
            let input = input_bytes(&arg(args, 0), context)?;
            shared.0.borrow_mut().update(&input);
            Ok(JsValue::undefined())
        },
        shared.clone(),
    );
    let digest = NativeFunction::from_copy_closure_with_captures(
        |_, args, shared: &Shared, context| {
            let bytes = shared.0.borrow().finish();
            encoded(&bytes, &arg(args, 0), context)
        },
        shared,
    );
    let hasher = object(context);
    for (name, native) in [("update", update), ("digest", digest)] {
        let function = FunctionObjectBuilder::new(context.realm(), native).name(JsString::from(name));
        put(&hasher, name, function.length(1).build());
    }
    hasher.into()
}

/// Bytes in the form that a script asks for.
fn encoded(bytes: &[u8], encoding: &JsValue, context: &mut Context) -> JsResult<JsValue> {
    let encoding = if is_nullish(encoding) { String::new() } else { to_text(encoding, context)? };
    Ok(match encoding.as_str() {
        "hex" => string(&hex::encode(bytes)),
        "base64" => string(&STANDARD.encode(bytes)),
        "base64url" => string(&URL_SAFE.encode(bytes)),
        "base64rawurl" => string(&URL_SAFE_NO_PAD.encode(bytes)),
        "binary" => return array_buffer(bytes, context),
        _ => return Err(go_error(format!("invalid output encoding: {encoding}"), context)),
    })
}

/// `hexEncode(text or bytes)`
fn hex_encode(_: &JsValue, args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    Ok(string(&hex::encode(input_bytes(&arg(args, 0), context)?)))
}

/// `randomBytes(count)`: an `ArrayBuffer`
fn random_bytes(_: &JsValue, args: &[JsValue], context: &mut Context) -> JsResult<JsValue> {
    // More than this and an engine could not hold the buffer.
    const MAX: f64 = 2_147_483_647.0;
    let count = arg(args, 0).to_number(context)?;
    if !(1.0..=MAX).contains(&count) {
        return Err(go_error("invalid size", context));
    }
    let mut bytes = vec![0; count as usize];
    rand::rng().fill_bytes(&mut bytes);
    array_buffer(&bytes, context)
}

#[cfg(test)]
mod tests {
    use boa_engine::Source;

    use super::*;
    use crate::js::error::register_go_error;

    #[test]
    fn known_answers() {
        let context = &mut Context::default();
        register_go_error(context);
        for (name, value) in exports(context).unwrap().named {
            put(&context.global_object(), &name.to_std_string_lossy(), value);
        }
        for (code, want) in [
            ("md4('hello', 'hex')", "866437cb7a794bce2b727acc0362ee27"),
            ("md5('hello', 'hex')", "5d41402abc4b2a76b9719d911017c592"),
            ("sha1('hello', 'hex')", "aaf4c61ddcc5e8a2dabede0f3b482cd9aea9434d"),
            ("sha256('hello', 'hex')", "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"),
            ("sha384('hello', 'hex').slice(0, 16)", "59e1748777448c69"),
            ("sha512('hello', 'hex').slice(0, 16)", "9b71d224bd62f378"),
            ("sha512_224('hello', 'hex')", "fe8509ed1fb7dcefc27e6ac1a80eddbec4cb3d2c6fe565244374061c"),
            ("sha512_256('hello', 'hex').slice(0, 16)", "e30d87cfa2a75db5"),
            ("ripemd160('hello', 'hex')", "108f07b8382412612c048d07d13f814118445acd"),
            ("sha256('é', 'hex') === sha256(new Uint8Array([0xc3, 0xa9]), 'hex')", "true"),
            ("md5('hello', 'base64')", "XUFAKrxLKna5cZ2REBfFkg=="),
            (
                "sha1('1', 'base64url') + sha1('1', 'base64rawurl')",
                "NWoZK3kTsExUV00Ywo1G5jlUKKs=NWoZK3kTsExUV00Ywo1G5jlUKKs",
            ),
            ("new Uint8Array(md5('hello', 'binary'))[0]", "93"),
            (
                "hmac('sha256', 'key', 'hello', 'hex')",
                "9307b3b915efb5171ff14d8cb55fbcc798c6c0ef1456d66ded1a6aa723a58b7b",
            ),
            ("hexEncode('hi') + hexEncode(new Uint8Array([255]).buffer)", "6869ff"),
            (
                "const { update, digest } = createHash('md5'); update('hel'); digest('hex'); update('lo'); digest('hex')",
                "5d41402abc4b2a76b9719d911017c592",
            ),
            (
                "const h = createHMAC('sha1', 'k'); h.update('a'); h.digest('hex') === hmac('sha1', 'k', 'a', 'hex')",
                "true",
            ),
            ("randomBytes(16).byteLength", "16"),
            ("randomBytes(0)", "GoError: invalid size"),
            ("randomBytes()", "GoError: invalid size"),
            ("md5('a', 'utf8')", "GoError: invalid output encoding: utf8"),
            ("md5('a')", "GoError: invalid output encoding: "),
            ("hmac('sha3', 'k', 'a', 'hex')", "GoError: invalid algorithm: sha3"),
            ("createHash('crc')", "GoError: invalid algorithm: crc"),
            ("md5(12, 'hex')", "GoError: invalid type number, expected a string or an ArrayBuffer"),
        ] {
            let code = format!("(() => {{ try {{ return eval({code:?}) }} catch (e) {{ return e }} }})()");
            let got = context.eval(Source::from_bytes(&code)).unwrap();
            assert_eq!(to_text(&got, context).unwrap(), want, "{code}");
        }
    }
}
