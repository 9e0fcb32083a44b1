//! What a sample costs the virtual user that makes it, up to the channel to the metrics engine.

use std::rc::Rc;
use std::time::{Duration, Instant};

use crossbeam_channel::unbounded;
use divan::Bencher;
use divan::counter::ItemsCount;
use ssek::metrics::SeriesId;
use ssek::vu::samples::{Buffer, Samples};

const SAMPLES: usize = 64 * 1000;

/// Samples a second, of all VUs together.
const RATE: u32 = 25_000;

fn main() {
    divan::main();
}

/// Samples at an unchanging total rate, from few busy VUs of a thread or from many that say little.
#[divan::bench(args = [1, 10, 100, 1000, 5000])]
fn by_vus(bencher: Bencher<'_, '_>, vus: usize) {
    let (sender, receiver) = unbounded();
    let buffer = Rc::new(Buffer::default());
    let samples: Vec<_> = (0..vus).map(|_| Samples::new(buffer.clone())).collect();
    samples.iter().for_each(|samples| samples.connect(&sender));
    let gap = Duration::from_secs(1) / RATE;
    let mut at = Instant::now();
    bencher.counter(ItemsCount::new(SAMPLES)).bench_local(|| {
        for number in 0..SAMPLES {
            at += gap;
            samples[number % vus].push(SeriesId(3), at, 1.0);
        }
        receiver.try_iter().count()
    });
}
