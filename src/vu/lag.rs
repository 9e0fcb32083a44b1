//! `client_lag`: how late ssek itself is, noticed where it waits for a time.
//!
//! Three kinds of observations make the metric: the timer waits of VUs ([`Timer`], `sleep()`,
//! `setTimeout`, `minIterationDuration`), a probe on threads that host VUs ([`probe`]) and a thread of
//! the run that does nothing but wake up (`run::client`). All are ordinary samples, in milliseconds.

use std::cell::Cell;
use std::convert::Infallible;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::{Duration, Instant};

use crossbeam_channel::Sender;

use super::wake::Wake;
use super::{Phase, State, Test};
use crate::k6::builtin::CLIENT_LAG;
use crate::k6::duration::milliseconds;
use crate::metrics::{Batch, MetricId, Sample, SeriesId, Timestamp};

/// A VU that waits more often is observed only so often: scripts that sleep for a millisecond at a
/// time must not flood the outputs.
const EACH_VU: Duration = Duration::from_millis(100);

/// How often a thread that hosts VUs is probed.
const EACH_THREAD: Duration = Duration::from_millis(100);

/// No more threads are probed: where each VU has one, a few stand for all.
const MOST_PROBES: u32 = 32;

/// So many observations of a probe travel together.
const BATCH: usize = 10;

/// Whether a run measures its lateness: not before it is asked to, and not while VUs are made.
#[derive(Debug, Default)]
pub struct Lag {
    metric: OnceLock<MetricId>,
    on: AtomicBool,
    /// Threads that asked to be probed.
    probes: AtomicU32,
}

impl Lag {
    /// Registers the metric. `false` if the script has one of that name and another kind, or with
    /// other values.
    pub fn prepare(&self, test: &Test) -> bool {
        let metric = test.registry.register(CLIENT_LAG.name, CLIENT_LAG.kind, CLIENT_LAG.contains);
        metric.map(|metric| self.metric.set(metric)).is_ok()
    }

    /// Starts or ends the measurement: it belongs to the time in which scenarios run.
    pub fn switch(&self, on: bool) {
        self.on.store(on, Ordering::Relaxed);
    }

    fn is_on(&self) -> bool {
        self.on.load(Ordering::Relaxed) && self.metric.get().is_some()
    }
}

/// When a VU was last observed.
#[derive(Debug, Default)]
pub struct Observed(Cell<Option<Instant>>);

/// A wait of a VU that is to end at a certain time.
#[derive(Clone, Copy, Debug)]
pub struct Timer {
    due: Instant,
    is_ahead: bool,
}

impl Timer {
    /// A wait that begins now. One that is over already says nothing about ssek: it is the script
    /// that came late.
    pub fn until(due: Instant) -> Self {
        Self { due, is_ahead: due > Instant::now() }
    }

    /// The wait came to its end, just now.
    pub fn ended(self, state: &State) {
        let lag = &state.test.lag;
        if !self.is_ahead || state.phase.get() != Phase::Iterations || !lag.is_on() {
            return;
        }
        let now = Instant::now();
        let last = state.observed.0.get();
        if last.is_some_and(|last| now.saturating_duration_since(last) < EACH_VU) {
            return;
        }
        state.observed.0.set(Some(now));
        let late = now.saturating_duration_since(self.due);
        state.record(&CLIENT_LAG, state.tags_id(), now, milliseconds(late));
    }
}

/// Takes observations that belong to no VU.
#[derive(Clone, Debug)]
pub struct Recorder {
    series: SeriesId,
    samples: Sender<Batch>,
}

impl Recorder {
    /// `None` where the run does not measure its lateness, or has no engine yet.
    pub fn new(test: &Test) -> Option<Self> {
        let metric = *test.lag.metric.get()?;
        let series = test.registry.series(metric, test.registry.tag_set(&test.run_tags()));
        Some(Self { series, samples: test.samples()?.clone() })
    }

    /// Something happened at `at` that was due `late` before. One sample.
    pub fn sample(&self, at: Instant, late: Duration) -> Sample {
        Sample { series: self.series, time: Timestamp::at(at), value: milliseconds(late) }
    }

    /// Sends what was observed, and leaves `batch` empty.
    pub fn send(&self, batch: &mut Batch) {
        if !batch.is_empty() {
            // The engine outlives the scenarios.
            let _ = self.samples.send(std::mem::take(batch));
        }
    }
}

/// Observes the thread that it is run on: every 100 ms a timer of the kernel becomes readable, as a
/// socket does, and the time until this future is polled is what bytes would have waited.
///
/// For a thread that hosts many VUs: spawn it once a thread, on the runtime (with I/O enabled) that
/// drives them, or poll it beside them; dropping it ends the observation and sends what is left. It
/// may start as soon as the run has a metrics engine, and records only while scenarios run. The
/// runtime must be driven all the time: a thread that blocks elsewhere while it has nothing to do
/// would be called late. Never ends; costs ten wake-ups a second, and nothing on more than 32 threads.
pub async fn probe(test: &Test) -> Infallible {
    let Some(recorder) = Recorder::new(test) else { return std::future::pending().await };
    if test.lag.probes.fetch_add(1, Ordering::Relaxed) >= MOST_PROBES {
        return std::future::pending().await;
    }
    let wake = Wake::new();
    let mut observed = Observations { recorder, batch: Batch::new() };
    loop {
        let counts = test.lag.is_on();
        let due = Instant::now() + EACH_THREAD;
        wake.at(due).await;
        let now = Instant::now();
        if counts && test.lag.is_on() {
            observed.add(now, now.saturating_duration_since(due));
        }
    }
}

/// Sends what it holds when it is dropped.
struct Observations {
    recorder: Recorder,
    batch: Batch,
}

impl Observations {
    fn add(&mut self, at: Instant, late: Duration) {
        self.batch.push(self.recorder.sample(at, late));
        if self.batch.len() >= BATCH {
            self.recorder.send(&mut self.batch);
        }
    }
}

impl Drop for Observations {
    fn drop(&mut self) {
        self.recorder.send(&mut self.batch);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::path::Path;
    use std::sync::Arc;

    use super::*;
    use crate::js::Sources;

    fn test() -> Test {
        let sources = Arc::new(Sources::new("s.js", Path::new("/"), None));
        Test::new(sources, |_, _| Ok(None), |_| Ok(()), BTreeMap::new())
    }

    #[test]
    fn a_probe_sees_its_thread_blocked() {
        let test = test();
        let (samples, sent) = crossbeam_channel::unbounded();
        test.connect(samples);
        assert!(test.lag.prepare(&test));
        test.lag.switch(true);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let busy = async {
                tokio::time::sleep(EACH_THREAD / 2).await;
                std::thread::sleep(EACH_THREAD * 3);
                tokio::time::sleep(EACH_THREAD / 100).await;
            };
            tokio::select! {
                biased;
                never = probe(&test) => match never {},
                () = busy => {}
            }
        });
        let values: Vec<_> = sent.try_iter().flatten().map(|sample| sample.value).collect();
        // However late the block begins, a timer comes due in its first third.
        assert!(values.iter().any(|late| *late > 150.0), "{values:?}");
    }

    #[test]
    fn a_metric_of_the_scripts_own_stays_its_own() {
        use crate::metrics::{Contains, Kind};
        let test = test();
        test.registry.register(CLIENT_LAG.name, Kind::Counter, Contains::Default).unwrap();
        assert!(!test.lag.prepare(&test) && Recorder::new(&test).is_none());
        test.lag.switch(true);
        assert!(!test.lag.is_on());
    }
}
