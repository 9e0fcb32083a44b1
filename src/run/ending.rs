//! After the last sample: summary, handleSummary, files, and the verdict.

use std::borrow::Cow;
use std::io::{IsTerminal as _, Write as _};
use std::path::Path;

use anyhow::Result;

use super::Request;
use super::load::Loaded;
use super::once::{Called, call};
use crate::k6::ExitCode;
use crate::k6::exit_code::Failure;
use crate::log::{self, Level};
use crate::metrics::engine::FinalResult;
use crate::options::Resolved;
use crate::options::runtime::SummaryMode;
use crate::output::{End, report};
use crate::summary::client::Client;
use crate::summary::{self, Summary, SummaryOptions};
use crate::vu::lifecycle::{CallError, SummaryFiles};
use crate::vu::{Stop, Test, VirtualUser};

/// What the summary has that k6's has not.
pub struct Shows {
    /// ssek's own metrics of event streams.
    pub streaming: bool,
    /// Those of language models.
    pub models: bool,
    /// Those of late starts.
    pub schedule: bool,
    /// ssek's own state, where it is of interest.
    pub client: Option<Client>,
}

/// The figures, and how the user wants to see them.
pub fn summary(resolved: &Resolved, request: &Request, result: &FinalResult, shows: Shows) -> Summary {
    let options = &resolved.options;
    Summary {
        snapshot: result.snapshot.clone(),
        client: shows.client,
        options: SummaryOptions {
            trend_stats: options.summary_trend_stats.clone(),
            time_unit: options.summary_time_unit,
            mode: request.runtime.summary_mode,
            streaming: shows.streaming,
            models: shows.models,
            schedule: shows.schedule,
            no_color: request.no_color,
            stdout_is_terminal: std::io::stdout().is_terminal(),
            stderr_is_terminal: std::io::stderr().is_terminal(),
        },
    }
}

/// Prints the summary, or what `handleSummary()` makes of it, and writes the files.
pub fn summarise(
    loaded: &Loaded,
    resolved: &Resolved,
    request: &Request,
    summary: &Summary,
    setup_data: Option<&str>,
) -> Result<()> {
    if request.runtime.summary_mode == SummaryMode::Disabled && request.runtime.summary_export.is_none() {
        return Ok(());
    }
    let mut files = match handle_summary(loaded, resolved, summary, setup_data)? {
        Some(files) => files,
        None => summary.stdout().map(|text| ("stdout".to_owned(), text.into_bytes())).into_iter().collect(),
    };
    if let Some(path) = &request.runtime.summary_export {
        files
            .push((path.clone(), summary::export::named(summary, request.runtime.metric_names).into_bytes()));
    }
    let failed: Vec<_> = files.iter().filter_map(|(place, contents)| write(place, contents).err()).collect();
    if !failed.is_empty() {
        let list: String = failed.iter().map(|text| format!("\n\t- {text}")).collect();
        let text = format!("Could not save some summary information:{list}");
        log::emit(Level::Error, "failed to handle the end-of-test summary", &[("error", &text)]);
    }
    Ok(())
}

/// What `handleSummary()` wants written; `None` for the default summary.
fn handle_summary(
    loaded: &Loaded,
    resolved: &Resolved,
    summary: &Summary,
    setup_data: Option<&str>,
) -> Result<Option<SummaryFiles>> {
    if !loaded.exports("handleSummary") || summary.options.mode == SummaryMode::Disabled {
        return Ok(None);
    }
    let json = summary::data::data(summary).to_string();
    let setup_data = setup_data.map(str::to_owned);
    let limit = resolved.options.handle_summary_timeout;
    let called = call(&loaded.test, "handleSummary", limit, None, move |user: &mut VirtualUser| {
        user.handle_summary(&json, setup_data.as_deref())
    })?;
    let failed = match called {
        Called::Returned(files) => return Ok(files.map(without_secrets)),
        Called::Failed(CallError::Script(error)) => error.with_stack(),
        Called::Failed(CallError::Result(text)) => text,
        Called::TimedOut => {
            format!("handleSummary() execution timed out after {} seconds", limit.as_secs_f64())
        }
        _ => "handleSummary() ended without a result".to_owned(),
    };
    // The exit code stays; the figures are shown all the same.
    log::emit(Level::Error, &failed, &[("hint", "script exception")]);
    Ok(None)
}

/// What a script wants written may hold what it was told in confidence.
fn without_secrets(mut files: SummaryFiles) -> SummaryFiles {
    for (_, contents) in &mut files {
        if let Cow::Owned(hidden) = log::hide_bytes(contents) {
            *contents = hidden;
        }
    }
    files
}

/// Names the reports that were written, where a terminal makes links of them. On stderr: stdout may be a file with
/// the summary.
pub fn name_pages(end: &End) {
    for page in end.pages.lock().unwrap_or_else(|e| e.into_inner()).iter() {
        eprintln!("report: {}", report::link(page));
    }
}

/// Writes one entry of the summary; the error is its text.
fn write(place: &str, contents: &[u8]) -> Result<(), String> {
    let written = match place {
        "stdout" => {
            let mut out = std::io::stdout().lock();
            out.write_all(contents).and_then(|()| out.flush())
        }
        "stderr" => std::io::stderr().lock().write_all(contents),
        path => {
            let opened = std::fs::File::create(Path::new(path));
            let mut file = opened.map_err(|error| {
                let reason = match error.kind() {
                    std::io::ErrorKind::NotFound => "no such file or directory".to_owned(),
                    _ => error.to_string(),
                };
                format!("could not open '{path}': open {path}: {reason}")
            })?;
            file.write_all(contents)
        }
    };
    match written {
        // A closed pipe is no reason to lose the other files.
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(format!("error saving summary to '{place}': {error}"))
        }
        _ => Ok(()),
    }
}

/// Why the run failed or ended early, apart from thresholds at its end and from ssek's own state.
pub fn failure(stopped: Option<&Stop>, test: &Test, failure: Option<&Failure>) -> Option<String> {
    stopped
        .map(Stop::message)
        .or_else(|| failure.map(|failure| failure.message.clone()))
        .or_else(|| test.control.has_too_many_errors().then(|| TOO_MANY_ERRORS.to_owned()))
        .or_else(|| test.control.is_marked_failed().then(|| MARKED_AS_FAILED.to_owned()))
}

const TOO_MANY_ERRORS: &str = "the test ended early because too many iterations failed";
const MARKED_AS_FAILED: &str = "test run was marked as failed";

/// What the process exits with: the first reason wins, and first of all what stopped the run. `saturated`: ssek
/// was too busy, and that is to be fatal.
pub fn exit_code(
    stopped: Option<&Stop>,
    test: &Test,
    result: &FinalResult,
    failure: Option<&Failure>,
    saturated: bool,
) -> ExitCode {
    match (stopped, failure) {
        (Some(reason), _) => reason.exit_code(),
        (None, Some(failure)) => failure.code,
        _ if !result.crossed.is_empty() => ExitCode::THRESHOLDS,
        _ if test.control.has_too_many_errors() => ExitCode::TOO_MANY_ERRORS,
        _ if test.control.is_marked_failed() => ExitCode::MARKED_AS_FAILED,
        _ if saturated => ExitCode::SATURATED,
        _ => ExitCode::OK,
    }
}

/// Logs why the run failed with that code, if it did. That ssek was too busy is always told.
pub fn verdict(
    code: ExitCode,
    stopped: Option<&Stop>,
    result: &FinalResult,
    failure: Option<&Failure>,
    client: Option<&Client>,
) {
    if let Some(client) = client.filter(|client| client.is_suspect()) {
        log::warn(format!("ssek was too busy for its figures to be trusted: {}", client.reason()));
    }
    if let Some(reason) = stopped {
        log::error(reason.message());
        return;
    }
    if let Some(failure) = failure {
        let fields: Vec<_> = failure.fields.iter().map(|(k, v)| (*k, v.as_str())).collect();
        log::emit(Level::Error, &failure.message, &fields);
        return;
    }
    match code {
        ExitCode::THRESHOLDS => {
            let names = result.crossed.join(", ");
            log::error(format!("thresholds on metrics '{names}' have been crossed"));
        }
        ExitCode::TOO_MANY_ERRORS => log::error(TOO_MANY_ERRORS),
        ExitCode::MARKED_AS_FAILED => log::error(MARKED_AS_FAILED),
        ExitCode::SATURATED => log::error("the test failed because of --fail-on-saturation"),
        _ => {}
    }
}
