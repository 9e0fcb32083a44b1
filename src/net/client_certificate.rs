//! Certificates that a client shows to servers which ask for one (`tlsAuth`).

use std::sync::Arc;

use rustls::SignatureScheme;
use rustls::client::ResolvesClientCert;
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;

use crate::net::hosts::HostPattern;
use crate::net::tls::PROVIDER;

/// A certificate with its key and the hosts that it is for.
#[derive(Clone, Debug)]
pub struct ClientCertificate {
    pub(super) key: Arc<CertifiedKey>,
    /// Empty: for all hosts that no other certificate is for.
    pub(super) domains: Vec<HostPattern>,
}

impl ClientCertificate {
    /// Reads PEM texts: the certificate, which may be followed by those that lead to its authority, and its
    /// private key (PKCS #1, PKCS #8 or SEC 1).
    ///
    /// # Errors
    ///
    /// Says which of the texts is wrong and why; never shows them.
    pub fn from_pem(certificate: &str, key: &str, domains: &[String]) -> Result<Self, String> {
        let chain: Vec<_> = CertificateDer::pem_slice_iter(certificate.as_bytes())
            .collect::<Result<_, _>>()
            .map_err(|error| format!("`cert` is no PEM text: {error}"))?;
        if chain.is_empty() {
            return Err(
                "`cert` holds no certificate: it must be a PEM text with -----BEGIN CERTIFICATE-----, \
                        such as `open('client.crt')` returns"
                    .to_owned(),
            );
        }
        if is_encrypted(key) {
            return Err(
                "`key` is encrypted, which is not supported; write it without a password, for example \
                        with `openssl pkey -in client.key -out plain.key`, and leave `password` out"
                    .to_owned(),
            );
        }
        let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).map_err(|error| match error {
            pem::Error::NoItemsFound => "`key` holds no private key: it must be a PEM text with -----BEGIN \
                                         PRIVATE KEY-----, such as `open('client.key')` returns"
                .to_owned(),
            error => format!("`key` is no PEM text: {error}"),
        })?;
        let key = CertifiedKey::from_der(chain, key, &PROVIDER).map_err(|error| match error {
            rustls::Error::InconsistentKeys(_) => "`key` is not the key of `cert`".to_owned(),
            error => format!("`cert` and `key` cannot be used: {error}"),
        })?;
        let domains = domains.iter().map(|domain| domain.parse()).collect::<Result<_, _>>();
        let domains = domains.map_err(|error: String| format!("`domains`: {error}"))?;
        Ok(Self { key: Arc::new(key), domains })
    }
}

/// PKCS #8's way to say so, and that of the PEM texts before it.
fn is_encrypted(key: &str) -> bool {
    key.contains("-----BEGIN ENCRYPTED PRIVATE KEY-----") || key.contains("Proc-Type: 4,ENCRYPTED")
}

/// Shows the first certificate whose key makes signatures that the server takes.
#[derive(Debug)]
pub(super) struct Shown(pub Vec<Arc<CertifiedKey>>);

impl ResolvesClientCert for Shown {
    fn resolve(&self, _: &[&[u8]], schemes: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        self.0.iter().find(|certified| certified.key.choose_scheme(schemes).is_some()).cloned()
    }

    fn has_certs(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CERTIFICATE: &str = include_str!("../../tests/support/localhost.crt");
    const KEY: &str = include_str!("../../tests/support/localhost.key");

    #[test]
    fn texts_that_are_right_and_wrong() {
        let read = |cert: &str, key: &str, domain: &str| {
            ClientCertificate::from_pem(cert, key, &[domain.to_owned()]).map(drop)
        };
        assert_eq!(read(CERTIFICATE, KEY, "*.a.test"), Ok(()));
        let legacy = KEY.replace("KEY-----\n", "KEY-----\nProc-Type: 4,ENCRYPTED\n\n");
        for (cert, key, domain, wanted) in [
            (KEY, KEY, "a", "`cert` holds no certificate"),
            ("-----BEGIN CERTIFICATE-----\nMII", KEY, "a", "`cert` is no PEM text"),
            (CERTIFICATE, CERTIFICATE, "a", "`key` holds no private key"),
            (CERTIFICATE, &KEY.replace("PRIVATE", "ENCRYPTED PRIVATE"), "a", "`key` is encrypted"),
            (CERTIFICATE, &legacy, "a", "`key` is encrypted"),
            (
                CERTIFICATE,
                "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
                "a",
                "cannot be used",
            ),
            (CERTIFICATE, KEY, "a*b", "`domains`: invalid hostname pattern 'a*b'"),
        ] {
            let error = read(cert, key, domain).unwrap_err();
            assert!(error.contains(wanted), "{error}");
        }
    }
}
