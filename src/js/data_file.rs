//! Files that scripts read with `open()`.
//!
//! Every VU's init code may open a file again. A small one stays in memory for that. A large one does
//! not: what scripts make of it is large too, and most of them read it once, in a `SharedArray`. It stays
//! open instead, so that it can be read again even if another has taken its name.

use std::fs::File;
use std::io::{self, Error, ErrorKind, Read};
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;

use super::read_at::{read_at, read_exact_at};

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

    /// Opens a file without reading it, if it is large. The error is what the user sees.
    pub fn find(path: &Path) -> Result<Self, String> {
        let file = File::open(path).map_err(|error| stat_error(path, &error))?;
        match file.metadata() {
            Ok(metadata) if metadata.is_file() && metadata.len() > KEPT as u64 => {
                let length = usize::try_from(metadata.len()).map_err(|_| changed(path))?;
                Ok(Self::Large(Large { file: Arc::new(file), offset: 0, length, in_archive: false }))
            }
            _ => Self::open(path).map(|(file, _)| file),
        }
    }

    /// In bytes.
    pub fn length(&self) -> u64 {
        match self {
            Self::Kept(bytes) => bytes.len() as u64,
            Self::Large(large) => large.length as u64,
        }
    }

    /// Reads what stands at `at`, as much as there is and fits; returns how many bytes that was, 0 at the end.
    ///
    /// # Errors
    ///
    /// The file cannot be read, or is shorter than it was.
    pub fn read_at(&self, buffer: &mut [u8], at: u64) -> io::Result<usize> {
        let at = usize::try_from(at).unwrap_or(usize::MAX);
        match self {
            Self::Kept(bytes) => bytes.get(at..).unwrap_or_default().read(buffer),
            Self::Large(large) => {
                let left = buffer.len().min(large.length.saturating_sub(at));
                let read = read_at(&large.file, &mut buffer[..left], large.offset + at as u64)?;
                if read == 0 && left > 0 {
                    return Err(ErrorKind::UnexpectedEof.into());
                }
                Ok(read)
            }
        }
    }

    /// A large file that lies at `offset` in an archive; `None` if one of `length` bytes is to be kept.
    pub fn within(archive: &Arc<File>, offset: u64, length: usize) -> Option<Self> {
        let large = Large { file: archive.clone(), offset, length, in_archive: true };
        (length > KEPT).then_some(Self::Large(large))
    }

    /// The file's bytes, as they were.
    pub fn bytes(&self, path: &Path) -> Result<Bytes, String> {
        let large = match self {
            Self::Kept(bytes) => return Ok(bytes.clone()),
            Self::Large(large) => large,
        };
        large.check(path)?;
        let mut bytes = vec![0; large.length];
        read_exact_at(&large.file, &mut bytes, large.offset).map_err(|error| match error.kind() {
            ErrorKind::UnexpectedEof => changed(path),
            _ => stat_error(path, &error),
        })?;
        Ok(bytes.into())
    }

    /// Reads the file piece by piece.
    pub fn reader(&self, path: &Path) -> Result<Reader<'_>, String> {
        if let Self::Large(large) = self {
            large.check(path)?;
        }
        Ok(Reader { file: self, at: 0, length: self.length() })
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
    at: u64,
    /// In bytes.
    pub length: u64,
}

impl Read for Reader<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read_at(buffer, self.at)?;
        self.at += read as u64;
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
            let found = DataFile::find(&path).unwrap();
            for file in [&file, &found] {
                assert_eq!(matches!(file, DataFile::Kept(_)), is_kept, "{length}");
            }
            assert!(bytes == content, "{length}");
            // Another file of that name is not what was opened. Not every system lets an open file go.
            if cfg!(unix) {
                std::fs::remove_file(&path).unwrap();
                std::fs::write(&path, "other").unwrap();
            }
            assert!(file.bytes(&path).unwrap() == content, "{length}");
            let mut tail = [9; 4];
            let read = found.read_at(&mut tail, found.length().saturating_sub(2)).unwrap();
            assert_eq!((read, &tail[..read]), (length.min(2), &content[length.saturating_sub(2)..]));
            assert_eq!(found.read_at(&mut tail, found.length() + 5).unwrap(), 0);
        }
    }

    #[test]
    fn errors() {
        let folder = tempfile::tempdir().unwrap();
        let open = |path: &Path| DataFile::open(path).map(|_| ()).unwrap_err();
        assert!(open(folder.path()).starts_with("open() can't be used with directories, path: \""));
        let path = folder.path().join("x");
        assert_eq!(open(&path), format!("stat {}: no such file or directory", path.display()));
        std::fs::write(&path, vec![b'x'; KEPT + 1]).unwrap();
        let (file, _) = DataFile::open(&path).unwrap();
        std::fs::write(&path, "x").unwrap();
        assert!(file.bytes(&path).unwrap_err().contains("change while the test runs"));
    }
}
