//! Certificates of one channel: whom it trusts, and what it shows.

use std::sync::Arc;

use rustls::ClientConfig;

use crate::net::client_certificate::{ClientCertificate, Shown};
use crate::net::trusted::Trusted;

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

#[cfg(test)]
mod tests {
    use rustls::RootCertStore;
    use rustls::client::Resumption;

    use super::*;
    use crate::net::tls::PROVIDER;

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
}
