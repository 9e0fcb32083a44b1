//! Records of runs that never were: samples drawn at random, through the collector.

#![allow(dead_code, reason = "each test uses a part of it")]

use std::time::Duration;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};
use ssek::metrics::snapshot::MetricSnapshot;
use ssek::metrics::{Contains, Kind, Registry, Sample, Snapshot, TagSet, Timestamp};
use ssek::record::{Collector, Meta, Of, Record};

const SECOND: i64 = 1_000_000_000;
pub const START: i64 = 1_795_308_512 * SECOND;

/// A run of so many seconds.
pub struct Made {
    pub seed: u64,
    pub seconds: i64,
    /// Requests a second.
    pub rate: usize,
    /// The median time to the first token, in milliseconds.
    pub ttft: f64,
}

/// The record of it, and every value of its time to the first token. How busy the server is changes slowly, so that
/// seconds are alike that are near each other.
pub fn made(run: &Made) -> (Record, Vec<f64>) {
    let registry = Registry::new();
    let mut random = ChaCha8Rng::seed_from_u64(run.seed);
    let metric = |name: &str, kind, contains, tags: &[(&str, &str)]| {
        let mut set = TagSet::default();
        tags.iter().for_each(|(key, value)| set.set(key, value));
        let metric = registry.register(name, kind, contains).unwrap();
        registry.series(metric, registry.tag_set(&set))
    };
    let scenario = ("scenario", "chat");
    let ttft = metric("llm_time_to_first_token", Kind::Trend, Contains::Time, &[scenario, ("model", "m")]);
    let gap = metric("llm_inter_token_latency", Kind::Trend, Contains::Time, &[scenario]);
    let requests = metric("llm_requests", Kind::Counter, Contains::Default, &[scenario, ("outcome", "ok")]);
    let checks = metric("checks", Kind::Rate, Contains::Default, &[scenario]);
    let mut collector = Collector::new(Timestamp(START), &[]);
    let (mut values, mut busy) = (Vec::new(), 0.0);
    for second in 0..run.seconds {
        busy = 0.5 * busy + 0.02 * normal(&mut random);
        let mut batch = Vec::new();
        for place in 0..run.rate {
            let time = Timestamp(START + second * SECOND + place as i64 * SECOND / run.rate as i64);
            let value = run.ttft * (busy + 0.25 * normal(&mut random)).exp();
            values.push(value);
            let mut add = |series, value| batch.push(Sample { series, time, value });
            add(ttft, value);
            add(requests, 1.0);
            add(checks, f64::from(u8::from(uniform(&mut random) > 0.01)));
            (0..5).for_each(|_| add(gap, 20.0 * (0.3 * normal(&mut random)).exp()));
        }
        collector.add(&batch, &registry);
    }
    let collected = collector.collected();
    let metrics =
        collected.series.iter().filter(|series| series.of == Of::All).map(|series| MetricSnapshot {
            name: series.metric.clone(),
            selector: None,
            kind: series.kind,
            contains: series.contains,
            sink: series.total.sink(),
            thresholds: Vec::new(),
        });
    let snapshot = Snapshot {
        duration: Duration::from_secs(run.seconds as u64),
        metrics: metrics.collect(),
        ..Snapshot::default()
    };
    let record = Record {
        meta: Meta { start: START, runs: 1, target: "made".to_owned(), ..Meta::default() },
        step: collected.step,
        series: collected.series,
        breakdowns: collected.breakdowns,
        snapshot,
        complete: true,
        ..Record::default()
    };
    (record, values)
}

fn uniform(random: &mut ChaCha8Rng) -> f64 {
    (random.next_u64() >> 11) as f64 / (1_u64 << 53) as f64
}

/// By Box and Muller.
fn normal(random: &mut ChaCha8Rng) -> f64 {
    let (a, b) = (uniform(random).max(1e-300), uniform(random));
    (-2.0 * a.ln()).sqrt() * (std::f64::consts::TAU * b).cos()
}
