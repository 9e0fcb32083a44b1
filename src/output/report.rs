//! `--report`, or `--out report`: the HTML page of the run.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};

use super::{End, Output, OutputContext, OutputKind};
use crate::metrics::{Registry, Sample};
use crate::record::Record;
use crate::record::recorder::{Facts, Recorder};
use crate::report;

/// The entry in [`OUTPUTS`](super::OUTPUTS).
pub const OUTPUT: OutputKind = OutputKind { name: "report", open };

fn open(arg: &str, context: &OutputContext<'_>) -> Result<Box<dyn Output>> {
    Ok(Box::new(Report::new(arg, context)?))
}

/// Gathers a run and writes its page at the end.
pub struct Report {
    recorder: Recorder,
    /// `None`: a name by the run's time, in the folder `report`.
    path: Option<PathBuf>,
    written: bool,
}

impl Report {
    /// A report to this file; without a name, to one that is named after the run's time.
    ///
    /// # Errors
    /// Where no file can be there: before the run, not after it. Its folder is made.
    pub fn new(path: &str, context: &OutputContext<'_>) -> Result<Self> {
        let path = Some(path).filter(|path| !path.is_empty()).map(PathBuf::from);
        if let Some(path) = path.as_deref().filter(|path| path.is_dir()) {
            bail!(
                "could not write the report to {}: it is a folder; give the name of a file",
                path.display()
            );
        }
        let folder = match &path {
            Some(path) => path.parent().unwrap_or(Path::new("")).to_owned(),
            None => report::default_path(None, 0).parent().unwrap_or(Path::new("")).to_owned(),
        };
        make(&folder).with_context(|| format!("could not make the report's folder {}", folder.display()))?;
        let recorder = Recorder::new(context.origin, context.definitions);
        Ok(Self { recorder, path, written: false })
    }

    fn write(&mut self, record: &Record) -> Result<PathBuf> {
        self.written = true;
        write(record, self.path.as_deref())
    }
}

impl Output for Report {
    fn describe(&self) -> String {
        match &self.path {
            Some(path) => format!("report ({})", path.display()),
            None => "report".to_owned(),
        }
    }

    fn write(&mut self, batch: &[Sample], registry: &Registry) -> Result<()> {
        self.recorder.add(batch, registry);
        Ok(())
    }

    fn conclude(&mut self, end: &End) -> Result<()> {
        let facts = Facts { summary: &end.summary, exit_code: end.exit_code.0, start: end.start };
        let record = self.recorder.conclude(facts);
        let path = self.write(&record)?;
        end.name(path);
        Ok(())
    }

    /// A run that broke off leaves a page, too.
    fn finish(&mut self) -> Result<()> {
        if !self.written {
            let record = self.recorder.so_far();
            self.write(&record)?;
        }
        Ok(())
    }
}

/// Writes the page of a record and returns its absolute path. Without a path, it is named after the run's time.
/// Folders are made.
///
/// # Errors
/// Where it cannot be written; the text names the file.
pub fn write(record: &Record, path: Option<&Path>) -> Result<PathBuf> {
    let model = record.meta.models.first().map(String::as_str);
    let path = match path {
        Some(path) => path.to_owned(),
        None => report::default_path(model, record.meta.start),
    };
    let failed = || format!("could not write the report to {}", path.display());
    make(path.parent().unwrap_or(Path::new(""))).with_context(failed)?;
    let page = report::html(record);
    if path.extension().is_some_and(|end| end == "gz") {
        let mut file = super::file::Target::create(&path.to_string_lossy()).with_context(failed)?;
        file.write_all(page.as_bytes()).and_then(|()| file.finish()).with_context(failed)?;
    } else {
        std::fs::write(&path, page).with_context(failed)?;
    }
    path.canonicalize().with_context(failed)
}

fn make(folder: &Path) -> std::io::Result<()> {
    if folder.as_os_str().is_empty() { Ok(()) } else { std::fs::create_dir_all(folder) }
}

/// The `file://` address of a file.
pub fn link(path: &Path) -> String {
    let shown = path.display().to_string();
    url::Url::from_file_path(path).map_or(shown, |url| url.to_string())
}
