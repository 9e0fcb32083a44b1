//! What a sample costs the virtual user that makes it, up to the channel to the metrics engine.

use std::time::{Duration, Instant};

use crossbeam_channel::unbounded;
use divan::Bencher;
use divan::counter::ItemsCount;
use ssek::metrics::SeriesId;
use ssek::vu::samples::Samples;

const SAMPLES: usize = 64 * 1000;

/// Samples a second, of all VUs together.
const RATE: u32 = 25_000;

fn main() {
    divan::main();
}

/// Samples at an unchanging total rate, from few busy VUs or from many that say little: the more there
/// are, the smaller the batches that age sends off.
#[divan::bench(args = [1, 10, 100, 1000, 5000])]
fn by_vus(bencher: Bencher<'_, '_>, vus: usize) {
    let (sender, receiver) = unbounded();
    let buffers: Vec<_> = (0..vus).map(|_| Samples::default()).collect();
    buffers.iter().for_each(|buffer| buffer.connect(sender.clone()));
    let gap = Duration::from_secs(1) / RATE;
    let mut at = Instant::now();
    bencher.counter(ItemsCount::new(SAMPLES)).bench_local(|| {
        for number in 0..SAMPLES {
            at += gap;
            buffers[number % vus].push(SeriesId(3), at, 1.0);
        }
        receiver.try_iter().count()
    });
}
