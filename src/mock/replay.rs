//! Which recording answers which request.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use anyhow::{Context, Result, bail};
use url::Url;

use super::recording::{EXTENSION, Recording};

/// Recordings to answer with, in place of the mock's own routes.
#[derive(Debug)]
pub struct Replay {
    recordings: Vec<Arc<Recording>>,
    /// The recordings of a method and path, and how often they were asked for.
    routes: HashMap<(String, String), (Vec<usize>, AtomicUsize)>,
}

impl Replay {
    /// Reads a recording, or all of a folder.
    ///
    /// # Errors
    /// A file cannot be read or is no recording, or the folder has none.
    pub fn open(path: &Path) -> Result<Self> {
        let mut files = Vec::new();
        if path.is_dir() {
            for entry in std::fs::read_dir(path).with_context(|| format!("cannot read {}", path.display()))? {
                files.push(entry.with_context(|| format!("cannot read {}", path.display()))?.path());
            }
            files.retain(|file| file.extension().is_some_and(|extension| extension == EXTENSION));
            files.sort();
            if files.is_empty() {
                bail!("{} has no recording: no file NAME.{EXTENSION}", path.display());
            }
        } else {
            files.push(path.to_owned());
        }
        let read = |file: &std::path::PathBuf| -> Result<Recording> {
            let text = std::fs::read_to_string(file)?;
            Recording::read(&text)
        };
        let mut recordings = Vec::with_capacity(files.len());
        for file in &files {
            recordings.push(read(file).with_context(|| format!("cannot replay {}", file.display()))?);
        }
        Ok(Self::new(recordings))
    }

    /// Answers with these.
    pub fn new(recordings: Vec<Recording>) -> Self {
        let mut routes: HashMap<_, (Vec<usize>, AtomicUsize)> = HashMap::new();
        for (number, recording) in recordings.iter().enumerate() {
            if let Some(request) = &recording.head.request {
                let path = Url::parse(&request.url)
                    .map_or_else(|_| request.url.clone(), |url| url.path().to_owned());
                routes.entry((request.method.clone(), path)).or_default().0.push(number);
            }
        }
        Self { recordings: recordings.into_iter().map(Arc::new).collect(), routes }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.recordings.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.recordings.is_empty()
    }

    /// Method and path of every recording that has them, in order.
    pub fn routes(&self) -> Vec<String> {
        let mut routes: Vec<_> =
            self.routes.keys().map(|(method, path)| format!("{method} {path}")).collect();
        routes.sort();
        routes
    }

    /// The recording for a request: the only one there is, or those of its method and path in turn. A path that was
    /// recorded below another one, as behind a proxy, will do where none is the same.
    pub fn choose(&self, method: &str, path: &str) -> Option<Arc<Recording>> {
        if let [only] = self.recordings.as_slice() {
            return Some(Arc::clone(only));
        }
        let below = || {
            let is_below = |(of, recorded): &&(String, String)| {
                of == method
                    && path.len() > 1
                    && (recorded.ends_with(path) || path.ends_with(recorded.as_str()))
            };
            self.routes.keys().filter(is_below).min().and_then(|route| self.routes.get(route))
        };
        let (numbers, asked) = self.routes.get(&(method.to_owned(), path.to_owned())).or_else(below)?;
        let turn = asked.fetch_add(1, Relaxed) % numbers.len();
        self.recordings.get(numbers[turn]).map(Arc::clone)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recording(method: &str, url: &str, text: &str) -> Recording {
        let head = format!(
            r#"{{"ssestream":1,"request":{{"method":"{method}","url":"{url}"}},"response":{{"status":200}}}}"#
        );
        Recording::read(&format!("{head}\n{{\"at_ms\":1,\"text\":\"{text}\"}}")).unwrap()
    }

    #[test]
    fn recordings_of_a_route_take_turns() {
        let replay = Replay::new(vec![
            recording("POST", "http://a.test/v1/chat?x=1", "a"),
            recording("GET", "/sse", "b"),
            recording("POST", "http://b.test/v1/chat", "c"),
        ]);
        let told = |method, path| replay.choose(method, path).map(|found| found.chunks[0].1.clone());
        let turns = [told("POST", "/v1/chat"), told("POST", "/v1/chat"), told("POST", "/v1/chat")];
        assert_eq!(turns, ["a", "c", "a"].map(|text| Some(text.into())));
        assert_eq!(told("GET", "/sse"), Some("b".into()));
        assert_eq!(told("GET", "/v1/chat"), None);
        assert_eq!(told("GET", "/gateway/sse"), Some("b".into()));
        assert!(told("POST", "/chat").is_some() && told("POST", "/").is_none());
        assert_eq!(replay.routes(), ["GET /sse", "POST /v1/chat"]);
        let one = Replay::new(vec![recording("POST", "/x", "a")]);
        assert!(one.choose("GET", "/anything").is_some());
    }
}
