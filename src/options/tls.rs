//! `tlsVersion`, `tlsCipherSuites` and `tlsAuth`.

use serde_json::{Value, json};

use crate::k6::json::{Fields, Json, Mismatch};
use crate::net::tls::Version;

/// The versions that may be negotiated; unset ends are open.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TlsVersions {
    pub min: Option<Version>,
    pub max: Option<Version>,
}

/// A client certificate (PEM texts) and the hosts that it is for; without hosts, for all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TlsAuth {
    pub cert: String,
    pub key: String,
    pub password: Option<String>,
    pub domains: Vec<String>,
}

/// The name of a cipher suite, known to exist.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CipherSuite(pub String);

const VERSIONS: [(&str, Version); 4] = [
    ("tls1.0", Version::Tls10),
    ("tls1.1", Version::Tls11),
    ("tls1.2", Version::Tls12),
    ("tls1.3", Version::Tls13),
];

/// The IANA names that Go knows.
const SUITES: [&str; 27] = [
    "TLS_RSA_WITH_RC4_128_SHA",
    "TLS_RSA_WITH_3DES_EDE_CBC_SHA",
    "TLS_RSA_WITH_AES_128_CBC_SHA",
    "TLS_RSA_WITH_AES_256_CBC_SHA",
    "TLS_RSA_WITH_AES_128_CBC_SHA256",
    "TLS_RSA_WITH_AES_128_GCM_SHA256",
    "TLS_RSA_WITH_AES_256_GCM_SHA384",
    "TLS_ECDHE_ECDSA_WITH_RC4_128_SHA",
    "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA",
    "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA",
    "TLS_ECDHE_RSA_WITH_RC4_128_SHA",
    "TLS_ECDHE_RSA_WITH_3DES_EDE_CBC_SHA",
    "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA",
    "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA",
    "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256",
    "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256",
    "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
    "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
    "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
    "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
    "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305",
    "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305",
    "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
    "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
    "TLS_AES_128_GCM_SHA256",
    "TLS_AES_256_GCM_SHA384",
    "TLS_CHACHA20_POLY1305_SHA256",
];

impl Json for Version {
    fn from_json(value: &Value) -> Result<Option<Self>, Mismatch> {
        let text = String::from_json(value)?.filter(|text| !text.is_empty());
        let known = |text: String| VERSIONS.iter().find(|(name, _)| *name == text).map(|(_, v)| *v);
        let wrong = || Mismatch::new(value, "must be one of tls1.0, tls1.1, tls1.2, tls1.3");
        text.map(|text| known(text).ok_or_else(wrong)).transpose()
    }

    fn to_json(&self) -> Value {
        VERSIONS.iter().find(|(_, version)| version == self).map_or("", |(name, _)| *name).into()
    }
}

impl Json for TlsVersions {
    fn from_json(value: &Value) -> Result<Option<Self>, Mismatch> {
        match value {
            Value::Null => return Ok(None),
            Value::String(_) => {
                let only = Version::from_json(value)?;
                return Ok(Some(Self { min: only, max: only }));
            }
            _ => {}
        }
        let mut fields = Fields::of(value)
            .map_err(|_| Mismatch::new(value, "must be a version such as \"tls1.2\" or { min, max }"))?;
        let range = Self { min: fields.take("min")?, max: fields.take("max")? };
        if range.min.zip(range.max).is_some_and(|(min, max)| min > max) {
            return Err(Mismatch::new(value, "has a min that is above its max"));
        }
        Ok(Some(range))
    }

    fn to_json(&self) -> Value {
        let show = |end: Option<Version>| end.map_or(Value::from(""), |version| version.to_json());
        json!({ "min": show(self.min), "max": show(self.max) })
    }
}

impl Json for TlsAuth {
    fn from_json(value: &Value) -> Result<Option<Self>, Mismatch> {
        let mut fields = Fields::of(value)?;
        let auth = Self {
            cert: fields.take("cert")?.unwrap_or_default(),
            key: fields.take("key")?.unwrap_or_default(),
            password: fields.take("password")?,
            domains: fields.take("domains")?.unwrap_or_default(),
        };
        // The value holds a private key, so it is not shown.
        let hidden = |message| Err(Mismatch::new(&Value::from("{…}"), message));
        if let Some(field) = fields.unknown().next() {
            return hidden(format!(
                "has an unknown field '{field}': allowed are cert, key, password, domains"
            ));
        }
        if auth.cert.is_empty() || auth.key.is_empty() {
            return hidden("needs both `cert` and `key`".to_owned());
        }
        Ok(Some(auth))
    }

    fn to_json(&self) -> Value {
        json!({ "cert": self.cert, "key": self.key, "password": self.password, "domains": self.domains })
    }
}

impl Json for CipherSuite {
    fn from_json(value: &Value) -> Result<Option<Self>, Mismatch> {
        match String::from_json(value)? {
            Some(name) if SUITES.contains(&name.as_str()) => Ok(Some(Self(name))),
            Some(name) => Err(Mismatch::new(value, format!("holds the unknown cipher suite '{name}'"))),
            None => Ok(None),
        }
    }

    fn to_json(&self) -> Value {
        self.0.as_str().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_in_both_forms() {
        let one = TlsVersions::from_json(&json!("tls1.2")).unwrap().unwrap();
        assert_eq!(one.to_json(), json!({"min": "tls1.2", "max": "tls1.2"}));
        let open = TlsVersions::from_json(&json!({"min": "tls1.2"})).unwrap().unwrap();
        assert_eq!((open.min, open.max), (Some(Version::Tls12), None));
        assert!(TlsVersions::from_json(&json!("ssl3")).is_err());
        assert!(TlsVersions::from_json(&json!({"min": "tls1.3", "max": "tls1.2"})).is_err());
    }

    #[test]
    fn keys_stay_out_of_messages() {
        let error = TlsAuth::from_json(&json!({"key": "PRIVATE"})).unwrap_err().to_string();
        assert!(!error.contains("PRIVATE"), "{error}");
    }
}
