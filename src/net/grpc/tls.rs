//! Certificates of one channel: whom it trusts, and what it shows.

use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{WebPkiServerVerifier, verify_server_name};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};

use crate::net::client_certificate::{ClientCertificate, Shown};
use crate::net::tls::PROVIDER;

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
            config.dangerous().set_certificate_verifier(Arc::new(Trusted::new(&self.cacerts, "`cacerts`")?));
        }
        if let Some((cert, key)) = &self.cert {
            let certificate = ClientCertificate::from_pem(cert, key, &[])?;
            config.client_auth_cert_resolver = Arc::new(Shown(vec![certificate.key]));
        }
        Ok(config)
    }
}

/// Trusts authorities, and their own certificates where servers show those: rustls takes no authority for a server,
/// but Go does, and what one makes for oneself often is both.
#[derive(Debug)]
pub(in crate::net) struct Trusted {
    authorities: Arc<WebPkiServerVerifier>,
    certificates: Vec<CertificateDer<'static>>,
}

impl Trusted {
    /// # Errors
    ///
    /// Says what is wrong with the PEM texts, which are called by `name`.
    pub(in crate::net) fn new(texts: &[String], name: &str) -> Result<Self, String> {
        let mut roots = RootCertStore::empty();
        let mut certificates = Vec::new();
        for text in texts {
            for certificate in CertificateDer::pem_slice_iter(text.as_bytes()) {
                let certificate = certificate.map_err(|error| format!("{name} is no PEM text: {error}"))?;
                roots.add(certificate.clone()).map_err(|error| format!("{name}: {error}"))?;
                certificates.push(certificate);
            }
        }
        let authorities = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), PROVIDER.clone());
        let authorities = authorities.build().map_err(|_| {
            format!("{name} holds no certificate: it must be a PEM text with -----BEGIN CERTIFICATE-----")
        })?;
        Ok(Self { authorities, certificates })
    }
}

impl ServerCertVerifier for Trusted {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let verified =
            self.authorities.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now);
        match &verified {
            // Its dates were checked before.
            Err(error) if is_authority(error) && self.certificates.contains(end_entity) => {
                verify_server_name(&ParsedCertificate::try_from(end_entity)?, server_name)?;
                Ok(ServerCertVerified::assertion())
            }
            _ => verified,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.authorities.verify_tls12_signature(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.authorities.verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.authorities.supported_verify_schemes()
    }
}

/// Whether a certificate is refused for no other reason than that it is an authority's. The error's own type is one
/// that rustls does not show.
fn is_authority(error: &Error) -> bool {
    let Error::InvalidCertificate(CertificateError::Other(other)) = error else { return false };
    format!("{:?}", other.0) == "CaUsedAsEndEntity"
}

#[cfg(test)]
mod tests {
    use rustls::client::Resumption;

    use super::*;

    const CERTIFICATE: &str = include_str!("../../../tests/support/localhost.crt");
    const KEY: &str = include_str!("../../../tests/support/localhost.key");

    fn config() -> ClientConfig {
        let mut config = ClientConfig::builder_with_provider(PROVIDER.clone())
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(RootCertStore::empty())
            .with_no_client_auth();
        config.resumption = Resumption::disabled();
        config
    }

    #[test]
    fn texts_that_are_right_and_wrong() {
        let configure = |cacerts: &[&str], cert: Option<(&str, &str)>| {
            let tls = ChannelTls {
                cacerts: cacerts.iter().map(|text| (*text).to_owned()).collect(),
                cert: cert.map(|(cert, key)| (cert.to_owned(), key.to_owned())),
            };
            tls.configure(config(), false).map(drop)
        };
        assert_eq!(configure(&[CERTIFICATE], Some((CERTIFICATE, KEY))), Ok(()));
        for (cacerts, cert, wanted) in [
            (&["x"][..], None, "`cacerts` holds no certificate"),
            (&["-----BEGIN CERTIFICATE-----\nMII"], None, "`cacerts` is no PEM text"),
            (&[], Some((KEY, KEY)), "`cert` holds no certificate"),
        ] {
            let error = configure(cacerts, cert).unwrap_err();
            assert!(error.starts_with(wanted), "{error}");
        }
    }

    #[test]
    fn one_s_own_authority_may_be_the_server() {
        let trusted = Trusted::new(&[CERTIFICATE.to_owned()], "it").unwrap();
        let certificate = CertificateDer::from_pem_slice(CERTIFICATE.as_bytes()).unwrap();
        let verify = |name: &'static str, at: u64| {
            let name = ServerName::try_from(name).unwrap();
            let at = UnixTime::since_unix_epoch(std::time::Duration::from_secs(at));
            trusted.verify_server_cert(&certificate, &[], &name, &[], at).map(drop)
        };
        // A year after the certificate was made, and long before.
        assert_eq!(verify("localhost", 1_826_000_000), Ok(()));
        assert!(verify("other.test", 1_826_000_000).is_err());
        assert!(verify("localhost", 1_000_000_000).is_err());
    }
}
