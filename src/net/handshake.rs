//! What TLS negotiated, and when its handshake began.
//!
//! rustls tells neither through reqwest, but both can be overheard in the task of the request: the session store
//! is asked for a ticket first of all, and the keys of the chosen suite are made while the handshake runs.

use std::sync::{Arc, LazyLock};
use std::time::Instant;

use rustls::client::{ClientSessionStore, Tls12ClientSessionValue, Tls13ClientSessionValue};
use rustls::crypto::CryptoProvider;
use rustls::crypto::cipher::{
    AeadKey, Iv, KeyBlockShape, MessageDecrypter, MessageEncrypter, Tls12AeadAlgorithm, Tls13AeadAlgorithm,
    UnsupportedOperationError,
};
use rustls::pki_types::ServerName;
use rustls::{
    CipherSuite, CipherSuiteCommon, ConnectionTrafficSecrets, NamedGroup, SupportedCipherSuite,
    Tls12CipherSuite, Tls13CipherSuite,
};

use crate::net::trace;

/// The version and suite of a TLS connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Negotiated(CipherSuite);

impl Negotiated {
    /// `tls1.2` or `tls1.3`.
    pub fn version(self) -> &'static str {
        // The suites of 1.3 have numbers of their own: 0x13xx.
        if u16::from(self.0) >> 8 == 0x13 { "tls1.3" } else { "tls1.2" }
    }

    /// The suite's name as Go writes it.
    pub fn cipher_suite(self) -> String {
        go_name(self.0)
    }
}

/// rustls marks the suites of TLS 1.3 in their names, and Go leaves the hash out of the older ChaCha20 ones.
pub fn go_name(suite: CipherSuite) -> String {
    let name = format!("{suite:?}");
    match name.strip_prefix("TLS13_") {
        Some(rest) => format!("TLS_{rest}"),
        None => match name.strip_suffix("_CHACHA20_POLY1305_SHA256") {
            Some(start) => format!("{start}_CHACHA20_POLY1305"),
            None => name,
        },
    }
}

/// A session store that keeps nothing, so that every connection makes a whole handshake, as k6's do; and that
/// marks the handshake's begin.
#[derive(Debug)]
pub struct NoSessions;

impl ClientSessionStore for NoSessions {
    fn set_kx_hint(&self, _: ServerName<'static>, _: NamedGroup) {}

    fn kx_hint(&self, _: &ServerName<'_>) -> Option<NamedGroup> {
        None
    }

    fn set_tls12_session(&self, _: ServerName<'static>, _: Tls12ClientSessionValue) {}

    fn tls12_session(&self, _: &ServerName<'_>) -> Option<Tls12ClientSessionValue> {
        None
    }

    fn remove_tls12_session(&self, _: &ServerName<'static>) {}

    fn insert_tls13_ticket(&self, _: ServerName<'static>, _: Tls13ClientSessionValue) {}

    fn take_tls13_ticket(&self, _: &ServerName<'static>) -> Option<Tls13ClientSessionValue> {
        trace::mark(|marks| {
            // Asked again after a HelloRetryRequest.
            marks.tls_start.get_or_insert_with(Instant::now);
        });
        None
    }
}

/// ring's provider, whose suites mark themselves when they are chosen.
pub static PROVIDER: LazyLock<Arc<CryptoProvider>> = LazyLock::new(|| {
    let mut provider = rustls::crypto::ring::default_provider();
    for suite in &mut provider.cipher_suites {
        *suite = overheard(*suite);
    }
    Arc::new(provider)
});

/// The suite with its key maker wrapped. rustls wants suites that live for ever; this runs once.
fn overheard(suite: SupportedCipherSuite) -> SupportedCipherSuite {
    let common = |common: &CipherSuiteCommon| CipherSuiteCommon {
        suite: common.suite,
        hash_provider: common.hash_provider,
        confidentiality_limit: common.confidentiality_limit,
    };
    match suite {
        SupportedCipherSuite::Tls12(inner) => SupportedCipherSuite::Tls12(leak(Tls12CipherSuite {
            common: common(&inner.common),
            prf_provider: inner.prf_provider,
            kx: inner.kx,
            sign: inner.sign,
            aead_alg: leak(Overheard { suite: inner.common.suite, aead: inner.aead_alg }),
        })),
        SupportedCipherSuite::Tls13(inner) => SupportedCipherSuite::Tls13(leak(Tls13CipherSuite {
            common: common(&inner.common),
            hkdf_provider: inner.hkdf_provider,
            aead_alg: leak(Overheard { suite: inner.common.suite, aead: inner.aead_alg }),
            quic: None,
        })),
    }
}

fn leak<T>(value: T) -> &'static T {
    Box::leak(Box::new(value))
}

struct Overheard<A: ?Sized + 'static> {
    suite: CipherSuite,
    aead: &'static A,
}

impl<A: ?Sized> Overheard<A> {
    fn mark(&self) {
        trace::mark(|marks| marks.negotiated = Some(Negotiated(self.suite)));
    }
}

impl Tls13AeadAlgorithm for Overheard<dyn Tls13AeadAlgorithm> {
    fn encrypter(&self, key: AeadKey, iv: Iv) -> Box<dyn MessageEncrypter> {
        self.mark();
        self.aead.encrypter(key, iv)
    }

    fn decrypter(&self, key: AeadKey, iv: Iv) -> Box<dyn MessageDecrypter> {
        self.aead.decrypter(key, iv)
    }

    fn key_len(&self) -> usize {
        self.aead.key_len()
    }

    fn extract_keys(
        &self,
        key: AeadKey,
        iv: Iv,
    ) -> Result<ConnectionTrafficSecrets, UnsupportedOperationError> {
        self.aead.extract_keys(key, iv)
    }
}

impl Tls12AeadAlgorithm for Overheard<dyn Tls12AeadAlgorithm> {
    fn encrypter(&self, key: AeadKey, iv: &[u8], extra: &[u8]) -> Box<dyn MessageEncrypter> {
        self.mark();
        self.aead.encrypter(key, iv, extra)
    }

    fn decrypter(&self, key: AeadKey, iv: &[u8]) -> Box<dyn MessageDecrypter> {
        self.aead.decrypter(key, iv)
    }

    fn key_block_shape(&self) -> KeyBlockShape {
        self.aead.key_block_shape()
    }

    fn extract_keys(
        &self,
        key: AeadKey,
        iv: &[u8],
        explicit: &[u8],
    ) -> Result<ConnectionTrafficSecrets, UnsupportedOperationError> {
        self.aead.extract_keys(key, iv, explicit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_versions() {
        let table = [
            (CipherSuite::TLS13_AES_128_GCM_SHA256, "tls1.3", "TLS_AES_128_GCM_SHA256"),
            (CipherSuite::TLS13_CHACHA20_POLY1305_SHA256, "tls1.3", "TLS_CHACHA20_POLY1305_SHA256"),
            (
                CipherSuite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
                "tls1.2",
                "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
            ),
            (
                CipherSuite::TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
                "tls1.2",
                "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305",
            ),
        ];
        for (suite, version, name) in table {
            let negotiated = Negotiated(suite);
            assert_eq!((negotiated.version(), negotiated.cipher_suite().as_str()), (version, name));
        }
    }
}
