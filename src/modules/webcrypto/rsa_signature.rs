//! Signatures with RSA: PKCS #1 v1.5 and PSS (RFC 8017, 8).

use rsa::rand_core::OsRng;
use rsa::{Pkcs1v15Sign, Pss, RsaPrivateKey, RsaPublicKey};

use super::hash::{Hash, with_hash};
use super::refusal::Refusal;

/// How what is signed is padded.
#[derive(Clone, Copy, Debug)]
pub enum Padding {
    Pkcs1,
    Pss { salt_bytes: usize },
}

impl Padding {
    /// # Errors
    ///
    /// `OperationError` where the key is too short for hash and salt.
    pub fn sign(self, key: &RsaPrivateKey, hash: Hash, data: &[u8]) -> Result<Vec<u8>, Refusal> {
        let digest = hash.digest(data);
        let signed = match self {
            Self::Pkcs1 => key.sign_with_rng(&mut OsRng, pkcs1(hash), &digest),
            Self::Pss { salt_bytes } => {
                with_hash!(hash, D => key.sign_with_rng(&mut OsRng, Pss::new_with_salt::<D>(salt_bytes), &digest))
            }
        };
        signed.map_err(|_| Refusal::operation("RSA: the key is too short for this hash and salt"))
    }

    pub fn verify(self, key: &RsaPublicKey, hash: Hash, data: &[u8], signature: &[u8]) -> bool {
        let digest = hash.digest(data);
        match self {
            Self::Pkcs1 => key.verify(pkcs1(hash), &digest, signature).is_ok(),
            Self::Pss { salt_bytes } => {
                with_hash!(hash, D => key.verify(Pss::new_with_salt::<D>(salt_bytes), &digest, signature).is_ok())
            }
        }
    }
}

/// The scheme with what stands before the digest: the DER of a DigestInfo (RFC 8017, 9.2, note 1).
fn pkcs1(hash: Hash) -> Pkcs1v15Sign {
    let prefix: &[u8] = match hash {
        Hash::Sha1 => b"\x30\x21\x30\x09\x06\x05\x2b\x0e\x03\x02\x1a\x05\x00\x04\x14",
        Hash::Sha256 => b"\x30\x31\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x00\x04\x20",
        Hash::Sha384 => b"\x30\x41\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x02\x05\x00\x04\x30",
        Hash::Sha512 => b"\x30\x51\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x03\x05\x00\x04\x40",
    };
    Pkcs1v15Sign { hash_len: Some(hash.digest_bytes()), prefix: prefix.into() }
}
