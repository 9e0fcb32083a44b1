//! `deriveBits` and `deriveKey`.

use std::sync::Arc;

use boa_engine::{Context, JsValue};

use super::algorithm::Algorithm;
use super::arguments::{Given, number};
use super::format::Format;
use super::generate::{aes_bits, hmac_bits};
use super::hash::Hash;
use super::import::{Data, Family, Wanted};
use super::key::{CryptoKey, Key, Material};
use super::refusal::{Refusal, Rejection};
use super::usage::{self, Usage};
use super::work::{Output, Work};
use crate::js::convert::{arg, is_nullish};

/// The most bits that one call derives: 128 MiB.
const MOST_BITS: u32 = 1 << 30;

/// From how many iterations on PBKDF2 takes milliseconds.
const MANY_ITERATIONS: u32 = 1_000;

/// `deriveBits(algorithm, baseKey, length)`
pub fn derive_bits(args: &[JsValue], context: &mut Context) -> Result<Work, Rejection> {
    let source = Source::read(args, Usage::DeriveBits, context)?;
    let length = arg(args, 2);
    let bits = if is_nullish(&length) { None } else { Some(number(&length, "length", context)?) };
    Ok(source.work(move |source| Ok(Output::Bytes(source.bits(bits)?))))
}

/// `deriveKey(algorithm, baseKey, derivedKeyType, extractable, usages)`
pub fn derive_key(args: &[JsValue], context: &mut Context) -> Result<Work, Rejection> {
    let source = Source::read(args, Usage::DeriveKey, context)?;
    let given = Given::read(&arg(args, 2), context)?;
    let family = Family::read(&given, context)?;
    let bits = match family {
        Family::Aes => Some(aes_bits(&given, context)?),
        Family::Hmac(hash, _) => Some(hmac_bits(&given, hash, context)?),
        Family::Password => None,
        Family::Ec(_) | Family::Rsa(_) => return Err(given.unknown().into()),
    };
    let wanted = Wanted {
        algorithm: given.algorithm()?,
        family,
        extractable: arg(args, 3).to_boolean(),
        usages: usage::read(&arg(args, 4), context)?,
    };
    Ok(source.work(move |source| {
        let data = Data::Bytes(Format::Raw, source.bits(bits)?);
        Ok(Output::Key(Box::new(wanted.key(&data)?)))
    }))
}

/// What bits are derived from.
enum Source {
    Ecdh { own: Arc<Key>, other: Arc<Key> },
    Pbkdf2 { base: Arc<Key>, hash: Hash, salt: Vec<u8>, iterations: u32 },
}

impl Source {
    fn read(args: &[JsValue], usage: Usage, context: &mut Context) -> Result<Self, Rejection> {
        let given = Given::read(&arg(args, 0), context)?;
        let algorithm = given.algorithm()?;
        let base = CryptoKey::key(&arg(args, 1), "baseKey")?;
        let source = match algorithm {
            Algorithm::Ecdh => {
                let public = given.required("public", context)?;
                Self::Ecdh { own: base.clone(), other: CryptoKey::key(&public, "public")? }
            }
            Algorithm::Pbkdf2 => {
                let (hash, salt) = (given.hash(context)?, given.bytes("salt", context)?);
                Self::Pbkdf2 {
                    base: base.clone(),
                    hash,
                    salt,
                    iterations: given.number("iterations", context)?,
                }
            }
            _ => return Err(given.unknown().into()),
        };
        base.check(algorithm, usage)?;
        Ok(source)
    }

    fn work(self, compute: impl FnOnce(&Self) -> Result<Output, Refusal> + Send + 'static) -> Work {
        match self {
            Self::Pbkdf2 { iterations, .. } if iterations >= MANY_ITERATIONS => {
                Work::long(move || compute(&self))
            }
            _ => Work::short(move || compute(&self)),
        }
    }

    /// So many bits, or as many as there are.
    fn bits(&self, bits: Option<u32>) -> Result<Vec<u8>, Refusal> {
        if bits.is_some_and(|bits| bits > MOST_BITS) {
            return Err(Refusal::operation(format!("at most {MOST_BITS} bits are derived at once")));
        }
        match self {
            Self::Ecdh { own, other } => agree(own, other, bits),
            Self::Pbkdf2 { base, hash, salt, iterations } => {
                let Material::Password(password) = &base.material else {
                    return Err(base.wrong_kind("secret"));
                };
                let bits = bits.filter(|bits| bits.is_multiple_of(8));
                let bits =
                    bits.ok_or_else(|| Refusal::operation("PBKDF2: length must be a multiple of 8"))?;
                if *iterations == 0 {
                    return Err(Refusal::operation("PBKDF2: iterations must not be 0"));
                }
                Ok(hash.pbkdf2(password, salt, *iterations, bits as usize / 8))
            }
        }
    }
}

fn agree(own: &Key, other: &Key, bits: Option<u32>) -> Result<Vec<u8>, Refusal> {
    let Material::EcPrivate(curve, private) = &own.material else { return Err(own.wrong_kind("private")) };
    let Material::EcPublic(other_curve, point) = &other.material else {
        return Err(other.wrong_kind("public"));
    };
    if other.algorithm != Algorithm::Ecdh || other_curve != curve {
        let name = curve.name();
        return Err(Refusal::access(format!("ECDH: the public key must be for ECDH on {name}, too")));
    }
    let mut shared = curve.agree(private, point)?;
    let Some(bits) = bits else { return Ok(shared) };
    let (all, bits) = (shared.len() * 8, bits as usize);
    if bits > all {
        return Err(Refusal::operation(format!("ECDH: {} gives at most {all} bits", curve.name())));
    }
    shared.truncate(bits.div_ceil(8));
    if let (Some(last), rest @ 1..) = (shared.last_mut(), bits % 8) {
        *last &= 0xFF << (8 - rest);
    }
    Ok(shared)
}
