//! One VU's place in a file.

use std::cell::Cell;
use std::io::{self, Read};
use std::path::PathBuf;
use std::rc::Rc;

use crate::js::data_file::DataFile;

/// A file that a script opened, and where it stands in it.
pub struct OpenFile {
    pub path: PathBuf,
    data: DataFile,
    /// In bytes, from the start.
    at: Cell<u64>,
}

/// Where an offset counts from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SeekMode {
    Start,
    Current,
    /// The last byte, as in k6.
    End,
}

impl SeekMode {
    /// The mode with k6's number.
    pub fn from_number(number: f64) -> Option<Self> {
        let modes = [(0.0, Self::Start), (1.0, Self::Current), (2.0, Self::End)];
        modes.into_iter().find(|(known, _)| *known == number).map(|(_, mode)| mode)
    }
}

impl OpenFile {
    /// A file that is to be read from its start.
    pub fn new(path: PathBuf, data: DataFile) -> Rc<Self> {
        Rc::new(Self { path, data, at: Cell::new(0) })
    }

    /// In bytes.
    pub fn length(&self) -> u64 {
        self.data.length()
    }

    /// In bytes, from the start.
    pub fn position(&self) -> u64 {
        self.at.get()
    }

    /// As if all had been read.
    pub fn go_to_end(&self) {
        self.at.set(self.length());
    }

    /// Reads what comes next, as much as there is and fits; 0 at the end.
    pub fn read_next(&self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut done = 0;
        while done < buffer.len() {
            match self.data.read_at(&mut buffer[done..], self.at.get())? {
                0 => break,
                read => {
                    done += read;
                    self.at.set(self.at.get() + read as u64);
                }
            }
        }
        Ok(done)
    }

    /// Goes elsewhere; returns the new offset from the start.
    ///
    /// # Errors
    ///
    /// The place is outside of the file.
    pub fn seek(&self, offset: i64, mode: SeekMode) -> Result<u64, &'static str> {
        let length = i64::try_from(self.length()).unwrap_or(i64::MAX);
        let base = match mode {
            SeekMode::Start if offset < 0 => {
                return Err("offset cannot be negative when using SeekModeStart");
            }
            SeekMode::End if offset > 0 => {
                return Err("offset cannot be positive when using SeekModeEnd");
            }
            SeekMode::Start => 0,
            SeekMode::Current => i64::try_from(self.at.get()).unwrap_or(i64::MAX),
            SeekMode::End => length - 1,
        };
        let Ok(at) = u64::try_from(base.saturating_add(offset)) else {
            return Err("seeking before start of file");
        };
        if at > self.length() {
            return Err("seeking beyond end of file");
        }
        self.at.set(at);
        Ok(at)
    }
}

/// Reads on from where the script stands, and moves that along.
pub struct Follow(pub Rc<OpenFile>);

impl Read for Follow {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read_next(buffer)
    }
}

/// An error of `open()`, which is about files as well, as this module's.
pub fn reworded(text: &str) -> String {
    if let Some(path) =
        text.strip_prefix("stat ").and_then(|rest| rest.strip_suffix(": no such file or directory"))
    {
        return format!("no such file or directory \"{path}\"");
    }
    match text.split_once("directories, path: ") {
        Some((_, path)) => format!("cannot open {path}: opening a directory is not supported"),
        None => format!("open() failed; reason: {text}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(text: &'static [u8]) -> Rc<OpenFile> {
        OpenFile::new("/f".into(), DataFile::Kept(text.into()))
    }

    #[test]
    fn reading_and_seeking() {
        let file = open(b"0123456789");
        let mut buffer = [0; 4];
        let mut read = |file: &OpenFile| {
            let count = file.read_next(&mut buffer).unwrap();
            String::from_utf8(buffer[..count].to_vec()).unwrap()
        };
        assert_eq!([read(&file), read(&file), read(&file), read(&file)], ["0123", "4567", "89", ""]);
        for (offset, mode, want, next) in [
            (2, SeekMode::Start, Ok(2), "2345"),
            (-3, SeekMode::Current, Ok(3), "3456"),
            (0, SeekMode::End, Ok(9), "9"),
            (-4, SeekMode::End, Ok(5), "5678"),
            (10, SeekMode::Start, Ok(10), ""),
            (-1, SeekMode::Start, Err("offset cannot be negative when using SeekModeStart"), ""),
            (1, SeekMode::End, Err("offset cannot be positive when using SeekModeEnd"), ""),
            (-11, SeekMode::Current, Err("seeking before start of file"), ""),
            (11, SeekMode::Start, Err("seeking beyond end of file"), ""),
        ] {
            assert_eq!(file.seek(offset, mode), want, "{offset} {mode:?}");
            assert_eq!(read(&file), next, "{offset} {mode:?}");
        }
    }

    #[test]
    fn errors_in_the_modules_words() {
        for (text, want) in [
            ("stat /a b: no such file or directory", "no such file or directory \"/a b\""),
            (
                "open() can't be used with directories, path: \"/d\"",
                "cannot open \"/d\": opening a directory is not supported",
            ),
            ("stat /x: permission denied", "open() failed; reason: stat /x: permission denied"),
        ] {
            assert_eq!(reworded(text), want);
        }
    }
}
