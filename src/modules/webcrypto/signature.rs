//! `sign` and `verify`.

use boa_engine::{Context, JsValue};

use super::algorithm::Algorithm;
use super::arguments::{Given, bytes};
use super::hash::Hash;
use super::key::{CryptoKey, Key, Material};
use super::refusal::{Refusal, Rejection};
use super::rsa_signature::Padding;
use super::usage::Usage;
use super::work::{Output, Work};
use crate::js::convert::arg;

/// `sign(algorithm, key, data)`
pub fn sign(args: &[JsValue], context: &mut Context) -> Result<Work, Rejection> {
    let given = Given::read(&arg(args, 0), context)?;
    let key = CryptoKey::key(&arg(args, 1), "key")?;
    let scheme = Scheme::read(&given, context)?;
    let data = bytes(&arg(args, 2), "data", context)?;
    key.check(given.algorithm()?, Usage::Sign)?;
    let is_long = matches!(key.material, Material::RsaPrivate(..));
    let compute = move || Ok(Output::Bytes(scheme.sign(&key, &data)?));
    Ok(if is_long { Work::long(compute) } else { Work::short(compute) })
}

/// `verify(algorithm, key, signature, data)`
pub fn verify(args: &[JsValue], context: &mut Context) -> Result<Work, Rejection> {
    let given = Given::read(&arg(args, 0), context)?;
    let key = CryptoKey::key(&arg(args, 1), "key")?;
    let scheme = Scheme::read(&given, context)?;
    let signature = bytes(&arg(args, 2), "signature", context)?;
    let data = bytes(&arg(args, 3), "data", context)?;
    key.check(given.algorithm()?, Usage::Verify)?;
    Ok(Work::short(move || Ok(Output::Verdict(scheme.verify(&key, &signature, &data)?))))
}

/// An algorithm with what it is given beside key and data.
enum Scheme {
    Hmac,
    Ecdsa(Hash),
    Rsa(Padding),
}

impl Scheme {
    fn read(given: &Given, context: &mut Context) -> Result<Self, Rejection> {
        Ok(match given.algorithm()? {
            Algorithm::Hmac => Self::Hmac,
            Algorithm::Ecdsa => Self::Ecdsa(given.hash(context)?),
            Algorithm::RsaPkcs1 => Self::Rsa(Padding::Pkcs1),
            Algorithm::RsaPss => {
                Self::Rsa(Padding::Pss { salt_bytes: given.number("saltLength", context)? as usize })
            }
            _ => return Err(given.unknown().into()),
        })
    }

    fn sign(&self, key: &Key, data: &[u8]) -> Result<Vec<u8>, Refusal> {
        match (self, &key.material) {
            (Self::Hmac, Material::Hmac(hash, key)) => Ok(hash.hmac(key, data)),
            (Self::Ecdsa(hash), Material::EcPrivate(curve, key)) => curve.sign(key, &hash.digest(data)),
            (Self::Rsa(padding), Material::RsaPrivate(hash, key)) => padding.sign(key, *hash, data),
            _ => Err(key.wrong_kind("private")),
        }
    }

    fn verify(&self, key: &Key, signature: &[u8], data: &[u8]) -> Result<bool, Refusal> {
        match (self, &key.material) {
            (Self::Hmac, Material::Hmac(hash, key)) => Ok(hash.hmac_is(key, data, signature)),
            (Self::Ecdsa(hash), Material::EcPublic(curve, point)) => {
                curve.verify(point, &hash.digest(data), signature)
            }
            (Self::Rsa(padding), Material::RsaPublic(hash, key)) => {
                Ok(padding.verify(key, *hash, data, signature))
            }
            _ => Err(key.wrong_kind("public")),
        }
    }
}
