//! The checks of a run that goes on.

use std::collections::HashMap;

use crate::k6::builtin::CHECKS;
use crate::metrics::snapshot::CheckSnapshot;
use crate::metrics::{Registry, Sample, SeriesId};

/// How many checks are told apart.
const MOST: usize = 500;

/// For how many series it is remembered whether they are checks.
const MOST_SERIES: usize = 50_000;

/// The counts of checks, in first-seen order.
#[derive(Debug, Default)]
pub struct Checks {
    counts: Vec<CheckSnapshot>,
    /// The place in the counts of a series that is a check.
    places: HashMap<SeriesId, Option<usize>>,
}

impl Checks {
    /// Counts the checks among some samples.
    pub fn add(&mut self, batch: &[Sample], registry: &Registry) {
        for sample in batch {
            let place = match self.places.get(&sample.series) {
                Some(place) => *place,
                None => self.place(sample.series, registry),
            };
            if let Some(place) = place {
                let check = &mut self.counts[place];
                if sample.value == 0.0 { check.fails += 1 } else { check.passes += 1 }
            }
        }
    }

    /// The counts up to now.
    pub fn snapshot(&self) -> Vec<CheckSnapshot> {
        self.counts.clone()
    }

    fn place(&mut self, id: SeriesId, registry: &Registry) -> Option<usize> {
        if self.places.len() >= MOST_SERIES {
            self.places.clear();
        }
        let series = registry.describe(id);
        let name = series.tags.get("check").filter(|_| &*series.metric.name == CHECKS.name);
        let place = name.and_then(|name| {
            let scenario = series.tags.get("scenario");
            let group = series.tags.get("group").unwrap_or_default();
            let same = |check: &CheckSnapshot| {
                check.name == name && check.group == group && check.scenario.as_deref() == scenario
            };
            self.counts.iter().position(same).or_else(|| {
                (self.counts.len() < MOST).then(|| {
                    self.counts.push(CheckSnapshot {
                        scenario: scenario.map(str::to_owned),
                        group: group.to_owned(),
                        name: name.to_owned(),
                        passes: 0,
                        fails: 0,
                    });
                    self.counts.len() - 1
                })
            })
        });
        self.places.insert(id, place);
        place
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::{TagSet, Timestamp};

    #[test]
    fn a_check_of_several_series_is_counted_once() {
        let registry = Registry::new();
        let sample = |tags: &[(&str, &str)], value| {
            let mut set = TagSet::default();
            tags.iter().for_each(|(key, value)| set.set(key, value));
            let series = registry.series(registry.builtin(&CHECKS), registry.tag_set(&set));
            Sample { series, value, time: Timestamp(0) }
        };
        let mut checks = Checks::default();
        let batch = [
            sample(&[("check", "a"), ("scenario", "s"), ("group", "::g")], 1.0),
            sample(&[("check", "a"), ("scenario", "s"), ("group", "::g"), ("zone", "x")], 0.0),
            sample(&[("check", "b")], 1.0),
            sample(&[("zone", "x")], 1.0),
        ];
        checks.add(&batch, &registry);
        let found = checks.snapshot();
        assert_eq!(found.len(), 2);
        assert_eq!((found[0].passes, found[0].fails, found[0].group.as_str()), (1, 1, "::g"));
        assert_eq!((found[1].passes, found[1].scenario.as_deref()), (1, None));
    }
}
