//! The TLS settings that all clients of a run share.

use std::path::PathBuf;
use std::sync::{Arc, LazyLock, OnceLock};

use rustls::client::Resumption;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{
    ClientConfig, DigitallySignedStruct, Error, KeyLog, NoKeyLog, SignatureScheme, SupportedCipherSuite,
    SupportedProtocolVersion,
};

use crate::net::client_certificate::{ClientCertificate, Shown};
use crate::net::handshake::go_name;
use crate::net::hosts::HostPattern;
use crate::net::key_log::KeyLogFile;
use crate::net::trusted::Trusted;

/// What all of TLS is made of.
pub static PROVIDER: LazyLock<Arc<CryptoProvider>> =
    LazyLock::new(|| Arc::new(rustls::crypto::ring::default_provider()));

/// What the options say about TLS.
#[derive(Clone, Debug, Default)]
pub struct Tls {
    /// Take any certificate.
    pub insecure_skip_verify: bool,
    /// The lowest and the highest version allowed; `None`: no bound.
    pub min: Option<Version>,
    pub max: Option<Version>,
    /// Suites allowed for TLS 1.2 by the names of IANA or Go; `None`: all that rustls has. TLS 1.3 always has its
    /// own three.
    pub cipher_suites: Option<Vec<String>>,
    /// What is shown to servers that ask for it.
    pub certificates: Vec<ClientCertificate>,
    /// PEM texts of authorities that are trusted instead of the system's, unless empty.
    pub authorities: Vec<String>,
    /// Where the secrets of connections are written to, if anywhere.
    pub key_log: Option<PathBuf>,
    /// Speak HTTP/1.1 even to servers that offer HTTP/2.
    pub http1_only: bool,
}

/// A TLS version. There is no 1.0 and no 1.1 in rustls: as a lower bound they mean 1.2, as an upper bound they
/// are an error.
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

impl Tls {
    /// What is asked for and left out, although something remains to be offered.
    pub fn warnings(&self) -> Vec<String> {
        let mut warnings = Vec::new();
        let reaches_12 = self.max.is_none_or(|max| max >= Version::Tls12);
        if self.min.is_some_and(|min| min < Version::Tls12) && reaches_12 {
            warnings.push(
                "tlsVersion: TLS 1.0 and 1.1 are not supported; the lowest version that is offered is tls1.2"
                    .to_owned(),
            );
        }
        let missing: Vec<_> = self.suites_of_12().filter(|name| !has_suite(name)).collect();
        if !missing.is_empty() {
            warnings.push(format!(
                "tlsCipherSuites: not supported and left out: {}; supported are {}",
                missing.join(", "),
                supported_suites()
            ));
        }
        warnings
    }

    /// The suites asked for, but those of TLS 1.3, which are always offered.
    fn suites_of_12(&self) -> impl Iterator<Item = &str> {
        let names = self.cipher_suites.iter().flatten().map(String::as_str);
        names.filter(|name| {
            !matches!(
                *name,
                "TLS_AES_128_GCM_SHA256" | "TLS_AES_256_GCM_SHA384" | "TLS_CHACHA20_POLY1305_SHA256"
            )
        })
    }

    /// # Errors
    ///
    /// Says which bound or list leaves nothing to offer.
    fn versions(&self) -> Result<Vec<&'static SupportedProtocolVersion>, String> {
        let min = self.min.unwrap_or(Version::Tls12);
        let max = self.max.unwrap_or(Version::Tls13);
        if max < Version::Tls12 {
            return Err(
                "tlsVersion: TLS 1.0 and 1.1 are not supported; allowed are tls1.2 and tls1.3".to_owned()
            );
        }
        let allowed = |version| (min..=max).contains(&version);
        let has_suites = self.cipher_suites.is_none() || self.suites_of_12().any(has_suite);
        let mut versions: Vec<&'static SupportedProtocolVersion> = Vec::new();
        if allowed(Version::Tls13) {
            versions.push(&rustls::version::TLS13);
        }
        if allowed(Version::Tls12) && has_suites {
            versions.push(&rustls::version::TLS12);
        }
        if !versions.is_empty() {
            return Ok(versions);
        }
        Err(match min > max {
            true => "tlsVersion: min is above max".to_owned(),
            false => format!(
                "tlsCipherSuites: none of the suites can be offered for tls1.2, the only version that tlsVersion \
                 allows; supported are {}",
                supported_suites()
            ),
        })
    }

    fn provider(&self) -> Arc<CryptoProvider> {
        if self.cipher_suites.is_none() {
            return PROVIDER.clone();
        }
        let mut provider = (**PROVIDER).clone();
        provider.cipher_suites.retain(|suite| match suite {
            SupportedCipherSuite::Tls13(_) => true,
            SupportedCipherSuite::Tls12(_) => self.suites_of_12().any(|name| is_named(*suite, name)),
        });
        Arc::new(provider)
    }
}

fn has_suite(name: &str) -> bool {
    PROVIDER.cipher_suites.iter().any(|suite| is_named(*suite, name))
}

/// Whether a suite has this name at IANA or in Go, which leaves the hash out of the older ChaCha20 ones.
fn is_named(suite: SupportedCipherSuite, name: &str) -> bool {
    let go = go_name(suite.suite());
    name == go || name.strip_suffix("_SHA256").is_some_and(|start| start == go && go.ends_with("_POLY1305"))
}

/// The suites of TLS 1.2, for messages.
fn supported_suites() -> String {
    let suites = PROVIDER.cipher_suites.iter().filter(|suite| suite.tls13().is_none());
    suites.map(|suite| go_name(suite.suite())).collect::<Vec<_>>().join(", ")
}

/// The client configurations of a run, which differ in the certificate that they show.
pub(super) struct TlsConfigs {
    plain: Arc<ClientConfig>,
    /// For proxies, which are never spoken to in HTTP/2.
    proxies: Arc<ClientConfig>,
    /// By the hosts that they are for; those for all others have none and come last.
    certified: Vec<(Vec<HostPattern>, Arc<ClientConfig>)>,
}

impl TlsConfigs {
    /// # Errors
    ///
    /// The options leave nothing to offer, or the file for the secrets cannot be opened.
    pub fn new(tls: &Tls, roots: Arc<Roots>) -> Result<Self, String> {
        let versions = tls.versions()?;
        let provider = tls.provider();
        let verifier: Arc<dyn ServerCertVerifier> = match tls.authorities.as_slice() {
            _ if tls.insecure_skip_verify => Arc::new(AnyCertificate),
            [] => roots,
            authorities => Arc::new(Trusted::new(authorities, "the file of authorities")?),
        };
        let key_log: Arc<dyn KeyLog> =
            match &tls.key_log {
                Some(path) => Arc::new(KeyLogFile::append(path).map_err(|error| {
                    format!("SSLKEYLOGFILE: could not open '{}': {error}", path.display())
                })?),
                None => Arc::new(NoKeyLog),
            };
        let build = |certificates: Vec<&ClientCertificate>, http2: bool| {
            let builder = ClientConfig::builder_with_provider(provider.clone())
                .with_protocol_versions(&versions)
                .map_err(|error| format!("tlsCipherSuites and tlsVersion leave nothing to offer: {error}"))?
                .dangerous()
                .with_custom_certificate_verifier(verifier.clone());
            let mut config = match certificates.is_empty() {
                true => builder.with_no_client_auth(),
                false => {
                    let keys = certificates.iter().map(|certificate| certificate.key.clone()).collect();
                    builder.with_client_cert_resolver(Arc::new(Shown(keys)))
                }
            };
            // Every connection makes a whole handshake, as k6's do.
            config.resumption = Resumption::disabled();
            config.key_log = key_log.clone();
            config.alpn_protocols = vec![b"http/1.1".to_vec()];
            if http2 {
                config.alpn_protocols.insert(0, b"h2".to_vec());
            }
            Ok::<_, String>(Arc::new(config))
        };
        let mut groups: Vec<(&[HostPattern], Vec<&ClientCertificate>)> = Vec::new();
        for certificate in &tls.certificates {
            match groups.iter_mut().find(|(domains, _)| *domains == certificate.domains) {
                Some((_, group)) => group.push(certificate),
                None => groups.push((&certificate.domains, vec![certificate])),
            }
        }
        groups.sort_by_key(|(domains, _)| domains.is_empty());
        let certified = groups
            .into_iter()
            .map(|(domains, group)| Ok((domains.to_vec(), build(group, !tls.http1_only)?)))
            .collect::<Result<_, String>>()?;
        Ok(Self { plain: build(Vec::new(), !tls.http1_only)?, proxies: build(Vec::new(), false)?, certified })
    }

    /// The configuration for connections to `host`.
    pub fn for_host(&self, host: &str) -> &Arc<ClientConfig> {
        let is_for = |domains: &[HostPattern]| {
            domains.is_empty() || {
                let host = host.to_lowercase();
                domains.iter().any(|domain| domain.matches(&host))
            }
        };
        let found = self.certified.iter().find(|(domains, _)| is_for(domains));
        found.map_or(&self.plain, |(_, config)| config)
    }

    /// The configuration for connections to proxies.
    pub fn for_proxies(&self) -> &Arc<ClientConfig> {
        &self.proxies
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn configs(tls: &Tls) -> Result<TlsConfigs, String> {
        TlsConfigs::new(tls, Roots::new())
    }

    #[test]
    fn bounds() {
        let with = |min, max| configs(&Tls { min, max, ..Tls::default() }).map(drop);
        assert_eq!(with(Some(Version::Tls10), None), Ok(()));
        assert!(
            with(None, Some(Version::Tls11)).unwrap_err().contains("tlsVersion: TLS 1.0 and 1.1 are not")
        );
        assert!(with(Some(Version::Tls13), Some(Version::Tls12)).is_err());
        let low = Tls { min: Some(Version::Tls10), ..Tls::default() };
        assert!(low.warnings()[0].contains("the lowest version that is offered is tls1.2"));
    }

    #[test]
    fn suites() {
        let with = |names: &[&str], max| Tls {
            cipher_suites: Some(names.iter().map(|name| (*name).to_owned()).collect()),
            max,
            ..Tls::default()
        };
        let go = "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305";
        let iana = "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256";
        let old = "TLS_RSA_WITH_AES_128_CBC_SHA";
        let only_12 = Some(Version::Tls12);
        for (names, max, versions, offered, warnings) in [
            (&[go][..], None, 2, 4, 0),
            (&[iana], only_12, 1, 4, 0),
            (&[iana, old], None, 2, 4, 1),
            (&[old], None, 1, 3, 1),
            (&["TLS_AES_128_GCM_SHA256"], None, 1, 3, 0),
        ] {
            let tls = with(names, max);
            let counts =
                (tls.versions().unwrap().len(), tls.provider().cipher_suites.len(), tls.warnings().len());
            assert_eq!(counts, (versions, offered, warnings), "{names:?}");
            assert!(configs(&tls).is_ok());
        }
        for names in [&[old][..], &[]] {
            let error = configs(&with(names, only_12)).map(drop).unwrap_err();
            assert!(
                error.starts_with("tlsCipherSuites: none of the suites") && error.contains(go),
                "{error}"
            );
        }
    }

    #[test]
    fn certificates_go_to_their_hosts() {
        let certificate = |domains: &[&str]| {
            let domains: Vec<_> = domains.iter().map(|domain| (*domain).to_owned()).collect();
            let pem = include_str!("../../tests/support/localhost.crt");
            ClientCertificate::from_pem(pem, include_str!("../../tests/support/localhost.key"), &domains)
                .unwrap()
        };
        let shows = |certificates: Vec<ClientCertificate>, host: &str| {
            let tls = Tls { certificates, ..Tls::default() };
            let config = configs(&tls).unwrap().for_host(host).clone();
            config.client_auth_cert_resolver.has_certs()
        };
        let own = certificate(&["*.a.test", "b.test"]);
        for (host, shown) in [("x.A.test", true), ("b.test", true), ("a.test", false), ("127.0.0.1", false)] {
            assert_eq!(shows(vec![own.clone()], host), shown, "{host}");
            assert!(shows(vec![own.clone(), certificate(&[])], host));
        }
        assert!(!shows(vec![], "b.test"));
    }
}
