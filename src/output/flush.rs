//! The thread and the bounded buffer that every output has.
//!
//! A slow disk must not slow the run: what does not fit into the buffer is left out of the output
//! and counted. The figures of the summary never come from here, so they stay whole.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded, unbounded};

use super::{End, Output};
use crate::log;
use crate::metrics::{Batch, BatchSink, Registry, Sample};

/// How many samples may wait for an output: 24 MiB of them.
const BUFFERED_SAMPLES: usize = 1 << 20;

const SHORTEST_INTERVAL: Duration = Duration::from_millis(10);
const LONGEST_INTERVAL: Duration = Duration::from_secs(3600);

/// An output at work.
pub struct Flush {
    name: String,
    backlog: Arc<Backlog>,
    end: Sender<Arc<End>>,
    thread: JoinHandle<()>,
}

/// The engine's end of an output.
pub struct FlushSink {
    name: String,
    backlog: Arc<Backlog>,
    batches: Sender<Batch>,
    limit: usize,
}

#[derive(Default)]
struct Backlog {
    /// Samples in the buffer.
    waiting: AtomicUsize,
    /// Samples that found it full.
    left_out: AtomicU64,
}

/// Starts the thread of an output. The first part is for the end of the run, the second for the
/// engine. Fails if the system has no thread left.
pub fn start(output: Box<dyn Output>, registry: Arc<Registry>) -> io::Result<(Flush, FlushSink)> {
    start_with(output, registry, BUFFERED_SAMPLES)
}

fn start_with(
    output: Box<dyn Output>,
    registry: Arc<Registry>,
    limit: usize,
) -> io::Result<(Flush, FlushSink)> {
    let name = output.describe();
    let backlog = Arc::<Backlog>::default();
    // The channel itself has no bound, because the buffer is measured in samples, not batches.
    let (batches, incoming) = unbounded();
    let (end, ended) = bounded(1);
    let worker = Worker { name: name.clone(), output, registry, backlog: backlog.clone(), incoming, ended };
    let thread = std::thread::Builder::new().name("output".to_owned()).spawn(move || worker.run())?;
    let sink = FlushSink { name: name.clone(), backlog: backlog.clone(), batches, limit };
    Ok((Flush { name, backlog, end, thread }, sink))
}

impl Flush {
    /// Tells the output what the run came to and waits until everything that came in is written. The engine must
    /// have let go of the other end ([`Engine::finish`](crate::metrics::engine::Engine::finish)), or this waits for
    /// ever.
    pub fn finish(self, end: &Arc<End>) {
        self.tell(end);
        self.wait();
    }

    fn tell(&self, end: &Arc<End>) {
        // Fails only where the thread has panicked, which comes to light when it is waited for.
        let _ = self.end.send(end.clone());
    }

    fn wait(self) {
        if let Err(panic) = self.thread.join() {
            std::panic::resume_unwind(panic);
        }
        let left_out = self.backlog.left_out.load(Ordering::Relaxed);
        if left_out > 0 {
            log::error(format!(
                "{left_out} samples are missing from the output {}, which was too slow for them; the summary is complete",
                self.name
            ));
        }
    }
}

/// [`Flush::finish`] of several outputs, which do their last work at the same time.
pub fn finish(outputs: Vec<Flush>, end: &Arc<End>) {
    outputs.iter().for_each(|output| output.tell(end));
    outputs.into_iter().for_each(Flush::wait);
}

impl BatchSink for FlushSink {
    fn write(&mut self, batch: &[Sample], _: &Registry) {
        // Only this end adds, so the buffer cannot grow between the look and the addition.
        if self.backlog.waiting.load(Ordering::Relaxed) + batch.len() <= self.limit {
            self.backlog.waiting.fetch_add(batch.len(), Ordering::Relaxed);
            // Fails only when the thread has panicked, which `finish` brings to light.
            let _ = self.batches.send(batch.to_vec());
        } else if self.backlog.left_out.fetch_add(batch.len() as u64, Ordering::Relaxed) == 0 {
            log::warn(format!(
                "The output {} is too slow and its buffer of {} samples is full; some samples are being left out of it, the run goes on",
                self.name, self.limit
            ));
        }
    }
}

struct Worker {
    name: String,
    output: Box<dyn Output>,
    registry: Arc<Registry>,
    backlog: Arc<Backlog>,
    incoming: Receiver<Batch>,
    ended: Receiver<Arc<End>>,
}

impl Worker {
    fn run(mut self) {
        let mut result = Ok(());
        let mut due = self.next_flush();
        loop {
            match self.incoming.recv_deadline(due) {
                Ok(batch) => {
                    if result.is_ok() {
                        result = self.output.write(&batch, &self.registry);
                        self.report(&result);
                    }
                    self.backlog.waiting.fetch_sub(batch.len(), Ordering::Relaxed);
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
            if Instant::now() >= due {
                if result.is_ok() {
                    result = self.output.flush();
                    self.report(&result);
                }
                due = self.next_flush();
            }
        }
        if result.is_err() {
            return;
        }
        // The other side goes away without a word where the run broke off.
        let told = self.ended.recv().map_or(Ok(()), |end| self.output.conclude(&end));
        let result = told.and_then(|()| self.output.finish());
        self.report(&result);
    }

    /// Bounded, because a user may have asked for no time at all, or for ages.
    fn next_flush(&self) -> Instant {
        Instant::now() + self.output.interval().clamp(SHORTEST_INTERVAL, LONGEST_INTERVAL)
    }

    fn report(&self, result: &anyhow::Result<()>) {
        if let Err(error) = result {
            log::error(format!(
                "Writing to the output {} failed, nothing more is written to it, the run goes on: {error:#}",
                self.name
            ));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use anyhow::{Result, bail};

    use super::*;
    use crate::k6::ExitCode;
    use crate::metrics::{SeriesId, Timestamp};
    use crate::summary::Summary;

    #[derive(Clone, Default)]
    struct Seen(Arc<Mutex<(usize, usize, bool)>>);

    /// Writes when it is let, and fails from a number of samples on.
    struct Gated {
        gate: Receiver<()>,
        fails_from: usize,
        seen: Seen,
    }

    impl Output for Gated {
        fn describe(&self) -> String {
            "gated".to_owned()
        }

        fn write(&mut self, batch: &[Sample], _: &Registry) -> Result<()> {
            self.gate.recv()?;
            let mut seen = self.seen.0.lock().unwrap();
            seen.0 += batch.len();
            seen.1 += 1;
            if seen.0 >= self.fails_from {
                bail!("disk full");
            }
            Ok(())
        }

        fn finish(&mut self) -> Result<()> {
            self.seen.0.lock().unwrap().2 = true;
            Ok(())
        }
    }

    fn run(limit: usize, fails_from: usize, batches: usize) -> ((usize, usize, bool), u64) {
        let (open, gate) = unbounded();
        let seen = Seen::default();
        let output = Box::new(Gated { gate, fails_from, seen: seen.clone() });
        let registry = Arc::new(Registry::new());
        let (flush, mut sink) = start_with(output, registry.clone(), limit).unwrap();
        let batch = vec![Sample { series: SeriesId(0), time: Timestamp(0), value: 1.0 }; 10];
        (0..batches).for_each(|_| sink.write(&batch, &registry));
        (0..batches).for_each(|_| open.send(()).unwrap());
        let left_out = sink.backlog.left_out.load(Ordering::Relaxed);
        drop(sink);
        let end = End {
            script: String::new(),
            summary: Summary::default(),
            failure: None,
            exit_code: ExitCode::OK,
            start: None,
            pages: Arc::default(),
        };
        flush.finish(&Arc::new(end));
        let seen = *seen.0.lock().unwrap();
        (seen, left_out)
    }

    #[test]
    fn everything_is_written_before_the_end() {
        assert_eq!(run(1000, usize::MAX, 7), ((70, 7, true), 0));
    }

    #[test]
    fn a_full_buffer_leaves_samples_out_and_does_not_block() {
        assert_eq!(run(35, usize::MAX, 7), ((30, 3, true), 40));
    }

    #[test]
    fn after_an_error_nothing_more_is_written() {
        assert_eq!(run(1000, 20, 7), ((20, 2, false), 0));
    }
}
