//! Files that scripts read with `open()`.
//!
//! Every VU's init code may open a file again. A small one stays in memory for that. A large one does
//! not: what scripts make of it is large too, and most of them read it once, in a `SharedArray`. It stays
//! open instead, so that it can be read again even if another has taken its name.

use std::fs::File;
use std::io::{Error, ErrorKind, Read as _};
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;

/// Files up to here stay in memory, in bytes.
const KEPT: usize = 1 << 20;

/// A file that was read at least once.
#[derive(Clone)]
pub(super) enum DataFile {
    Kept(Bytes),
    /// A large file and its length in bytes.
    Large(Arc<File>, usize),
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
            true => Self::Large(Arc::new(file), bytes.len()),
            false => Self::Kept(bytes.clone()),
        };
        Ok((file, bytes))
    }

    /// The file's bytes, as they were.
    pub fn bytes(&self, path: &Path) -> Result<Bytes, String> {
        let (file, length) = match self {
            Self::Kept(bytes) => return Ok(bytes.clone()),
            Self::Large(file, length) => (file, *length),
        };
        let changed = || {
            let path = path.display();
            format!("open() can't be used with files that change while the test runs, path: \"{path}\"")
        };
        let metadata = file.metadata().map_err(|error| stat_error(path, &error))?;
        if metadata.len() != length as u64 {
            return Err(changed());
        }
        let mut bytes = vec![0; length];
        file.read_exact_at(&mut bytes, 0).map_err(|error| match error.kind() {
            ErrorKind::UnexpectedEof => changed(),
            _ => stat_error(path, &error),
        })?;
        Ok(bytes.into())
    }
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
