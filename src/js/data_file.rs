//! Files that scripts read with `open()`.
//!
//! Every VU's init code may open a file again. A small one stays in memory for that. A large one does
//! not: what scripts make of it is large too, and most of them read it once, in a `SharedArray`. It stays
//! open instead, so that it can be read again even if another has taken its name.

use std::fs::File;
use std::io::{self, Error, ErrorKind, Read};
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;

/// Files up to here stay in memory, in bytes.
const KEPT: usize = 1 << 20;

/// A file that was read at least once.
#[derive(Clone)]
pub enum DataFile {
    Kept(Bytes),
    /// A large file.
    Large(Large),
}

/// A part of a file that is kept open: all of it, or one that is in an archive.
#[derive(Clone)]
pub struct Large {
    file: Arc<File>,
    /// In bytes.
    offset: u64,
    /// In bytes.
    length: usize,
    /// Whether the file is the archive, which has other parts as well.
    in_archive: bool,
}

impl DataFile {
    /// Opens and reads a file. The error is what the user sees.
    pub fn open(path: &Path) -> Result<(Self, Bytes), String> {
        let failed = |error: Error| stat_error(path, &error);
        let mut file = File::open(path).map_err(failed)?;
        let metadata = file.metadata().map_err(failed)?;
        if metadata.is_dir() {
            return Err(format!("open() can't be used with directories, path: \"{}\"", path.display()));
        }
        let mut bytes = Vec::new();
        // With room for the end of the file to show.
        bytes.reserve_exact(usize::try_from(metadata.len()).unwrap_or_default() + 1);
        file.read_to_end(&mut bytes).map_err(failed)?;
        let bytes = Bytes::from(bytes);
        // What is not a plain file, like a pipe, can be read just once.
        let file = match bytes.len() > KEPT && metadata.is_file() {
            true => {
                let length = bytes.len();
                Self::Large(Large { file: Arc::new(file), offset: 0, length, in_archive: false })
            }
            false => Self::Kept(bytes.clone()),
        };
        Ok((file, bytes))
    }

    /// A file that lies at `offset` in an archive and holds `bytes`.
    pub fn within(archive: &Arc<File>, offset: u64, bytes: &Bytes) -> Self {
        match bytes.len() {
            ..=KEPT => Self::Kept(bytes.clone()),
            length => Self::Large(Large { file: archive.clone(), offset, length, in_archive: true }),
        }
    }

    /// The file's bytes, as they were.
    pub fn bytes(&self, path: &Path) -> Result<Bytes, String> {
        let large = match self {
            Self::Kept(bytes) => return Ok(bytes.clone()),
            Self::Large(large) => large,
        };
        large.check(path)?;
        let mut bytes = vec![0; large.length];
        large.file.read_exact_at(&mut bytes, large.offset).map_err(|error| match error.kind() {
            ErrorKind::UnexpectedEof => changed(path),
            _ => stat_error(path, &error),
        })?;
        Ok(bytes.into())
    }

    /// Reads the file piece by piece.
    pub fn reader(&self, path: &Path) -> Result<Reader<'_>, String> {
        let length = match self {
            Self::Kept(bytes) => bytes.len(),
            Self::Large(large) => {
                large.check(path)?;
                large.length
            }
        };
        Ok(Reader { file: self, at: 0, length: length as u64 })
    }
}

impl Large {
    /// Fails if the file has another length than when it was opened.
    fn check(&self, path: &Path) -> Result<(), String> {
        let metadata = self.file.metadata().map_err(|error| stat_error(path, &error))?;
        if !self.in_archive && metadata.len() != self.length as u64 {
            return Err(changed(path));
        }
        Ok(())
    }
}

/// A file's bytes in order.
pub struct Reader<'a> {
    file: &'a DataFile,
    at: usize,
    /// In bytes.
    pub length: u64,
}

impl Read for Reader<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = match self.file {
            DataFile::Kept(bytes) => bytes.get(self.at..).unwrap_or_default().read(buffer)?,
            DataFile::Large(large) => {
                let left = buffer.len().min(large.length.saturating_sub(self.at));
                let read = large.file.read_at(&mut buffer[..left], large.offset + self.at as u64)?;
                if read == 0 && left > 0 {
                    return Err(ErrorKind::UnexpectedEof.into());
                }
                read
            }
        };
        self.at += read;
        Ok(read)
    }
}

fn changed(path: &Path) -> String {
    let path = path.display();
    format!("open() can't be used with files that change while the test runs, path: \"{path}\"")
}

fn stat_error(path: &Path, error: &Error) -> String {
    let reason = match error.kind() {
        ErrorKind::NotFound => "no such file or directory".to_owned(),
        ErrorKind::PermissionDenied => "permission denied".to_owned(),
        _ => error.to_string(),
    };
    format!("stat {}: {reason}", path.display())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn large_files_are_read_again() {
        let folder = tempfile::tempdir().unwrap();
        for (length, is_kept) in [(0, true), (KEPT, true), (KEPT + 1, false)] {
            let path = folder.path().join(length.to_string());
            let content: Vec<u8> = (0..length).map(|at| at as u8).collect();
            std::fs::write(&path, &content).unwrap();
            let (file, bytes) = DataFile::open(&path).unwrap();
            assert_eq!(matches!(file, DataFile::Kept(_)), is_kept, "{length}");
            assert!(bytes == content, "{length}");
            // Another file of that name is not what was opened.
            std::fs::remove_file(&path).unwrap();
            std::fs::write(&path, "other").unwrap();
            assert!(file.bytes(&path).unwrap() == content, "{length}");
        }
    }

    #[test]
    fn errors() {
        let folder = tempfile::tempdir().unwrap();
        let open = |path: &Path| DataFile::open(path).map(|_| ()).unwrap_err();
        assert!(open(folder.path()).starts_with("open() can't be used with directories, path: \"/"));
        let path = folder.path().join("x");
        assert_eq!(open(&path), format!("stat {}: no such file or directory", path.display()));
        std::fs::write(&path, vec![b'x'; KEPT + 1]).unwrap();
        let (file, _) = DataFile::open(&path).unwrap();
        std::fs::write(&path, "x").unwrap();
        assert!(file.bytes(&path).unwrap_err().contains("change while the test runs"));
    }
}
