//! A record as a file: JSON lines under zstd, written at once or not at all.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::client::ClientLine;
use super::line::{BreakdownLine, Header, Line, MetricLine, SectionLine, SeriesLine, Wrong};
use super::{Record, VERSION};
use crate::metrics::Snapshot;

/// What a zstd file begins with.
const MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];

const LEVEL: i32 = 6;

/// No line is longer than this: a series of a day.
const LONGEST_LINE: u64 = 1 << 30;

/// Why a file could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    #[error("cannot read {path}: {error}")]
    Io { path: String, error: io::Error },
    #[error("{0} is no run record: `ssek run --out ssek=FILE` writes one")]
    NotOne(String),
    #[error(
        "{path} is a run record of version {version}, and this ssek reads versions up to {VERSION}; use a newer ssek"
    )]
    Newer { path: String, version: u64 },
    #[error("the run record {0} is cut off: it was copied incompletely, or the disk was full")]
    CutOff(String),
    #[error("the run record {path} is damaged in line {line}: {wrong}")]
    Damaged { path: String, line: u64, wrong: String },
}

/// Writes a record into a file beside the given one and puts that in its place.
///
/// # Errors
/// The disk is full, the folder is not there or not ours to write in; an older file is then as it was.
pub fn write(record: &Record, path: &Path) -> io::Result<()> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.tmp", std::process::id()));
    let beside = path.with_file_name(name);
    let written = write_to(record, &beside).and_then(|()| fs::rename(&beside, path));
    if written.is_err() {
        // It may not even be there.
        let _ = fs::remove_file(&beside);
    }
    written
}

fn write_to(record: &Record, path: &PathBuf) -> io::Result<()> {
    let mut encoder = zstd::Encoder::new(BufWriter::new(File::create(path)?), LEVEL)?;
    encoder.include_checksum(true)?;
    lines(record, &mut encoder)?;
    let file = encoder.finish()?.into_inner().map_err(io::IntoInnerError::into_error)?;
    file.sync_all()
}

/// Writes the lines of a record, not compressed.
///
/// # Errors
/// Those of the writer.
pub fn lines(record: &Record, out: &mut impl Write) -> io::Result<()> {
    let snapshot = &record.snapshot;
    let nanos = |time: Duration| u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
    let header = Header {
        ssek_record: VERSION,
        meta: record.meta.clone(),
        step: record.step,
        duration: nanos(snapshot.duration),
        left_out: (nanos(snapshot.left_out.0), nanos(snapshot.left_out.1)),
        groups: snapshot.groups.clone(),
        client: record.client.as_ref().map(ClientLine::from),
        complete: record.complete,
        exit_code: record.exit_code,
        request_count: record.request_count,
        missing: record.missing,
    };
    serde_json::to_writer(&mut *out, &header)?;
    out.write_all(b"\n")?;
    let mut count = 1;
    let mut put = |line: Line| {
        count += 1;
        serde_json::to_writer(&mut *out, &line)?;
        out.write_all(b"\n")
    };
    for metric in &snapshot.metrics {
        put(Line::Metric(MetricLine::of(metric)?))?;
    }
    snapshot.checks.iter().try_for_each(|check| put(Line::Check(check.into())))?;
    for series in &record.series {
        put(Line::Series(SeriesLine::of(series)?))?;
    }
    for breakdown in &record.breakdowns {
        put(Line::Breakdown(BreakdownLine::of(breakdown)?))?;
    }
    for section in &snapshot.sections {
        put(Line::Section(SectionLine::of(section)?))?;
    }
    record.requests.iter().try_for_each(|request| put(Line::Request(request.clone())))?;
    serde_json::to_writer(&mut *out, &Line::End(count))?;
    out.write_all(b"\n")
}

/// Reads a record.
///
/// # Errors
/// The file is not there, is no record, was written by a newer ssek, or is not whole.
pub fn read(path: &Path) -> Result<Record, ReadError> {
    let shown = path.display().to_string();
    let failed = |error| ReadError::Io { path: shown.clone(), error };
    let mut file = BufReader::new(File::open(path).map_err(failed)?);
    let begin = file.fill_buf().map_err(failed)?;
    if !begin.starts_with(&MAGIC) {
        return Err(if MAGIC.starts_with(begin) && !begin.is_empty() {
            ReadError::CutOff(shown)
        } else {
            ReadError::NotOne(shown)
        });
    }
    let decoder = zstd::Decoder::with_buffer(file).map_err(failed)?;
    Reader { path: shown, lines: BufReader::with_capacity(1 << 16, decoder), line: 0 }.record()
}

struct Reader<R> {
    path: String,
    lines: BufReader<R>,
    /// The number of the last one.
    line: u64,
}

impl<R: Read> Reader<R> {
    fn record(mut self) -> Result<Record, ReadError> {
        let first = self.next()?.unwrap_or_default();
        let header = self.header(&first)?;
        let mut record = Record {
            meta: header.meta,
            step: header.step.max(1),
            snapshot: Snapshot {
                duration: Duration::from_nanos(header.duration),
                left_out: (Duration::from_nanos(header.left_out.0), Duration::from_nanos(header.left_out.1)),
                groups: header.groups,
                ..Snapshot::default()
            },
            client: header.client.and_then(ClientLine::read),
            complete: header.complete,
            exit_code: header.exit_code,
            request_count: header.request_count,
            missing: header.missing,
            ..Record::default()
        };
        loop {
            let Some(text) = self.next()? else { return Err(ReadError::CutOff(self.path)) };
            let line = serde_json::from_str(&text).map_err(|error| self.damaged(error.to_string()))?;
            if let Line::End(lines) = line {
                if lines + 1 != self.line {
                    return Err(self.damaged(format!("there should be {lines} lines before the last")));
                }
                // Only now the checksum is looked at.
                return match self.next()? {
                    None => Ok(record),
                    Some(_) => Err(self.damaged("something follows the end".to_owned())),
                };
            }
            record.take(line).map_err(|wrong| self.damaged(wrong))?;
        }
    }

    fn header(&self, text: &str) -> Result<Header, ReadError> {
        let value: serde_json::Value =
            serde_json::from_str(text).map_err(|_| ReadError::NotOne(self.path.clone()))?;
        match value["ssek_record"].as_u64() {
            None => Err(ReadError::NotOne(self.path.clone())),
            Some(version) if version > u64::from(VERSION) => {
                Err(ReadError::Newer { path: self.path.clone(), version })
            }
            Some(_) => serde_json::from_value(value).map_err(|error| self.damaged(error.to_string())),
        }
    }

    fn next(&mut self) -> Result<Option<String>, ReadError> {
        self.line += 1;
        let mut text = Vec::new();
        let read = self.lines.by_ref().take(LONGEST_LINE).read_until(b'\n', &mut text);
        if let Err(error) = read {
            return Err(match error.kind() {
                io::ErrorKind::UnexpectedEof => ReadError::CutOff(self.path.clone()),
                _ => self.damaged(error.to_string()),
            });
        }
        if text.is_empty() {
            return Ok(None);
        }
        if text.pop() != Some(b'\n') {
            return Err(ReadError::CutOff(self.path.clone()));
        }
        String::from_utf8(text).map(Some).map_err(|_| self.damaged("it is not UTF-8".to_owned()))
    }

    fn damaged(&self, wrong: String) -> ReadError {
        ReadError::Damaged { path: self.path.clone(), line: self.line, wrong }
    }
}

impl Record {
    fn take(&mut self, line: Line) -> Result<(), Wrong> {
        match line {
            Line::Series(line) => self.series.push(line.read()?),
            Line::Breakdown(line) => self.breakdowns.push(line.read()?),
            Line::Metric(line) => self.snapshot.metrics.push(line.read()?),
            Line::Check(line) => self.snapshot.checks.push(line.into()),
            Line::Section(line) => self.snapshot.sections.push(line.read()?),
            Line::Request(trace) => self.requests.push(trace),
            Line::End(_) => {}
        }
        Ok(())
    }
}
