//! Modules from the web on disk: a file for each URL, replaced as a whole.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::log;

/// A folder of modules.
pub(super) struct Cache(PathBuf);

/// A module and what its server said about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub body: Bytes,
    pub etag: Option<String>,
    pub last_modified: Option<String>,
    /// How long the server lets it be used without being asked again; `None` forbids to keep it.
    lifetime: Option<Duration>,
    fetched: SystemTime,
}

/// The first line of a file; the body is behind it.
#[derive(Serialize, Deserialize)]
struct Head {
    url: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    etag: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    last_modified: Option<String>,
    /// Seconds.
    lifetime: u64,
    /// Seconds since 1970.
    fetched: u64,
    /// Bytes of the body.
    length: usize,
}

impl Entry {
    /// What was fetched just `now`; see the fields.
    pub fn new(
        body: Bytes,
        etag: Option<String>,
        last_modified: Option<String>,
        lifetime: Option<Duration>,
        now: SystemTime,
    ) -> Self {
        let lifetime = Some(lifetime.unwrap_or_default());
        Self { body, etag, last_modified, lifetime, fetched: now }
    }

    /// The same, not to be kept.
    #[must_use]
    pub fn unkept(self) -> Self {
        Self { lifetime: None, ..self }
    }

    /// The same after the server said that it did not change.
    #[must_use]
    pub fn renewed(&self, lifetime: Duration, now: SystemTime) -> Self {
        Self { lifetime: Some(lifetime), fetched: now, ..self.clone() }
    }

    /// Whether the server need not be asked. A clock that was set back makes nothing fresh.
    pub fn is_fresh(&self, now: SystemTime) -> bool {
        let age = now.duration_since(self.fetched).ok();
        age.zip(self.lifetime).is_some_and(|(age, lifetime)| age < lifetime)
    }
}

impl Cache {
    /// The folder is made when there is something to put into it.
    pub fn new(folder: PathBuf) -> Self {
        Self(folder)
    }

    fn path(&self, url: &str) -> PathBuf {
        self.0.join(hex::encode(Sha256::digest(url)))
    }

    /// The copy of a module; none if there is none or it is damaged.
    pub fn read(&self, url: &str) -> Option<Entry> {
        let bytes = Bytes::from(fs::read(self.path(url)).ok()?);
        let end = bytes.iter().position(|byte| *byte == b'\n')?;
        let head: Head = serde_json::from_slice(&bytes[..end]).ok()?;
        let body = bytes.slice(end + 1..);
        let is_whole = head.url == url && head.length == body.len();
        is_whole.then(|| Entry {
            body,
            etag: head.etag,
            last_modified: head.last_modified,
            lifetime: Some(Duration::from_secs(head.lifetime)),
            fetched: SystemTime::UNIX_EPOCH
                .checked_add(Duration::from_secs(head.fetched))
                .unwrap_or(SystemTime::UNIX_EPOCH),
        })
    }

    /// Keeps a copy if its server lets us. A cache that cannot be written to is no reason to stop.
    pub fn write(&self, url: &str, entry: &Entry) {
        let Some(lifetime) = entry.lifetime else { return };
        let fetched = entry.fetched.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let head = Head {
            url: url.to_owned(),
            etag: entry.etag.clone(),
            last_modified: entry.last_modified.clone(),
            lifetime: lifetime.as_secs(),
            fetched: fetched.as_secs(),
            length: entry.body.len(),
        };
        if let Err(error) = put(&self.path(url), &head, &entry.body) {
            log::debug(format!("could not keep {url} in the cache '{}': {error}", self.0.display()));
        }
    }
}

/// Writes beside the file and renames, so that another ssek sees all of it or the old one.
fn put(path: &Path, head: &Head, body: &[u8]) -> std::io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let draft = path.with_extension(std::process::id().to_string());
    let mut file = fs::File::create(&draft)?;
    let written = (|| {
        file.write_all(serde_json::to_string(head)?.as_bytes())?;
        file.write_all(b"\n")?;
        file.write_all(body)?;
        fs::rename(&draft, path)
    })();
    if written.is_err() {
        let _ = fs::remove_file(&draft);
    }
    written
}

#[cfg(test)]
mod tests {
    use super::*;

    const URL: &str = "https://a.test/x.js";

    #[test]
    fn what_is_kept_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::new(folder.path().join("new/folder"));
        assert_eq!(cache.read(URL), None);
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000);
        let body = Bytes::from_static(b"a\nb");
        let lifetime = Some(Duration::from_secs(60));
        let entry = Entry::new(body, Some("\"1\"".to_owned()), None, lifetime, now);
        cache.write(URL, &entry);
        assert_eq!(cache.read(URL).as_ref(), Some(&entry));
        assert_eq!(cache.read("https://a.test/y.js"), None);
        for (seconds, is_fresh) in [(999, false), (1_000, true), (1_059, true), (1_060, false)] {
            let now = SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
            assert_eq!(entry.is_fresh(now), is_fresh, "{seconds}");
        }
        cache.write(URL, &Entry::new(Bytes::new(), None, None, None, now).unkept());
        assert_eq!(cache.read(URL).as_ref(), Some(&entry));
    }

    #[test]
    fn what_is_damaged_is_not_there() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::new(folder.path().to_owned());
        cache.write(URL, &Entry::new(Bytes::from_static(b"abc"), None, None, None, SystemTime::UNIX_EPOCH));
        let path = cache.path(URL);
        let whole = fs::read(&path).unwrap();
        for bytes in [&whole[..whole.len() - 1], b"no JSON\nabc", b""] {
            fs::write(&path, bytes).unwrap();
            assert_eq!(cache.read(URL), None);
        }
    }
}
