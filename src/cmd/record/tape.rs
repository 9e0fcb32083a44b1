//! A recording while it is made.

use std::fs::File;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use crate::k6::duration::GoDuration;
use crate::log;
use crate::mock::recording::{End, Head, Request, Response, Writer, milliseconds};
use crate::net::debug::{shown_value, without_secrets};
use crate::net::{Call, Raw};

/// A file that an exchange is written to. One that is dropped before its end is marked as broken off.
pub(super) struct Tape {
    /// `None` once the end is written, or nothing can be written any more.
    writer: Option<Writer<File>>,
    name: String,
    sent: Instant,
    what: String,
    pieces: u64,
    bytes: u64,
    /// Whether a line is printed when it is over.
    quiet: bool,
}

impl Tape {
    /// Begins the recording of an exchange whose head was read.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn begin(path: &Path, call: &Call, raw: &Raw, keep_body: bool, quiet: bool) -> Result<Self> {
        let failed = || format!("cannot write the recording {}", path.display());
        let head = head(call, raw, keep_body);
        let file = File::create(path).with_context(failed)?;
        let writer = Some(Writer::begin(file, &head).with_context(failed)?);
        let hop = raw.hop();
        let what = format!("{} {} {}", hop.method, hop.url.path(), hop.status);
        let name = path.display().to_string();
        Ok(Self { writer, name, sent: raw.sent_at(), what, pieces: 0, bytes: 0, quiet })
    }

    /// Adds a piece of the body.
    pub fn chunk(&mut self, at: Instant, bytes: &[u8]) {
        self.pieces += 1;
        self.bytes += bytes.len() as u64;
        let at = at.saturating_duration_since(self.sent);
        if let Some(writer) = &mut self.writer
            && let Err(error) = writer.chunk(at, bytes)
        {
            self.lost(&error);
        }
    }

    /// Ends the recording now.
    pub fn end(&mut self, end: End) {
        let Some(writer) = self.writer.take() else { return };
        let at = self.sent.elapsed();
        match writer.end(at, end) {
            Ok(()) if self.quiet => {}
            Ok(()) => eprintln!("{}", log::hide(&self.line(at, end))),
            Err(error) => self.lost(&error),
        }
    }

    fn line(&self, at: Duration, end: End) -> String {
        let broken = if end == End::Broken { ", broken off" } else { "" };
        let time = GoDuration::from_millis(milliseconds(at));
        format!(
            "{}: {} pieces, {} bytes in {time}{broken} → {}",
            self.what, self.pieces, self.bytes, self.name
        )
    }

    fn lost(&mut self, error: &std::io::Error) {
        self.writer = None;
        log::error(format!("the recording {} is incomplete: {error}", self.name));
    }
}

impl Drop for Tape {
    fn drop(&mut self) {
        self.end(End::Broken);
    }
}

/// What was asked and how the answer begins, without their secrets.
fn head(call: &Call, raw: &Raw, keep_body: bool) -> Head {
    let hop = raw.hop();
    let shown = |name: &str, value: &str| {
        let name = name.to_lowercase();
        let value = shown_value(&name, value).into_owned();
        (name, value)
    };
    let body = Some(&call.body).filter(|body| keep_body && !body.is_empty());
    let request = Request {
        method: hop.method.clone(),
        url: without_secrets(&hop.url).into(),
        headers: call.headers.iter().map(|(name, value)| shown(name, value)).collect(),
        body: body.and_then(|body| String::from_utf8(body.to_vec()).ok()),
    };
    let values = |(name, values): &(String, Vec<String>)| {
        values.iter().map(|value| shown(name, value)).collect::<Vec<_>>()
    };
    let response = Response {
        status: hop.status,
        headers: hop.headers.iter().flat_map(values).collect(),
        at_ms: milliseconds(raw.head_at().saturating_duration_since(raw.sent_at())),
    };
    Head::new(Some(request), response)
}
