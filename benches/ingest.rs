//! What a sample costs between a VU and its sinks, and that this does not grow: `tests/growth.rs` holds it.

#[path = "../tests/support/series.rs"]
mod series;

use std::sync::Arc;
use std::time::Duration;

use divan::Bencher;
use divan::counter::ItemsCount;
use ssek::k6::builtin::{CHECKS, HTTP_REQ_DURATION, HTTP_REQS, ITERATIONS};
use ssek::k6::system_tag::SystemTags;
use ssek::metrics::engine::{Engine, EngineConfig};
use ssek::metrics::ingest::Ingest;
use ssek::metrics::{
    Batch, Definition, Kind, Registry, Sample, TagSet, ThresholdSpec, Timestamp, definition,
};
use ssek::record::Collector;

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

/// What a record takes, on the thread of its output.
#[divan::bench]
fn record(bencher: Bencher) {
    let registry = Registry::new();
    let batches = batches(&registry);
    let mut collector = Collector::new(Timestamp(0), &[]);
    bencher
        .counter(ItemsCount::new(SAMPLES))
        .bench_local(|| batches.iter().for_each(|batch| collector.add(batch, &registry)));
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
            left_out: std::sync::Arc::default(),
            on_abort: Box::new(|_| ()),
        };
        let engine = Engine::start(config).expect("a thread");
        let sender = engine.sender();
        batches.into_iter().for_each(|batch| sender.send(batch).expect("the engine runs"));
        engine.finish()
    });
}

/// Samples of so many metrics under so many tag sets each, all seen before.
fn by_series(bencher: Bencher, metrics: usize, tag_sets: usize) {
    let registry = Arc::new(Registry::new());
    let series = series::series(&registry, Kind::Trend, metrics, tag_sets);
    let mut ingest = Ingest::new(registry, Vec::new(), false);
    let batches = series::batches(&series, 0, SAMPLES);
    batches.iter().for_each(|batch| ingest.add(batch));
    bencher
        .counter(ItemsCount::new(SAMPLES))
        .bench_local(|| batches.iter().for_each(|batch| ingest.add(batch)));
}

#[divan::bench(args = [1, 10, 100, 1000])]
fn by_metrics(bencher: Bencher, metrics: usize) {
    by_series(bencher, metrics, 10);
}

#[divan::bench(args = [1, 100, 10_000])]
fn by_tag_sets(bencher: Bencher, tag_sets: usize) {
    by_series(bencher, 1, tag_sets);
}

/// Series that are new: what each costs once.
#[divan::bench(args = [100, 10_000])]
fn new_tag_sets(bencher: Bencher, tag_sets: usize) {
    let registry = Arc::new(Registry::new());
    let series = series::series(&registry, Kind::Trend, 1, tag_sets);
    let batches = series::batches(&series, 0, tag_sets.next_multiple_of(series::BATCH));
    bencher
        .counter(ItemsCount::new(tag_sets))
        .with_inputs(|| Ingest::new(registry.clone(), Vec::new(), false))
        .bench_local_values(|mut ingest| {
            batches.iter().for_each(|batch| ingest.add(batch));
            ingest
        });
}

/// Thresholds and samples of a minute, after so many minutes at 1,000 samples a second.
#[divan::bench(args = [1, 10, 60])]
fn after_minutes(bencher: Bencher, minutes: i64) {
    let registry = Arc::new(Registry::new());
    let series = series::series(&registry, Kind::Trend, 1, 10);
    let spec = ThresholdSpec { source: "p(99)<5000".to_owned(), ..ThresholdSpec::default() };
    let threshold = Definition::resolve("metric_0", &[spec], &registry).expect("a metric and a threshold");
    let mut ingest = Ingest::new(registry, vec![threshold], false);
    for minute in 0..minutes {
        series::batches(&series, minute * 60, 60_000).iter().for_each(|batch| ingest.add(batch));
    }
    let batches = series::batches(&series, minutes * 60, 60_000);
    bencher.counter(ItemsCount::new(60_000usize)).bench_local(|| {
        batches.iter().for_each(|batch| ingest.add(batch));
        (0..30).for_each(|_| drop(ingest.judge(Duration::from_secs(60), false)));
    });
}
