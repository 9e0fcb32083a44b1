//! Where finished lines are written.

use std::fs::{File, OpenOptions};
use std::io::{self, IsTerminal, Write};
use std::path::Path;
use std::sync::Mutex;

use super::{Output, SettingsError};

/// An open place for lines.
#[derive(Debug)]
pub(super) enum Target {
    Stderr,
    Stdout,
    Nowhere,
    File(Mutex<File>),
}

impl Target {
    pub(super) fn open(output: &Output) -> Result<Self, SettingsError> {
        Ok(match output {
            Output::Stderr => Self::Stderr,
            Output::Stdout => Self::Stdout,
            Output::None => Self::Nowhere,
            Output::File { path, .. } => Self::append(path)?,
        })
    }

    /// Opens a file for appending; a new one is readable by its owner only, as logs may hold tokens.
    pub(super) fn append(path: &Path) -> Result<Self, SettingsError> {
        let mut options = OpenOptions::new();
        options.append(true).create(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let opened = options.open(path);
        let failed = |error| SettingsError::Open { path: path.display().to_string(), error };
        opened.map(|file| Self::File(Mutex::new(file))).map_err(failed)
    }

    pub(super) fn is_terminal(&self) -> bool {
        match self {
            Self::Stderr => io::stderr().is_terminal(),
            Self::Stdout => io::stdout().is_terminal(),
            Self::Nowhere | Self::File(_) => false,
        }
    }

    /// Writes a whole line at once. There is nobody to tell when that fails.
    pub(super) fn write(&self, line: &str) {
        let _ = match self {
            Self::Stderr => io::stderr().lock().write_all(line.as_bytes()),
            Self::Stdout => {
                let mut out = io::stdout().lock();
                out.write_all(line.as_bytes()).and_then(|()| out.flush())
            }
            Self::Nowhere => Ok(()),
            Self::File(file) => file.lock().unwrap_or_else(|e| e.into_inner()).write_all(line.as_bytes()),
        };
    }
}
