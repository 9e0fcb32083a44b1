//! Tag sets: interned, so that a sample carries four bytes.

use std::borrow::Cow;
use std::sync::Arc;

use crate::log;

/// The number of an interned [`TagSet`] in a registry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TagSetId(pub u32);

/// Tags sorted by key, each key once; beside them metadata, which is shown in exports but neither
/// matched by sub-metrics nor usable in thresholds (`vu`, `iter`, `exec.vu.metrics.metadata`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct TagSet {
    pub tags: Vec<(Arc<str>, Arc<str>)>,
    pub metadata: Vec<(Arc<str>, Arc<str>)>,
}

impl TagSet {
    /// The value of a tag.
    pub fn get(&self, key: &str) -> Option<&str> {
        let found = self.tags.binary_search_by(|(k, _)| (**k).cmp(key)).ok()?;
        Some(&self.tags[found].1)
    }

    /// Sets a tag, replacing an earlier value of the same key.
    pub fn set(&mut self, key: &str, value: &str) {
        Self::put(&mut self.tags, key, value);
    }

    /// Sets a metadata value, replacing an earlier value of the same key.
    pub fn set_metadata(&mut self, key: &str, value: &str) {
        Self::put(&mut self.metadata, key, value);
    }

    /// Takes a tag away.
    pub fn remove(&mut self, key: &str) {
        self.tags.retain(|(k, _)| &**k != key);
    }

    /// Whether every pair of `wanted` is among the tags.
    pub fn contains_all(&self, wanted: &[(Arc<str>, Arc<str>)]) -> bool {
        wanted.iter().all(|(k, v)| self.get(k) == Some(v))
    }

    /// The set without the secrets that were read; `None` where it holds none.
    pub(super) fn without_secrets(&self) -> Option<Self> {
        if !log::has_secrets() {
            return None;
        }
        let mut changed = false;
        let mut hidden = self.clone();
        for text in hidden.tags.iter_mut().chain(&mut hidden.metadata).map(|(_, value)| value) {
            if let Cow::Owned(shown) = log::hide(text) {
                *text = shown.into();
                changed = true;
            }
        }
        changed.then_some(hidden)
    }

    fn put(list: &mut Vec<(Arc<str>, Arc<str>)>, key: &str, value: &str) {
        match list.binary_search_by(|(k, _)| (**k).cmp(key)) {
            Ok(at) => {
                if &*list[at].1 != value {
                    list[at].1 = value.into();
                }
            }
            Err(at) => list.insert(at, (key.into(), value.into())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_stay_sorted_and_single() {
        let mut set = TagSet::default();
        for (k, v) in [("b", "1"), ("a", "2"), ("b", "3")] {
            set.set(k, v);
        }
        let shown: Vec<_> = set.tags.iter().map(|(k, v)| format!("{k}={v}")).collect();
        assert_eq!(shown, ["a=2", "b=3"]);
        log::redact("t4gs3cret");
        assert_eq!(set.without_secrets(), None);
        set.set("b", "is t4gs3cret");
        assert_eq!(set.without_secrets().unwrap().get("b"), Some("is ***SECRET_REDACTED***"));
        set.set("b", "3");
        set.remove("a");
        assert_eq!((set.get("a"), set.get("b")), (None, Some("3")));
    }
}
