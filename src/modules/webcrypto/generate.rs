//! `generateKey`.

use boa_engine::{Context, JsValue};
use rand::RngCore;

use super::algorithm::Algorithm;
use super::arguments::Given;
use super::curve::Curve;
use super::hash::Hash;
use super::key::{Key, Material};
use super::refusal::{Refusal, Rejection};
use super::rsa_key;
use super::usage::{self, Usage};
use super::work::{Output, Work};
use crate::js::convert::arg;

/// `generateKey(algorithm, extractable, usages)`: a key, or `{ publicKey, privateKey }`
pub fn generate_key(args: &[JsValue], context: &mut Context) -> Result<Work, Rejection> {
    let given = Given::read(&arg(args, 0), context)?;
    let extractable = arg(args, 1).to_boolean();
    let usages = usage::read(&arg(args, 2), context)?;
    let wanted = Wanted { algorithm: given.algorithm()?, extractable, usages };
    match wanted.algorithm {
        Algorithm::AesCbc | Algorithm::AesCtr | Algorithm::AesGcm => {
            let bits = aes_bits(&given, context)?;
            wanted.secret(bits, Material::Aes)
        }
        Algorithm::Hmac => {
            let hash = given.hash(context)?;
            let bits = hmac_bits(&given, hash, context)?;
            wanted.secret(bits, move |key| Material::Hmac(hash, key))
        }
        Algorithm::Ecdsa | Algorithm::Ecdh => wanted.elliptic(given.curve(context)?),
        Algorithm::RsaPkcs1 | Algorithm::RsaPss | Algorithm::RsaOaep => {
            let bits = given.number("modulusLength", context)?;
            let exponent = given.bytes("publicExponent", context)?;
            wanted.rsa(bits, exponent, given.hash(context)?)
        }
        Algorithm::Pbkdf2 => Err(given.unknown().into()),
    }
}

/// The length of an AES key in bits, from the parameter `length`.
///
/// # Errors
///
/// `OperationError` for others than 128, 192 and 256.
pub fn aes_bits(given: &Given, context: &mut Context) -> Result<u32, Rejection> {
    let bits = given.number("length", context)?;
    if !matches!(bits, 128 | 192 | 256) {
        let message = format!("an AES key has 128, 192 or 256 bits, not {bits}");
        return Err(Refusal::operation(message).into());
    }
    Ok(bits)
}

/// The length of an HMAC key in bits: the parameter `length`, or a block of the hash function.
///
/// # Errors
///
/// `OperationError` for none, parts of a byte, and more than a megabyte.
pub fn hmac_bits(given: &Given, hash: Hash, context: &mut Context) -> Result<u32, Rejection> {
    let bits = given.optional_number("length", context)?.unwrap_or(hash.block_bytes() as u32 * 8);
    if !(8..=8 << 20).contains(&bits) || !bits.is_multiple_of(8) {
        let message = format!("an HMAC key has a multiple of 8 bits, at most 8388608, not {bits}");
        return Err(Refusal::operation(message).into());
    }
    Ok(bits)
}

struct Wanted {
    algorithm: Algorithm,
    extractable: bool,
    usages: Vec<Usage>,
}

impl Wanted {
    fn secret(
        self,
        bits: u32,
        material: impl FnOnce(Vec<u8>) -> Material + Send + 'static,
    ) -> Result<Work, Rejection> {
        let Self { algorithm, extractable, usages } = self;
        usage::check(&usages, algorithm.private_usages(), &format!("a key's of {}", algorithm.name()))?;
        usage::require_some(&usages)?;
        Ok(Work::short(move || {
            let mut key = vec![0; bits as usize / 8];
            rand::rng().fill_bytes(&mut key);
            Ok(Output::Key(Box::new(Key { algorithm, extractable, usages, material: material(key) })))
        }))
    }

    fn elliptic(self, curve: Curve) -> Result<Work, Rejection> {
        self.check()?;
        Ok(Work::short(move || {
            let private = curve.generate();
            let public = curve.public_of(&private)?;
            Ok(self.pair(Material::EcPublic(curve, public), Material::EcPrivate(curve, private)))
        }))
    }

    fn rsa(self, bits: u32, exponent: Vec<u8>, hash: Hash) -> Result<Work, Rejection> {
        self.check()?;
        Ok(Work::long(move || {
            let private = rsa_key::generate(bits, &exponent)?;
            let public = Material::RsaPublic(hash, private.to_public_key());
            Ok(self.pair(public, Material::RsaPrivate(hash, Box::new(private))))
        }))
    }

    /// Refuses usages that neither of a pair has, and pairs without a use for the private key.
    fn check(&self) -> Result<(), Refusal> {
        let (private, public) = (self.algorithm.private_usages(), self.algorithm.public_usages());
        let what = format!("those of a pair of keys of {}", self.algorithm.name());
        usage::check(&self.usages, &[private, public].concat(), &what)?;
        let for_private: Vec<_> =
            self.usages.iter().copied().filter(|usage| private.contains(usage)).collect();
        usage::require_some(&for_private)
    }

    fn pair(&self, public: Material, private: Material) -> Output {
        let key = |material, possible: &[Usage], extractable| {
            let usages = self.usages.iter().copied().filter(|usage| possible.contains(usage)).collect();
            Box::new(Key { algorithm: self.algorithm, extractable, usages, material })
        };
        Output::Pair {
            public: key(public, self.algorithm.public_usages(), true),
            private: key(private, self.algorithm.private_usages(), self.extractable),
        }
    }
}
