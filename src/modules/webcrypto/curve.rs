//! Elliptic curves: keys as bytes, in every form, and what is done with them.

use rsa::rand_core::OsRng;

use super::refusal::Refusal;

/// Runs an expression with the crate of the curve under one name.
macro_rules! with_curve {
    ($curve:expr, $module:ident => $body:expr) => {
        match $curve {
            Curve::P256 => {
                use p256 as $module;
                $body
            }
            Curve::P384 => {
                use p384 as $module;
                $body
            }
            Curve::P521 => {
                use p521 as $module;
                $body
            }
        }
    };
}

/// A curve of NIST's (FIPS 186-4, D.1.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Curve {
    P256,
    P384,
    P521,
}

impl Curve {
    /// By its name, in its own case.
    pub fn of_name(name: &str) -> Option<Self> {
        [Self::P256, Self::P384, Self::P521].into_iter().find(|curve| curve.name() == name)
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::P256 => "P-256",
            Self::P384 => "P-384",
            Self::P521 => "P-521",
        }
    }

    /// The bytes of a coordinate, and of a private key.
    pub fn bytes(self) -> usize {
        match self {
            Self::P256 => 32,
            Self::P384 => 48,
            Self::P521 => 66,
        }
    }

    /// A fresh private key.
    pub fn generate(self) -> Vec<u8> {
        with_curve!(self, nist => nist::SecretKey::random(&mut OsRng).to_bytes().to_vec())
    }

    /// The public key of a private one: 4, then the coordinates.
    ///
    /// # Errors
    ///
    /// `DataError` where the number is zero, or too great for the curve.
    pub fn public_of(self, private: &[u8]) -> Result<Vec<u8>, Refusal> {
        use p256::elliptic_curve::sec1::ToEncodedPoint;
        with_curve!(self, nist => {
            let key = nist::SecretKey::from_slice(private).map_err(|_| self.wrong("private key"))?;
            Ok(key.public_key().to_encoded_point(false).as_bytes().to_vec())
        })
    }

    /// A point in the form that keys keep: 4, then the coordinates.
    ///
    /// # Errors
    ///
    /// `DataError` where the point is not on the curve.
    pub fn point(self, encoded: &[u8]) -> Result<Vec<u8>, Refusal> {
        use p256::elliptic_curve::sec1::ToEncodedPoint;
        with_curve!(self, nist => {
            let key = nist::PublicKey::from_sec1_bytes(encoded).map_err(|_| self.wrong("public key"))?;
            Ok(key.to_encoded_point(false).as_bytes().to_vec())
        })
    }

    /// The private key in a PKCS #8 structure (RFC 5208).
    pub fn private_from_pkcs8(self, der: &[u8]) -> Result<Vec<u8>, Refusal> {
        use p256::pkcs8::DecodePrivateKey;
        with_curve!(self, nist => {
            let key = nist::SecretKey::from_pkcs8_der(der).map_err(|_| self.wrong("private key"))?;
            Ok(key.to_bytes().to_vec())
        })
    }

    pub fn private_to_pkcs8(self, private: &[u8]) -> Result<Vec<u8>, Refusal> {
        use p256::pkcs8::EncodePrivateKey;
        with_curve!(self, nist => {
            let key = nist::SecretKey::from_slice(private).map_err(|_| self.wrong("private key"))?;
            Ok(key.to_pkcs8_der().map_err(|_| self.wrong("private key"))?.as_bytes().to_vec())
        })
    }

    /// The point in a SubjectPublicKeyInfo (RFC 5480).
    pub fn public_from_spki(self, der: &[u8]) -> Result<Vec<u8>, Refusal> {
        use p256::elliptic_curve::sec1::ToEncodedPoint;
        use p256::pkcs8::DecodePublicKey;
        with_curve!(self, nist => {
            let key = nist::PublicKey::from_public_key_der(der).map_err(|_| self.wrong("public key"))?;
            Ok(key.to_encoded_point(false).as_bytes().to_vec())
        })
    }

    pub fn public_to_spki(self, point: &[u8]) -> Result<Vec<u8>, Refusal> {
        use p256::pkcs8::EncodePublicKey;
        with_curve!(self, nist => {
            let key = nist::PublicKey::from_sec1_bytes(point).map_err(|_| self.wrong("public key"))?;
            Ok(key.to_public_key_der().map_err(|_| self.wrong("public key"))?.as_bytes().to_vec())
        })
    }

    /// ECDSA (FIPS 186-4, 6): r, then s.
    pub fn sign(self, private: &[u8], digest: &[u8]) -> Result<Vec<u8>, Refusal> {
        use p256::ecdsa::signature::hazmat::RandomizedPrehashSigner;
        let digest = self.at_least_as_long(digest);
        with_curve!(self, nist => {
            let key = nist::ecdsa::SigningKey::from_slice(private).map_err(|_| self.wrong("private key"))?;
            let signature: Result<nist::ecdsa::Signature, _> = key.sign_prehash_with_rng(&mut OsRng, &digest);
            let signature = signature.map_err(|_| Refusal::operation("ECDSA: the data cannot be signed"))?;
            Ok(signature.to_bytes().to_vec())
        })
    }

    /// Whether the signature, r and then s, is right.
    pub fn verify(self, point: &[u8], digest: &[u8], signature: &[u8]) -> Result<bool, Refusal> {
        use p256::ecdsa::signature::hazmat::PrehashVerifier;
        let digest = self.at_least_as_long(digest);
        with_curve!(self, nist => {
            let key = nist::ecdsa::VerifyingKey::from_sec1_bytes(point).map_err(|_| self.wrong("public key"))?;
            let Ok(signature) = nist::ecdsa::Signature::from_slice(signature) else { return Ok(false) };
            Ok(key.verify_prehash(&digest, &signature).is_ok())
        })
    }

    /// ECDH (NIST SP 800-56A, 5.7.1.2): the first coordinate of the shared point.
    pub fn agree(self, private: &[u8], point: &[u8]) -> Result<Vec<u8>, Refusal> {
        with_curve!(self, nist => {
            let own = nist::SecretKey::from_slice(private).map_err(|_| self.wrong("private key"))?;
            let other = nist::PublicKey::from_sec1_bytes(point).map_err(|_| self.wrong("public key"))?;
            let shared = nist::ecdh::diffie_hellman(own.to_nonzero_scalar(), other.as_affine());
            Ok(shared.raw_secret_bytes().to_vec())
        })
    }

    /// The digest with zeros before it, which change nothing: the signing code refuses digests that are much
    /// shorter than the curve's numbers.
    fn at_least_as_long(self, digest: &[u8]) -> Vec<u8> {
        let zeros = self.bytes().saturating_sub(digest.len());
        [vec![0; zeros].as_slice(), digest].concat()
    }

    fn wrong(self, what: &str) -> Refusal {
        Refusal::data(format!("the data is no {what} of the curve {}", self.name()))
    }
}
