//! Signatures of Amazon's web services, version 4, as their managed Prometheus wants them.
//!
//! How they are made: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html>.

use std::fmt::Write;

use anyhow::{Result, bail};
use hmac::{Hmac, Mac};
use sha2::{Digest, Sha256};
use url::{Position, Url};

use crate::output::settings::Settings;

const ALGORITHM: &str = "AWS4-HMAC-SHA256";

/// The managed Prometheus is called so.
const SERVICE: &str = "aps";

/// Who signs, and where.
#[derive(Clone)]
pub struct Key {
    region: String,
    access_key: String,
    secret_key: String,
}

impl Key {
    /// From `SIGV4_REGION`, `SIGV4_ACCESS_KEY` and `SIGV4_SECRET_KEY`: all of them, or none.
    pub fn read(settings: &Settings<'_>) -> Result<Option<Self>> {
        let names = ["SIGV4_REGION", "SIGV4_ACCESS_KEY", "SIGV4_SECRET_KEY"];
        match names.map(|name| settings.some_text(name)) {
            [Some(region), Some(access_key), Some(secret_key)] => {
                Ok(Some(Self { region, access_key, secret_key }))
            }
            [None, None, None] => Ok(None),
            values => {
                let missing = names.iter().zip(values).filter(|(_, value)| value.is_none());
                let missing: Vec<_> = missing.map(|(name, _)| settings.name(name)).collect();
                bail!("to sign requests for AWS, {} must be set, too", missing.join(" and "))
            }
        }
    }

    /// The headers that sign a POST at this moment.
    pub fn headers(&self, url: &Url, body: &[u8]) -> Vec<(String, String)> {
        let now = jiff::Timestamp::now().strftime("%Y%m%dT%H%M%SZ").to_string();
        self.headers_at(&now, SERVICE, "POST", url, body)
    }

    /// `now` is `20150830T123600Z`.
    fn headers_at(
        &self,
        now: &str,
        service: &str,
        method: &str,
        url: &Url,
        body: &[u8],
    ) -> Vec<(String, String)> {
        let host = &url[Position::BeforeHost..Position::AfterPort];
        let path = encoded(url.path());
        let query = canonical_query(url);
        let signed = "host;x-amz-date";
        let digest = hex::encode(Sha256::digest(body));
        let request =
            format!("{method}\n{path}\n{query}\nhost:{host}\nx-amz-date:{now}\n\n{signed}\n{digest}");
        let day = now.split('T').next().unwrap_or_default();
        let scope = format!("{day}/{}/{service}/aws4_request", self.region);
        let digest = hex::encode(Sha256::digest(request));
        let to_sign = format!("{ALGORITHM}\n{now}\n{scope}\n{digest}");
        let mut key = format!("AWS4{}", self.secret_key).into_bytes();
        for part in [day, &self.region, service, "aws4_request"] {
            key = mac(&key, part);
        }
        let signature = hex::encode(mac(&key, &to_sign));
        let credential = format!("{}/{scope}", self.access_key);
        let authorization =
            format!("{ALGORITHM} Credential={credential}, SignedHeaders={signed}, Signature={signature}");
        vec![("X-Amz-Date".to_owned(), now.to_owned()), ("Authorization".to_owned(), authorization)]
    }
}

fn mac(key: &[u8], text: &str) -> Vec<u8> {
    // A key may have any length.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else { return Vec::new() };
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

/// Parameters by name, with their values.
fn canonical_query(url: &Url) -> String {
    let mut pairs: Vec<_> =
        url.query_pairs().map(|(k, v)| (escaped(&k, false), escaped(&v, false))).collect();
    pairs.sort();
    pairs.iter().map(|(key, value)| format!("{key}={value}")).collect::<Vec<_>>().join("&")
}

/// A path that is escaped already is escaped once more: so it is for all services but S3.
fn encoded(path: &str) -> String {
    if path.is_empty() { "/".to_owned() } else { escaped(path, true) }
}

fn escaped(text: &str, keeps_slash: bool) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) || (keeps_slash && byte == b'/') {
            out.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signatures_are_those_of_amazons_test_suite() {
        let key = Key {
            region: "us-east-1".to_owned(),
            access_key: "AKIDEXAMPLE".to_owned(),
            secret_key: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY".to_owned(),
        };
        for (method, url, signature) in [
            ("GET", "/", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"),
            ("POST", "/", "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"),
            (
                "GET",
                "/?Param2=value2&Param1=value1",
                "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500",
            ),
        ] {
            let url = Url::parse(&format!("https://example.amazonaws.com{url}")).unwrap();
            let headers = key.headers_at("20150830T123600Z", "service", method, &url, b"");
            assert_eq!(headers[0].1, "20150830T123600Z");
            assert_eq!(
                headers[1].1,
                format!(
                    "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, \
                     SignedHeaders=host;x-amz-date, Signature={signature}"
                ),
                "{url}"
            );
        }
    }

    #[test]
    fn all_or_nothing() {
        let env = |name: &str| (name == "K6_PROMETHEUS_RW_SIGV4_REGION").then(|| "eu".to_owned());
        let error = Key::read(&Settings::new("PROMETHEUS_RW", &env)).err().unwrap().to_string();
        assert_eq!(
            error,
            "to sign requests for AWS, K6_PROMETHEUS_RW_SIGV4_ACCESS_KEY and K6_PROMETHEUS_RW_SIGV4_SECRET_KEY must be set, too"
        );
        assert!(Key::read(&Settings::new("PROMETHEUS_RW", &|_| None)).unwrap().is_none());
    }
}
