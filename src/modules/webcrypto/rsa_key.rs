//! RSA keys: making them, and their forms.

use rsa::pkcs1::der::Decode;
use rsa::pkcs8::spki::SubjectPublicKeyInfoRef;
use rsa::pkcs8::{DecodePrivateKey, EncodePrivateKey, EncodePublicKey};
use rsa::rand_core::OsRng;
use rsa::traits::{PrivateKeyParts, PublicKeyParts};
use rsa::{BigUint, RsaPrivateKey, RsaPublicKey};

use super::refusal::Refusal;

/// The longest modulus, in bits.
const MAX_BITS: usize = 16_384;

fn wrong(what: &str) -> Refusal {
    Refusal::data(format!("the data is no RSA {what} key"))
}

/// A fresh key, after a long computation.
///
/// # Errors
///
/// `OperationError` for a length or an exponent with which there is no key.
pub fn generate(bits: u32, exponent: &[u8]) -> Result<RsaPrivateKey, Refusal> {
    let refused = || {
        Refusal::operation(
            "RSA: modulusLength must be a multiple of 8 from 256 to 16384, publicExponent an odd number from 3 \
             to 8589934591",
        )
    };
    let exponent = BigUint::from_bytes_be(exponent);
    let exponent_is_fine = exponent >= BigUint::from(3_u8)
        && exponent <= BigUint::from(RsaPublicKey::MAX_PUB_EXPONENT)
        && exponent.to_bytes_le()[0] & 1 == 1;
    let bits = bits as usize;
    if !exponent_is_fine || !(256..=MAX_BITS).contains(&bits) || !bits.is_multiple_of(8) {
        return Err(refused());
    }
    RsaPrivateKey::new_with_exp(&mut OsRng, bits, &exponent).map_err(|_| refused())
}

/// A public key from modulus and exponent, both with the greatest byte first.
pub fn public(modulus: &[u8], exponent: &[u8]) -> Result<RsaPublicKey, Refusal> {
    let (modulus, exponent) = (BigUint::from_bytes_be(modulus), BigUint::from_bytes_be(exponent));
    RsaPublicKey::new_with_max_size(modulus, exponent, MAX_BITS).map_err(|_| wrong("public"))
}

/// A private key from its numbers, each with the greatest byte first; `primes` may be missing.
pub fn private(
    modulus: &[u8],
    exponent: &[u8],
    private_exponent: &[u8],
    primes: Option<[&[u8]; 2]>,
) -> Result<RsaPrivateKey, Refusal> {
    if modulus.len() * 8 > MAX_BITS {
        return Err(wrong("private"));
    }
    let number = BigUint::from_bytes_be;
    let primes = primes.map(|primes| primes.map(number).to_vec()).unwrap_or_default();
    RsaPrivateKey::from_components(number(modulus), number(exponent), number(private_exponent), primes)
        .map_err(|_| wrong("private"))
}

/// The key in a SubjectPublicKeyInfo (RFC 3279, 2.3.1).
pub fn public_from_spki(der: &[u8]) -> Result<RsaPublicKey, Refusal> {
    let info = SubjectPublicKeyInfoRef::from_der(der).map_err(|_| wrong("public"))?;
    if info.algorithm.oid != rsa::pkcs1::ALGORITHM_OID {
        return Err(wrong("public"));
    }
    let bits = info.subject_public_key.as_bytes().ok_or_else(|| wrong("public"))?;
    let key = rsa::pkcs1::RsaPublicKey::from_der(bits).map_err(|_| wrong("public"))?;
    public(key.modulus.as_bytes(), key.public_exponent.as_bytes())
}

pub fn public_to_spki(key: &RsaPublicKey) -> Result<Vec<u8>, Refusal> {
    Ok(key.to_public_key_der().map_err(|_| wrong("public"))?.as_bytes().to_vec())
}

/// The key in a PKCS #8 structure (RFC 5208).
pub fn private_from_pkcs8(der: &[u8]) -> Result<RsaPrivateKey, Refusal> {
    let key = RsaPrivateKey::from_pkcs8_der(der).map_err(|_| wrong("private"))?;
    if key.n().bits() > MAX_BITS { Err(wrong("private")) } else { Ok(key) }
}

pub fn private_to_pkcs8(key: &RsaPrivateKey) -> Result<Vec<u8>, Refusal> {
    Ok(key.to_pkcs8_der().map_err(|_| wrong("private"))?.as_bytes().to_vec())
}

/// Primes, exponents and coefficient of a private key as a JSON Web Key has them (RFC 7518, 6.3.2):
/// p, q, dp, dq, qi.
pub fn chinese_remainder(key: &RsaPrivateKey) -> Result<[Vec<u8>; 5], Refusal> {
    let [p, q] = key.primes() else { return Err(wrong("private")) };
    let one = BigUint::from(1_u8);
    let coefficient = key.crt_coefficient().ok_or_else(|| wrong("private"))?;
    let numbers = [p.clone(), q.clone(), key.d() % (p - &one), key.d() % (q - &one), coefficient];
    Ok(numbers.map(|number| number.to_bytes_be()))
}
