//! The series of requests that came before: tags are worked out once for each kind of request.

use std::cell::RefCell;
use std::hash::{Hash, Hasher};
use std::net::IpAddr;

use rustc_hash::{FxHashMap, FxHasher};

use super::request::Plan;
use crate::metrics::{SeriesId, TagSetId};
use crate::net::Hop;

/// All that the tags of a round trip are made of.
#[derive(Hash)]
pub struct Kind<'a> {
    vu_tags: TagSetId,
    tags: &'a [(String, String)],
    url: &'a str,
    name: &'a str,
    method: &'a str,
    status: u16,
    proto: &'static str,
    tls_version: &'static str,
    remote: Option<IpAddr>,
    expected: Option<bool>,
}

impl<'a> Kind<'a> {
    /// The kind of a round trip; a failed one, whose error may be like no other's, has none.
    pub fn of(plan: &'a Plan, hop: &'a Hop, expected: Option<bool>) -> Option<Self> {
        hop.error.is_none().then(|| Self {
            vu_tags: plan.vu_tags,
            tags: &plan.tags,
            url: &plan.address.clean,
            name: &plan.address.name,
            method: &hop.method,
            status: hop.status,
            proto: hop.proto,
            tls_version: hop.tls_version,
            remote: hop.remote.map(|remote| remote.ip()),
            expected,
        })
    }

    fn is(&self, kept: &Owned) -> bool {
        self.vu_tags == kept.vu_tags
            && self.tags == kept.tags
            && *self.url == *kept.url
            && *self.name == *kept.name
            && *self.method == *kept.method
            && (self.status, self.proto, self.tls_version) == (kept.status, kept.proto, kept.tls_version)
            && (self.remote, self.expected) == (kept.remote, kept.expected)
    }
}

struct Owned {
    vu_tags: TagSetId,
    tags: Vec<(String, String)>,
    url: String,
    name: String,
    method: String,
    status: u16,
    proto: &'static str,
    tls_version: &'static str,
    remote: Option<IpAddr>,
    expected: Option<bool>,
}

/// The series of the kinds that came before, by the hash of the kind: looking one up makes no copy of its texts.
#[derive(Default)]
pub struct Kept(RefCell<FxHashMap<u64, (Owned, Found)>>);

/// The number of a set of tags, and the series of a round trip's metrics under it.
pub type Found = (TagSetId, [SeriesId; 9]);

/// Scripts whose URLs are all different must not make a thread grow without end.
const MOST: usize = 1_000;

impl Kept {
    /// The series of a kind, from `find` if they are not known.
    pub fn series(&self, kind: Kind<'_>, find: impl FnOnce() -> Found) -> Found {
        let mut hasher = FxHasher::default();
        kind.hash(&mut hasher);
        let hash = hasher.finish();
        if let Some((known, series)) = self.0.borrow().get(&hash)
            && kind.is(known)
        {
            return *series;
        }
        let series = find();
        let mut kept = self.0.borrow_mut();
        if kept.len() >= MOST {
            kept.clear();
        }
        let owned = Owned {
            vu_tags: kind.vu_tags,
            tags: kind.tags.to_vec(),
            url: kind.url.to_owned(),
            name: kind.name.to_owned(),
            method: kind.method.to_owned(),
            status: kind.status,
            proto: kind.proto,
            tls_version: kind.tls_version,
            remote: kind.remote,
            expected: kind.expected,
        };
        kept.insert(hash, (owned, series));
        series
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_found_again_and_kept_apart() {
        let kept = Kept::default();
        let tags = [("a".to_owned(), "b".to_owned())];
        let kind = |status, tags| Kind {
            vu_tags: TagSetId(1),
            tags,
            url: "http://x/",
            name: "http://x/",
            method: "GET",
            status,
            proto: "HTTP/1.1",
            tls_version: "",
            remote: None,
            expected: Some(true),
        };
        let series = |kind, number| kept.series(kind, || (TagSetId(0), [SeriesId(number); 9])).1[0].0;
        assert_eq!(series(kind(200, &tags[..]), 1), 1);
        assert_eq!(series(kind(200, &tags[..]), 2), 1);
        assert_eq!(series(kind(201, &tags[..]), 3), 3);
        assert_eq!(series(kind(200, &[]), 4), 4);
    }
}
