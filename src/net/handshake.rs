//! What TLS negotiated.

use rustls::CipherSuite;

/// The version and suite of a TLS connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Negotiated(pub CipherSuite);

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
