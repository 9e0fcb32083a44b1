//! Modules from `https:` URLs: fetched as k6 does it, kept on disk, replaced by stand-ins where the popular
//! ones cannot be had.
//!
//! Only init code loads modules, so nothing here runs beside a load. Where a module comes from, in order:
//! a copy in the cache that is still fresh, the network, a copy that is not fresh, a stand-in. Without a
//! network that was switched off (`--offline`): any copy in the cache, a stand-in.

mod cache;
mod fetch;
mod stand_in;

use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use bytes::Bytes;

use self::cache::{Cache, Entry};
use self::fetch::{Answer, Failed, Fetcher, Unfetched};
use crate::log;

/// How long one fetch may take, as in k6.
const TIMEOUT: Duration = Duration::from_secs(60);

/// How long a connection may take to come about where there is something else to fall back on.
const PATIENCE: Duration = Duration::from_secs(5);

/// Where modules with `https:` URLs come from.
pub struct Web {
    is_offline: bool,
    cache: Option<Cache>,
    fetcher: Fetcher,
    /// Hosts that could not be reached, so that not every module waits for them.
    unreachable: Mutex<HashSet<String>>,
}

/// Why a module could not be had.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum WebError {
    #[error("not found: {0}")]
    NotFound(String),
    #[error(
        "could not fetch the module \"{url}\": {reason}. Check the network, and HTTPS_PROXY if there is a proxy"
    )]
    Unreachable { url: String, reason: String },
    #[error(
        "the module \"{0}\" is not in the cache, and --offline (SSEK_OFFLINE) forbids to fetch it; run the script \
         once without it, or run an archive that `ssek archive` made where there is a network"
    )]
    Offline(String),
}

impl Web {
    /// `cache` is the folder to keep modules in; `None` keeps none.
    pub fn new(is_offline: bool, cache: Option<PathBuf>) -> Self {
        Self {
            is_offline,
            cache: cache.map(Cache::new),
            fetcher: Fetcher::default(),
            unreachable: Mutex::default(),
        }
    }

    /// The text of a module. Blocks this thread, at most until the script that runs on it is interrupted.
    pub fn load(&self, url: &str) -> Result<Bytes, WebError> {
        let cached = self.cache.as_ref().and_then(|cache| cache.read(url));
        if let Some(entry) = &cached
            && (self.is_offline || entry.is_fresh(SystemTime::now()))
        {
            log::debug(format!("the module {url} comes from the cache"));
            return Ok(entry.body.clone());
        }
        let stand_in = stand_in::find(url);
        if self.is_offline {
            return match stand_in {
                Some(text) => Ok(stood_in(url, text, "--offline")),
                None => Err(WebError::Offline(url.to_owned())),
            };
        }
        match self.fetch(url, cached.as_ref(), cached.is_some() || stand_in.is_some()) {
            Ok(entry) => {
                if let Some(cache) = &self.cache {
                    cache.write(url, &entry);
                }
                Ok(entry.body)
            }
            Err(Unfetched::NotFound) => Err(WebError::NotFound(url.to_owned())),
            Err(Unfetched::Unreachable(reason)) => match (cached, stand_in) {
                (Some(entry), _) => {
                    log::warn(format!("could not fetch {url}, so its copy in the cache is used: {reason}"));
                    Ok(entry.body)
                }
                (None, Some(text)) => Ok(stood_in(url, text, &reason)),
                (None, None) => Err(WebError::Unreachable { url: url.to_owned(), reason }),
            },
        }
    }

    fn fetch(&self, url: &str, cached: Option<&Entry>, is_spared: bool) -> Result<Entry, Unfetched> {
        let host = host(url);
        if is_spared && self.unreachable().contains(host) {
            return Err(Unfetched::Unreachable(format!("{host} could not be reached before")));
        }
        let connect = if is_spared { PATIENCE } else { TIMEOUT };
        let fetch = |url: &str| self.fetcher.fetch(url, cached, TIMEOUT, connect);
        // Hosts may give k6 something else than browsers. Some do not like to be asked, though.
        let answer = match fetch(&marked(url)) {
            Err(Failed::Refused(_)) => fetch(url),
            answer => answer,
        };
        match answer {
            Ok(Answer::New(entry)) => {
                log::debug(format!("fetched the module {url}"));
                Ok(entry)
            }
            Ok(Answer::Same(lifetime)) => match cached {
                Some(entry) => Ok(entry.renewed(lifetime, SystemTime::now())),
                None => Err(Unfetched::Unreachable("the server says that nobody's copy is new".to_owned())),
            },
            Err(Failed::Refused(404)) => Err(Unfetched::NotFound),
            Err(Failed::Refused(status)) => {
                Err(Unfetched::Unreachable(format!("the server answered with status {status}")))
            }
            Err(Failed::Unreachable(reason)) => {
                self.unreachable().insert(host.to_owned());
                Err(Unfetched::Unreachable(reason))
            }
        }
    }

    fn unreachable(&self) -> std::sync::MutexGuard<'_, HashSet<String>> {
        self.unreachable.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn stood_in(url: &str, text: &'static str, reason: &str) -> Bytes {
    log::debug(format!("ssek's own module stands in for {url} ({reason})"));
    Bytes::from_static(text.as_bytes())
}

/// The URL with the parameter by which hosts know that a load generator asks.
fn marked(url: &str) -> String {
    let (address, fragment) = match url.split_once('#') {
        Some((address, fragment)) => (address, Some(fragment)),
        None => (url, None),
    };
    let joint = if address.contains('?') { '&' } else { '?' };
    let fragment = fragment.map(|it| format!("#{it}")).unwrap_or_default();
    format!("{address}{joint}_k6=1{fragment}")
}

/// `host:port` of an `https:` URL.
fn host(url: &str) -> &str {
    let rest = url.strip_prefix("https://").unwrap_or(url);
    rest.split(['/', '?', '#']).next().unwrap_or(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls() {
        for (url, want) in [
            ("https://a.test/x.js", "https://a.test/x.js?_k6=1"),
            ("https://a.test/x.js?v=2#top", "https://a.test/x.js?v=2&_k6=1#top"),
        ] {
            assert_eq!(marked(url), want);
            assert_eq!(host(url), "a.test");
        }
    }

    #[test]
    fn without_a_network() {
        let folder = tempfile::tempdir().unwrap();
        let web = Web::new(true, Some(folder.path().to_owned()));
        let url = "https://a.test/x.js";
        assert_eq!(web.load(url), Err(WebError::Offline(url.to_owned())));
        let entry = Entry::new(Bytes::from_static(b"1"), None, None, None, SystemTime::UNIX_EPOCH);
        Cache::new(folder.path().to_owned()).write(url, &entry);
        assert_eq!(web.load(url).unwrap(), "1");
        let utils = web.load("https://jslib.k6.io/k6-utils/1.4.0/index.js").unwrap();
        assert!(utils.starts_with(b"//"), "{utils:?}");
    }
}
