//! `dropped_iterations`: what a scenario could not start in its time.

use std::sync::Arc;

use crate::k6::{SystemTag, builtin};
use crate::metrics::{MetricId, Sample, TagSet, Timestamp};
use crate::options::Scenario;
use crate::vu::Test;

/// Emits the samples of one scenario.
pub struct Dropped {
    test: Arc<Test>,
    metric: MetricId,
    /// Those of every sample of the scenario.
    tags: TagSet,
}

impl Dropped {
    pub fn new(test: &Arc<Test>, scenario: &Scenario) -> Self {
        let mut tags = test.run_tags();
        scenario.tags.iter().for_each(|(k, v)| tags.set(k, v));
        if test.system_tags().has(SystemTag::Scenario) {
            tags.set("scenario", &scenario.name);
        }
        let metric = test.registry.builtin(&builtin::DROPPED_ITERATIONS);
        Self { test: test.clone(), metric, tags }
    }

    /// One sample for each of the counts, with the VU that they belong to, if they do.
    pub fn report(&self, counts: impl IntoIterator<Item = (Option<u32>, u64)>) {
        let Some(samples) = self.test.samples() else { return };
        let registry = &self.test.registry;
        let tags_of_vus = self.test.system_tags().has(SystemTag::Vu);
        let time = Timestamp::now();
        let batch = counts.into_iter().map(|(vu, count)| {
            let series = match vu.filter(|_| tags_of_vus) {
                Some(vu) => {
                    let mut tags = self.tags.clone();
                    tags.set_metadata("vu", &vu.to_string());
                    registry.series(self.metric, registry.tag_set(&tags))
                }
                None => registry.series(self.metric, registry.tag_set(&self.tags)),
            };
            Sample { series, time, value: count as f64 }
        });
        let batch: Vec<_> = batch.collect();
        if !batch.is_empty() {
            // The engine outlives the scenarios.
            let _ = samples.send(batch);
        }
    }
}
