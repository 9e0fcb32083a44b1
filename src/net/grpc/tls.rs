//! Certificates of one channel: whom it trusts, and what it shows.

use std::sync::Arc;

use rustls::client::ResolvesClientCert;
use rustls::client::WebPkiServerVerifier;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use rustls::{ClientConfig, RootCertStore, SignatureScheme};

use crate::net::handshake::PROVIDER;

/// PEM texts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ChannelTls {
    /// Trusted instead of the system's authorities, unless empty.
    pub cacerts: Vec<String>,
    /// Shown to a server that asks, with its private key.
    pub cert: Option<(String, String)>,
}

impl ChannelTls {
    /// The settings of a channel, from those of the options. `trusts_any`: certificates are not looked at.
    ///
    /// # Errors
    ///
    /// Says which text is wrong; never shows it.
    pub fn configure(&self, mut config: ClientConfig, trusts_any: bool) -> Result<ClientConfig, String> {
        config.alpn_protocols = vec![b"h2".to_vec()];
        if !self.cacerts.is_empty() && !trusts_any {
            let mut roots = RootCertStore::empty();
            for certificate in self.cacerts.iter().flat_map(|text| certificates(text)) {
                let certificate = certificate.map_err(|error| format!("cacerts: {error}"))?;
                roots.add(certificate).map_err(|error| format!("cacerts: {error}"))?;
            }
            let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), PROVIDER.clone());
            let verifier =
                verifier.build().map_err(|_| "cacerts: there is no certificate in it".to_owned())?;
            config.dangerous().set_certificate_verifier(verifier);
        }
        if let Some((cert, key)) = &self.cert {
            config.client_auth_cert_resolver = Arc::new(Shown(Arc::new(certified(cert, key)?)));
        }
        Ok(config)
    }
}

fn certificates(text: &str) -> impl Iterator<Item = Result<CertificateDer<'static>, String>> {
    CertificateDer::pem_slice_iter(text.as_bytes())
        .map(|certificate| certificate.map_err(|error| error.to_string()))
}

fn certified(cert: &str, key: &str) -> Result<CertifiedKey, String> {
    let chain: Vec<_> =
        certificates(cert).collect::<Result<_, _>>().map_err(|error| format!("cert: {error}"))?;
    if chain.is_empty() {
        return Err("cert: there is no certificate in it".to_owned());
    }
    if key.contains("-----BEGIN ENCRYPTED PRIVATE KEY-----") || key.contains("Proc-Type: 4,ENCRYPTED") {
        return Err("key: encrypted keys are not supported; write it without a password, for example with \
                    `openssl pkey -in client.key -out plain.key`"
            .to_owned());
    }
    let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).map_err(|error| format!("key: {error}"))?;
    CertifiedKey::from_der(chain, key, &PROVIDER).map_err(|error| format!("cert and key: {error}"))
}

/// Shows the one certificate.
#[derive(Debug)]
struct Shown(Arc<CertifiedKey>);

impl ResolvesClientCert for Shown {
    fn resolve(&self, _: &[&[u8]], schemes: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        self.0.key.choose_scheme(schemes).map(|_| self.0.clone())
    }

    fn has_certs(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::tls::{Roots, Tls, client_config};

    const CERTIFICATE: &str = include_str!("../../../tests/support/localhost.crt");
    const KEY: &str = include_str!("../../../tests/support/localhost.key");

    #[test]
    fn texts_that_are_right_and_wrong() {
        let configure = |cacerts: &[&str], cert: Option<(&str, &str)>| {
            let tls = ChannelTls {
                cacerts: cacerts.iter().map(|text| (*text).to_owned()).collect(),
                cert: cert.map(|(cert, key)| (cert.to_owned(), key.to_owned())),
            };
            tls.configure(client_config(&Tls::default(), Roots::new()).unwrap(), false).map(drop)
        };
        assert_eq!(configure(&[CERTIFICATE], Some((CERTIFICATE, KEY))), Ok(()));
        let encrypted = KEY.replace("PRIVATE", "ENCRYPTED PRIVATE");
        for (cacerts, cert, wanted) in [
            (&["x"][..], None, "cacerts: there is no certificate"),
            (&["-----BEGIN CERTIFICATE-----\nMII"], None, "cacerts: "),
            (&[], Some((KEY, KEY)), "cert: there is no certificate"),
            (&[], Some((CERTIFICATE, CERTIFICATE)), "key: "),
            (&[], Some((CERTIFICATE, encrypted.as_str())), "key: encrypted"),
        ] {
            let error = configure(cacerts, cert).unwrap_err();
            assert!(error.starts_with(wanted), "{error}");
        }
    }
}
