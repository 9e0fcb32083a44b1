//! A recorded stream: what was answered, byte for byte, and when each piece of it came.
//!
//! A file of one JSON object a line: the head, the pieces of the body, and the end. Times are milliseconds since the
//! request was sent.
//!
//! ```text
//! {"ssestream":1,"request":{"method":"POST","url":"http://…"},"response":{"status":200,"headers":[["content-type","text/event-stream"]],"at_ms":61.2}}
//! {"at_ms":61.4,"text":"data: …\n\n"}
//! {"at_ms":65.4,"base64":"//4="}
//! {"at_ms":70.1,"end":"complete"}
//! ```

use std::io::{self, Write};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde::{Deserialize, Serialize};

/// How a file of this format is called.
pub const EXTENSION: &str = "ssestream";

/// The version of the format.
const VERSION: u32 = 1;

/// The longest time that a recording may have: a week.
const MAX_TIME: Duration = Duration::from_secs(7 * 86_400);

/// A stream as it was recorded.
#[derive(Clone, Debug, PartialEq)]
pub struct Recording {
    pub head: Head,
    /// The pieces of the body as they came, and when.
    pub chunks: Vec<(Duration, Bytes)>,
    /// When the body ended.
    pub ended: Duration,
    /// How it ended.
    pub end: End,
}

/// How a body ended.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum End {
    /// As it should.
    Complete,
    /// The connection broke, or the client left.
    Broken,
}

/// The first line of a recording.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Head {
    /// The version of the format, 1.
    pub ssestream: u32,
    /// The request, without its secrets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<Request>,
    pub response: Response,
}

/// The request of a recording.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Request {
    pub method: String,
    pub url: String,
    #[serde(default)]
    pub headers: Vec<(String, String)>,
    /// As text; `None` where there was none, or where it is not to be kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
}

/// The head of the response of a recording.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Response {
    pub status: u16,
    #[serde(default)]
    pub headers: Vec<(String, String)>,
    /// When the head was read.
    #[serde(default)]
    pub at_ms: f64,
}

/// Any line but the first.
#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Line {
    at_ms: f64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    text: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    base64: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    end: Option<End>,
}

impl Head {
    /// The head of a recording of this version.
    pub fn new(request: Option<Request>, response: Response) -> Self {
        Self { ssestream: VERSION, request, response }
    }

    /// When the head came.
    pub fn at(&self) -> Duration {
        time(self.response.at_ms).unwrap_or_default()
    }
}

impl Recording {
    /// Reads a recording. One without its last line, whose recorder was killed, is broken off after its last piece.
    ///
    /// # Errors
    /// A line is not what it should be; the message has its number.
    pub fn read(text: &str) -> Result<Self> {
        let mut lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
        let (_, first) = lines.next().context("the recording is empty")?;
        let head: Head = serde_json::from_str(first).context("line 1 is no head of a recording")?;
        ensure!(
            head.ssestream == VERSION,
            "the recording has version {}; this ssek reads version {VERSION}",
            head.ssestream
        );
        ensure!((200..=599).contains(&head.response.status), "line 1: {} is no status", head.response.status);
        time(head.response.at_ms).context("line 1: response.at_ms")?;
        let mut recording = Self { ended: head.at(), head, chunks: Vec::new(), end: End::Broken };
        for (number, line) in lines {
            let whole =
                recording.add(line).with_context(|| format!("line {} of the recording", number + 1))?;
            if whole {
                break;
            }
        }
        Ok(recording)
    }

    /// Takes in a line; whether it was the last.
    fn add(&mut self, line: &str) -> Result<bool> {
        let line: Line = serde_json::from_str(line).context("no piece of a body and no end")?;
        let at = time(line.at_ms)?;
        ensure!(at >= self.ended, "at_ms goes back to {}", line.at_ms);
        self.ended = at;
        match (line.text, line.base64, line.end) {
            (Some(text), None, None) => self.chunks.push((at, text.into())),
            (None, Some(code), None) => {
                let bytes = STANDARD.decode(code).context("base64")?;
                self.chunks.push((at, bytes.into()));
            }
            (None, None, Some(end)) => {
                self.end = end;
                return Ok(true);
            }
            _ => bail!("want one of text, base64 and end"),
        }
        Ok(false)
    }
}

/// Writes the lines of a recording as things happen.
#[derive(Debug)]
pub struct Writer<W: Write> {
    to: W,
}

impl<W: Write> Writer<W> {
    /// Begins a recording.
    ///
    /// # Errors
    /// The head cannot be written.
    pub fn begin(to: W, head: &Head) -> io::Result<Self> {
        let mut writer = Self { to };
        writer.line(head)?;
        Ok(writer)
    }

    /// Adds a piece of the body.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn chunk(&mut self, at: Duration, bytes: &[u8]) -> io::Result<()> {
        let mut line = Line { at_ms: milliseconds(at), ..Line::default() };
        match std::str::from_utf8(bytes) {
            Ok(text) => line.text = Some(text.to_owned()),
            Err(_) => line.base64 = Some(STANDARD.encode(bytes)),
        }
        self.line(&line)
    }

    /// Ends the recording.
    ///
    /// # Errors
    /// The end cannot be written.
    pub fn end(mut self, at: Duration, end: End) -> io::Result<()> {
        self.line(&Line { at_ms: milliseconds(at), end: Some(end), ..Line::default() })?;
        self.to.flush()
    }

    fn line(&mut self, line: &impl Serialize) -> io::Result<()> {
        serde_json::to_writer(&mut self.to, line)?;
        self.to.write_all(b"\n")
    }
}

/// Milliseconds, to the microsecond.
pub fn milliseconds(time: Duration) -> f64 {
    time.as_micros() as f64 / 1e3
}

/// A time of a recording.
pub(super) fn time(milliseconds: f64) -> Result<Duration> {
    let time = Duration::try_from_secs_f64(milliseconds / 1e3).ok().filter(|time| *time <= MAX_TIME);
    time.with_context(|| format!("{milliseconds} is no time in milliseconds"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Recording {
        let response = Response {
            status: 200,
            headers: vec![("content-type".into(), "text/event-stream".into())],
            at_ms: 12.5,
        };
        let request =
            Request { method: "POST".into(), url: "http://a.test/v1".into(), headers: vec![], body: None };
        let at = Duration::from_millis;
        Recording {
            head: Head::new(Some(request), response),
            chunks: vec![(at(20), "data: é\n".into()), (at(30), Bytes::from_static(b"\xff\xfe"))],
            ended: at(31),
            end: End::Complete,
        }
    }

    fn written(recording: &Recording) -> String {
        let mut file = Vec::new();
        let mut writer = Writer::begin(&mut file, &recording.head).unwrap();
        for (at, bytes) in &recording.chunks {
            writer.chunk(*at, bytes).unwrap();
        }
        writer.end(recording.ended, recording.end).unwrap();
        String::from_utf8(file).unwrap()
    }

    #[test]
    fn what_is_written_is_read() {
        let text = written(&sample());
        assert_eq!(Recording::read(&text).unwrap(), sample());
        assert_eq!(
            text.lines().skip(1).collect::<Vec<_>>(),
            [
                "{\"at_ms\":20.0,\"text\":\"data: é\\n\"}",
                r#"{"at_ms":30.0,"base64":"//4="}"#,
                r#"{"at_ms":31.0,"end":"complete"}"#,
            ]
        );
    }

    #[test]
    fn a_killed_recorder_leaves_a_broken_stream() {
        let text = written(&sample());
        let cut = &text[..text.find(r#"{"at_ms":31"#).unwrap()];
        let recording = Recording::read(cut).unwrap();
        assert_eq!((recording.end, recording.ended.as_millis()), (End::Broken, 30));
    }

    #[test]
    fn errors_have_the_line() {
        let head = r#"{"ssestream":1,"response":{"status":200}}"#;
        for (text, want) in [
            ("", "empty"),
            ("data: x", "line 1 is no head"),
            (r#"{"ssestream":2,"response":{"status":200}}"#, "version 2"),
            (&format!("{head}\n{{\"at_ms\":-1,\"text\":\"\"}}"), "line 2 of the recording: -1 is no time"),
            (
                &format!("{head}\n{{\"at_ms\":5,\"text\":\"\"}}\n{{\"at_ms\":4,\"text\":\"\"}}"),
                "goes back to 4",
            ),
            (&format!("{head}\n{{\"at_ms\":5}}"), "want one of text, base64 and end"),
        ] {
            let error = format!("{:#}", Recording::read(text).unwrap_err());
            assert!(error.contains(want), "{text}: {error}");
        }
    }
}
