//! The binary under test, run in a folder of its own.

#![allow(dead_code, reason = "each test uses a part of it")]

use std::path::{Path, PathBuf};
use std::time::Duration;

use assert_cmd::Command;

/// How long a run of a test may take before it is killed.
const PATIENCE: Duration = Duration::from_secs(60);

/// A run of `ssek` in a fresh folder, without the caller's environment.
pub struct Run {
    pub command: Command,
    pub folder: tempfile::TempDir,
}

/// What a run left.
#[derive(Debug)]
pub struct Outcome {
    pub exit: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

/// `ssek` with these arguments.
pub fn ssek(args: &[&str]) -> Run {
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_ssek"));
    command.args(args).current_dir(&folder).env_clear().env("HOME", folder.path()).timeout(PATIENCE);
    if let Some(path) = std::env::var_os("PATH") {
        command.env("PATH", path);
    }
    Run { command, folder }
}

impl Run {
    /// Puts a file into the run's folder.
    pub fn file(self, name: &str, content: &str) -> Self {
        std::fs::write(self.folder.path().join(name), content).unwrap();
        self
    }

    /// Sets an environment variable.
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.command.env(name, value);
        self
    }

    /// Runs to the end; the folder goes with the result, so that files in it can still be read.
    pub fn outcome(&mut self) -> Outcome {
        let output = self.command.output().unwrap();
        Outcome {
            exit: output.status.code(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

/// A path below the repository.
pub fn in_repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// A folder of papers and cases that is laid beside the repository in development, where it is present.
pub fn beside_repository(path: &str) -> Option<PathBuf> {
    Some(in_repository("../shared").join(path)).filter(|path| path.exists())
}
