//! The names that Go has for the algorithms of signatures.

use x509_parser::x509::AlgorithmIdentifier;

/// The name of a certificate's signature algorithm.
pub fn name(algorithm: &AlgorithmIdentifier<'_>) -> &'static str {
    match &*algorithm.algorithm.to_id_string() {
        "1.2.840.113549.1.1.2" => "MD2-RSA",
        "1.2.840.113549.1.1.4" => "MD5-RSA",
        "1.2.840.113549.1.1.5" | "1.3.14.3.2.29" => "SHA1-RSA",
        "1.2.840.113549.1.1.11" => "SHA256-RSA",
        "1.2.840.113549.1.1.12" => "SHA384-RSA",
        "1.2.840.113549.1.1.13" => "SHA512-RSA",
        "1.2.840.113549.1.1.10" => with_padding(algorithm),
        "1.2.840.10040.4.3" => "DSA-SHA1",
        "2.16.840.1.101.3.4.3.2" => "DSA-SHA256",
        "1.2.840.10045.4.1" => "ECDSA-SHA1",
        "1.2.840.10045.4.3.2" => "ECDSA-SHA256",
        "1.2.840.10045.4.3.3" => "ECDSA-SHA384",
        "1.2.840.10045.4.3.4" => "ECDSA-SHA512",
        "1.3.101.112" => "Ed25519",
        _ => UNKNOWN,
    }
}

const UNKNOWN: &str = "UnknownSignatureAlgorithm";

/// RSASSA-PSS names its hash in its parameters: 2.16.840.1.101.3.4.2.N.
fn with_padding(algorithm: &AlgorithmIdentifier<'_>) -> &'static str {
    let parameters = algorithm.parameters.as_ref().map(|parameters| parameters.data).unwrap_or_default();
    let hash = [0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02];
    let found = parameters.windows(hash.len() + 1).find(|window| window.starts_with(&hash));
    match found.and_then(|window| window.last()) {
        Some(1) => "SHA256-RSAPSS",
        Some(2) => "SHA384-RSAPSS",
        Some(3) => "SHA512-RSAPSS",
        _ => UNKNOWN,
    }
}
