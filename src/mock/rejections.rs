//! The first requests to a URL, which are turned away on demand.

use std::collections::HashMap;
use std::sync::Mutex;

/// URLs that are remembered; when there are more, all are forgotten.
const MAX_URLS: usize = 100_000;

/// How many requests to each URL were rejected.
#[derive(Debug, Default)]
pub(super) struct Rejections {
    counts: Mutex<HashMap<String, u64>>,
}

impl Rejections {
    /// Whether a request to `url` is one of the first `most`, and counts it if it is.
    pub fn rejects(&self, url: &str, most: u64) -> bool {
        if most == 0 {
            return false;
        }
        let mut counts = self.counts.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        if counts.len() >= MAX_URLS && !counts.contains_key(url) {
            counts.clear();
        }
        let count = counts.entry(url.to_owned()).or_default();
        let rejected = *count < most;
        *count += u64::from(rejected);
        rejected
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_url_has_its_own_count() {
        let rejections = Rejections::default();
        let asked = ["/a", "/a", "/b", "/a"].map(|url| rejections.rejects(url, 2));
        assert_eq!(asked, [true, true, true, false]);
        assert!(!rejections.rejects("/c", 0));
    }
}
