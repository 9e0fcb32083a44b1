//! What an output adds up by metric and tags, while it runs.

use std::collections::HashMap;
use std::sync::Arc;

use super::CACHED_SERIES;
use crate::metrics::{Metric, MetricId, Registry, SeriesId};

/// For how many metrics with tags an output keeps sums. What comes on top is left out and counted, so that a test
/// with ever new tag values does not fill the memory.
pub const MOST_SLOTS: usize = 50_000;

/// Tags, sorted by key.
pub type Tags = Vec<(Arc<str>, Arc<str>)>;

/// A place for every metric under every set of tags. Metadata make no difference.
pub struct Slots<T> {
    slots: Vec<T>,
    /// The way of most samples.
    by_series: HashMap<SeriesId, Option<usize>>,
    by_tags: HashMap<(MetricId, Tags), usize>,
    limit: usize,
    /// Samples that found no place.
    left_out: u64,
}

impl<T> Default for Slots<T> {
    fn default() -> Self {
        Self::limited(MOST_SLOTS)
    }
}

impl<T> Slots<T> {
    fn limited(limit: usize) -> Self {
        let (by_series, by_tags) = (HashMap::new(), HashMap::new());
        Self { slots: Vec::new(), by_series, by_tags, limit, left_out: 0 }
    }

    /// The place of a series' samples, made with `new` when it is first needed; `None` if there are too many.
    pub fn of(
        &mut self,
        series: SeriesId,
        registry: &Registry,
        new: impl FnOnce(&Metric, &Tags) -> T,
    ) -> Option<&mut T> {
        let known = self.by_series.get(&series).copied();
        let place = known.unwrap_or_else(|| self.find(series, registry, new));
        if place.is_none() {
            self.left_out += 1;
        }
        self.slots.get_mut(place?)
    }

    fn find(
        &mut self,
        series: SeriesId,
        registry: &Registry,
        new: impl FnOnce(&Metric, &Tags) -> T,
    ) -> Option<usize> {
        let described = registry.describe(series);
        let key = (described.metric.id, described.tags.tags.clone());
        let place = match self.by_tags.get(&key) {
            Some(place) => Some(*place),
            None if self.slots.len() >= self.limit => None,
            None => {
                self.slots.push(new(&described.metric, &described.tags.tags));
                self.by_tags.insert(key, self.slots.len() - 1);
                Some(self.slots.len() - 1)
            }
        };
        if self.by_series.len() >= CACHED_SERIES {
            self.by_series.clear();
        }
        self.by_series.insert(series, place);
        place
    }

    /// All of them, in the order in which they came.
    pub fn iter_mut(&mut self) -> std::slice::IterMut<'_, T> {
        self.slots.iter_mut()
    }

    /// The line for the end of the run, if samples found no place.
    pub fn verdict(&self, output: &str) -> Option<String> {
        (self.left_out > 0).then(|| {
            format!(
                "{} samples are missing from the output {output}, which keeps at most {} different metrics with tags; use fewer tag values (such as the same `name` for URLs with ids); the summary is complete",
                self.left_out, self.limit
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::k6::builtin::CHECKS;
    use crate::metrics::TagSet;

    #[test]
    fn metadata_share_a_place_and_places_end() {
        let registry = Registry::new();
        let series = |tag: &str, vu: &str| {
            let mut set = TagSet::default();
            set.set("check", tag);
            set.set_metadata("vu", vu);
            registry.series(registry.builtin(&CHECKS), registry.tag_set(&set))
        };
        let mut slots = Slots::limited(2);
        for (tag, vu) in [("a", "1"), ("a", "2"), ("b", "1"), ("c", "1"), ("c", "1"), ("a", "1")] {
            if let Some(slot) = slots.of(series(tag, vu), &registry, |_, tags| (tags[0].1.to_string(), 0)) {
                slot.1 += 1;
            }
        }
        let counted: Vec<_> = slots.iter_mut().map(|slot| slot.clone()).collect();
        assert_eq!(counted, [("a".to_owned(), 3), ("b".to_owned(), 1)]);
        assert!(slots.verdict("x").unwrap().starts_with("2 samples are missing from the output x"));
        assert_eq!(Slots::<u8>::default().verdict("x"), None);
    }
}
