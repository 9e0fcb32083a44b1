//! `--out ssek`: the record of the run, in a file.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};

use super::{End, Output, OutputContext, OutputKind};
use crate::metrics::{Registry, Sample};
use crate::record::file;
use crate::record::recorder::{Facts, Recorder};

/// The entry in [`OUTPUTS`](super::OUTPUTS).
pub const OUTPUT: OutputKind = OutputKind { name: "ssek", open };

/// Whether one of these outputs makes a record, which also has what the full summary shows.
pub fn is_asked(outputs: &[String]) -> bool {
    outputs.iter().any(|spec| spec.split('=').next() == Some(OUTPUT.name))
}

/// The file where no name is given.
const DEFAULT_NAME: &str = "run.ssek";

/// The file is first written so long after the start, for runs that break off.
const FIRST_SAVE: Duration = Duration::from_secs(20);

/// Between two of these there is at least so many times as much time as one takes.
const REST: u32 = 50;

fn open(arg: &str, context: &OutputContext<'_>) -> Result<Box<dyn Output>> {
    let path = PathBuf::from(if arg.is_empty() { DEFAULT_NAME } else { arg });
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let shown = path.display();
    if path.is_dir() || arg.ends_with('/') {
        bail!("could not open {shown} for the ssek output: it is a folder; give the name of a file");
    }
    let meta = folder.metadata().with_context(|| {
        format!("could not open {shown} for the ssek output: there is no folder {}", folder.display())
    })?;
    if !meta.is_dir() {
        bail!("could not open {shown} for the ssek output: {} is no folder", folder.display());
    }
    Ok(Box::new(RecordFile {
        recorder: Recorder::new(context.origin, context.definitions),
        path,
        saved: Instant::now(),
        wait: FIRST_SAVE,
        concluded: false,
    }))
}

struct RecordFile {
    recorder: Recorder,
    path: PathBuf,
    saved: Instant,
    /// Until it is saved again.
    wait: Duration,
    concluded: bool,
}

impl Output for RecordFile {
    fn describe(&self) -> String {
        format!("ssek ({})", self.path.display())
    }

    fn write(&mut self, batch: &[Sample], registry: &Registry) -> Result<()> {
        self.recorder.add(batch, registry);
        Ok(())
    }

    /// Saves what there is, so that a run that is killed leaves more than nothing.
    fn flush(&mut self) -> Result<()> {
        if self.saved.elapsed() < self.wait {
            return Ok(());
        }
        let begun = Instant::now();
        file::write(&self.recorder.so_far(), &self.path).with_context(|| self.failed())?;
        self.saved = Instant::now();
        self.wait = FIRST_SAVE.max(begun.elapsed() * REST);
        Ok(())
    }

    fn interval(&self) -> Duration {
        Duration::from_secs(1)
    }

    fn conclude(&mut self, end: &End) -> Result<()> {
        self.concluded = true;
        let facts = Facts { summary: &end.summary, exit_code: end.exit_code.0, start: end.start };
        file::write(&self.recorder.conclude(facts), &self.path).with_context(|| self.failed())
    }

    fn finish(&mut self) -> Result<()> {
        match self.concluded {
            true => Ok(()),
            false => file::write(&self.recorder.so_far(), &self.path).with_context(|| self.failed()),
        }
    }
}

impl RecordFile {
    fn failed(&self) -> String {
        format!("could not write {}", self.path.display())
    }
}
