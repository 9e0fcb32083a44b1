//! Metadata: the headers of a call, and the headers and trailers of its answer.

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use http::{HeaderMap, HeaderName, HeaderValue};

use super::status::Status;

/// What a call is sent with. Keys that end in `-bin` have bytes as values, others printable ASCII.
pub type Metadata = Vec<(String, Vec<u8>)>;

/// What an answer came with: each key once, with its values in order; binary ones are decoded.
pub type Received = Vec<(String, Vec<Vec<u8>>)>;

/// Written without padding, read with and without.
const BINARY: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_encode_padding(false)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// The bytes of a binary value; `None` if it is not Base64.
pub fn decode(text: &[u8]) -> Option<Vec<u8>> {
    BINARY.decode(text).ok()
}

/// Headers of the protocol itself, which no metadata can set.
fn is_reserved(key: &str) -> bool {
    matches!(
        key,
        "content-type"
            | "user-agent"
            | "grpc-message-type"
            | "grpc-encoding"
            | "grpc-message"
            | "grpc-status"
            | "grpc-timeout"
            | "te"
    )
}

/// Adds metadata to the headers of a call. What the protocol itself sends is passed over.
///
/// # Errors
///
/// A key or a value has characters that cannot be sent.
pub(super) fn add_to(headers: &mut HeaderMap, metadata: &Metadata) -> Result<(), Status> {
    for (key, value) in metadata {
        let key = key.to_ascii_lowercase();
        if is_reserved(&key) || key.starts_with(':') {
            continue;
        }
        let allowed = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit() || b"-_.".contains(&c);
        let name = HeaderName::from_bytes(key.as_bytes()).ok().filter(|_| key.bytes().all(allowed));
        let Some(name) = name else {
            return Err(Status::internal(format!(
                "header key {key:?} contains illegal characters not in [0-9a-z-_.]"
            )));
        };
        let value = if key.ends_with("-bin") {
            HeaderValue::try_from(BINARY.encode(value)).ok()
        } else {
            let printable = value.iter().all(|c| (0x20..=0x7e).contains(c));
            HeaderValue::from_bytes(value).ok().filter(|_| printable)
        };
        let value = value.ok_or_else(|| {
            Status::internal(format!("header key {key:?} contains value with non-printable ASCII characters"))
        })?;
        headers.append(name, value);
    }
    Ok(())
}

/// The metadata among the headers or trailers of an answer.
pub(super) fn read(headers: &HeaderMap) -> Received {
    let mut received = Received::new();
    for key in headers.keys() {
        let name = key.as_str();
        if is_reserved(name) && name != "content-type" {
            continue;
        }
        let values = headers.get_all(key).iter().flat_map(|value| values(name, value)).collect();
        received.push((name.to_owned(), values));
    }
    received
}

/// A header's value or values: several binary ones may be joined by commas.
fn values(name: &str, value: &HeaderValue) -> Vec<Vec<u8>> {
    let bytes = value.as_bytes();
    if !name.ends_with("-bin") {
        return vec![bytes.to_vec()];
    }
    bytes.split(|&byte| byte == b',').map(|one| decode(one).unwrap_or_else(|| one.to_vec())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_and_back() {
        let metadata = vec![
            ("X-Text".to_owned(), b"a b".to_vec()),
            ("x-text".to_owned(), b"c".to_vec()),
            ("x-raw-bin".to_owned(), vec![0, 255, 1, 2]),
            ("te".to_owned(), b"no".to_vec()),
        ];
        let mut headers = HeaderMap::new();
        add_to(&mut headers, &metadata).unwrap();
        assert_eq!(headers.get("x-raw-bin").unwrap(), "AP8BAg");
        headers.insert("grpc-status", "0".parse().unwrap());
        let received = read(&headers);
        assert_eq!(
            received,
            [
                ("x-text".to_owned(), vec![b"a b".to_vec(), b"c".to_vec()]),
                ("x-raw-bin".to_owned(), vec![vec![0, 255, 1, 2]]),
            ]
        );
        assert_eq!(decode(b"AP8BAg=="), Some(vec![0, 255, 1, 2]));
    }

    #[test]
    fn what_cannot_be_sent() {
        for (key, value, part) in
            [("a b", "x", "illegal"), ("a", "x\n", "non-printable"), ("ä", "x", "illegal")]
        {
            let metadata = vec![(key.to_owned(), value.as_bytes().to_vec())];
            let status = add_to(&mut HeaderMap::new(), &metadata).unwrap_err();
            assert!(status.message.contains(part), "{status}");
        }
    }
}
