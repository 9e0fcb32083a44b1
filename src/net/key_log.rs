//! TLS secrets in a file (`SSLKEYLOGFILE`), by which tools such as Wireshark read what was sent.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;
use std::sync::Mutex;

use rustls::KeyLog;

/// Appends to a file; what cannot be written is lost, for a test must not end because of it.
#[derive(Debug)]
pub struct KeyLogFile(Mutex<File>);

impl KeyLogFile {
    /// Opens the file, which only its owner may read if it is new.
    pub fn append(path: &Path) -> io::Result<Self> {
        let mut options = OpenOptions::new();
        options.create(true).append(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        Ok(Self(Mutex::new(options.open(path)?)))
    }
}

impl KeyLog for KeyLogFile {
    fn log(&self, label: &str, client_random: &[u8], secret: &[u8]) {
        let line = format!("{label} {} {}\n", hex::encode(client_random), hex::encode(secret));
        let _ = self.0.lock().unwrap_or_else(|e| e.into_inner()).write_all(line.as_bytes());
    }
}
