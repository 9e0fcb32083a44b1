//! `crypto.subtle`: its functions, and how their promises settle.

use boa_engine::object::JsObject;
use boa_engine::object::builtins::JsPromise;
use boa_engine::property::PropertyDescriptor;
use boa_engine::{Context, JsResult, JsSymbol, JsValue, js_string};

use super::arguments::{Given, bytes, hash};
use super::derive::{derive_bits, derive_key};
use super::encryption::{decrypt, encrypt};
use super::export::export_key;
use super::generate::generate_key;
use super::import::import_key;
use super::key::CryptoKey;
use super::pool;
use super::refusal::Rejection;
use super::signature::{sign, verify};
use super::work::{Output, Work};
use crate::js::convert::{Native, arg, array_buffer, object, object_of, put};
use crate::js::event_loop::Completion;
use crate::js::go_error;
use crate::vu::State;

/// The object.
pub fn object_of_functions(context: &mut Context) -> JsObject {
    let functions: [(&str, usize, Native); 12] = [
        ("decrypt", 3, |_, args, context| promised(decrypt, args, context)),
        ("deriveBits", 3, |_, args, context| promised(derive_bits, args, context)),
        ("deriveKey", 5, |_, args, context| promised(derive_key, args, context)),
        ("digest", 2, |_, args, context| promised(digest, args, context)),
        ("encrypt", 3, |_, args, context| promised(encrypt, args, context)),
        ("exportKey", 2, |_, args, context| promised(export_key, args, context)),
        ("generateKey", 3, |_, args, context| promised(generate_key, args, context)),
        ("importKey", 5, |_, args, context| promised(import_key, args, context)),
        ("sign", 3, |_, args, context| promised(sign, args, context)),
        ("unwrapKey", 7, |_, _, context| Err(go_error("not implemented", context))),
        ("verify", 4, |_, args, context| promised(verify, args, context)),
        ("wrapKey", 4, |_, _, context| Err(go_error("not implemented", context))),
    ];
    let subtle = object_of(&functions, context);
    let tag = PropertyDescriptor::builder().value(js_string!("SubtleCrypto"));
    subtle
        .insert_property(JsSymbol::to_string_tag(), tag.configurable(true).enumerable(false).writable(false));
    subtle
}

/// `digest(algorithm, data)`
fn digest(args: &[JsValue], context: &mut Context) -> Result<Work, Rejection> {
    let hash = hash(&Given::read(&arg(args, 0), context)?)?;
    let data = bytes(&arg(args, 1), "data", context)?;
    Ok(Work::short(move || Ok(Output::Bytes(hash.digest(&data)))))
}

/// Reads the arguments and copies what they point to, then computes: here, or on another thread.
fn promised(
    prepare: fn(&[JsValue], &mut Context) -> Result<Work, Rejection>,
    args: &[JsValue],
    context: &mut Context,
) -> JsResult<JsValue> {
    let (promise, resolvers) = JsPromise::new_pending(context);
    let settle = move |outcome: Result<Output, Rejection>, context: &mut Context| -> JsResult<()> {
        let shown = outcome.and_then(|output| Ok(show(output, context)?));
        let (function, value) = match shown {
            Ok(value) => (&resolvers.resolve, value),
            Err(rejection) => (&resolvers.reject, rejection.into_reason(context)?),
        };
        function.call(&JsValue::undefined(), &[value], context).map(drop)
    };
    let work = match prepare(args, context) {
        Ok(work) => work,
        Err(rejection) => {
            settle(Err(rejection), context)?;
            return Ok(promise.into());
        }
    };
    // In the init phase nobody is kept waiting, and a top-level await does not wait for other threads.
    let state = State::of(context).ok().filter(|state| work.is_long && !state.in_init());
    let Some(state) = state else {
        settle(work.run().map_err(Rejection::from), context)?;
        return Ok(promise.into());
    };
    state.event_loop().spawn(async move {
        let outcome = pool::compute(work).await;
        let done: Completion = Box::new(move |context| settle(outcome.map_err(Rejection::from), context));
        done
    });
    Ok(promise.into())
}

fn show(output: Output, context: &mut Context) -> JsResult<JsValue> {
    Ok(match output {
        Output::Bytes(bytes) => array_buffer(&bytes, context)?,
        Output::Verdict(verdict) => verdict.into(),
        Output::Key(key) => CryptoKey::object(*key, context)?.into(),
        Output::Pair { public, private } => {
            let pair = object(context);
            put(&pair, "privateKey", CryptoKey::object(*private, context)?);
            put(&pair, "publicKey", CryptoKey::object(*public, context)?);
            pair.into()
        }
        Output::Jwk(jwk) => jwk.object(context).into(),
    })
}
