//! Opening a browser.

use std::process::{Command, Stdio};

use crate::log;

/// What opens an address in the user's browser.
const OPENER: &str = if cfg!(target_os = "macos") {
    "open"
} else if cfg!(windows) {
    "explorer"
} else {
    "xdg-open"
};

/// Opens an address in a browser; a machine without one is no reason not to test.
pub fn open(url: &str) {
    let quiet = Stdio::null;
    let started = Command::new(OPENER).arg(url).stdin(quiet()).stdout(quiet()).stderr(quiet()).spawn();
    match started {
        // Waited for, so that it leaves no dead process behind.
        Ok(mut child) => drop(std::thread::spawn(move || child.wait())),
        Err(error) => log::warn(format!("could not open {url} in a browser: {OPENER}: {error}")),
    }
}
