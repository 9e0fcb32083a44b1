//! The ingest thread: batches in; sinks, threshold verdicts and snapshots out.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender, bounded, never, select, tick, unbounded};

use super::definition::Definition;
use super::ingest::Ingest;
use super::left_out::LeftOut;
use super::{Batch, Registry, Sample, Snapshot};

/// How often thresholds are evaluated while the run goes on.
const EVALUATE_EVERY: Duration = Duration::from_secs(2);

/// Something else that wants to see every sample, such as an output.
pub trait BatchSink: Send {
    /// Takes note of some samples. Called on the engine's thread, so it must return at once.
    fn write(&mut self, batch: &[Sample], registry: &Registry);
}

/// What an engine needs to know.
pub struct EngineConfig {
    pub registry: Arc<Registry>,
    /// The sub-metrics and thresholds; see [`definitions`](super::definition::definitions).
    pub definitions: Vec<Definition>,
    /// Whether snapshots also split metrics by scenario and group (`--summary-mode=full`).
    pub sections: bool,
    /// Who else gets every batch.
    pub outputs: Vec<Box<dyn BatchSink>>,
    /// Times whose samples go nowhere, outputs included.
    pub left_out: Arc<LeftOut>,
    /// Called at most once, on the engine's thread, with the text to log when a threshold with
    /// `abortOnFail` is crossed.
    pub on_abort: Box<dyn Fn(String) + Send>,
}

/// The running engine. VUs send to it; the run asks it for snapshots and ends it.
pub struct Engine {
    batches: Sender<Batch>,
    commands: Sender<Command>,
    clock: Arc<Clock>,
    tainted: Arc<AtomicBool>,
    thread: JoinHandle<FinalResult>,
}

/// Looks at the figures of a running engine, from any thread.
#[derive(Clone)]
pub struct Observer {
    commands: Sender<Command>,
    tainted: Arc<AtomicBool>,
}

impl Observer {
    /// Everything sent up to now; nothing once the engine has finished.
    pub fn snapshot(&self) -> Snapshot {
        let (reply, answer) = bounded(1);
        // Without an engine there is no answer either.
        let _ = self.commands.send(Command::Snapshot(reply));
        answer.recv().unwrap_or_default()
    }

    /// Whether the last evaluation found a crossed threshold.
    pub fn is_tainted(&self) -> bool {
        self.tainted.load(Ordering::Relaxed)
    }
}

/// What is left when all samples are in.
#[derive(Clone, Debug)]
pub struct FinalResult {
    pub snapshot: Snapshot,
    /// The full names of the metrics with a crossed threshold, sorted.
    pub crossed: Vec<String>,
}

enum Command {
    StartTicking,
    Snapshot(Sender<Snapshot>),
    Finish,
}

impl Engine {
    /// Starts the thread. Fails if the system has no thread left.
    pub fn start(config: EngineConfig) -> std::io::Result<Self> {
        // Unbounded, so that a VU never waits for the engine and its timings stay true. What
        // could pile up is small: the engine needs some 10 ns a sample, a VU thousands to make
        // one, and a million waiting samples are 24 MB.
        let (batches, incoming) = unbounded();
        let (commands, orders) = unbounded();
        let clock = Arc::<Clock>::default();
        let tainted = Arc::<AtomicBool>::default();
        let worker = Worker {
            ingest: Ingest::new(config.registry.clone(), config.definitions, config.sections),
            registry: config.registry,
            outputs: config.outputs,
            on_abort: Some(config.on_abort),
            incoming,
            left_out: config.left_out,
            clock: clock.clone(),
            tainted: tainted.clone(),
        };
        let thread =
            std::thread::Builder::new().name("metrics".to_owned()).spawn(move || worker.run(&orders))?;
        Ok(Self { batches, commands, clock, tainted, thread })
    }

    /// Where VUs send their samples. Batches sent after [`finish`](Self::finish) are lost.
    pub fn sender(&self) -> Sender<Batch> {
        self.batches.clone()
    }

    /// Starts the run clock, which counter rates are divided by and which `delayAbortEval` is
    /// compared with, or starts it again after [`stop_clock`](Self::stop_clock). The first start
    /// belongs just before `setup()`; thresholds are evaluated every two seconds from there on.
    pub fn start_clock(&self) {
        if self.clock.start() {
            self.command(Command::StartTicking);
        }
    }

    /// Stops the run clock: after `teardown()`, or while the run is paused.
    pub fn stop_clock(&self) {
        self.clock.stop();
    }

    /// Everything sent up to now.
    pub fn snapshot(&self) -> Snapshot {
        // Without an answer the thread has panicked, which `finish` brings to light.
        self.observer().snapshot()
    }

    /// What others may look at while the engine runs.
    pub fn observer(&self) -> Observer {
        Observer { commands: self.commands.clone(), tainted: self.tainted.clone() }
    }

    /// Takes in everything sent before, evaluates the thresholds for the last time, metrics
    /// without samples included, and lets go of the outputs.
    pub fn finish(self) -> FinalResult {
        self.clock.stop();
        self.command(Command::Finish);
        self.thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    }

    fn command(&self, command: Command) {
        // Fails only when the thread has panicked; see `snapshot`.
        let _ = self.commands.send(command);
    }
}

struct Worker {
    ingest: Ingest,
    registry: Arc<Registry>,
    outputs: Vec<Box<dyn BatchSink>>,
    /// Taken by the first abort.
    on_abort: Option<Box<dyn Fn(String) + Send>>,
    incoming: Receiver<Batch>,
    left_out: Arc<LeftOut>,
    clock: Arc<Clock>,
    /// For observers: whether a threshold is crossed.
    tainted: Arc<AtomicBool>,
}

impl Worker {
    fn run(mut self, orders: &Receiver<Command>) -> FinalResult {
        let incoming = self.incoming.clone();
        let mut ticks = never();
        loop {
            select! {
                recv(incoming) -> batch => if let Ok(batch) = batch { self.take(batch) },
                recv(ticks) -> _ => self.evaluate(),
                recv(orders) -> order => match order {
                    Ok(Command::StartTicking) => ticks = tick(EVALUATE_EVERY),
                    Ok(Command::Snapshot(reply)) => {
                        self.take_waiting();
                        // Nobody waits for it any more: nothing to do.
                        let _ = reply.send(self.snapshot(self.measured()));
                    }
                    Ok(Command::Finish) | Err(_) => break,
                },
            }
        }
        self.take_waiting();
        let duration = self.measured();
        let crossed = self.ingest.judge(duration, true).crossed;
        FinalResult { snapshot: self.snapshot(duration), crossed }
    }

    /// Takes in what is in the channel at this moment; what still comes may not hold it up.
    fn take_waiting(&mut self) {
        for _ in 0..self.incoming.len() {
            match self.incoming.try_recv() {
                Ok(batch) => self.take(batch),
                Err(_) => return,
            }
        }
    }

    fn take(&mut self, mut batch: Batch) {
        if let Some(windows) = self.left_out.windows() {
            batch.retain(|sample| windows.keep(sample.time));
            if batch.is_empty() {
                return;
            }
        }
        self.ingest.add(&batch);
        for output in &mut self.outputs {
            output.write(&batch, &self.registry);
        }
    }

    fn snapshot(&self, duration: Duration) -> Snapshot {
        Snapshot { left_out: self.left_out.so_far(Instant::now()), ..self.ingest.snapshot(duration) }
    }

    /// What the run clock shows, without the times that are left out.
    fn measured(&self) -> Duration {
        let (warmup, cooldown) = self.left_out.so_far(Instant::now());
        self.clock.elapsed().saturating_sub(warmup + cooldown)
    }

    fn evaluate(&mut self) {
        if !self.clock.is_running() {
            return;
        }
        let verdict = self.ingest.judge(self.measured(), false);
        self.tainted.store(!verdict.crossed.is_empty(), Ordering::Relaxed);
        if verdict.abort
            && let Some(on_abort) = self.on_abort.take()
        {
            on_abort(format!(
                "thresholds on metrics '{}' were crossed; at least one has abortOnFail enabled, stopping test prematurely",
                verdict.crossed.join(", ")
            ));
        }
    }
}

/// A clock that can be stopped and started again.
#[derive(Debug, Default)]
struct Clock(Mutex<ClockState>);

#[derive(Debug, Default)]
struct ClockState {
    /// Time up to the last stop.
    before: Duration,
    running_since: Option<Instant>,
}

impl Clock {
    /// Returns whether this was the very first start.
    fn start(&self) -> bool {
        let mut state = self.state();
        let first = state.running_since.is_none() && state.before.is_zero();
        state.running_since.get_or_insert_with(Instant::now);
        first
    }

    fn stop(&self) {
        let mut state = self.state();
        if let Some(since) = state.running_since.take() {
            state.before += since.elapsed();
        }
    }

    fn is_running(&self) -> bool {
        self.state().running_since.is_some()
    }

    fn elapsed(&self) -> Duration {
        let state = self.state();
        state.before + state.running_since.map_or(Duration::ZERO, |since| since.elapsed())
    }

    fn state(&self) -> MutexGuard<'_, ClockState> {
        self.0.lock().unwrap_or_else(|e| e.into_inner())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::k6::builtin::{ITERATIONS, VUS};
    use crate::metrics::sink::Sink;
    use crate::metrics::threshold::ThresholdSpec;
    use crate::metrics::{TagSet, Timestamp};

    struct Counting(Sender<usize>);

    impl BatchSink for Counting {
        fn write(&mut self, batch: &[Sample], _: &Registry) {
            self.0.send(batch.len()).unwrap();
        }
    }

    fn engine(source: &str, outputs: Vec<Box<dyn BatchSink>>) -> (Engine, Receiver<String>, Batch) {
        let registry = Arc::new(Registry::new());
        let spec =
            ThresholdSpec { source: source.to_owned(), abort_on_fail: true, ..ThresholdSpec::default() };
        let metric = registry.builtin(&ITERATIONS);
        let series = registry.series(metric, registry.tag_set(&TagSet::default()));
        let (abort, aborted) = unbounded();
        let config = EngineConfig {
            definitions: vec![Definition::resolve(ITERATIONS.name, &[spec], &registry).unwrap()],
            registry,
            sections: false,
            outputs,
            left_out: Arc::default(),
            on_abort: Box::new(move |text| abort.send(text).unwrap()),
        };
        let batch = vec![Sample { series, time: Timestamp::now(), value: 1.0 }; 3];
        (Engine::start(config).unwrap(), aborted, batch)
    }

    fn iterations(snapshot: &Snapshot) -> f64 {
        match snapshot.metrics.iter().find(|m| m.name == ITERATIONS.name).map(|m| &m.sink) {
            Some(Sink::Counter(counter)) => counter.sum,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn finish_takes_in_everything_sent_before() {
        let (count, counted) = unbounded();
        let (engine, _, batch) = engine("count<3000", vec![Box::new(Counting(count))]);
        engine.start_clock();
        let threads: Vec<_> = (0..4)
            .map(|_| {
                let (sender, batch) = (engine.sender(), batch.clone());
                std::thread::spawn(move || (0..250).for_each(|_| sender.send(batch.clone()).unwrap()))
            })
            .collect();
        threads.into_iter().for_each(|thread| thread.join().unwrap());
        assert_eq!(iterations(&engine.snapshot()), 3000.0);
        engine.sender().send(batch).unwrap();
        let result = engine.finish();
        assert_eq!(iterations(&result.snapshot), 3003.0);
        assert_eq!(result.crossed, [ITERATIONS.name]);
        assert!(result.snapshot.duration > Duration::ZERO);
        // The engine has let go of its outputs, so the channel ends.
        assert_eq!(counted.iter().sum::<usize>(), 3003);
    }

    #[test]
    fn aborts_once() {
        let (abort, aborted) = unbounded();
        let (_, incoming) = unbounded();
        let registry = Arc::new(Registry::new());
        let spec = |source: &str, abort_on_fail| ThresholdSpec {
            source: source.to_owned(),
            abort_on_fail,
            ..ThresholdSpec::default()
        };
        let definitions = vec![
            Definition::resolve(VUS.name, &[spec("value>9", false)], &registry).unwrap(),
            Definition::resolve(ITERATIONS.name, &[spec("count<3", true)], &registry).unwrap(),
        ];
        let mut worker = Worker {
            ingest: Ingest::new(registry.clone(), definitions, false),
            registry: registry.clone(),
            outputs: Vec::new(),
            on_abort: Some(Box::new(move |text| abort.send(text).unwrap())),
            incoming,
            left_out: Arc::default(),
            clock: Arc::default(),
            tainted: Arc::default(),
        };
        for metric in [ITERATIONS, VUS] {
            let series = registry.series(registry.builtin(&metric), registry.tag_set(&TagSet::default()));
            worker.take(vec![Sample { series, time: Timestamp::now(), value: 5.0 }]);
        }
        worker.evaluate();
        assert!(aborted.try_recv().is_err(), "the clock does not run yet");
        worker.clock.start();
        worker.evaluate();
        worker.evaluate();
        assert_eq!(
            aborted.try_iter().collect::<Vec<_>>(),
            [
                "thresholds on metrics 'iterations, vus' were crossed; at least one has abortOnFail enabled, stopping test prematurely"
            ]
        );
    }

    #[test]
    fn the_clock_stands_still_while_stopped() {
        let clock = Clock::default();
        assert!(clock.start());
        assert!(!clock.start());
        while clock.elapsed().is_zero() {}
        clock.stop();
        let stopped = clock.elapsed();
        assert!(!stopped.is_zero() && clock.elapsed() == stopped && !clock.is_running());
        assert!(!clock.start());
        assert!(clock.is_running() && clock.elapsed() >= stopped);
    }

    #[test]
    fn metrics_with_thresholds_show_without_samples() {
        let (engine, _, _) = engine("count>0", Vec::new());
        let result = engine.finish();
        assert_eq!((iterations(&result.snapshot), result.crossed.len()), (0.0, 1));
    }
}
