//! `ssek sweep`: the highest load that a server takes while it keeps its objectives.

pub mod plot; // throughput against latency
pub mod search; // which load to try next
pub mod shown; // table and JSON
pub mod trial; // the figures of one measurement

use std::io::{IsTerminal as _, Write as _};
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, Result};

use super::hints::hint;
use super::live::Live;
use super::schedule::Shape;
use super::session::Settings;
use super::workload::Supply;
use super::{Common, check_place, levels, print};
use crate::executor::Law;
use crate::k6::ExitCode;
use crate::log;
use crate::summary::style::Style;
use crate::vu::Stop;
use search::{Rules, Search, Verdict};
use trial::Trial;

/// What grows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum By {
    /// Users who ask one thing after the other
    #[default]
    Concurrency,
    /// Requests that start in a second
    Rate,
}

/// What `ssek sweep` is asked to do.
#[derive(Clone, Debug)]
pub struct Request {
    pub common: Common,
    pub by: By,
    pub rules: Rules,
    /// How long each load is measured, warm-up included.
    pub step: Duration,
    /// The wait between two measurements.
    pub settle: Duration,
    pub graceful_stop: Option<Duration>,
    /// By which law requests start, with a rate.
    pub law: Option<Law>,
    /// Print the result as JSON.
    pub json: bool,
    /// Where to write a drawing (SVG).
    pub plot: Option<PathBuf>,
}

/// Searches, and prints what was found.
///
/// # Errors
/// A flag or a file is bad, or the system lacks something.
pub fn run(request: &Request) -> Result<ExitCode> {
    // Kept to the end.
    let (settings, _mock) = request.common.settings()?;
    levels::warn_of_unheeded(&request.common.layers, true);
    request.plot.as_deref().map_or(Ok(()), check_place)?;
    let say = |text: &str| {
        if !request.common.quiet {
            let mut out = std::io::stderr().lock();
            let _ = out.write_all(log::hide(text).as_bytes()).and_then(|()| out.flush());
        }
    };
    say(&shown::banner(request, &settings));
    let mut search = Search::new(request.rules);
    let mut first = 0;
    let mut stopped = None;
    while let Some(load) = search.next() {
        let (trial, used, stop) = measure(request, &settings, load, first)?;
        first += used;
        if stop.is_some() {
            stopped = stop;
            break;
        }
        let nothing_works = trial.total > 0 && trial.failed == trial.total && search.levels().is_empty();
        search.add(load, trial);
        let level = search.levels().iter().find(|level| level.load == load);
        say(&level.map(|level| shown::line(level, search.verdict(level), request)).unwrap_or_default());
        if nothing_works {
            log::error("not one request succeeded");
            return Ok(ExitCode::MARKED_AS_FAILED);
        }
        stopped = settings.signals.pause(request.settle);
        if stopped.is_some() {
            break;
        }
    }
    let color = std::io::stdout().is_terminal() && !request.common.no_color;
    let text = match request.json {
        true => {
            serde_json::to_string_pretty(&shown::json(&search, request)).context("the result as JSON")? + "\n"
        }
        false => shown::text(&search, request, Style { color }),
    };
    print(&text);
    if let Some(file) = &request.plot {
        let drawing = plot::svg(&plot::points(&search), request.by);
        std::fs::write(file, drawing).with_context(|| format!("could not write {}", file.display()))?;
    }
    Ok(verdict(&search, stopped))
}

fn verdict(search: &Search, stopped: Option<Stop>) -> ExitCode {
    let suspect = search.levels().iter().flat_map(|level| &level.trials).any(|trial| trial.suspect);
    if suspect {
        log::warn("ssek was too busy in some of the measurements for their figures to be trusted");
    }
    match stopped {
        Some(reason) => {
            log::error(reason.message());
            reason.exit_code()
        }
        None if search.answer().is_some() => ExitCode::OK,
        None => {
            log::error("no load keeps the objectives, not even the least");
            ExitCode::THRESHOLDS
        }
    }
}

/// Measures one load, with the work from place `first` on; also how much work that was, and what ended it early.
fn measure(
    request: &Request,
    settings: &Settings,
    load: f64,
    first: u64,
) -> Result<(Trial, u64, Option<Stop>)> {
    let open = request.by == By::Rate;
    let shape = Shape {
        vus: (!open).then_some(load as u32),
        rate: open.then_some(load),
        law: request.law.clone().filter(|_| open),
        duration: Some(request.step),
        graceful_stop: request.graceful_stop,
        ..Shape::default()
    };
    let mut schedule = shape.schedule(&settings.workload)?;
    // Prompts that were asked before are in the server's cache.
    schedule.first = match settings.workload.supply {
        Supply::Cycle(_) | Supply::Synthetic(_) => first,
        Supply::Queue(_) | Supply::Trace(_) => 0,
    };
    let measured = settings.measure(&schedule, Live { quiet: true, ..Live::default() })?;
    if let (0, Some((failed, _))) = (measured.figures.ok, measured.figures.failures.first()) {
        let hint = hint(failed, settings.asked()).map_or_else(String::new, |hint| format!("; {hint}"));
        log::error(format!("{}{hint}", failed.said()));
    }
    let used = measured.figures.done;
    Ok((Trial::of(&measured, open), used, measured.stopped))
}

/// The name of a verdict in tables.
fn named(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Meets => "meets",
        Verdict::Misses => "misses",
        Verdict::Saturated => "saturated",
        Verdict::Unsure => "unsure",
    }
}
