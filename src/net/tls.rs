//! The TLS settings that all clients of a run share.

use std::sync::{Arc, OnceLock};

use rustls::client::Resumption;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{
    ClientConfig, DigitallySignedStruct, Error, SignatureScheme, SupportedCipherSuite,
    SupportedProtocolVersion,
};

use crate::net::handshake::{NoSessions, PROVIDER, go_name};

/// What the options say about TLS.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tls {
    /// Take any certificate.
    pub insecure_skip_verify: bool,
    /// The lowest and the highest version allowed; `None`: no bound.
    pub min: Option<Version>,
    pub max: Option<Version>,
    /// Suites allowed for TLS 1.2 by Go's names; `None`: all that rustls has. TLS 1.3 always has its own three.
    pub cipher_suites: Option<Vec<String>>,
    /// Speak HTTP/1.1 even to servers that offer HTTP/2.
    pub http1_only: bool,
}

/// A TLS version. There is no 1.0 and no 1.1 in rustls: as a lower bound they mean 1.2, as an upper bound they
/// leave nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Version {
    Tls10,
    Tls11,
    Tls12,
    Tls13,
}

/// Trust in the system's roots. They are read when first needed: most runs on plain HTTP never do.
#[derive(Debug)]
pub struct Roots(OnceLock<Result<rustls_platform_verifier::Verifier, Error>>);

impl Roots {
    pub fn new() -> Arc<Self> {
        Arc::new(Self(OnceLock::new()))
    }

    /// Reads the roots now, so that no request's handshake pays for it.
    pub fn load(&self) {
        let _ = self.get();
    }

    fn get(&self) -> Result<&rustls_platform_verifier::Verifier, Error> {
        self.0
            .get_or_init(|| rustls_platform_verifier::Verifier::new(PROVIDER.clone()))
            .as_ref()
            .map_err(Error::clone)
    }
}

impl ServerCertVerifier for Roots {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        self.get()?.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, cert, dss, &PROVIDER.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, cert, dss, &PROVIDER.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        PROVIDER.signature_verification_algorithms.supported_schemes()
    }
}

/// `insecureSkipTLSVerify`.
#[derive(Debug)]
struct AnyCertificate;

impl ServerCertVerifier for AnyCertificate {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        PROVIDER.signature_verification_algorithms.supported_schemes()
    }
}

/// The client configuration for `tls`; cheap to clone.
///
/// # Errors
///
/// Says which bound or list leaves nothing to offer.
pub fn client_config(tls: &Tls, roots: Arc<Roots>) -> Result<ClientConfig, String> {
    let min = tls.min.unwrap_or(Version::Tls12);
    let max = tls.max.unwrap_or(Version::Tls13);
    let mut versions: Vec<&'static SupportedProtocolVersion> = Vec::new();
    if (min..=max).contains(&Version::Tls13) {
        versions.push(&rustls::version::TLS13);
    }
    if (min..=max).contains(&Version::Tls12) {
        versions.push(&rustls::version::TLS12);
    }
    if versions.is_empty() {
        return Err("tlsVersion: nothing left to offer; TLS 1.2 and 1.3 are supported".into());
    }
    let provider = provider(tls.cipher_suites.as_deref());
    let verifier: Arc<dyn ServerCertVerifier> =
        if tls.insecure_skip_verify { Arc::new(AnyCertificate) } else { roots };
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&versions)
        .map_err(|error| format!("tlsCipherSuites and tlsVersion leave nothing to offer: {error}"))?
        .dangerous()
        .with_custom_certificate_verifier(verifier)
        .with_no_client_auth();
    config.resumption = Resumption::store(Arc::new(NoSessions));
    config.alpn_protocols =
        if tls.http1_only { vec![b"http/1.1".to_vec()] } else { vec![b"h2".to_vec(), b"http/1.1".to_vec()] };
    Ok(config)
}

fn provider(suites: Option<&[String]>) -> Arc<CryptoProvider> {
    let Some(wanted) = suites else { return PROVIDER.clone() };
    let mut provider = (**PROVIDER).clone();
    provider.cipher_suites.retain(|suite| match suite {
        SupportedCipherSuite::Tls13(_) => true,
        SupportedCipherSuite::Tls12(_) => wanted.contains(&go_name(suite.suite())),
    });
    Arc::new(provider)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_and_suites() {
        let with = |min, max| client_config(&Tls { min, max, ..Tls::default() }, Roots::new());
        assert!(with(Some(Version::Tls10), None).is_ok());
        assert!(with(None, Some(Version::Tls11)).unwrap_err().contains("tlsVersion"));
        assert!(with(Some(Version::Tls13), Some(Version::Tls12)).is_err());

        let suites = Some(vec!["TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305".to_owned()]);
        assert_eq!(provider(suites.as_deref()).cipher_suites.len(), 4);
        let none_left = Tls { max: Some(Version::Tls12), cipher_suites: Some(vec![]), ..Tls::default() };
        assert!(client_config(&none_left, Roots::new()).is_err());
    }
}
