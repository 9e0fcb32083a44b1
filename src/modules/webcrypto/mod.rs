//! The global `crypto` (Web Cryptography API): random values, UUIDs and `crypto.subtle`.
//!
//! A call of `crypto.subtle` reads its arguments ([`arguments`]), which gives a [`work::Work`] that knows
//! nothing of the engine, and settles a promise with what that computes.

mod aes; // AES-CBC, AES-CTR
mod algorithm; // the algorithms by name
mod arguments; // what calls are given
mod curve; // ECDSA, ECDH
mod derive; // deriveBits, deriveKey
mod encryption; // encrypt, decrypt
mod export; // exportKey
mod format; // raw, spki, pkcs8, jwk
mod gcm; // AES-GCM
mod generate; // generateKey
mod hash; // SHA, HMAC, PBKDF2
mod import; // importKey
mod jwk; // JSON Web Keys
mod key; // CryptoKey
mod oaep; // RSA-OAEP
mod pool; // threads for long computations
mod random; // getRandomValues, randomUUID
mod refusal; // errors
mod rsa_key; // RSA keys and their forms
mod rsa_signature; // RSASSA-PKCS1-v1_5, RSA-PSS
mod signature; // sign, verify
mod subtle; // the object
mod usage; // what keys are for
mod work; // what calls compute

#[cfg(test)]
mod tests;

use boa_engine::property::PropertyDescriptor;
use boa_engine::{Context, JsResult, JsSymbol, js_string};

use crate::js::convert::{object_of, put, put_hidden};
use key::CryptoKey;

/// Defines the global `crypto`.
pub fn install(context: &mut Context) -> JsResult<()> {
    let crypto = object_of(&random::FUNCTIONS, context);
    let subtle = subtle::object_of_functions(context);
    put(&crypto, "subtle", subtle);
    CryptoKey::install(&crypto, context)?;
    let tag = PropertyDescriptor::builder().value(js_string!("Crypto"));
    crypto
        .insert_property(JsSymbol::to_string_tag(), tag.configurable(true).enumerable(false).writable(false));
    put_hidden(&context.global_object(), "crypto", crypto);
    Ok(())
}
