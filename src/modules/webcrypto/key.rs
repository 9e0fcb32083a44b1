//! Keys, and the objects that scripts have of them.

use std::sync::Arc;

use boa_engine::class::{Class, ClassBuilder};
use boa_engine::object::JsObject;
use boa_engine::property::Attribute;
use boa_engine::{Context, Finalize, JsData, JsNativeError, JsResult, JsSymbol, JsValue, Trace, js_string};
use rsa::traits::PublicKeyParts;
use rsa::{RsaPrivateKey, RsaPublicKey};

use super::algorithm::Algorithm;
use super::curve::Curve;
use super::hash::Hash;
use super::refusal::Refusal;
use super::usage::Usage;
use crate::js::convert::{array, object, put, put_hidden, put_readonly, string, uint8_array};

/// A key and what it may be used for.
#[derive(Debug)]
pub struct Key {
    pub algorithm: Algorithm,
    /// Whether `exportKey` gives it out.
    pub extractable: bool,
    pub usages: Vec<Usage>,
    pub material: Material,
}

/// What a key consists of.
#[derive(Debug)]
pub enum Material {
    /// 16, 24 or 32 bytes.
    Aes(Vec<u8>),
    Hmac(Hash, Vec<u8>),
    /// What PBKDF2 starts from.
    Password(Vec<u8>),
    /// 4, then the coordinates of a point of the curve.
    EcPublic(Curve, Vec<u8>),
    /// A number, as long as a coordinate.
    EcPrivate(Curve, Vec<u8>),
    RsaPublic(Hash, RsaPublicKey),
    RsaPrivate(Hash, Box<RsaPrivateKey>),
}

impl Key {
    /// `secret`, `public` or `private`
    pub fn kind(&self) -> &'static str {
        match self.material {
            Material::Aes(_) | Material::Hmac(..) | Material::Password(_) => "secret",
            Material::EcPublic(..) | Material::RsaPublic(..) => "public",
            Material::EcPrivate(..) | Material::RsaPrivate(..) => "private",
        }
    }

    /// Refuses what the key is not for.
    ///
    /// # Errors
    ///
    /// `InvalidAccessError`
    pub fn check(&self, algorithm: Algorithm, usage: Usage) -> Result<(), Refusal> {
        if self.algorithm != algorithm {
            let (own, other) = (self.algorithm.name(), algorithm.name());
            return Err(Refusal::access(format!("the key is for {own}, not for {other}")));
        }
        if !self.usages.contains(&usage) {
            return Err(Refusal::access(format!("the key's usages lack '{}'", usage.name())));
        }
        Ok(())
    }

    /// The error for a key of the right algorithm, but of the wrong type.
    pub fn wrong_kind(&self, wanted: &str) -> Refusal {
        Refusal::access(format!("this needs a {wanted} key, not a {} one", self.kind()))
    }

    /// The object's `algorithm`.
    fn shown_algorithm(&self, context: &mut Context) -> JsResult<JsObject> {
        let shown = object(context);
        put(&shown, "name", string(self.algorithm.name()));
        match &self.material {
            Material::Password(_) => {}
            Material::Aes(key) => put(&shown, "length", key.len() * 8),
            Material::Hmac(hash, key) => {
                put_hash(&shown, *hash, context);
                put(&shown, "length", key.len() * 8);
            }
            Material::EcPublic(curve, _) | Material::EcPrivate(curve, _) => {
                put(&shown, "namedCurve", string(curve.name()));
            }
            Material::RsaPublic(hash, key) => put_rsa(&shown, *hash, key, context)?,
            Material::RsaPrivate(hash, key) => put_rsa(&shown, *hash, &**key, context)?,
        }
        Ok(shown)
    }
}

fn put_hash(shown: &JsObject, hash: Hash, context: &mut Context) {
    let made = object(context);
    put(&made, "name", string(hash.name()));
    put(shown, "hash", made);
}

fn put_rsa(shown: &JsObject, hash: Hash, key: &impl PublicKeyParts, context: &mut Context) -> JsResult<()> {
    put(shown, "modulusLength", key.n().bits());
    put(shown, "publicExponent", uint8_array(&key.e().to_bytes_be(), context)?);
    put_hash(shown, hash, context);
    Ok(())
}

/// A `CryptoKey`: its `type`, `extractable`, `algorithm` and `usages` are properties of its own.
#[derive(Debug, Trace, Finalize, JsData)]
#[boa_gc(unsafe_empty_trace)]
pub struct CryptoKey(Arc<Key>);

impl CryptoKey {
    /// The object of a key.
    pub fn object(key: Key, context: &mut Context) -> JsResult<JsObject> {
        let algorithm = key.shown_algorithm(context)?;
        let usages = array(key.usages.iter().map(|usage| string(usage.name())), context);
        let (kind, extractable) = (key.kind(), key.extractable);
        let made = Self::from_data(Self(Arc::new(key)), context)?;
        put_readonly(&made, "type", string(kind));
        put_readonly(&made, "extractable", extractable);
        put_readonly(&made, "algorithm", algorithm);
        put_readonly(&made, "usages", usages);
        Ok(made)
    }

    /// The key of an object.
    ///
    /// # Errors
    ///
    /// `TypeError` for other values.
    pub fn key(value: &JsValue, name: &str) -> Result<Arc<Key>, Refusal> {
        let key = value.as_object().and_then(|object| object.downcast_ref::<Self>().map(|key| key.0.clone()));
        key.ok_or_else(|| Refusal::kind(format!("{name} must be a CryptoKey")))
    }

    /// Defines the class, as a property of `crypto` and not of the global object.
    pub fn install(crypto: &JsObject, context: &mut Context) -> JsResult<()> {
        context.register_global_class::<Self>()?;
        let global = context.global_object();
        let class = global.get(js_string!(Self::NAME), context)?;
        global.delete_property_or_throw(js_string!(Self::NAME), context)?;
        put_hidden(crypto, Self::NAME, class);
        Ok(())
    }
}

impl Class for CryptoKey {
    const NAME: &'static str = "CryptoKey";
    const ATTRIBUTES: Attribute = Attribute::WRITABLE.union(Attribute::CONFIGURABLE);

    fn init(class: &mut ClassBuilder<'_>) -> JsResult<()> {
        class.property(JsSymbol::to_string_tag(), js_string!(Self::NAME), Attribute::CONFIGURABLE);
        Ok(())
    }

    fn data_constructor(_: &JsValue, _: &[JsValue], _: &mut Context) -> JsResult<Self> {
        let message = "keys are made by crypto.subtle.generateKey, importKey and deriveKey, not by new";
        Err(JsNativeError::typ().with_message(message).into())
    }
}
