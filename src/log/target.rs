//! Where finished lines are written.

use std::fs::{File, OpenOptions};
use std::io::{self, IsTerminal, Write};
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::{Format, Level, Line, Output, SettingsError};

/// An open place for lines.
#[derive(Debug)]
pub(super) enum Target {
    Stderr,
    Stdout,
    Nowhere,
    File {
        file: Mutex<File>,
        path: String,
        /// Whether a line could not be written.
        failed: AtomicBool,
    },
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
        let path = path.display().to_string();
        match opened {
            Ok(file) => Ok(Self::File { file: Mutex::new(file), path, failed: AtomicBool::new(false) }),
            Err(error) => Err(SettingsError::Open { path, error }),
        }
    }

    pub(super) fn is_terminal(&self) -> bool {
        match self {
            Self::Stderr => io::stderr().is_terminal(),
            Self::Stdout => io::stdout().is_terminal(),
            Self::Nowhere | Self::File { .. } => false,
        }
    }

    /// Writes a whole line at once. When that fails, stderr is told for a file, once; for stderr and stdout
    /// there is nobody to tell.
    pub(super) fn write(&self, line: &str) {
        let written = match self {
            Self::Stderr => io::stderr().lock().write_all(line.as_bytes()),
            Self::Stdout => {
                let mut out = io::stdout().lock();
                out.write_all(line.as_bytes()).and_then(|()| out.flush())
            }
            Self::Nowhere => Ok(()),
            Self::File { file, .. } => {
                file.lock().unwrap_or_else(|e| e.into_inner()).write_all(line.as_bytes())
            }
        };
        if let (Err(error), Self::File { path, failed, .. }) = (written, self)
            && !failed.swap(true, Ordering::Relaxed)
        {
            let message = format!("could not write to {path}, lines are missing from it: {error}");
            let line = Line { level: Level::Error, message: &message, fields: &[], elapsed: Duration::ZERO };
            Self::Stderr.write(&Format::Text.render(&line));
        }
    }
}
