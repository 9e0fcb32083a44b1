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
            Self::Pkcs1 => with_hash!(hash, D => key.sign_with_rng(&mut OsRng, Pkcs1v15Sign::new::<D>(), &digest)),
            Self::Pss { salt_bytes } => {
                with_hash!(hash, D => key.sign_with_rng(&mut OsRng, Pss::new_with_salt::<D>(salt_bytes), &digest))
            }
        };
        signed.map_err(|_| Refusal::operation("RSA: the key is too short for this hash and salt"))
    }

    pub fn verify(self, key: &RsaPublicKey, hash: Hash, data: &[u8], signature: &[u8]) -> bool {
        let digest = hash.digest(data);
        match self {
            Self::Pkcs1 => with_hash!(hash, D => key.verify(Pkcs1v15Sign::new::<D>(), &digest, signature).is_ok()),
            Self::Pss { salt_bytes } => {
                with_hash!(hash, D => key.verify(Pss::new_with_salt::<D>(salt_bytes), &digest, signature).is_ok())
            }
        }
    }
}
