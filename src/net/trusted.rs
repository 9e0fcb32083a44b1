//! Authorities that users name, in place of the system's.

use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{WebPkiServerVerifier, verify_server_name};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};

use crate::net::tls::PROVIDER;

/// Trusts authorities, and their own certificates where servers show those: rustls takes no authority for a server,
/// but Go does, and what one makes for oneself often is both.
#[derive(Debug)]
pub(super) struct Trusted {
    authorities: Arc<WebPkiServerVerifier>,
    certificates: Vec<CertificateDer<'static>>,
}

impl Trusted {
    /// # Errors
    ///
    /// Says what is wrong with the PEM texts, which are called by `name`.
    pub(super) fn new(texts: &[String], name: &str) -> Result<Self, String> {
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
    use super::*;

    const CERTIFICATE: &str = include_str!("../../tests/support/localhost.crt");

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
