//! Names to numbers: metrics, tag sets and series of one run.
//!
//! VUs ask once per new series and cache the answer, so the lock here is off the hot path.

use std::collections::HashMap;
use std::sync::{Arc, RwLock};

use super::protocols::Protocols;
use super::{Contains, Kind, TagSet, TagSetId};
use crate::k6::builtin::{self, Builtin};

/// The number of a metric in its registry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MetricId(pub u32);

/// The number of a (metric, tag set) pair in its registry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SeriesId(pub u32);

/// A metric's declaration.
#[derive(Clone, Debug, PartialEq)]
pub struct Metric {
    pub id: MetricId,
    pub name: Arc<str>,
    pub kind: Kind,
    pub contains: Contains,
}

/// A metric under one set of tags.
#[derive(Clone, Debug)]
pub struct Series {
    pub metric: Arc<Metric>,
    pub tags: Arc<TagSet>,
}

/// Why a metric could not be registered; the texts are what scripts see.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum RegisterError {
    #[error(
        "Invalid metric name: '{0}'. Metric names must only include up to 128 ASCII letters, numbers, or underscores, and start with a letter or an underscore"
    )]
    Name(String),
    #[error("metric '{name}' already exists but with type {has}, instead of {wanted}")]
    Kind { name: String, has: &'static str, wanted: &'static str },
    #[error("metric '{name}' already exists but with a value type {has}, instead of {wanted}")]
    Contains { name: String, has: &'static str, wanted: &'static str },
}

/// All metrics, tag sets and series of one run.
#[derive(Debug)]
pub struct Registry {
    /// Of the run's calls of language models.
    pub protocols: Protocols,
    inner: RwLock<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    metrics: Vec<Arc<Metric>>,
    by_name: HashMap<Arc<str>, MetricId>,
    tag_sets: Vec<Arc<TagSet>>,
    by_tags: HashMap<Arc<TagSet>, TagSetId>,
    series: Vec<Series>,
    by_series: HashMap<(MetricId, TagSetId), SeriesId>,
}

impl Default for Registry {
    fn default() -> Self {
        Self::new()
    }
}

impl Registry {
    /// A registry that holds the built-in metrics, numbered as in [`builtin::ALL`].
    pub fn new() -> Self {
        let registry = Self { protocols: Protocols::default(), inner: RwLock::default() };
        for Builtin { name, kind, contains } in builtin::ALL {
            let mut inner = registry.inner.write().unwrap_or_else(|e| e.into_inner());
            inner.add(name, *kind, *contains);
        }
        registry
    }

    /// Declares a metric, or finds the one declared before with the same kind and contents.
    pub fn register(&self, name: &str, kind: Kind, contains: Contains) -> Result<MetricId, RegisterError> {
        if !is_valid_name(name) {
            return Err(RegisterError::Name(name.to_owned()));
        }
        let mut inner = self.inner.write().unwrap_or_else(|e| e.into_inner());
        let Some(id) = inner.by_name.get(name).copied() else {
            return Ok(inner.add(name, kind, contains));
        };
        let has = &inner.metrics[id.0 as usize];
        if has.kind != kind {
            return Err(RegisterError::Kind {
                name: name.to_owned(),
                has: has.kind.name(),
                wanted: kind.name(),
            });
        }
        if has.contains != contains {
            return Err(RegisterError::Contains {
                name: name.to_owned(),
                has: has.contains.name(),
                wanted: contains.name(),
            });
        }
        Ok(id)
    }

    /// The number of a built-in metric.
    ///
    /// Falls back to registering it, for built-ins that a module brings along.
    pub fn builtin(&self, builtin: &Builtin) -> MetricId {
        match self.find(builtin.name) {
            Some(metric) => metric.id,
            None => {
                let mut inner = self.inner.write().unwrap_or_else(|e| e.into_inner());
                inner.add(builtin.name, builtin.kind, builtin.contains)
            }
        }
    }

    /// The metric of that name.
    pub fn find(&self, name: &str) -> Option<Arc<Metric>> {
        let inner = self.inner.read().unwrap_or_else(|e| e.into_inner());
        let id = inner.by_name.get(name)?;
        Some(inner.metrics[id.0 as usize].clone())
    }

    /// The metric with that number.
    pub fn metric(&self, id: MetricId) -> Arc<Metric> {
        self.inner.read().unwrap_or_else(|e| e.into_inner()).metrics[id.0 as usize].clone()
    }

    /// Every metric, in order of declaration.
    pub fn metrics(&self) -> Vec<Arc<Metric>> {
        self.inner.read().unwrap_or_else(|e| e.into_inner()).metrics.clone()
    }

    /// The number of a tag set; equal sets have equal numbers.
    pub fn tag_set(&self, set: &TagSet) -> TagSetId {
        if let Some(id) = self.inner.read().unwrap_or_else(|e| e.into_inner()).by_tags.get(set) {
            return *id;
        }
        // What comes out of a run, it gets from here.
        if let Some(hidden) = set.without_secrets() {
            let id = self.tag_set(&hidden);
            let mut inner = self.inner.write().unwrap_or_else(|e| e.into_inner());
            inner.by_tags.insert(Arc::new(set.clone()), id);
            return id;
        }
        let mut inner = self.inner.write().unwrap_or_else(|e| e.into_inner());
        if let Some(id) = inner.by_tags.get(set) {
            return *id;
        }
        let id = TagSetId(inner.tag_sets.len() as u32);
        let set = Arc::new(set.clone());
        inner.tag_sets.push(set.clone());
        inner.by_tags.insert(set, id);
        id
    }

    /// The tag set with that number.
    pub fn tags(&self, id: TagSetId) -> Arc<TagSet> {
        self.inner.read().unwrap_or_else(|e| e.into_inner()).tag_sets[id.0 as usize].clone()
    }

    /// The number of a series.
    pub fn series(&self, metric: MetricId, tags: TagSetId) -> SeriesId {
        if let Some(id) = self.inner.read().unwrap_or_else(|e| e.into_inner()).by_series.get(&(metric, tags))
        {
            return *id;
        }
        let mut inner = self.inner.write().unwrap_or_else(|e| e.into_inner());
        if let Some(id) = inner.by_series.get(&(metric, tags)) {
            return *id;
        }
        let id = SeriesId(inner.series.len() as u32);
        let series = Series {
            metric: inner.metrics[metric.0 as usize].clone(),
            tags: inner.tag_sets[tags.0 as usize].clone(),
        };
        inner.series.push(series);
        inner.by_series.insert((metric, tags), id);
        id
    }

    /// What a series number stands for.
    pub fn describe(&self, series: SeriesId) -> Series {
        self.inner.read().unwrap_or_else(|e| e.into_inner()).series[series.0 as usize].clone()
    }
}

impl Inner {
    fn add(&mut self, name: &str, kind: Kind, contains: Contains) -> MetricId {
        let id = MetricId(self.metrics.len() as u32);
        let name: Arc<str> = name.into();
        self.metrics.push(Arc::new(Metric { id, name: name.clone(), kind, contains }));
        self.by_name.insert(name, id);
        id
    }
}

/// `^[a-zA-Z_][a-zA-Z0-9_]{1,128}$`
fn is_valid_name(name: &str) -> bool {
    let mut bytes = name.bytes();
    let head = bytes.next().is_some_and(|b| b.is_ascii_alphabetic() || b == b'_');
    head && (2..=129).contains(&name.len()) && bytes.all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_declaration_gives_the_same_metric() {
        let registry = Registry::new();
        let a = registry.register("my_trend", Kind::Trend, Contains::Time);
        assert_eq!(a, registry.register("my_trend", Kind::Trend, Contains::Time));
        assert_eq!(
            registry.register("my_trend", Kind::Counter, Contains::Time).unwrap_err().to_string(),
            "metric 'my_trend' already exists but with type trend, instead of counter"
        );
        assert_eq!(
            registry.register("my_trend", Kind::Trend, Contains::Default).unwrap_err().to_string(),
            "metric 'my_trend' already exists but with a value type time, instead of default"
        );
    }

    #[test]
    fn names_follow_k6s_rule() {
        for (name, ok) in
            [("ab", true), ("_1", true), ("a", false), ("1a", false), ("a-b", false), ("é1", false)]
        {
            assert_eq!(is_valid_name(name), ok, "{name}");
        }
        assert!(is_valid_name(&"a".repeat(129)) && !is_valid_name(&"a".repeat(130)));
    }

    #[test]
    fn builtins_keep_their_place() {
        let registry = Registry::new();
        for (place, builtin) in builtin::ALL.iter().enumerate() {
            assert_eq!(registry.builtin(builtin), MetricId(place as u32));
        }
    }

    #[test]
    fn series_are_interned() {
        let registry = Registry::new();
        let metric = registry.builtin(&builtin::CHECKS);
        let mut tags = TagSet::default();
        tags.set("check", "ok");
        let id = registry.tag_set(&tags);
        assert_eq!(registry.tag_set(&tags), id);
        assert_eq!(registry.series(metric, id), registry.series(metric, id));
        assert_eq!(registry.describe(registry.series(metric, id)).tags.get("check"), Some("ok"));
    }
}
