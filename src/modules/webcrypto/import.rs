//! `importKey`, and the keys that `deriveKey` makes.

use boa_engine::{Context, JsValue};

use super::algorithm::Algorithm;
use super::arguments::{Given, bytes};
use super::curve::Curve;
use super::format::Format;
use super::hash::Hash;
use super::jwk::{Jwk, aes_name, hashed_name};
use super::key::{Key, Material};
use super::refusal::{Refusal, Rejection};
use super::rsa_key;
use super::usage::{self, Usage};
use super::work::{Output, Work};
use crate::js::convert::arg;

/// `importKey(format, data, algorithm, extractable, usages)`
pub fn import_key(args: &[JsValue], context: &mut Context) -> Result<Work, Rejection> {
    let format = Format::read(&arg(args, 0), context)?;
    let given = Given::read(&arg(args, 2), context)?;
    let wanted = Wanted {
        family: Family::read(&given, context)?,
        algorithm: given.algorithm()?,
        extractable: arg(args, 3).to_boolean(),
        usages: usage::read(&arg(args, 4), context)?,
    };
    let data = match format {
        Format::Jwk => Data::Jwk(Jwk::read(&arg(args, 1), context)?),
        _ => Data::Bytes(format, bytes(&arg(args, 1), "keyData", context)?),
    };
    Ok(Work::short(move || Ok(Output::Key(Box::new(wanted.key(&data)?)))))
}

/// What a key is made from.
pub enum Data {
    Bytes(Format, Vec<u8>),
    Jwk(Jwk),
}

/// What an algorithm is told about a key beside its data.
#[derive(Clone, Copy)]
pub enum Family {
    Aes,
    /// With the length in bits, if a script gave it.
    Hmac(Hash, Option<u32>),
    Ec(Curve),
    Rsa(Hash),
    Password,
}

impl Family {
    /// # Errors
    ///
    /// The algorithm or one of its parameters is wrong or missing.
    pub fn read(given: &Given, context: &mut Context) -> Result<Self, Rejection> {
        Ok(match given.algorithm()? {
            Algorithm::AesCbc | Algorithm::AesCtr | Algorithm::AesGcm => Self::Aes,
            Algorithm::Hmac => Self::Hmac(given.hash(context)?, given.optional_number("length", context)?),
            Algorithm::Ecdsa | Algorithm::Ecdh => Self::Ec(given.curve(context)?),
            Algorithm::RsaPkcs1 | Algorithm::RsaPss | Algorithm::RsaOaep => Self::Rsa(given.hash(context)?),
            Algorithm::Pbkdf2 => Self::Password,
        })
    }
}

/// What the key is to be.
pub struct Wanted {
    pub algorithm: Algorithm,
    pub family: Family,
    pub extractable: bool,
    pub usages: Vec<Usage>,
}

impl Wanted {
    /// # Errors
    ///
    /// The data is no such key, or the key cannot have the usages.
    pub fn key(self, data: &Data) -> Result<Key, Refusal> {
        let material = match self.family {
            Family::Aes => Material::Aes(self.aes(data)?),
            Family::Hmac(hash, length) => Material::Hmac(hash, self.hmac(data, hash, length)?),
            Family::Ec(curve) => self.elliptic(data, curve)?,
            Family::Rsa(hash) => self.rsa(data, hash)?,
            Family::Password => self.password(data)?,
        };
        let Self { algorithm, extractable, usages, .. } = self;
        let key = Key { algorithm, extractable, usages, material };
        let (possible, what) = match key.kind() {
            "public" => (algorithm.public_usages(), "a public key's"),
            "private" => (algorithm.private_usages(), "a private key's"),
            _ => (algorithm.private_usages(), "the key's"),
        };
        usage::check(&key.usages, possible, &format!("{what} of {}", algorithm.name()))?;
        if key.kind() != "public" {
            usage::require_some(&key.usages)?;
        }
        Ok(key)
    }

    fn unsupported(&self, format: Format) -> Refusal {
        let (name, format) = (self.algorithm.name(), format.name());
        Refusal::unsupported(format!("keys of {name} have no format {format:?}"))
    }

    fn aes(&self, data: &Data) -> Result<Vec<u8>, Refusal> {
        let key = match data {
            Data::Bytes(Format::Raw, key) => key.clone(),
            Data::Bytes(format, _) => return Err(self.unsupported(*format)),
            Data::Jwk(jwk) => {
                let key = jwk.bytes("k")?;
                let alg = aes_name(self.algorithm, key.len());
                jwk.check("oct", self.algorithm, Some(&alg), &self.usages, self.extractable)?;
                key
            }
        };
        if !matches!(key.len(), 16 | 24 | 32) {
            return Err(Refusal::data(format!("an AES key has 128, 192 or 256 bits, not {}", key.len() * 8)));
        }
        Ok(key)
    }

    fn hmac(&self, data: &Data, hash: Hash, length: Option<u32>) -> Result<Vec<u8>, Refusal> {
        let key = match data {
            Data::Bytes(Format::Raw, key) => key.clone(),
            Data::Bytes(format, _) => return Err(self.unsupported(*format)),
            Data::Jwk(jwk) => {
                let alg = hashed_name(self.algorithm, hash);
                jwk.check("oct", self.algorithm, Some(&alg), &self.usages, self.extractable)?;
                jwk.bytes("k")?
            }
        };
        if key.is_empty() {
            return Err(Refusal::data("an HMAC key must not be empty"));
        }
        match length {
            Some(bits) if bits as usize != key.len() * 8 => {
                let own = key.len() * 8;
                Err(Refusal::data(format!("the key has {own} bits, but length says {bits}")))
            }
            _ => Ok(key),
        }
    }

    fn password(&self, data: &Data) -> Result<Material, Refusal> {
        match data {
            Data::Bytes(Format::Raw, _) if self.extractable => {
                Err(Refusal::syntax("keys of PBKDF2 cannot be extractable"))
            }
            Data::Bytes(Format::Raw, password) => Ok(Material::Password(password.clone())),
            Data::Bytes(format, _) => Err(self.unsupported(*format)),
            Data::Jwk(_) => Err(self.unsupported(Format::Jwk)),
        }
    }

    fn elliptic(&self, data: &Data, curve: Curve) -> Result<Material, Refusal> {
        let jwk = match data {
            Data::Bytes(Format::Raw, point) => return Ok(Material::EcPublic(curve, curve.point(point)?)),
            Data::Bytes(Format::Spki, der) => {
                return Ok(Material::EcPublic(curve, curve.public_from_spki(der)?));
            }
            Data::Bytes(_, der) => return Ok(Material::EcPrivate(curve, curve.private_from_pkcs8(der)?)),
            Data::Jwk(jwk) => jwk,
        };
        let alg = match (self.algorithm, curve) {
            (Algorithm::Ecdsa, Curve::P256) => Some("ES256"),
            (Algorithm::Ecdsa, Curve::P384) => Some("ES384"),
            (Algorithm::Ecdsa, Curve::P521) => Some("ES512"),
            _ => None,
        };
        jwk.check("EC", self.algorithm, alg, &self.usages, self.extractable)?;
        if jwk.text("crv") != Some(curve.name()) {
            return Err(Refusal::data(format!("the key's \"crv\" must be {:?}", curve.name())));
        }
        let number = |name: &str| {
            let bytes = jwk.bytes(name)?;
            let wrong =
                || Refusal::data(format!("the key's member {name:?} must have {} bytes", curve.bytes()));
            (bytes.len() == curve.bytes()).then_some(bytes).ok_or_else(wrong)
        };
        let point = curve.point(&[vec![4], number("x")?, number("y")?].concat())?;
        if !jwk.has("d") {
            return Ok(Material::EcPublic(curve, point));
        }
        let private = number("d")?;
        if curve.public_of(&private)? != point {
            return Err(Refusal::data("the key's members \"d\" and \"x\", \"y\" do not belong together"));
        }
        Ok(Material::EcPrivate(curve, private))
    }

    fn rsa(&self, data: &Data, hash: Hash) -> Result<Material, Refusal> {
        let private = |key| Material::RsaPrivate(hash, Box::new(key));
        let jwk = match data {
            Data::Bytes(Format::Spki, der) => {
                return Ok(Material::RsaPublic(hash, rsa_key::public_from_spki(der)?));
            }
            Data::Bytes(Format::Pkcs8, der) => return rsa_key::private_from_pkcs8(der).map(private),
            Data::Bytes(format, _) => return Err(self.unsupported(*format)),
            Data::Jwk(jwk) => jwk,
        };
        let alg = hashed_name(self.algorithm, hash);
        jwk.check("RSA", self.algorithm, Some(&alg), &self.usages, self.extractable)?;
        let (modulus, exponent) = (jwk.bytes("n")?, jwk.bytes("e")?);
        if !jwk.has("d") {
            return Ok(Material::RsaPublic(hash, rsa_key::public(&modulus, &exponent)?));
        }
        let primes = if jwk.has("p") { Some([jwk.bytes("p")?, jwk.bytes("q")?]) } else { None };
        let primes = primes.as_ref().map(|primes| primes.each_ref().map(Vec::as_slice));
        rsa_key::private(&modulus, &exponent, &jwk.bytes("d")?, primes).map(private)
    }
}
