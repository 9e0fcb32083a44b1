//! What keys may be used for.

use boa_engine::object::builtins::JsArray;
use boa_engine::{Context, JsValue};

use super::refusal::{Refusal, Rejection};
use crate::js::convert::to_text;

/// A use of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Usage {
    Encrypt,
    Decrypt,
    Sign,
    Verify,
    DeriveKey,
    DeriveBits,
    WrapKey,
    UnwrapKey,
}

impl Usage {
    const ALL: [Self; 8] = [
        Self::Encrypt,
        Self::Decrypt,
        Self::Sign,
        Self::Verify,
        Self::DeriveKey,
        Self::DeriveBits,
        Self::WrapKey,
        Self::UnwrapKey,
    ];

    /// What scripts call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Encrypt => "encrypt",
            Self::Decrypt => "decrypt",
            Self::Sign => "sign",
            Self::Verify => "verify",
            Self::DeriveKey => "deriveKey",
            Self::DeriveBits => "deriveBits",
            Self::WrapKey => "wrapKey",
            Self::UnwrapKey => "unwrapKey",
        }
    }
}

/// The uses that a call asks for, each once.
///
/// # Errors
///
/// The value is no array, or one of its elements names no usage.
pub fn read(value: &JsValue, context: &mut Context) -> Result<Vec<Usage>, Rejection> {
    let wrong = || Refusal::kind("keyUsages must be an array of strings such as 'sign' and 'verify'");
    let list = value.as_object().and_then(|list| JsArray::from_object(list).ok()).ok_or_else(wrong)?;
    let mut usages = Vec::new();
    for index in 0..list.length(context)? {
        let value = list.get(index, context)?;
        let name = to_text(&value, context)?;
        let usage = Usage::ALL.into_iter().find(|usage| usage.name() == name);
        let usage = usage.ok_or_else(|| Refusal::kind(format!("{name:?} is not a key usage")))?;
        if !usages.contains(&usage) {
            usages.push(usage);
        }
    }
    Ok(usages)
}

/// Refuses uses that keys of the algorithm do not have.
///
/// # Errors
///
/// `SyntaxError`, which names the first.
pub fn check(usages: &[Usage], possible: &[Usage], what: &str) -> Result<(), Refusal> {
    match usages.iter().find(|usage| !possible.contains(usage)) {
        None => Ok(()),
        Some(usage) => Err(Refusal::syntax(format!("the usage '{}' is not one of {what}", usage.name()))),
    }
}

/// Refuses keys that would be good for nothing.
///
/// # Errors
///
/// `SyntaxError`
pub fn require_some(usages: &[Usage]) -> Result<(), Refusal> {
    if usages.is_empty() {
        return Err(Refusal::syntax("keyUsages must not be empty for a secret or private key"));
    }
    Ok(())
}
