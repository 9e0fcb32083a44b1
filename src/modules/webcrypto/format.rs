//! The forms that keys have outside.

use boa_engine::{Context, JsValue};

use super::refusal::{Refusal, Rejection};
use crate::js::convert::to_text;

/// A form of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// The bytes of a secret, or a point of a curve (SEC 1, 2.3.3).
    Raw,
    /// A public key (RFC 5280, SubjectPublicKeyInfo).
    Spki,
    /// A private key (RFC 5208).
    Pkcs8,
    /// An object (RFC 7517).
    Jwk,
}

impl Format {
    /// # Errors
    ///
    /// `TypeError` for other names.
    pub fn read(value: &JsValue, context: &mut Context) -> Result<Self, Rejection> {
        let name = to_text(value, context)?;
        let all = [Self::Raw, Self::Spki, Self::Pkcs8, Self::Jwk];
        let unknown = || Refusal::kind(format!("the format {name:?} is none of raw, spki, pkcs8, jwk"));
        Ok(all.into_iter().find(|format| format.name() == name).ok_or_else(unknown)?)
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::Raw => "raw",
            Self::Spki => "spki",
            Self::Pkcs8 => "pkcs8",
            Self::Jwk => "jwk",
        }
    }
}
