//! What a sample costs must not grow with the number of VUs, of metrics, of tag sets, or with the time
//! that a test has run; nor must what a look at the thresholds costs.
//!
//! Costs are the least of several tries, which a busy machine hardly changes, and compared with each
//! other, not with a clock.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[path = "support/series.rs"]
mod series;

use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use ssek::metrics::ingest::Ingest;
use ssek::metrics::{Definition, Kind, Registry, SeriesId, ThresholdSpec};
use ssek::vu::samples::{Buffer, Samples};

/// Samples of a try.
const SAMPLES: usize = 64 * 400;
const TRIES: usize = 9;
/// How many times dearer the large case may be. Memory that no cache holds makes up most of it.
const ALLOWED: f64 = 2.0;

/// The least time that `run` takes.
fn least(mut run: impl FnMut()) -> f64 {
    let once = |run: &mut dyn FnMut()| {
        let begun = Instant::now();
        run();
        begun.elapsed().as_secs_f64()
    };
    (0..TRIES).map(|_| once(&mut run)).fold(f64::INFINITY, f64::min)
}

/// What taking in the samples of a try costs with so many series, all of them seen before.
fn ingest_cost(kind: Kind, metrics: usize, tag_sets: usize) -> f64 {
    let registry = Arc::new(Registry::new());
    let series = series::series(&registry, kind, metrics, tag_sets);
    let mut ingest = Ingest::new(registry, Vec::new(), false);
    series::batches(&series, 0, series.len().next_multiple_of(series::BATCH))
        .iter()
        .for_each(|b| ingest.add(b));
    // Fills what is exact while small, so that both cases do the same.
    let batches = series::batches(&series, 1, SAMPLES);
    batches.iter().for_each(|batch| ingest.add(batch));
    least(|| batches.iter().for_each(|batch| ingest.add(batch)))
}

/// Tries thrice before it says that a cost grows.
fn holds(what: &str, mut costs: impl FnMut() -> (f64, f64)) {
    let mut seen = Vec::new();
    for _ in 0..3 {
        let (small, large) = costs();
        if large < ALLOWED * small {
            return;
        }
        seen.push(format!("{:.0} µs, then {:.0} µs", small * 1e6, large * 1e6));
    }
    panic!("{what}: the cost of {SAMPLES} samples grows: {}", seen.join("; "));
}

/// What a try's samples cost a thread whose VUs make 25,000 a second together, up to the channel.
fn sample_cost(vus: usize) -> f64 {
    let (sender, receiver) = crossbeam_channel::unbounded();
    let buffer = Rc::new(Buffer::default());
    let samples: Vec<_> = (0..vus).map(|_| Samples::new(buffer.clone())).collect();
    samples.iter().for_each(|samples| samples.connect(&sender));
    let mut at = Instant::now();
    least(|| {
        for number in 0..SAMPLES {
            at += Duration::from_micros(40);
            samples[number % vus].push(SeriesId(3), at, 1.0);
        }
        assert!(receiver.try_iter().count() >= SAMPLES / series::BATCH);
    })
}

#[test]
fn a_sample_costs_the_same_from_ten_vus_and_from_five_thousand() {
    holds("10 to 5,000 VUs", || (sample_cost(10), sample_cost(5_000)));
}

#[test]
fn a_sample_costs_the_same_under_one_tag_set_and_under_ten_thousand() {
    holds("1 to 10,000 tag sets", || (ingest_cost(Kind::Trend, 1, 1), ingest_cost(Kind::Trend, 1, 10_000)));
}

/// Counters, which are small: a hundred trends are histograms of 40 MB, and no cache holds those.
#[test]
fn a_sample_costs_the_same_with_one_metric_and_with_a_thousand() {
    holds("1 to 1,000 metrics", || (ingest_cost(Kind::Counter, 1, 10), ingest_cost(Kind::Counter, 1000, 10)));
}

#[test]
fn the_first_minute_costs_what_the_sixtieth_does() {
    let registry = Arc::new(Registry::new());
    let series = series::series(&registry, Kind::Trend, 1, 10);
    let spec = ThresholdSpec { source: "p(99)<5000".to_owned(), ..ThresholdSpec::default() };
    let threshold = Definition::resolve("metric_0", &[spec], &registry).unwrap();
    let mut ingest = Ingest::new(registry, vec![threshold], false);
    let mut minute = |number: i64| {
        let samples = series::batches(&series, number * 60, 60_000);
        let add = least(|| samples.iter().for_each(|batch| ingest.add(batch)));
        let judge = least(|| drop(ingest.judge(Duration::from_secs(60), false)));
        (add, judge)
    };
    minute(0);
    let first = minute(1);
    // Each minute is added as often as it is tried.
    let mut last = first;
    for number in 2..=60 / TRIES as i64 {
        last = minute(number);
    }
    for attempt in 0.. {
        if last.0 < ALLOWED * first.0 && last.1 < ALLOWED * first.1 {
            return;
        }
        assert!(attempt < 3, "the first minute: {first:?} s (samples, thresholds), the sixtieth: {last:?} s");
        last = minute(60);
    }
}
