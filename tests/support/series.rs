//! Samples as a run of some shape makes them, for what it costs to take them in.

#![allow(dead_code, reason = "each target uses a part of it")]

use ssek::metrics::{Batch, Contains, Kind, Registry, Sample, SeriesId, TagSet, Timestamp};

/// Samples that a VU hands over at once.
pub use ssek::vu::samples::BATCH;

/// `metrics` metrics under `tag_sets` different tag sets each.
pub fn series(registry: &Registry, kind: Kind, metrics: usize, tag_sets: usize) -> Vec<SeriesId> {
    let mut made = Vec::with_capacity(metrics * tag_sets);
    for metric in 0..metrics {
        let metric = registry
            .register(&format!("metric_{metric}"), kind, Contains::Default)
            .unwrap_or_else(|error| panic!("{error}"));
        for number in 0..tag_sets {
            let mut tags = TagSet::default();
            tags.set("scenario", "default");
            tags.set("name", &format!("/item/{number}"));
            made.push(registry.series(metric, registry.tag_set(&tags)));
        }
    }
    made
}

/// So many samples from `begin_s` on, at a rate of 1,000 a second, in turn of all series.
pub fn batches(series: &[SeriesId], begin_s: i64, samples: usize) -> Vec<Batch> {
    let sample = |at: usize| Sample {
        series: series[at * 7919 % series.len()],
        time: Timestamp((begin_s * 1000 + at as i64) * 1_000_000),
        value: (at * 7919 % 100_003) as f64 / 31.0,
    };
    let batch = |batch: usize| (batch * BATCH..(batch + 1) * BATCH).map(sample).collect();
    (0..samples / BATCH).map(batch).collect()
}
