//! Where outputs write: a file, a compressed file or the standard output.

use std::fs::File;
use std::io::{self, BufWriter, Write};

use flate2::Compression;
use flate2::write::GzEncoder;

/// A buffered file.
pub enum Target {
    Plain(BufWriter<Box<dyn Write + Send>>),
    Gzip(GzEncoder<BufWriter<File>>),
    /// `None` once the file is complete.
    Zstd(Option<zstd::Encoder<'static, BufWriter<File>>>),
}

/// Whether a file name stands for the standard output.
pub fn is_stdout(name: &str) -> bool {
    matches!(name, "" | "-")
}

impl Target {
    /// Creates or truncates the file, compressed if its name ends in `.gz` or `.zst`; see [`is_stdout`].
    pub fn create(name: &str) -> io::Result<Self> {
        if is_stdout(name) {
            return Ok(Self::Plain(BufWriter::new(Box::new(io::stdout()))));
        }
        let file = File::create(name)?;
        Ok(if name.ends_with(".gz") {
            Self::Gzip(GzEncoder::new(BufWriter::new(file), Compression::default()))
        } else if name.ends_with(".zst") {
            let level = zstd::DEFAULT_COMPRESSION_LEVEL;
            Self::Zstd(Some(zstd::Encoder::new(BufWriter::new(file), level)?))
        } else {
            Self::Plain(BufWriter::with_capacity(64 * 1024, Box::new(file)))
        })
    }

    /// Hands buffered bytes to the system. Compressed files wait for more, so as not to grow.
    pub fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(file) => file.flush(),
            Self::Gzip(_) | Self::Zstd(_) => Ok(()),
        }
    }

    /// Completes the file.
    pub fn finish(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(file) => file.flush(),
            Self::Gzip(file) => {
                file.try_finish()?;
                file.get_mut().flush()
            }
            Self::Zstd(file) => file.take().map_or(Ok(()), |file| file.finish()?.flush()),
        }
    }

    /// Writes all of `bytes`.
    pub fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Self::Plain(file) => file.write_all(bytes),
            Self::Gzip(file) => file.write_all(bytes),
            Self::Zstd(Some(file)) => file.write_all(bytes),
            Self::Zstd(None) => Err(io::Error::other("the file is complete")),
        }
    }
}
