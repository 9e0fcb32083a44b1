//! The lines that show how a run gets on: pure functions of what is the case at one moment.

pub mod bar;
pub mod description;
pub mod span;

use std::time::Duration;

pub use bar::Bar;
pub use description::{Description, banner};

use crate::summary::style::{Style, pad, width};
use span::{fixed, padded};

/// A run at one moment.
#[derive(Clone, Debug)]
pub struct ProgressView {
    pub state: RunState,
    /// Since the scenarios started.
    pub elapsed: Duration,
    /// The longest that the scenarios can take, graceful stops included.
    pub max_duration: Duration,
    pub vus_active: u64,
    pub vus_initialised: u64,
    /// The most VUs that the scenarios can have; the numbers of VUs get as many digits.
    pub max_vus: u64,
    /// Iterations that ended.
    pub complete: u64,
    /// Iterations that were cut off.
    pub interrupted: u64,
    /// In the order of the description.
    pub scenarios: Vec<ScenarioProgress>,
}

/// What the first line says.
#[derive(Clone, Debug, PartialEq)]
pub enum RunState {
    /// Before `setup()`: how much of the preparation is done, 0 to 1, and what is going on.
    Init { progress: f64, text: String },
    /// Until somebody starts a run that was paused from the beginning.
    Paused,
    /// While `setup()` runs, and for good where it failed.
    Setup,
    /// From the start of the scenarios to the end of `teardown()`.
    Running,
}

/// A scenario at one moment.
#[derive(Clone, Debug, PartialEq)]
pub struct ScenarioProgress {
    pub name: String,
    pub status: Status,
    pub bar: Bar,
}

/// How a scenario stands; shown as one character.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// The scenarios have not started yet.
    Pending,
    /// The scenarios run, and the scenario's `startTime` is to come.
    Waiting,
    Running,
    /// Its time is up, and iterations may still end.
    Stopping,
    Interrupted,
    Done,
}

/// How wide a bar is on a terminal that has the room.
const BAR_WIDTH: usize = 40;

/// At this width and below, a bar is a percentage.
const NARROWEST_BAR: usize = 8;

/// The longest name that is shown whole.
const LONGEST_NAME: usize = 30;

/// The lines as they go to a pipe or file once a second: a blank line before them, a line feed
/// after each, percentages for bars, no colours.
pub fn render_pipe(view: &ProgressView) -> String {
    let lines = lines(view, NARROWEST_BAR, Style { color: false });
    lines.into_iter().map(|line| line + "\n").collect()
}

/// The lines as they are drawn on a terminal, the blank one above them included, without line ends.
///
/// Bars become narrower where a line would be longer than the terminal is wide.
pub fn render_tty(view: &ProgressView, columns: usize, style: Style) -> Vec<String> {
    let longest = |bar| {
        let lines = lines(view, bar, Style { color: false });
        // The bars cannot help where the first line, which has none, is the longest.
        lines.iter().skip(2).map(|line| width(line)).max().unwrap_or(0)
    };
    let too_long = (longest(BAR_WIDTH) + 1).saturating_sub(columns);
    lines(view, BAR_WIDTH.saturating_sub(too_long).max(NARROWEST_BAR), style)
}

/// How many rows of a terminal the drawn lines take, those that wrap counted as often as they do.
pub fn rows(lines: &[String], columns: usize) -> usize {
    lines.iter().map(|line| visible(line).div_ceil(columns.max(1)).max(1)).sum()
}

/// The width of a line without its escape sequences.
fn visible(line: &str) -> usize {
    let mut parts = line.split('\x1b');
    let first = parts.next().map_or(0, width);
    first + parts.map(|part| part.split_once('m').map_or(0, |(_, rest)| width(rest))).sum::<usize>()
}

fn lines(view: &ProgressView, bar_width: usize, style: Style) -> Vec<String> {
    let names = view.scenarios.iter().map(|scenario| width(&scenario.name));
    // `Init` is shown first and sets the least width.
    let name_width = names.max().unwrap_or(0).clamp("Init".len(), LONGEST_NAME);
    let mut columns: Vec<usize> = Vec::new();
    for scenario in &view.scenarios {
        for (place, text) in scenario.bar.columns.iter().enumerate() {
            columns.resize(columns.len().max(place + 1), 0);
            columns[place] = columns[place].max(width(text));
        }
    }
    let line = |name: &str, status: Status, bar: &Bar| {
        let name = pad(&shortened(name), name_width);
        let drawn = draw(bar.progress, bar_width, style);
        let last = columns.len().saturating_sub(1);
        let cells = bar
            .columns
            .iter()
            .enumerate()
            .map(|(place, text)| if place < last { pad(text, columns[place] + 1) } else { text.clone() });
        let cells = cells.collect::<Vec<_>>().join(" ");
        let gap = if cells.is_empty() { "" } else { " " };
        format!("{name} {} {drawn}{gap}{cells}", symbol(status, style))
    };
    let first = match &view.state {
        RunState::Init { progress, text } => {
            line("Init", Status::Pending, &Bar { progress: *progress, columns: vec![text.clone()] })
        }
        RunState::Paused => {
            line("Run", Status::Pending, &Bar { progress: 1.0, columns: vec!["paused".to_owned()] })
        }
        RunState::Setup => {
            line("Run", Status::Pending, &Bar { progress: 1.0, columns: vec!["setup()".to_owned()] })
        }
        RunState::Running => run_line(view),
    };
    let scenarios = view.scenarios.iter().map(|s| line(&s.name, s.status, &s.bar));
    [String::new(), first].into_iter().chain(scenarios).collect()
}

fn run_line(view: &ProgressView) -> String {
    format!(
        "running ({}), {}/{} VUs, {} complete and {} interrupted iterations",
        fixed(view.elapsed, view.max_duration),
        padded(view.vus_active, view.max_vus),
        padded(view.vus_initialised, view.max_vus),
        view.complete,
        view.interrupted,
    )
}

fn shortened(name: &str) -> String {
    if width(name) <= LONGEST_NAME {
        return name.to_owned();
    }
    let kept: String = name.chars().take(LONGEST_NAME - 3).collect();
    kept + "..."
}

fn symbol(status: Status, style: Style) -> String {
    match status {
        Status::Pending | Status::Running => " ".to_owned(),
        Status::Waiting => "•".to_owned(),
        Status::Stopping => "↓".to_owned(),
        Status::Interrupted => style.red("✗"),
        Status::Done => style.green("✓"),
    }
}

/// `[====>---]`, or `[  57% ]` where there is no room.
fn draw(progress: f64, width: usize, style: Style) -> String {
    let progress = progress.clamp(0.0, 1.0);
    if width <= NARROWEST_BAR {
        return format!("[ {:3.0}% ]", progress * 100.0);
    }
    let space = width - 2;
    let filled = (space as f64 * progress) as usize;
    let done = match filled {
        0 => String::new(),
        n if n == space => "=".repeat(n),
        n => "=".repeat(n - 1) + ">",
    };
    format!("[{done}{}]", style.faint(&"-".repeat(space - filled)))
}

#[cfg(test)]
mod tests;
