//! `permessage-deflate` (RFC 7692) without context takeover: each message is packed by itself.

use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress, Status};

use super::ended::Ended;
use super::inbound::MOST;

/// What the client offers.
pub const OFFER: &str = "permessage-deflate; server_no_context_takeover; client_no_context_takeover";

/// The end of every packed message, which is not sent.
const TAIL: [u8; 4] = [0x00, 0x00, 0xFF, 0xFF];

/// Whether the server takes the offer.
///
/// # Errors
///
/// It wants to keep the context from one message to the next, which was not offered.
pub fn is_accepted<'a>(extensions: impl Iterator<Item = &'a str>) -> Result<bool, String> {
    for extension in extensions.flat_map(|line| line.split(',')) {
        let mut parts = extension.split(';').map(str::trim);
        if parts.next() != Some("permessage-deflate") {
            continue;
        }
        let parameters: Vec<_> = parts.collect();
        let has = |name: &str| parameters.contains(&name);
        if has("server_no_context_takeover") && has("client_no_context_takeover") {
            return Ok(true);
        }
        return Err("websocket: invalid compression negotiation".to_owned());
    }
    Ok(false)
}

/// Packs a message.
pub fn pack(message: &[u8]) -> Vec<u8> {
    let mut compress = Compress::new(Compression::fast(), false);
    let mut packed = Vec::with_capacity(message.len() / 2 + 64);
    let mut rest = message;
    loop {
        let before = compress.total_in();
        // Compression into memory that is there cannot fail.
        let _ = compress.compress_vec(rest, &mut packed, FlushCompress::Sync);
        rest = &rest[(compress.total_in() - before) as usize..];
        // With room left, the flush is complete.
        if rest.is_empty() && packed.len() < packed.capacity() {
            break;
        }
        packed.reserve(packed.capacity());
    }
    if packed.ends_with(&TAIL) {
        packed.truncate(packed.len() - TAIL.len());
    }
    packed
}

/// Unpacks a message.
///
/// # Errors
///
/// It is not what `deflate` makes, or larger than any message may be.
pub fn unpack(packed: &[u8]) -> Result<Vec<u8>, Ended> {
    let mut decompress = Decompress::new(false);
    let mut message = Vec::with_capacity(packed.len() * 3 + 64);
    for part in [packed, &TAIL] {
        let mut rest = part;
        loop {
            let (before, had) = (decompress.total_in(), message.len());
            let status = decompress.decompress_vec(rest, &mut message, FlushDecompress::Sync);
            let status = status.map_err(|error| Ended::Socket(format!("flate: corrupt input: {error}")))?;
            rest = &rest[(decompress.total_in() - before) as usize..];
            if message.len() > MOST {
                return Err(Ended::too_big());
            }
            if status == Status::StreamEnd {
                return Ok(message);
            }
            if message.len() < message.capacity() && (rest.is_empty() || message.len() == had) {
                break;
            }
            message.reserve(message.capacity());
        }
    }
    Ok(message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_packed_is_unpacked() {
        let mixed: Vec<u8> = (0..100_000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
        for message in [&b""[..], b"Hello", &[b'a'; 100_000], &mixed] {
            assert_eq!(unpack(&pack(message)).unwrap(), message);
        }
        // RFC 7692, 7.2.3.1.
        assert_eq!(unpack(&[0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00]).unwrap(), b"Hello");
        assert!(unpack(&[0xFF, 0xFF, 0xFF]).is_err());
    }

    #[test]
    fn negotiation() {
        for (line, accepted) in [
            (OFFER, Ok(true)),
            ("x, permessage-deflate;client_no_context_takeover; server_no_context_takeover", Ok(true)),
            ("x-other", Ok(false)),
            ("permessage-deflate", Err(())),
        ] {
            assert_eq!(is_accepted([line].into_iter()).map_err(drop), accepted, "{line}");
        }
    }
}
