//! The algorithms by name.

use super::usage::Usage;

/// An algorithm that keys are made for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    AesCbc,
    AesCtr,
    AesGcm,
    Hmac,
    Ecdsa,
    Ecdh,
    RsaPkcs1,
    RsaPss,
    RsaOaep,
    Pbkdf2,
}

impl Algorithm {
    const ALL: [Self; 10] = [
        Self::AesCbc,
        Self::AesCtr,
        Self::AesGcm,
        Self::Hmac,
        Self::Ecdsa,
        Self::Ecdh,
        Self::RsaPkcs1,
        Self::RsaPss,
        Self::RsaOaep,
        Self::Pbkdf2,
    ];

    /// By its name, in whatever case.
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|algorithm| algorithm.name().eq_ignore_ascii_case(name))
    }

    /// The name as keys show it.
    pub fn name(self) -> &'static str {
        match self {
            Self::AesCbc => "AES-CBC",
            Self::AesCtr => "AES-CTR",
            Self::AesGcm => "AES-GCM",
            Self::Hmac => "HMAC",
            Self::Ecdsa => "ECDSA",
            Self::Ecdh => "ECDH",
            Self::RsaPkcs1 => "RSASSA-PKCS1-v1_5",
            Self::RsaPss => "RSA-PSS",
            Self::RsaOaep => "RSA-OAEP",
            Self::Pbkdf2 => "PBKDF2",
        }
    }

    /// The uses that secret and private keys can have.
    pub fn private_usages(self) -> &'static [Usage] {
        use Usage::*;
        match self {
            Self::AesCbc | Self::AesCtr | Self::AesGcm => &[Encrypt, Decrypt, WrapKey, UnwrapKey],
            Self::Hmac => &[Sign, Verify],
            Self::Ecdsa | Self::RsaPkcs1 | Self::RsaPss => &[Sign],
            Self::Ecdh | Self::Pbkdf2 => &[DeriveKey, DeriveBits],
            Self::RsaOaep => &[Decrypt, UnwrapKey],
        }
    }

    /// The uses that public keys can have.
    pub fn public_usages(self) -> &'static [Usage] {
        use Usage::*;
        match self {
            Self::Ecdsa | Self::RsaPkcs1 | Self::RsaPss => &[Verify],
            Self::RsaOaep => &[Encrypt, WrapKey],
            _ => &[],
        }
    }
}
