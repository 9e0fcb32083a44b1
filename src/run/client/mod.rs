//! Watches ssek itself while scenarios run: how late a thread wakes up, and what CPU time is spent.

mod cores;
mod cpu;
mod process_time;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};

use crate::k6::builtin;
use crate::log;
use crate::metrics::Batch;
use crate::options::{Resolved, RuntimeOptions};
use crate::summary::client::Cpu;
use crate::vu::Test;
use crate::vu::lag::Recorder;

pub use process_time::process_time;

/// The thread is due to wake up so often. All due times are fixed at the start, so that a long
/// standstill counts for each of those that it hides.
const WAKE_EVERY: Duration = Duration::from_millis(10);

/// CPU time is read, and samples are sent, every so many wake-ups: once a second.
const ROUND: u32 = 100;

/// Registers `client_lag` where the run has a use for it: with streams, with a threshold on it, with
/// `--fail-on-saturation`. Goes before the thresholds are read.
pub fn prepare(test: &Test, resolved: &Resolved, runtime: &RuntimeOptions) {
    let streams = test.registry.find(builtin::SSE_EVENT.name).is_some();
    let names_it = |selector: &str| selector.split('{').next() == Some(builtin::CLIENT_LAG.name);
    let judged = resolved.options.thresholds.iter().any(|(selector, _)| names_it(selector));
    if (streams || judged || runtime.fail_on_saturation) && !test.lag.prepare(test) {
        log::warn(format!(
            "the script has a metric '{0}' of another kind, so ssek's own lateness is not measured; rename it to \
             get that",
            builtin::CLIENT_LAG.name
        ));
    }
}

/// The watching thread.
pub struct Watch {
    over: Arc<AtomicBool>,
    thread: JoinHandle<Cpu>,
    test: Arc<Test>,
}

impl Watch {
    /// Starts to watch; `None` where nobody asked for it.
    pub fn start(test: &Arc<Test>) -> Result<Option<Self>> {
        let Some(recorder) = Recorder::new(test) else { return Ok(None) };
        let over = Arc::<AtomicBool>::default();
        let ends = over.clone();
        let thread = std::thread::Builder::new()
            .name("watch".to_owned())
            .spawn(move || watch(&recorder, &ends))
            .context("could not start the thread that watches ssek itself")?;
        test.lag.switch(true);
        Ok(Some(Self { over, thread, test: test.clone() }))
    }

    /// Ends it, and says what CPU time was spent meanwhile.
    pub fn stop(self) -> Cpu {
        self.test.lag.switch(false);
        self.over.store(true, Ordering::Relaxed);
        self.thread.thread().unpark();
        self.thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    }
}

fn watch(recorder: &Recorder, over: &AtomicBool) -> Cpu {
    let mut due = Instant::now();
    let mut meter = cpu::Meter::start(cores::usable());
    let mut batch = Batch::with_capacity(ROUND as usize);
    loop {
        for _ in 0..ROUND {
            due += WAKE_EVERY;
            if !sleep_until(due, over) {
                recorder.send(&mut batch);
                return meter.finish();
            }
            let now = Instant::now();
            batch.push(recorder.sample(now, now.saturating_duration_since(due)));
        }
        recorder.send(&mut batch);
        meter.read();
    }
}

/// `false` if it is over before that.
fn sleep_until(due: Instant, over: &AtomicBool) -> bool {
    loop {
        if over.load(Ordering::Relaxed) {
            return false;
        }
        let left = due.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return true;
        }
        std::thread::park_timeout(left);
    }
}
