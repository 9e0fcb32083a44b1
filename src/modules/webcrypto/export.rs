//! `exportKey`.

use boa_engine::{Context, JsValue};
use rsa::RsaPublicKey;
use rsa::traits::{PrivateKeyParts, PublicKeyParts};

use super::format::Format;
use super::jwk::{Jwk, aes_name, hashed_name};
use super::key::{CryptoKey, Key, Material};
use super::refusal::{Refusal, Rejection};
use super::rsa_key;
use super::work::{Output, Work};
use crate::js::convert::arg;

/// `exportKey(format, key)`
pub fn export_key(args: &[JsValue], context: &mut Context) -> Result<Work, Rejection> {
    let format = Format::read(&arg(args, 0), context)?;
    let key = CryptoKey::key(&arg(args, 1), "key")?;
    if matches!(key.material, Material::Password(_)) {
        return Err(Refusal::unsupported("keys of PBKDF2 cannot be exported").into());
    }
    if !key.extractable {
        return Err(Refusal::access("the key is not extractable").into());
    }
    Ok(Work::short(move || match format {
        Format::Jwk => Ok(Output::Jwk(Box::new(jwk(&key)?))),
        _ => Ok(Output::Bytes(bytes(&key, format)?)),
    }))
}

fn bytes(key: &Key, format: Format) -> Result<Vec<u8>, Refusal> {
    match (format, &key.material) {
        (Format::Raw, Material::Aes(bytes) | Material::Hmac(_, bytes)) => Ok(bytes.clone()),
        (Format::Raw, Material::EcPublic(_, point)) => Ok(point.clone()),
        (Format::Spki, Material::EcPublic(curve, point)) => curve.public_to_spki(point),
        (Format::Spki, Material::RsaPublic(_, key)) => rsa_key::public_to_spki(key),
        (Format::Pkcs8, Material::EcPrivate(curve, private)) => curve.private_to_pkcs8(private),
        (Format::Pkcs8, Material::RsaPrivate(_, key)) => rsa_key::private_to_pkcs8(key),
        _ => {
            let (kind, name, format) = (key.kind(), key.algorithm.name(), format.name());
            Err(Refusal::access(format!("a {kind} key of {name} has no format {format:?}")))
        }
    }
}

fn jwk(key: &Key) -> Result<Jwk, Refusal> {
    let mut jwk = match &key.material {
        Material::Password(_) => return Err(Refusal::unsupported("keys of PBKDF2 cannot be exported")),
        Material::Aes(bytes) => secret(bytes, aes_name(key.algorithm, bytes.len())),
        Material::Hmac(hash, bytes) => secret(bytes, hashed_name(key.algorithm, *hash)),
        Material::EcPublic(curve, point) => elliptic(curve.name(), point),
        Material::EcPrivate(curve, private) => {
            let mut jwk = elliptic(curve.name(), &curve.public_of(private)?);
            jwk.put_bytes("d", private);
            jwk
        }
        Material::RsaPublic(hash, rsa) => public(rsa, hashed_name(key.algorithm, *hash)),
        Material::RsaPrivate(hash, rsa) => {
            let mut jwk = public(&rsa.to_public_key(), hashed_name(key.algorithm, *hash));
            jwk.put_bytes("d", &rsa.d().to_bytes_be());
            let numbers = rsa_key::chinese_remainder(rsa)?;
            for (name, number) in ["p", "q", "dp", "dq", "qi"].into_iter().zip(&numbers) {
                jwk.put_bytes(name, number);
            }
            jwk
        }
    };
    jwk.put_usages(&key.usages);
    Ok(jwk)
}

fn secret(bytes: &[u8], alg: String) -> Jwk {
    let mut jwk = Jwk::new("oct");
    jwk.put_bytes("k", bytes);
    jwk.put_text("alg", alg);
    jwk
}

/// Of a point: 4, then two coordinates of one length.
fn elliptic(curve: &str, point: &[u8]) -> Jwk {
    let mut jwk = Jwk::new("EC");
    let (x, y) = point[1..].split_at(point.len() / 2);
    jwk.put_text("crv", curve.to_owned());
    jwk.put_bytes("x", x);
    jwk.put_bytes("y", y);
    jwk
}

fn public(key: &RsaPublicKey, alg: String) -> Jwk {
    let mut jwk = Jwk::new("RSA");
    jwk.put_text("alg", alg);
    jwk.put_bytes("n", &key.n().to_bytes_be());
    jwk.put_bytes("e", &key.e().to_bytes_be());
    jwk
}
