//! The hash functions, and what is made of them.

use hmac::{Hmac, Mac};
use sha1::Sha1;
use sha2::{Digest, Sha256, Sha384, Sha512};

/// Runs an expression with a type alias for the hash function.
macro_rules! with_hash {
    ($hash:expr, $digest:ident => $body:expr) => {
        match $hash {
            $crate::modules::webcrypto::hash::Hash::Sha1 => {
                type $digest = sha1::Sha1;
                $body
            }
            $crate::modules::webcrypto::hash::Hash::Sha256 => {
                type $digest = sha2::Sha256;
                $body
            }
            $crate::modules::webcrypto::hash::Hash::Sha384 => {
                type $digest = sha2::Sha384;
                $body
            }
            $crate::modules::webcrypto::hash::Hash::Sha512 => {
                type $digest = sha2::Sha512;
                $body
            }
        }
    };
}
pub(super) use with_hash;

/// A hash function of Web Crypto.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hash {
    Sha1,
    Sha256,
    Sha384,
    Sha512,
}

impl Hash {
    pub const ALL: [Self; 4] = [Self::Sha1, Self::Sha256, Self::Sha384, Self::Sha512];

    /// `SHA-256`
    pub fn name(self) -> &'static str {
        match self {
            Self::Sha1 => "SHA-1",
            Self::Sha256 => "SHA-256",
            Self::Sha384 => "SHA-384",
            Self::Sha512 => "SHA-512",
        }
    }

    /// What it is called in the `alg` of a JSON Web Key, after the algorithm's letters: `256`.
    pub fn jwk_number(self) -> &'static str {
        &self.name()["SHA-".len()..]
    }

    /// The bytes that it takes at a time.
    pub fn block_bytes(self) -> usize {
        match self {
            Self::Sha1 | Self::Sha256 => 64,
            Self::Sha384 | Self::Sha512 => 128,
        }
    }

    /// The bytes of a digest.
    pub fn digest_bytes(self) -> usize {
        with_hash!(self, D => <D as Digest>::output_size())
    }

    pub fn digest(self, data: &[u8]) -> Vec<u8> {
        match self {
            Self::Sha1 => Sha1::digest(data).to_vec(),
            Self::Sha256 => Sha256::digest(data).to_vec(),
            Self::Sha384 => Sha384::digest(data).to_vec(),
            Self::Sha512 => Sha512::digest(data).to_vec(),
        }
    }

    /// HMAC (RFC 2104), with a key of any length.
    pub fn hmac(self, key: &[u8], data: &[u8]) -> Vec<u8> {
        with_hash!(self, D => keyed::<Hmac<D>>(key, data).map(|mac| mac.finalize().into_bytes().to_vec()))
            .unwrap_or_default()
    }

    /// Whether the HMAC is this one, in a time that does not depend on where they differ.
    pub fn hmac_is(self, key: &[u8], data: &[u8], tag: &[u8]) -> bool {
        with_hash!(self, D => keyed::<Hmac<D>>(key, data).is_some_and(|mac| mac.verify_slice(tag).is_ok()))
    }

    /// PBKDF2 with HMAC (RFC 8018, 5.2): as many bytes as asked for.
    pub fn pbkdf2(self, password: &[u8], salt: &[u8], iterations: u32, length: usize) -> Vec<u8> {
        let mut derived = vec![0; length];
        with_hash!(self, D => pbkdf2::pbkdf2_hmac::<D>(password, salt, iterations, &mut derived));
        derived
    }
}

/// `None` never comes: HMAC takes keys of any length.
fn keyed<M: Mac + hmac::digest::KeyInit>(key: &[u8], data: &[u8]) -> Option<M> {
    let mut mac = <M as Mac>::new_from_slice(key).ok()?;
    mac.update(data);
    Some(mac)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_answers() {
        // FIPS 180-4's "abc"; RFC 2202 and RFC 4231, case 2; RFC 6070.
        let abc = [
            "a9993e364706816aba3e25717850c26c9cd0d89d",
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
            "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7",
            "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
        ];
        for (hash, want) in Hash::ALL.into_iter().zip(abc) {
            assert_eq!(hex::encode(hash.digest(b"abc")), want);
            assert_eq!(hash.digest_bytes() * 2, want.len());
        }
        let macs = [
            (Hash::Sha1, "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"),
            (Hash::Sha256, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"),
        ];
        for (hash, want) in macs {
            let tag = hash.hmac(b"Jefe", b"what do ya want for nothing?");
            assert_eq!(hex::encode(&tag), want);
            assert!(hash.hmac_is(b"Jefe", b"what do ya want for nothing?", &tag));
            assert!(!hash.hmac_is(b"Jefe", b"what do ya want for nothing?", &tag[1..]));
        }
        let derived = Hash::Sha1.pbkdf2(b"password", b"salt", 4096, 20);
        assert_eq!(hex::encode(derived), "4b007901b765489abead49d926f721d065a429c1");
    }
}
