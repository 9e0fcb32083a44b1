//! Reads a file at a place of one's own, so that many can read it at once.

use std::fs::File;
use std::io::{self, ErrorKind};

/// Reads what stands at `at`, as much as there is and fits; returns how many bytes that was, 0 at the end.
#[cfg(unix)]
pub fn read_at(file: &File, buffer: &mut [u8], at: u64) -> io::Result<usize> {
    std::os::unix::fs::FileExt::read_at(file, buffer, at)
}

/// Reads what stands at `at`, as much as there is and fits; returns how many bytes that was, 0 at the end.
#[cfg(windows)]
pub fn read_at(file: &File, buffer: &mut [u8], at: u64) -> io::Result<usize> {
    std::os::windows::fs::FileExt::seek_read(file, buffer, at)
}

/// Fills the buffer with what stands at `at`.
///
/// # Errors
///
/// The file cannot be read, or ends before: [`ErrorKind::UnexpectedEof`].
pub fn read_exact_at(file: &File, mut buffer: &mut [u8], mut at: u64) -> io::Result<()> {
    while !buffer.is_empty() {
        match read_at(file, buffer, at) {
            Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
            Ok(read) => {
                buffer = &mut buffer[read..];
                at += read as u64;
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
