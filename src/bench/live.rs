//! What is shown while requests run: a table that stays in its place on a terminal, a line a second in a pipe.

use std::io::{IsTerminal as _, Write as _};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use crossbeam_channel::{Receiver, Sender, bounded, select};

use super::schedule::Schedule;
use super::session::Settings;
use super::stage::Stage;
use crate::executor::Plan;
use crate::k6::builtin;
use crate::llm::Protocol;
use crate::log;
use crate::metrics::engine::Observer;
use crate::metrics::sink::Sink;
use crate::metrics::{Sample, Snapshot, Timestamp};
use crate::summary::number;
use crate::summary::style::{Style, pad, width};

/// Figures are read and shown this often.
const EVERY: Duration = Duration::from_secs(1);

/// Names and widths of the columns.
const COLUMNS: [(&str, usize); 10] = [
    ("time", 8),
    ("active", 7),
    ("done", 8),
    ("ok", 7),
    ("req/s", 8),
    ("tok/s", 9),
    ("TTFT p50", 9),
    ("TTFT p99", 9),
    ("TPOT p50", 9),
    ("e2e p50", 9),
];

/// How a measurement shows itself.
#[derive(Clone, Copy, Debug, Default)]
pub struct Live {
    /// Nothing is shown.
    pub quiet: bool,
    pub no_color: bool,
}

/// The thread that shows it; it also samples `vus` and `vus_max`.
pub struct Running {
    stop: Sender<()>,
    thread: JoinHandle<Vec<u32>>,
}

impl Live {
    fn style(self) -> Style {
        Style { color: std::io::stderr().is_terminal() && !self.no_color }
    }

    /// What is about to happen.
    pub fn banner(self, schedule: &Schedule, settings: &Settings, outputs: &[String]) {
        if self.quiet {
            return;
        }
        let style = self.style();
        let target = &settings.asking.target;
        let mut lines = vec![
            ("server", format!("POST {} ({})", target.endpoint.template(), spoken(&target.protocol))),
            ("prompts", settings.workload.describe()),
            ("load", schedule.text.clone()),
        ];
        if !outputs.is_empty() {
            lines.push(("output", outputs.join(", ")));
        }
        let text: String =
            lines.iter().map(|(name, text)| format!("{:>9}: {}\n", name, style.cyan(text))).collect();
        show(&format!("\n{text}\n"));
    }

    /// Why nothing happens yet.
    pub fn waits(self, text: &str) {
        if !self.quiet {
            show(&format!("{text}\n"));
        }
    }

    /// Starts to show the figures.
    ///
    /// # Errors
    /// The system has no thread left.
    pub fn start(self, stage: &Arc<Stage>, observer: Observer) -> Result<Running> {
        let terminal = std::io::stderr().is_terminal();
        let screen = Screen {
            stage: stage.clone(),
            observer,
            style: self.style(),
            mode: match (self.quiet, terminal) {
                (true, _) => Mode::Nothing,
                (false, true) => Mode::Table,
                (false, false) => Mode::Lines,
            },
            drawn: Arc::default(),
            last: (Duration::ZERO, 0.0, 0.0),
            head_shown: false,
        };
        let (stop, stopped) = bounded(0);
        let thread = std::thread::Builder::new()
            .name("live".to_owned())
            .spawn(move || screen.run(&stopped))
            .context("could not start the display thread")?;
        Ok(Running { stop, thread })
    }
}

/// `openai-chat`, or how it is asked where the answer tells.
pub fn spoken(protocol: &Protocol) -> String {
    match protocol {
        Protocol::Auto(_) => format!("asked as {}, read as what comes", protocol.asks_as()),
        _ => protocol.name().to_owned(),
    }
}

impl Running {
    /// Ends it, and says how many requests went on at each second's end, while more could start.
    pub fn stop(self) -> Vec<u32> {
        drop(self.stop);
        // A panic has been reported by the hook already.
        self.thread.join().unwrap_or_default()
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Mode {
    Nothing,
    /// A block that is drawn again in its place.
    Table,
    Lines,
}

struct Screen {
    stage: Arc<Stage>,
    observer: Observer,
    style: Style,
    mode: Mode,
    /// The block on the terminal, empty where there is none.
    drawn: Arc<Mutex<String>>,
    /// Elapsed time, requests and tokens at the last look.
    last: (Duration, f64, f64),
    head_shown: bool,
}

impl Screen {
    fn run(mut self, stopped: &Receiver<()>) -> Vec<u32> {
        let mut active = Vec::new();
        if self.mode == Mode::Table {
            let drawn = self.drawn.clone();
            log::set_line_hook(Some(Box::new(move |write| around(&drawn, write))));
        }
        let mut due = self.stage.start + EVERY;
        loop {
            select! {
                recv(crossbeam_channel::at(due)) -> _ => {}
                recv(stopped) -> _ => break,
            }
            self.sample();
            if self.stage.is_open() {
                active.push(self.stage.active());
            }
            if self.mode != Mode::Nothing {
                self.look();
            }
            due = (due + EVERY).max(Instant::now());
        }
        if self.mode == Mode::Table {
            log::set_line_hook(None);
            // What is shown last stays.
            self.look();
        }
        active
    }

    /// `vus` and `vus_max`, as every test has them.
    fn sample(&self) {
        let test = &self.stage.test;
        let Some(samples) = test.samples() else { return };
        let tags = test.registry.tag_set(&test.run_tags());
        let most = match &self.stage.plan {
            Plan::Closed(plan) => plan.max_vus(),
            Plan::Open(_) => self.stage.active(),
        };
        let batch = [(&builtin::VUS, self.stage.active()), (&builtin::VUS_MAX, most)];
        let sample = |(metric, value): (&builtin::Builtin, u32)| Sample {
            series: test.registry.series(test.registry.builtin(metric), tags),
            time: Timestamp::now(),
            value: value.into(),
        };
        // Those of the REST API.
        test.counters.vus_active.store(batch[0].1, Ordering::Relaxed);
        test.counters.vus_initialised.store(most, Ordering::Relaxed);
        // The engine outlives the display.
        let _ = samples.send(batch.map(sample).to_vec());
    }

    fn look(&mut self) {
        let elapsed = self.stage.start.elapsed();
        let snapshot = self.observer.snapshot();
        let figures = self.stage.tally.figures();
        // Servers send a token an event, and tell of their numbers only in the end.
        let tokens = figures.pieces as f64;
        let (before, requests, earlier) =
            std::mem::replace(&mut self.last, (elapsed, figures.done as f64, tokens));
        let rate = |now: f64, then: f64| {
            // The last look comes at any time: it tells of the whole.
            let (then, before) =
                if elapsed < before + EVERY / 2 { (0.0, Duration::ZERO) } else { (then, before) };
            let time = elapsed.saturating_sub(before).as_secs_f64();
            if time > 0.0 { format!("{:.1}", ((now - then) / time).max(0.0)) } else { "-".to_owned() }
        };
        let ok = match figures.done {
            0 => "-".to_owned(),
            done => number::percent(figures.ok as f64 / done as f64),
        };
        let cells = [
            clock(elapsed),
            self.stage.active().to_string(),
            figures.done.to_string(),
            ok,
            rate(figures.done as f64, requests),
            rate(tokens, earlier),
            percentile(&snapshot, "llm_time_to_first_token", 50.0),
            percentile(&snapshot, "llm_time_to_first_token", 99.0),
            percentile(&snapshot, "llm_time_per_output_token", 50.0),
            percentile(&snapshot, "llm_request_duration", 50.0),
        ];
        let line = row(cells.iter().map(String::as_str));
        let head = row(COLUMNS.iter().map(|(name, _)| *name));
        match self.mode {
            Mode::Nothing => {}
            Mode::Lines => {
                if !std::mem::replace(&mut self.head_shown, true) {
                    show(&format!("{head}\n"));
                }
                show(&format!("{line}\n"));
            }
            Mode::Table => {
                let block = format!("{}\n{}\n{line}\n", self.progress(elapsed), self.style.faint(&head));
                let mut drawn = self.drawn.lock().unwrap_or_else(PoisonError::into_inner);
                show(&format!("{}{block}", erase(&drawn)));
                *drawn = block;
            }
        }
    }

    /// A bar of the time, or of the requests where there is a number of them.
    fn progress(&self, elapsed: Duration) -> String {
        let length = self.stage.plan.duration();
        let by_time = elapsed.as_secs_f64() / length.as_secs_f64().max(f64::MIN_POSITIVE);
        let share = match self.stage.share_taken() {
            Some(share) => share.max(by_time.min(1.0)),
            None => by_time.min(1.0),
        };
        let filled = (share * 40.0) as usize;
        let bar = format!("{}{}", "█".repeat(filled), "░".repeat(40 - filled));
        format!("{} {:>3.0} %  {}", self.style.cyan(&bar), share * 100.0, clock(elapsed))
    }
}

/// Lets a log line through: the block is erased, and drawn again below it.
fn around(drawn: &Mutex<String>, write: &mut dyn FnMut()) {
    let drawn = drawn.lock().unwrap_or_else(PoisonError::into_inner);
    show(&erase(&drawn));
    write();
    show(&drawn);
}

/// Moves the cursor to the block's start and clears what is below.
fn erase(block: &str) -> String {
    match block.lines().count() {
        0 => String::new(),
        lines => format!("\r\x1b[{lines}A\x1b[J"),
    }
}

fn row<'a>(cells: impl Iterator<Item = &'a str>) -> String {
    let cell = |(text, (_, to)): (&'a str, &(&str, usize))| match text.len() {
        0 => pad(text, *to),
        _ => format!("{}{text}", " ".repeat(to.saturating_sub(width(text)))),
    };
    cells.zip(&COLUMNS).map(cell).collect::<Vec<_>>().join(" ")
}

fn clock(time: Duration) -> String {
    let seconds = time.as_secs();
    format!("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60)
}

/// The sum of a counter.
pub(super) fn counter(snapshot: &Snapshot, name: &str) -> f64 {
    match whole(snapshot, name) {
        Some(Sink::Counter(counter)) => counter.sum,
        _ => 0.0,
    }
}

/// The sink of a metric, all of its parts.
pub(super) fn whole<'a>(snapshot: &'a Snapshot, name: &str) -> Option<&'a Sink> {
    snapshot.metrics.iter().find(|m| m.name == name && m.selector.is_none()).map(|metric| &metric.sink)
}

fn percentile(snapshot: &Snapshot, name: &str, p: f64) -> String {
    match whole(snapshot, name) {
        Some(Sink::Trend(trend)) if trend.count() > 0 => {
            number::value(trend.percentile(p), crate::metrics::Contains::Time, None)
        }
        _ => "-".to_owned(),
    }
}

/// Writes to stderr: stdout is for results.
fn show(text: &str) {
    let mut out = std::io::stderr().lock();
    // Nobody may be there to read it.
    let _ = out.write_all(log::hide(text).as_bytes()).and_then(|()| out.flush());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_keep_to_their_columns() {
        let line = row(["00:00:01", "3"].into_iter());
        assert_eq!(line, "00:00:01       3");
        assert_eq!(clock(Duration::from_secs(3725)), "01:02:05");
        assert_eq!((erase(""), erase("a\nb\n")), (String::new(), "\r\x1b[2A\x1b[J".to_owned()));
    }
}
