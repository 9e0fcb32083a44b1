//! JSON Web Keys (RFC 7517 and 7518).

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use boa_engine::object::JsObject;
use boa_engine::object::builtins::JsArray;
use boa_engine::{Context, JsValue};

use super::algorithm::Algorithm;
use super::hash::Hash;
use super::refusal::{Refusal, Rejection};
use super::usage::Usage;
use crate::js::convert::{array, get, is_nullish, object, put, string, to_text};

/// The members that are texts.
const TEXTS: [&str; 15] =
    ["kty", "use", "alg", "crv", "x", "y", "d", "n", "e", "p", "q", "dp", "dq", "qi", "k"];

/// A key as an object of texts.
#[derive(Debug, Default)]
pub struct Jwk {
    texts: Vec<(&'static str, String)>,
    key_ops: Option<Vec<String>>,
    ext: Option<bool>,
}

impl Jwk {
    /// An empty key of this `kty`.
    pub fn new(kind: &str) -> Self {
        let mut made = Self::default();
        made.texts.push(("kty", kind.to_owned()));
        made
    }

    /// # Errors
    ///
    /// The value is no object.
    pub fn read(value: &JsValue, context: &mut Context) -> Result<Self, Rejection> {
        let source =
            value.as_object().ok_or_else(|| Refusal::kind("a key in the format jwk must be an object"))?;
        let mut made = Self::default();
        for name in TEXTS {
            let value = get(&source, name, context)?;
            if !is_nullish(&value) {
                made.texts.push((name, to_text(&value, context)?));
            }
        }
        let uses = get(&source, "key_ops", context)?;
        if !is_nullish(&uses) {
            let list = uses.as_object().and_then(|uses| JsArray::from_object(uses).ok());
            let list = list.ok_or_else(|| Refusal::data("the key's key_ops must be an array"))?;
            let mut uses = Vec::new();
            for index in 0..list.length(context)? {
                let value = list.get(index, context)?;
                uses.push(to_text(&value, context)?);
            }
            made.key_ops = Some(uses);
        }
        let ext = get(&source, "ext", context)?;
        made.ext = (!is_nullish(&ext)).then(|| ext.to_boolean());
        Ok(made)
    }

    /// The object that scripts get.
    pub fn object(&self, context: &mut Context) -> JsObject {
        let made = object(context);
        for (name, text) in &self.texts {
            put(&made, name, string(text));
        }
        if let Some(uses) = &self.key_ops {
            let uses = array(uses.iter().map(|name| string(name)), context);
            put(&made, "key_ops", uses);
        }
        if let Some(ext) = self.ext {
            put(&made, "ext", ext);
        }
        made
    }

    pub fn has(&self, name: &str) -> bool {
        self.text(name).is_some()
    }

    pub fn text(&self, name: &str) -> Option<&str> {
        self.texts.iter().find(|(known, _)| *known == name).map(|(_, text)| text.as_str())
    }

    pub fn put_text(&mut self, name: &'static str, text: String) {
        self.texts.push((name, text));
    }

    /// # Errors
    ///
    /// `DataError` where the member is missing, or is not in base64url.
    pub fn bytes(&self, name: &str) -> Result<Vec<u8>, Refusal> {
        let text =
            self.text(name).ok_or_else(|| Refusal::data(format!("the key lacks the member {name:?}")))?;
        URL_SAFE_NO_PAD
            .decode(text)
            .map_err(|_| Refusal::data(format!("the key's member {name:?} is not in base64url")))
    }

    pub fn put_bytes(&mut self, name: &'static str, bytes: &[u8]) {
        self.texts.push((name, URL_SAFE_NO_PAD.encode(bytes)));
    }

    /// Says what the key may be used for.
    pub fn put_usages(&mut self, usages: &[Usage]) {
        self.key_ops = Some(usages.iter().map(|usage| usage.name().to_owned()).collect());
        self.ext = Some(true);
    }

    /// Refuses a key that says itself that it is for something else.
    ///
    /// # Errors
    ///
    /// `DataError`
    pub fn check(
        &self,
        kind: &str,
        algorithm: Algorithm,
        alg: Option<&str>,
        usages: &[Usage],
        extractable: bool,
    ) -> Result<(), Refusal> {
        if self.text("kty") != Some(kind) {
            return Err(Refusal::data(format!(
                "the key's \"kty\" must be {kind:?} for {}",
                algorithm.name()
            )));
        }
        let is_for_secrets = !matches!(
            algorithm,
            Algorithm::Hmac | Algorithm::Ecdsa | Algorithm::RsaPkcs1 | Algorithm::RsaPss
        );
        let purpose = if is_for_secrets { "enc" } else { "sig" };
        if !usages.is_empty() && self.text("use").is_some_and(|own| own != purpose) {
            return Err(Refusal::data(format!("the key's \"use\" must be {purpose:?}, if it has one")));
        }
        let is_for = |usage: &Usage| match &self.key_ops {
            Some(uses) => uses.iter().any(|own| own == usage.name()),
            None => true,
        };
        if let Some(usage) = usages.iter().find(|usage| !is_for(usage)) {
            return Err(Refusal::data(format!("the key's \"key_ops\" lack '{}'", usage.name())));
        }
        if extractable && self.ext == Some(false) {
            return Err(Refusal::data("the key's \"ext\" says that it must not be extractable"));
        }
        match (self.text("alg"), alg) {
            (Some(own), Some(alg)) if own != alg => {
                Err(Refusal::data(format!("the key's \"alg\" is {own:?}, not {alg:?}")))
            }
            _ => Ok(()),
        }
    }
}

/// What JSON Web Keys call AES in a mode with a key of so many bytes: `A128CBC`.
pub fn aes_name(algorithm: Algorithm, bytes: usize) -> String {
    let mode = algorithm.name().trim_start_matches("AES-");
    format!("A{}{mode}", bytes * 8)
}

/// What they call an algorithm with a hash function: `HS256`, `RS256`, `PS256`, `RSA-OAEP-256`.
pub fn hashed_name(algorithm: Algorithm, hash: Hash) -> String {
    let number = hash.jwk_number();
    match algorithm {
        Algorithm::RsaOaep if hash == Hash::Sha1 => "RSA-OAEP".to_owned(),
        Algorithm::RsaOaep => format!("RSA-OAEP-{number}"),
        Algorithm::RsaPkcs1 => format!("RS{number}"),
        Algorithm::RsaPss => format!("PS{number}"),
        _ => format!("HS{number}"),
    }
}
