//! Content codings: gzip, deflate (zlib), br and zstd, also stacked. Bodies are decoded after they were timed.

use std::io::{self, Read, Write};

use bytes::Bytes;

use crate::net::error::Kind;

/// The largest body that a finished response is unpacked to, so that a few compressed kilobytes can't fill the
/// memory of the machine.
pub const MAX_BODY: usize = 256 << 20;

/// The largest piece that one read of a stream is unpacked to.
const MAX_PIECE: usize = 64 << 20;

/// The codings of a `Content-Encoding` header in the order in which they were applied; `None` if one of them is
/// not known, for then the body is left as it is.
fn codings(header: &str) -> Option<Vec<Coding>> {
    let names = header.split(',').map(str::trim).filter(|n| !n.is_empty());
    names.filter(|n| !n.eq_ignore_ascii_case("identity")).map(Coding::from_name).collect()
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Coding {
    Gzip,
    Deflate,
    Brotli,
    Zstd,
}

impl Coding {
    fn from_name(name: &str) -> Option<Self> {
        match name.to_ascii_lowercase().as_str() {
            "gzip" | "x-gzip" => Some(Self::Gzip),
            "deflate" => Some(Self::Deflate),
            "br" => Some(Self::Brotli),
            "zstd" => Some(Self::Zstd),
            _ => None,
        }
    }

    fn reader<'a>(self, inner: Box<dyn Read + 'a>) -> io::Result<Box<dyn Read + 'a>> {
        Ok(match self {
            Self::Gzip => Box::new(flate2::read::MultiGzDecoder::new(inner)),
            Self::Deflate => Box::new(flate2::read::ZlibDecoder::new(inner)),
            Self::Brotli => Box::new(brotli::Decompressor::new(inner, 16 * 1024)),
            Self::Zstd => Box::new(zstd::stream::read::Decoder::new(inner)?),
        })
    }
}

/// Unpacks a finished body by its `Content-Encoding`. Empty bodies and unknown codings are given back as they are.
///
/// # Errors
///
/// The body is damaged, cut short, or larger than `limit` bytes when unpacked.
pub fn decode(header: &str, body: Bytes, limit: usize) -> Result<Bytes, Kind> {
    let codings = codings(header).unwrap_or_default();
    if codings.is_empty() || body.is_empty() {
        return Ok(body);
    }
    let mut out = Vec::new();
    let unpacked = codings
        .into_iter()
        .rev()
        .try_fold(Box::new(&body[..]) as Box<dyn Read>, |inner, coding| coding.reader(inner))
        .and_then(|reader| reader.take(limit as u64 + 1).read_to_end(&mut out));
    match unpacked {
        Ok(_) if out.len() > limit => Err(too_large(limit)),
        Ok(_) => Ok(out.into()),
        Err(error) => Err(failed(&error)),
    }
}

fn too_large(limit: usize) -> Kind {
    Kind::Decompression(format!("more than {limit} bytes"))
}

fn failed(error: &io::Error) -> Kind {
    match error.kind() {
        // As in k6, where a body that is cut short is no matter of its compression.
        io::ErrorKind::UnexpectedEof => Kind::UnexpectedEof,
        _ => Kind::Decompression(error.to_string()),
    }
}

/// Unpacks a stream piece by piece.
pub struct StreamDecoder {
    /// The last applied coding first.
    stages: Vec<Stage>,
}

enum Stage {
    Gzip(flate2::write::MultiGzDecoder<Sink>),
    Deflate(flate2::write::ZlibDecoder<Sink>),
    Brotli(Box<brotli::DecompressorWriter<Sink>>),
    Zstd(zstd::stream::write::Decoder<'static, Sink>),
}

impl StreamDecoder {
    /// A decoder for a `Content-Encoding`; `None` if there is nothing to undo or no way to.
    pub fn new(header: &str) -> Option<Self> {
        let codings = codings(header)?;
        let stages: Vec<_> = codings.into_iter().rev().map(Stage::new).collect::<io::Result<_>>().ok()?;
        (!stages.is_empty()).then_some(Self { stages })
    }

    /// Takes in what was read and gives out what it unpacks to so far.
    ///
    /// # Errors
    ///
    /// The data is damaged, or this piece unpacks to more than 64 MiB.
    pub fn decode(&mut self, piece: &[u8]) -> Result<Vec<u8>, Kind> {
        let mut stages = self.stages.iter_mut();
        let mut data = match stages.next() {
            Some(first) => first.decode(piece)?,
            None => piece.to_vec(),
        };
        for stage in stages {
            data = stage.decode(&data)?;
        }
        Ok(data)
    }
}

impl Stage {
    fn new(coding: Coding) -> io::Result<Self> {
        let sink = Sink::default();
        Ok(match coding {
            Coding::Gzip => Self::Gzip(flate2::write::MultiGzDecoder::new(sink)),
            Coding::Deflate => Self::Deflate(flate2::write::ZlibDecoder::new(sink)),
            Coding::Brotli => Self::Brotli(Box::new(brotli::DecompressorWriter::new(sink, 16 * 1024))),
            Coding::Zstd => Self::Zstd(zstd::stream::write::Decoder::new(sink)?),
        })
    }

    fn decode(&mut self, piece: &[u8]) -> Result<Vec<u8>, Kind> {
        // Without the flush the decoder would keep what it has until a buffer of its own is full.
        let (done, sink) = match self {
            Self::Gzip(d) => (d.write_all(piece).and_then(|()| d.flush()), d.get_mut()),
            Self::Deflate(d) => (d.write_all(piece).and_then(|()| d.flush()), d.get_mut()),
            Self::Brotli(d) => (d.write_all(piece).and_then(|()| d.flush()), d.get_mut()),
            Self::Zstd(d) => (d.write_all(piece).and_then(|()| d.flush()), d.get_mut()),
        };
        match done {
            _ if sink.overflowed => Err(too_large(MAX_PIECE)),
            Ok(()) => Ok(std::mem::take(&mut sink.data)),
            Err(error) => Err(failed(&error)),
        }
    }
}

/// Takes what a decoder gives out, up to a limit.
#[derive(Default)]
struct Sink {
    data: Vec<u8>,
    overflowed: bool,
}

impl Write for Sink {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        if self.data.len() + data.len() > MAX_PIECE {
            self.overflowed = true;
            return Err(io::Error::other("too large"));
        }
        self.data.extend_from_slice(data);
        Ok(data.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pack(coding: &str, data: &[u8]) -> Vec<u8> {
        let level = flate2::Compression::fast();
        match coding {
            "gzip" => {
                let mut w = flate2::write::GzEncoder::new(Vec::new(), level);
                w.write_all(data).unwrap();
                w.finish().unwrap()
            }
            "deflate" => {
                let mut w = flate2::write::ZlibEncoder::new(Vec::new(), level);
                w.write_all(data).unwrap();
                w.finish().unwrap()
            }
            "br" => {
                let mut out = Vec::new();
                let mut w = brotli::CompressorWriter::new(&mut out, 4096, 1, 20);
                w.write_all(data).unwrap();
                drop(w);
                out
            }
            _ => zstd::stream::encode_all(data, 1).unwrap(),
        }
    }

    #[test]
    fn every_coding_whole_cut_and_stacked() {
        for coding in ["gzip", "deflate", "br", "zstd"] {
            let packed = pack(coding, b"hello hello hello");
            assert_eq!(decode(coding, packed.clone().into(), 100).unwrap(), "hello hello hello");
            let cut = packed.len() - 3;
            assert!(decode(coding, packed[..cut].to_vec().into(), 100).is_err(), "{coding}");
            let twice = pack("gzip", &packed);
            let header = format!("{coding}, GZIP");
            assert_eq!(decode(&header, twice.into(), 100).unwrap(), "hello hello hello");
        }
        assert_eq!(decode("snappy", "x".into(), 100).unwrap(), "x");
        assert_eq!(decode("gzip", "".into(), 100).unwrap(), "");
        assert!(decode("gzip", "not gzip".into(), 100).is_err());
    }

    #[test]
    fn bombs_stop_at_the_limit() {
        let bomb = pack("gzip", &vec![0; 1 << 20]);
        assert_eq!(
            decode("gzip", bomb.into(), 1000),
            Err(Kind::Decompression("more than 1000 bytes".into()))
        );
        let mut stream = StreamDecoder::new("zstd").unwrap();
        assert!(stream.decode(&pack("zstd", &vec![0; MAX_PIECE + 1])).is_err());
    }

    #[test]
    fn streams_give_out_at_every_flush() {
        let mut w = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        let mut stream = StreamDecoder::new("gzip").unwrap();
        for text in ["data: 1\n\n", "data: 2\n\n"] {
            w.write_all(text.as_bytes()).unwrap();
            w.flush().unwrap();
            assert_eq!(stream.decode(&std::mem::take(w.get_mut())).unwrap(), text.as_bytes());
        }
        for coding in ["deflate", "br", "zstd"] {
            let mut stream = StreamDecoder::new(coding).unwrap();
            let pieces: Vec<u8> =
                pack(coding, b"abc").chunks(1).flat_map(|piece| stream.decode(piece).unwrap()).collect();
            assert_eq!(pieces, b"abc", "{coding}");
        }
        assert!(StreamDecoder::new("identity").is_none());
    }
}
