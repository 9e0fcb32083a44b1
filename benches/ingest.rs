//! What a sample costs between a VU and its sinks.

use std::sync::Arc;

use divan::Bencher;
use divan::counter::ItemsCount;
use ssek::k6::builtin::{CHECKS, HTTP_REQ_DURATION, HTTP_REQS, ITERATIONS};
use ssek::k6::system_tag::SystemTags;
use ssek::metrics::engine::{Engine, EngineConfig};
use ssek::metrics::ingest::Ingest;
use ssek::metrics::{Batch, Registry, Sample, TagSet, Timestamp, definition};

const SAMPLES: usize = 64 * 1000;

fn main() {
    divan::main();
}

/// Batches of 64 samples of a few metrics, with the tags of an HTTP test.
fn batches(registry: &Registry) -> Vec<Batch> {
    let series: Vec<_> = [HTTP_REQ_DURATION, HTTP_REQS, CHECKS, ITERATIONS]
        .iter()
        .flat_map(|metric| {
            ["200", "404"].map(|status| {
                let mut tags = TagSet::default();
                tags.set("status", status);
                tags.set("expected_response", "true");
                tags.set("scenario", "default");
                tags.set("group", "::outer::inner");
                tags.set("check", "ok");
                registry.series(registry.builtin(metric), registry.tag_set(&tags))
            })
        })
        .collect();
    let sample = |at: usize| Sample {
        series: series[at % series.len()],
        time: Timestamp(at as i64),
        value: (at * 7919 % 100_003) as f64 / 31.0,
    };
    (0..SAMPLES / 64).map(|batch| (0..64).map(|at| sample(batch * 64 + at)).collect()).collect()
}

/// Routing and sinks alone, with sections and without.
#[divan::bench(args = [false, true])]
fn sinks(bencher: Bencher, sections: bool) {
    let registry = Arc::new(Registry::new());
    let batches = batches(&registry);
    let definitions =
        definition::definitions(&[], true, SystemTags::DEFAULT, &registry).expect("there are no thresholds");
    let mut ingest = Ingest::new(registry, definitions, sections);
    bencher
        .counter(ItemsCount::new(SAMPLES))
        .bench_local(|| batches.iter().for_each(|batch| ingest.add(batch)));
}

/// The whole way, from a sender through the channel and the engine's thread.
#[divan::bench]
fn engine(bencher: Bencher) {
    let registry = Arc::new(Registry::new());
    let batches = batches(&registry);
    bencher.counter(ItemsCount::new(SAMPLES)).with_inputs(|| batches.clone()).bench_local_values(|batches| {
        let config = EngineConfig {
            registry: registry.clone(),
            definitions: Vec::new(),
            sections: false,
            outputs: Vec::new(),
            on_abort: Box::new(|_| ()),
        };
        let engine = Engine::start(config).expect("a thread");
        let sender = engine.sender();
        batches.into_iter().for_each(|batch| sender.send(batch).expect("the engine runs"));
        engine.finish()
    });
}
