//! What calls of `crypto.subtle` are given.

use boa_engine::object::JsObject;
use boa_engine::{Context, JsValue};

use super::algorithm::Algorithm;
use super::curve::Curve;
use super::hash::Hash;
use super::refusal::{Refusal, Rejection};
use crate::js::convert::{bytes_of, get, is_nullish, to_text};

/// An algorithm's name with its parameters, as scripts give it: a string, or an object with `name`.
pub struct Given {
    pub name: String,
    parameters: Option<JsObject>,
}

impl Given {
    /// # Errors
    ///
    /// The value is neither a string nor an object with a `name`.
    pub fn read(value: &JsValue, context: &mut Context) -> Result<Self, Rejection> {
        if let Some(name) = value.as_string() {
            return Ok(Self { name: name.to_std_string_lossy(), parameters: None });
        }
        let wrong = || Refusal::kind("an algorithm must be a string, or an object with a name");
        let parameters = value.as_object().ok_or_else(wrong)?;
        let name = get(&parameters, "name", context)?;
        if is_nullish(&name) {
            return Err(wrong().into());
        }
        Ok(Self { name: to_text(&name, context)?, parameters: Some(parameters) })
    }

    /// # Errors
    ///
    /// `NotSupportedError` where no key has an algorithm of that name.
    pub fn algorithm(&self) -> Result<Algorithm, Refusal> {
        Algorithm::of_name(&self.name).ok_or_else(|| self.unknown())
    }

    /// The error for an algorithm that is not known, or that cannot do what is asked.
    pub fn unknown(&self) -> Refusal {
        Refusal::unsupported(format!("the algorithm {:?} is not known, or not for this operation", self.name))
    }

    /// A parameter, `None` where it is missing or `undefined`.
    fn optional(&self, name: &str, context: &mut Context) -> Result<Option<JsValue>, Rejection> {
        let Some(parameters) = &self.parameters else { return Ok(None) };
        let value = get(parameters, name, context)?;
        Ok((!is_nullish(&value)).then_some(value))
    }

    /// A parameter that must be there.
    ///
    /// # Errors
    ///
    /// `TypeError` where it is missing.
    pub fn required(&self, name: &str, context: &mut Context) -> Result<JsValue, Rejection> {
        let missing = || Refusal::kind(format!("{} needs the parameter {name}", self.name));
        Ok(self.optional(name, context)?.ok_or_else(missing)?)
    }

    /// Bytes that must be there.
    pub fn bytes(&self, name: &str, context: &mut Context) -> Result<Vec<u8>, Rejection> {
        let value = self.required(name, context)?;
        bytes(&value, name, context)
    }

    /// Bytes, none where the parameter is missing.
    pub fn optional_bytes(&self, name: &str, context: &mut Context) -> Result<Vec<u8>, Rejection> {
        match self.optional(name, context)? {
            Some(value) => bytes(&value, name, context),
            None => Ok(Vec::new()),
        }
    }

    /// A whole number that must be there.
    pub fn number(&self, name: &str, context: &mut Context) -> Result<u32, Rejection> {
        let value = self.required(name, context)?;
        number(&value, name, context)
    }

    /// A whole number, if it is there.
    pub fn optional_number(&self, name: &str, context: &mut Context) -> Result<Option<u32>, Rejection> {
        let value = self.optional(name, context)?;
        value.map(|value| number(&value, name, context)).transpose()
    }

    /// The hash function: the name of one, or an object with it.
    pub fn hash(&self, context: &mut Context) -> Result<Hash, Rejection> {
        let value = self.required("hash", context)?;
        Ok(hash(&Self::read(&value, context)?)?)
    }

    /// The curve `namedCurve`.
    pub fn curve(&self, context: &mut Context) -> Result<Curve, Rejection> {
        let value = self.required("namedCurve", context)?;
        let name = to_text(&value, context)?;
        let unknown = || Refusal::unsupported(format!("the curve {name:?} is none of P-256, P-384, P-521"));
        Ok(Curve::of_name(&name).ok_or_else(unknown)?)
    }
}

/// A hash function by its name.
pub fn hash(given: &Given) -> Result<Hash, Refusal> {
    let found = Hash::ALL.into_iter().find(|hash| hash.name().eq_ignore_ascii_case(&given.name));
    found.ok_or_else(|| {
        Refusal::unsupported(format!(
            "the hash function {:?} is none of SHA-1, SHA-256, SHA-384, SHA-512",
            given.name
        ))
    })
}

/// A copy of the bytes of an `ArrayBuffer`, a typed array or a `DataView`.
///
/// # Errors
///
/// `TypeError` for other values.
pub fn bytes(value: &JsValue, name: &str, context: &mut Context) -> Result<Vec<u8>, Rejection> {
    let wrong = || Refusal::kind(format!("{name} must be an ArrayBuffer, a typed array or a DataView"));
    Ok(bytes_of(value, context).ok_or_else(wrong)?)
}

/// A whole number from 0 to 2³² - 1.
///
/// # Errors
///
/// `TypeError` for others.
pub fn number(value: &JsValue, name: &str, context: &mut Context) -> Result<u32, Rejection> {
    let number = value.to_number(context)?.trunc();
    if !(0.0..=f64::from(u32::MAX)).contains(&number) {
        return Err(Refusal::kind(format!("{name} must be a whole number from 0 to 4294967295")).into());
    }
    Ok(number as u32)
}
