//! The parameter `compression`: request bodies packed before they are sent.

use std::io::{self, Write};

use bytes::Bytes;

use super::refusal::Refusal;

/// An encoding that HTTP knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    Gzip,
    Deflate,
    Zstd,
    Brotli,
}

impl Algorithm {
    const ALL: [Self; 4] = [Self::Gzip, Self::Deflate, Self::Zstd, Self::Brotli];

    const fn name(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Deflate => "deflate",
            Self::Zstd => "zstd",
            Self::Brotli => "br",
        }
    }
}

/// Reads a list such as `gzip, br`; a blank text is an empty list.
pub fn read(list: &str) -> Result<Vec<Algorithm>, Refusal> {
    if list.trim().is_empty() {
        return Ok(Vec::new());
    }
    let one = |name: &str| {
        let name = name.trim();
        Algorithm::ALL.into_iter().find(|algorithm| algorithm.name() == name).ok_or_else(|| {
            let known = Algorithm::ALL.map(Algorithm::name).join(" ");
            Refusal::text(format!("unknown compression algorithm {name}, supported algorithms are [{known}]"))
        })
    };
    list.split(',').map(one).collect()
}

/// The `Content-Encoding` of a body to which these were applied in order.
pub fn content_encoding(algorithms: &[Algorithm]) -> String {
    algorithms.iter().map(|algorithm| algorithm.name()).collect::<Vec<_>>().join(", ")
}

/// Packs a body with each algorithm in turn.
///
/// # Errors
///
/// An encoder failed, which none does in memory.
pub fn pack(algorithms: &[Algorithm], body: Bytes) -> io::Result<Bytes> {
    algorithms.iter().try_fold(body, |body, algorithm| one(*algorithm, &body).map(Bytes::from))
}

fn one(algorithm: Algorithm, body: &[u8]) -> io::Result<Vec<u8>> {
    match algorithm {
        Algorithm::Gzip => {
            let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
            encoder.write_all(body)?;
            encoder.finish()
        }
        Algorithm::Deflate => {
            let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::default());
            encoder.write_all(body)?;
            encoder.finish()
        }
        Algorithm::Zstd => zstd::encode_all(body, 0),
        Algorithm::Brotli => {
            let mut packed = Vec::new();
            // Quality 6 and a window of 4 MiB: what Go's encoder takes unless told otherwise.
            brotli::CompressorWriter::new(&mut packed, 4096, 6, 22).write_all(body)?;
            Ok(packed)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::net::decode::{MAX_BODY, decode};

    #[test]
    fn what_is_packed_can_be_unpacked() {
        let list = "gzip, deflate,br , zstd";
        let algorithms = read(list).unwrap();
        assert_eq!(content_encoding(&algorithms), "gzip, deflate, br, zstd");
        let body = Bytes::from("text ".repeat(100));
        let packed = pack(&algorithms, body.clone()).unwrap();
        assert!(packed.len() < body.len());
        assert_eq!(decode(&content_encoding(&algorithms), packed, MAX_BODY).unwrap(), body);
    }

    #[test]
    fn unknown_names() {
        assert!(read(" ").unwrap().is_empty());
        let Err(Refusal::Failed { text, .. }) = read("gzip,zz") else { panic!() };
        assert_eq!(text, "unknown compression algorithm zz, supported algorithms are [gzip deflate zstd br]");
    }
}
