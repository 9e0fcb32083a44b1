//! `encrypt` and `decrypt`.

use boa_engine::{Context, JsValue};

use super::aes::{Aes, BLOCK};
use super::algorithm::Algorithm;
use super::arguments::{Given, bytes};
use super::gcm::Gcm;
use super::key::{CryptoKey, Key, Material};
use super::oaep;
use super::refusal::{Refusal, Rejection};
use super::usage::Usage;
use super::work::{Output, Work};
use crate::js::convert::arg;

/// `encrypt(algorithm, key, data)`
pub fn encrypt(args: &[JsValue], context: &mut Context) -> Result<Work, Rejection> {
    prepare(args, Usage::Encrypt, context)
}

/// `decrypt(algorithm, key, data)`
pub fn decrypt(args: &[JsValue], context: &mut Context) -> Result<Work, Rejection> {
    prepare(args, Usage::Decrypt, context)
}

fn prepare(args: &[JsValue], usage: Usage, context: &mut Context) -> Result<Work, Rejection> {
    let given = Given::read(&arg(args, 0), context)?;
    let key = CryptoKey::key(&arg(args, 1), "key")?;
    let mode = Mode::read(&given, context)?;
    let data = bytes(&arg(args, 2), "data", context)?;
    key.check(given.algorithm()?, usage)?;
    let is_long = usage == Usage::Decrypt && matches!(key.material, Material::RsaPrivate(..));
    let compute = move || {
        let apply = if usage == Usage::Encrypt { Mode::encrypt } else { Mode::decrypt };
        Ok(Output::Bytes(apply(&mode, &key, &data)?))
    };
    Ok(if is_long { Work::long(compute) } else { Work::short(compute) })
}

/// An algorithm with what it is given beside key and data.
enum Mode {
    Cbc { iv: [u8; BLOCK] },
    Ctr { counter: [u8; BLOCK], bits: u32 },
    Gcm(Gcm),
    Oaep { label: Vec<u8> },
}

impl Mode {
    fn read(given: &Given, context: &mut Context) -> Result<Self, Rejection> {
        Ok(match given.algorithm()? {
            Algorithm::AesCbc => Self::Cbc { iv: block(given, "iv", context)? },
            Algorithm::AesCtr => {
                let (counter, bits) = (block(given, "counter", context)?, given.number("length", context)?);
                if !(1..=128).contains(&bits) {
                    let message = format!("AES-CTR: length must be from 1 to 128, not {bits}");
                    return Err(Refusal::operation(message).into());
                }
                Self::Ctr { counter, bits }
            }
            Algorithm::AesGcm => Self::Gcm(gcm(given, context)?),
            Algorithm::RsaOaep => Self::Oaep { label: given.optional_bytes("label", context)? },
            _ => return Err(given.unknown().into()),
        })
    }

    fn encrypt(&self, key: &Key, data: &[u8]) -> Result<Vec<u8>, Refusal> {
        match (self, &key.material) {
            (Self::Oaep { label }, Material::RsaPublic(hash, key)) => oaep::encrypt(key, *hash, label, data),
            (Self::Cbc { iv }, Material::Aes(key)) => Ok(Aes::new(key)?.encrypt_cbc(iv, data)),
            (Self::Ctr { counter, bits }, Material::Aes(key)) => {
                Aes::new(key)?.apply_ctr(counter, *bits, data)
            }
            (Self::Gcm(gcm), Material::Aes(key)) => gcm.encrypt(&Aes::new(key)?, data),
            _ => Err(key.wrong_kind("public")),
        }
    }

    fn decrypt(&self, key: &Key, data: &[u8]) -> Result<Vec<u8>, Refusal> {
        match (self, &key.material) {
            (Self::Oaep { label }, Material::RsaPrivate(hash, key)) => oaep::decrypt(key, *hash, label, data),
            (Self::Cbc { iv }, Material::Aes(key)) => Aes::new(key)?.decrypt_cbc(iv, data),
            (Self::Ctr { counter, bits }, Material::Aes(key)) => {
                Aes::new(key)?.apply_ctr(counter, *bits, data)
            }
            (Self::Gcm(gcm), Material::Aes(key)) => gcm.decrypt(&Aes::new(key)?, data),
            _ => Err(key.wrong_kind("private")),
        }
    }
}

/// A parameter of 16 bytes.
fn block(given: &Given, name: &str, context: &mut Context) -> Result<[u8; BLOCK], Rejection> {
    let bytes = given.bytes(name, context)?;
    let wrong = |bytes: Vec<u8>| {
        Refusal::operation(format!("{}: {name} must have 16 bytes, not {}", given.name, bytes.len()))
    };
    Ok(bytes.try_into().map_err(wrong)?)
}

fn gcm(given: &Given, context: &mut Context) -> Result<Gcm, Rejection> {
    let iv = given.bytes("iv", context)?;
    if iv.is_empty() {
        return Err(Refusal::operation("AES-GCM: iv must not be empty").into());
    }
    let additional = given.optional_bytes("additionalData", context)?;
    let bits = given.optional_number("tagLength", context)?.unwrap_or(128);
    if !matches!(bits, 32 | 64 | 96 | 104 | 112 | 120 | 128) {
        let message = format!("AES-GCM: tagLength must be one of 32, 64, 96, 104, 112, 120, 128, not {bits}");
        return Err(Refusal::operation(message).into());
    }
    Ok(Gcm { iv, additional, tag_bytes: bits as usize / 8 })
}
