//! Shows how far the run is: bars on a terminal, plain lines once a second in a pipe. The same thread
//! samples `vus` and `vus_max`.

use std::io::{IsTerminal as _, Write as _};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use crossbeam_channel::{Receiver, Sender, bounded, select, tick};

use super::Request;
use super::live::{Live, Status as LiveStatus};
use super::progress::{
    Bar, Description, ProgressView, RunState, ScenarioProgress, Status, banner, render_pipe, render_tty, rows,
};
use crate::executor::{Budget, Plan};
use crate::k6::builtin;
use crate::log;
use crate::metrics::{Sample, Timestamp};
use crate::options::{Resolved, scenario};
use crate::output::dashboard;
use crate::summary::style::Style;
use crate::vu::{Counters, Test};

/// `vus` and `vus_max` are sampled, and lines printed to a pipe, this often.
const SAMPLE_EVERY: Duration = Duration::from_secs(1);
/// Bars on a terminal are drawn this often.
const DRAW_EVERY: Duration = Duration::from_millis(100);

/// The display of one run.
pub struct Display {
    shared: Arc<Shared>,
    stop: Sender<()>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

struct Shared {
    test: Arc<Test>,
    quiet: bool,
    terminal: bool,
    style: Style,
    phase: Mutex<Phase>,
    max_duration: Duration,
    max_vus: u64,
    rows: Vec<Row>,
    /// How many terminal rows the last drawing took.
    drawn: Mutex<usize>,
}

#[derive(Clone, Debug)]
struct Phase {
    state: RunState,
    /// When the scenarios started.
    started: Option<Instant>,
    ended: Option<Instant>,
}

/// A scenario as the display knows it.
struct Row {
    name: String,
    start_time: Duration,
    kind: &'static str,
    plan: Plan,
    live: Arc<Live>,
}

impl Display {
    /// Prints banner and description, and starts to sample and draw.
    pub fn start(
        test: &Arc<Test>,
        resolved: &Resolved,
        request: &Request,
        outputs: &[String],
    ) -> Result<Self> {
        let terminal = std::io::stdout().is_terminal();
        let style = Style { color: terminal && !request.no_color };
        let needs = resolved.options.requirements();
        let share = &resolved.options.share;
        let rows = resolved.options.scenarios_with_work().map(|scenario| {
            let plan = scenario.plan(share, resolved.options.seed);
            let seats = plan.max_vus();
            Row {
                name: scenario.name.clone(),
                start_time: scenario.start_time,
                kind: scenario.executor.common().executor,
                plan,
                live: Arc::new(Live::new(seats)),
            }
        });
        let shared = Arc::new(Shared {
            test: test.clone(),
            quiet: request.quiet,
            terminal,
            style,
            phase: Mutex::new(Phase {
                state: RunState::Init { progress: 0.0, text: "Init VUs...".to_owned() },
                started: None,
                ended: None,
            }),
            max_duration: needs.duration,
            max_vus: needs.max_vus,
            rows: rows.collect(),
            drawn: Mutex::new(0),
        });
        if !request.quiet {
            let (plan, scenarios) = scenario::describe(&resolved.options.scenarios, share);
            let (dashboards, outputs): (Vec<_>, Vec<_>) =
                outputs.iter().cloned().partition(|output| output.starts_with(dashboard::NAME));
            let address = |text: &String| text.trim_start_matches(dashboard::NAME).trim().to_owned();
            let description = Description {
                script: request.script.clone(),
                web_dashboard: dashboards.first().map(address),
                outputs,
                plan,
                scenarios,
            };
            print(&format!("{}{}\n", banner(style), description.render(style)));
        }
        let (stop, stopped) = bounded(0);
        let drawing = shared.clone();
        let thread = std::thread::Builder::new()
            .name("display".to_owned())
            .spawn(move || drawing.run(&stopped))
            .context("could not start the display thread")?;
        if shared.terminal && !shared.quiet {
            let hooked = shared.clone();
            log::set_line_hook(Some(Box::new(move |write| hooked.around(write))));
        }
        Ok(Self { shared, stop, thread: Mutex::new(Some(thread)) })
    }

    /// The live figures of a scenario, by its place in the options.
    pub fn live(&self, place: usize) -> Arc<Live> {
        self.shared.rows[place].live.clone()
    }

    /// So many of the VUs have run their init code.
    pub fn initialised(&self, made: u32, wanted: u32) {
        let progress = f64::from(made) / f64::from(wanted.max(1));
        let text = format!("{made}/{wanted} VUs initialized");
        lock(&self.shared.phase).state = RunState::Init { progress, text };
    }

    /// The run waits for somebody to start it.
    pub fn paused(&self) {
        lock(&self.shared.phase).state = RunState::Paused;
    }

    /// The server is not ready yet.
    pub fn waiting(&self, url: &url::Url, elapsed: Duration, limit: Duration, reason: &str) {
        let progress = elapsed.as_secs_f64() / limit.as_secs_f64().max(f64::MIN_POSITIVE);
        let text = format!("waiting for {url}: {reason}");
        lock(&self.shared.phase).state = RunState::Init { progress, text };
    }

    /// `setup()` runs.
    pub fn setup(&self) {
        lock(&self.shared.phase).state = RunState::Setup;
    }

    /// The scenarios run.
    pub fn running(&self) {
        let mut phase = lock(&self.shared.phase);
        phase.state = RunState::Running;
        phase.started = Some(Instant::now());
    }

    /// The scenarios have ended; the clock of the run line stands still from here on.
    pub fn scenarios_ended(&self) {
        lock(&self.shared.phase).ended = Some(Instant::now());
    }

    /// Ends sampling and drawing, before the summary is printed.
    pub fn stop_ticking(&self) {
        let Some(thread) = lock(&self.thread).take() else { return };
        // The thread ends when the other end is told or gone.
        let _ = self.stop.send(());
        let _ = thread.join();
        log::set_line_hook(None);
        if self.shared.terminal && !self.shared.quiet {
            self.shared.erase();
        }
    }

    /// Shows the final state once more, below the summary.
    pub fn finish(&self) {
        let shared = &self.shared;
        if shared.quiet {
            return;
        }
        let view = shared.view();
        if shared.terminal {
            let lines = render_tty(&view, columns(), shared.style);
            print(&lines.into_iter().map(|line| line + "\x1b[K\n").collect::<String>());
        } else {
            print(&render_pipe(&view));
        }
    }
}

impl Drop for Display {
    fn drop(&mut self) {
        self.stop_ticking();
    }
}

impl Shared {
    fn run(&self, stopped: &Receiver<()>) {
        let samples = tick(SAMPLE_EVERY);
        let draws = if self.terminal && !self.quiet { tick(DRAW_EVERY) } else { crossbeam_channel::never() };
        loop {
            select! {
                recv(samples) -> _ => {
                    self.sample();
                    if !self.terminal && !self.quiet {
                        print(&render_pipe(&self.view()));
                    }
                }
                recv(draws) -> _ => self.draw(&mut || {}),
                recv(stopped) -> _ => return,
            }
        }
    }

    fn sample(&self) {
        let Some(samples) = self.test.samples() else { return };
        let registry = &self.test.registry;
        let tags = registry.tag_set(&self.test.run_tags());
        let counters = &self.test.counters;
        let time = Timestamp::now();
        let one = |metric, value: u32| Sample {
            series: registry.series(registry.builtin(metric), tags),
            time,
            value: f64::from(value),
        };
        // The engine outlives the display's thread.
        let _ = samples.send(vec![
            one(&builtin::VUS, Counters::get(&counters.vus_active)),
            one(&builtin::VUS_MAX, Counters::get(&counters.vus_initialised)),
        ]);
    }

    fn view(&self) -> ProgressView {
        let phase = lock(&self.phase).clone();
        let counters = &self.test.counters;
        let now = phase.ended.unwrap_or_else(Instant::now);
        let elapsed = phase.started.map_or(Duration::ZERO, |at| now.saturating_duration_since(at));
        let load = |n: &std::sync::atomic::AtomicU64| n.load(std::sync::atomic::Ordering::Relaxed);
        ProgressView {
            elapsed,
            max_duration: self.max_duration,
            vus_active: u64::from(Counters::get(&counters.vus_active)),
            vus_initialised: u64::from(Counters::get(&counters.vus_initialised)),
            max_vus: self.max_vus,
            complete: load(&counters.complete),
            interrupted: load(&counters.interrupted),
            scenarios: self.rows.iter().map(|row| row.progress(phase.started.is_some(), elapsed)).collect(),
            state: phase.state,
        }
    }

    /// Lets a log line be written above the bars.
    fn around(&self, write: &mut dyn FnMut()) {
        // Before the first drawing there is nothing to keep clear of.
        if *lock(&self.drawn) == 0 { write() } else { self.draw(write) }
    }

    /// Erases the bars, lets something else write, and draws them again.
    fn draw(&self, write: &mut dyn FnMut()) {
        let mut drawn = lock(&self.drawn);
        let mut text = String::new();
        if *drawn > 0 {
            text = format!("\r\x1b[{}A\x1b[J", *drawn);
        }
        print(&text);
        write();
        let columns = columns();
        let lines = render_tty(&self.view(), columns, self.style);
        *drawn = rows(&lines, columns);
        print(&lines.into_iter().map(|line| line + "\x1b[K\n").collect::<String>());
    }

    fn erase(&self) {
        let mut drawn = lock(&self.drawn);
        if *drawn > 0 {
            print(&format!("\r\x1b[{}A\x1b[J", *drawn));
            *drawn = 0;
        }
    }
}

impl Row {
    fn progress(&self, started: bool, elapsed: Duration) -> ScenarioProgress {
        let status = match self.live.status() {
            LiveStatus::Waiting if started && !self.start_time.is_zero() => Status::Waiting,
            LiveStatus::Waiting if started => Status::Running,
            LiveStatus::Waiting => Status::Pending,
            LiveStatus::Running => Status::Running,
            LiveStatus::Stopping => Status::Stopping,
            LiveStatus::Interrupted => Status::Interrupted,
            LiveStatus::Done => Status::Done,
        };
        let bar = match status {
            Status::Pending => Bar::default(),
            Status::Waiting => Bar::waiting(self.start_time.saturating_sub(elapsed), self.start_time),
            _ => self.bar(),
        };
        ScenarioProgress { name: self.name.clone(), status, bar }
    }

    fn bar(&self) -> Bar {
        let spent = self.live.elapsed();
        let seats = u64::from(self.live.seats());
        let vus = u64::from(self.live.vus());
        let done = self.live.completed();
        let plan = match &self.plan {
            Plan::Closed(plan) => plan,
            Plan::Open(plan) => {
                if let Some(users) = plan.arrivals.users() {
                    let vus = (vus, u64::from(self.live.allocated()), seats);
                    return Bar::users(vus, (done, users), spent, plan.duration);
                }
                let pace = match plan.arrivals.pace(spent) {
                    Some(pace) => pace,
                    None if plan.arrivals.is_constant() => plan.highest_rate,
                    None => self.live.pace(),
                };
                let vus = (vus, u64::from(self.live.allocated()), seats);
                return Bar::arrivals(vus, (pace, plan.highest_rate), spent, plan.duration);
            }
        };
        match plan.budget {
            Budget::Shared(total) => Bar::shared_iterations(seats, done, total, spent, plan.duration),
            Budget::PerVu(each) => Bar::per_vu_iterations(seats, done, each, spent, plan.duration),
            Budget::Unlimited if self.kind == "ramping-vus" || plan.curve.len() > 1 => {
                Bar::ramping_vus(vus, seats, spent, plan.duration)
            }
            Budget::Unlimited => Bar::constant_vus(seats, spent, plan.duration),
        }
    }
}

/// Writes to stdout; a closed pipe is no reason to end a test.
fn print(text: &str) {
    let mut out = std::io::stdout().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

/// How wide the terminal is now.
fn columns() -> usize {
    terminal_size::terminal_size_of(std::io::stdout()).map_or(80, |(width, _)| usize::from(width.0).max(1))
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
