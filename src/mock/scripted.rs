//! Streams that a test writes down: a JSON list of what is sent at which time.
//!
//! ```json
//! [{"at": 20, "raw": ": ping\n\n"}, {"at": 100, "raw": "data: hello\n\n"}, {"at": 120, "end": "broken"}]
//! ```

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;

use super::recording::{self, End, Head, Recording, Response};

/// Scripts that are kept; a further one is refused.
const MAX_SCRIPTS: usize = 10_000;

/// One thing that happens.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Happening {
    /// Milliseconds after the request.
    at: f64,
    /// Bytes to send, as text.
    raw: Option<String>,
    /// Bytes to send that are no text.
    base64: Option<String>,
    /// The end of the body, which else comes with the last bytes.
    end: Option<End>,
}

/// Reads such a list, or a whole [`Recording`].
///
/// # Errors
/// It is neither; times that go back.
pub(super) fn read(text: &str) -> Result<Recording> {
    if text.trim_start().starts_with("{\"ssestream\"") {
        return Recording::read(text);
    }
    let list: Vec<Happening> =
        serde_json::from_str(text).context("want a list of {\"at\": MILLISECONDS, \"raw\": TEXT}")?;
    let headers = vec![("content-type".to_owned(), "text/event-stream".to_owned())];
    let head = Head::new(None, Response { status: 200, headers, at_ms: 0.0 });
    let mut recording = Recording { head, chunks: Vec::new(), ended: Duration::ZERO, end: End::Complete };
    for (number, happening) in list.into_iter().enumerate() {
        let name = || format!("entry {number} of the script");
        let at = recording::time(happening.at).with_context(name)?;
        ensure!(at >= recording.ended, "{}: at goes back to {}", name(), happening.at);
        recording.ended = at;
        match (happening.raw, happening.base64, happening.end) {
            (Some(raw), None, None) => recording.chunks.push((at, raw.into())),
            (None, Some(code), None) => {
                recording.chunks.push((at, STANDARD.decode(code).with_context(name)?.into()));
            }
            (None, None, Some(end)) => recording.end = end,
            _ => bail!("{}: want one of raw, base64 and end", name()),
        }
    }
    Ok(recording)
}

/// The scripts that were stored, by name.
#[derive(Debug, Default)]
pub(super) struct Scripts {
    known: Mutex<HashMap<String, Arc<Recording>>>,
}

impl Scripts {
    /// Stores a script; one of the same name is replaced.
    ///
    /// # Errors
    /// As [`read`]; there are too many.
    pub fn store(&self, name: &str, text: &str) -> Result<()> {
        let recording = Arc::new(read(text)?);
        let mut known = self.known.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        ensure!(
            known.len() < MAX_SCRIPTS || known.contains_key(name),
            "there are {MAX_SCRIPTS} scripts already"
        );
        known.insert(name.to_owned(), recording);
        Ok(())
    }

    /// The script of that name.
    pub fn get(&self, name: &str) -> Option<Arc<Recording>> {
        self.known.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).get(name).cloned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_recordings() {
        let script =
            read(r#"[{"at":20,"raw":": ping\n\n"},{"at":30.5,"base64":"/w=="},{"at":40,"end":"broken"}]"#);
        let script = script.unwrap();
        assert_eq!(script.chunks[0], (Duration::from_millis(20), ": ping\n\n".into()));
        assert_eq!(script.chunks[1], (Duration::from_micros(30_500), b"\xff".as_slice().into()));
        assert_eq!((script.ended.as_millis(), script.end), (40, End::Broken));
        assert_eq!(read("[]").unwrap().end, End::Complete);
        for (text, want) in [
            ("{}", "want a list"),
            (r#"[{"at":5,"raw":""},{"at":4,"raw":""}]"#, "entry 1 of the script: at goes back to 4"),
            (r#"[{"at":5}]"#, "want one of raw"),
        ] {
            assert!(format!("{:#}", read(text).unwrap_err()).contains(want), "{text}");
        }
    }
}
