//! A test run: the only place with the clock, the threads and the stop signal.

pub mod api;
pub mod arrivals;
pub mod client;
pub mod clock;
pub mod closed;
pub mod course;
pub mod display;
pub mod dropped;
pub mod ending;
pub mod gate;
pub mod host;
pub mod input;
pub mod inspector;
pub mod interrupt;
pub mod job;
pub mod live;
pub mod load;
pub mod memory;
pub mod network;
pub mod once;
pub mod open;
pub mod open_files;
pub mod pool;
pub mod progress;
pub mod ready;
pub mod scenarios;
pub mod schedule;
pub mod signals;
pub mod stack;
pub mod stop;
pub mod streaming;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use crossbeam_channel::select;

use crate::k6::ExitCode;
use crate::k6::exit_code::Failure;
use crate::llm::counting;
use crate::log;
use crate::metrics::engine::{Engine, EngineConfig};
use crate::metrics::left_out::LeftOut;
use crate::metrics::{BatchSink, Timestamp, definition};
use crate::options::runtime::{StreamingMode, SummaryMode};
use crate::options::{Resolved, RuntimeOptions, Sources as Layers};
use crate::output::{self, OutputContext, flush};
use crate::record::Origin;
use crate::summary::client::{Client, Cpu};
use crate::vu::lifecycle::CallError;
use crate::vu::user::InitError;
use crate::vu::{Stop, Test, VirtualUser};

use api::{Listen, Server, Surface};
use course::{Course, Stage};
use display::Display;
use inspector::Inspector;
use load::Loaded;
use once::{Called, call};
use pool::Pool;
use stop::StopSignal;

/// What a run is asked to do.
pub struct Request {
    /// As on the command line; `-` is standard input.
    pub script: String,
    /// The levels of options but the script's own.
    pub layers: Layers,
    pub runtime: RuntimeOptions,
    /// No banner, description and progress.
    pub quiet: bool,
    /// Where the REST API listens, if there is to be one.
    pub api: Option<Listen>,
    /// Where a debugger may attach, if one may.
    pub inspect: Option<inspector::Listen>,
    pub no_color: bool,
    /// The form of the lines that go to `--console-output`.
    pub console_format: log::Format,
}

/// Runs a test from the script's first line to the exit code.
///
/// # Errors
/// With a [`Failure`] in the chain where the exit code is other than 255.
pub fn run(request: Request) -> Result<ExitCode> {
    // Kept to the end of the run.
    let inspector = request.inspect.as_ref().map(|listen| Inspector::start(listen, &request.script));
    let inspector = inspector.transpose()?;
    let debugger = inspector.as_ref().map(Inspector::debugger);
    let loaded = load::load(&request.script, &request.runtime, debugger)?;
    let mut resolved = loaded.resolve(&request.layers)?;
    resolved.warnings.iter().for_each(log::warn);
    loaded.check(&resolved)?;
    arrivals::prepare(&mut resolved, &loaded.test.sources)?;
    let test = loaded.test.clone();
    load::configure(&test, &resolved, &request.runtime)?;
    if let Some(path) = &request.runtime.console_output {
        test.send_console_to(log::Writer::append(Path::new(path), request.console_format)?);
    }

    client::prepare(&test, &resolved, &request.runtime);
    schedule::prepare(&test, &resolved);
    // Once: reading the thresholds warns about what is wrong with them.
    let mut definitions = definitions(&test, &resolved, &request.runtime)?;
    let shows_streaming = streaming::decide(&test, &definitions, &request.runtime);
    if shows_streaming || request.runtime.metric_names.is_some() {
        definitions.extend(streaming::outcomes(&test.registry, &request.runtime));
    }
    let shows_schedule = schedule::decide(&test, &resolved, &definitions, &request.runtime);
    let (outputs, sinks, descriptions) =
        open_outputs(&test, &definitions, &request.runtime, &request.script)?;
    let left_out = Arc::new(LeftOut::new(resolved.options.warmup, resolved.options.cooldown));
    let engine = start_engine(&test, definitions, &request.runtime, sinks, left_out.clone())?;
    test.connect(engine.sender());
    let course = Arc::new(Course::new(resolved.options.paused));
    let api = start_api(&request, &loaded, &course, &engine)?;
    let display = Display::start(&test, &resolved, &request, &descriptions)?;

    let stop = &loaded.stop;
    let mut end = Ending { left_out, ..Ending::default() };
    course.reach(Stage::InitVus);
    let pool = initialise(&test, &resolved, &display, stop, request.runtime.threads)?;
    if let Some(pool) = &pool {
        course.reach(Stage::InitDone);
        if ready::wait_for_start(&course, &stop.receiver(), api.is_some(), || display.paused())
            && is_ready(&test, &resolved, &display, stop)?
        {
            course.reach(Stage::Started);
            engine.start_clock();
            end.start = Some(Timestamp::now());
            test.counters.start();
            execute(pool, &loaded, &resolved, &display, &course, &mut end)?;
        }
    }
    engine.stop_clock();
    if let Some(pool) = pool {
        pool.finish();
    }
    display.stop_ticking();
    // What comes later, such as the Ctrl-C that ends a lingering, is not the run's.
    let reason = test.control.reason();
    course.reach(match &reason {
        Some(_) => Stage::Interrupted,
        None if test.control.is_marked_failed() => Stage::MarkedAsFailed,
        None => Stage::Ended,
    });
    if request.runtime.linger {
        loaded.signals.linger(request.quiet);
    }
    drop(api);
    let result = engine.finish();
    let (limits, asked) = (&request.runtime.saturation, request.runtime.fail_on_saturation);
    let client = end.cpu.and_then(|cpu| Client::of(&result.snapshot, cpu, limits, asked));
    let shown = client.clone().filter(|_| request.runtime.streaming != StreamingMode::Off);
    let models = test.streaming.calls_models();
    let shows = ending::Shows { streaming: shows_streaming, models, schedule: shows_schedule, client: shown };
    let saturated = asked && client.as_ref().is_some_and(Client::is_suspect);
    let exit_code = ending::exit_code(reason.as_ref(), &test, &result, end.failure.as_ref(), saturated);
    let concluded = Arc::new(output::End {
        script: request.script.clone(),
        summary: ending::summary(&resolved, &request, &result, shows),
        failure: ending::failure(reason.as_ref(), &test, end.failure.as_ref()),
        exit_code,
        start: end.start,
        pages: Arc::default(),
    });
    flush::finish(outputs, &concluded);
    if test.counters.complete.load(Ordering::Relaxed) == 0 && end.ran && reason.is_none() {
        log::warn("No script iterations fully finished, consider making the test duration longer");
    }
    let setup_data = course.setup_data();
    ending::summarise(&loaded, &resolved, &request, &concluded.summary, setup_data.as_deref())?;
    display.finish();
    schedule::warn_if_late(&test, &result.snapshot);
    counting::take_lateness().into_iter().for_each(log::warn);
    ending::verdict(exit_code, reason.as_ref(), &result, end.failure.as_ref(), client.as_ref());
    ending::name_pages(&concluded);
    Ok(exit_code)
}

/// What happened until the summary.
#[derive(Default)]
pub struct Ending {
    /// Whether scenarios started.
    pub ran: bool,
    /// When the run's clock started, if it did.
    pub start: Option<Timestamp>,
    /// What went wrong in `setup()` or `teardown()`.
    pub failure: Option<Failure>,
    /// What CPU time the scenarios took, where it was watched.
    pub cpu: Option<Cpu>,
    /// The times that are not measured.
    pub left_out: Arc<LeftOut>,
}

/// The sides of the outputs: what to finish at the end, what the engine feeds, and their texts.
pub type Outputs = (Vec<flush::Flush>, Vec<Box<dyn BatchSink>>, Vec<String>);

/// Opens what `--out` names. `target` is the script, or the URL of a benchmark.
///
/// # Errors
/// There is no such output, or its file or server cannot be had.
pub fn open_outputs(
    test: &Test,
    definitions: &[definition::Definition],
    runtime: &RuntimeOptions,
    target: &str,
) -> Result<Outputs> {
    // The feature is another name for the variable.
    let feature = |name: &str| {
        let named = name == "K6_PROMETHEUS_RW_TREND_AS_NATIVE_HISTOGRAM";
        (named && runtime.features.native_histograms).then(|| "true".to_owned())
    };
    let env = |name: &str| std::env::var(name).ok().or_else(|| feature(name));
    let options = test.options_view().and_then(|view| serde_json::from_str(view).ok()).unwrap_or_default();
    let origin = Origin::this(target, options, test.traces.clone());
    let context = OutputContext { system_tags: test.system_tags(), definitions, env: &env, origin: &origin };
    let (mut flushes, mut sinks, mut descriptions) = (Vec::new(), Vec::new(), Vec::new());
    for spec in &runtime.outputs {
        let output = output::open(spec, &context)?;
        descriptions.push(output.describe());
        let (flush, sink) =
            flush::start(output, test.registry.clone()).context("could not start an output's thread")?;
        flushes.push(flush);
        sinks.push(Box::new(sink) as Box<dyn BatchSink>);
    }
    Ok((flushes, sinks, descriptions))
}

/// The sub-metrics and thresholds of the options.
///
/// # Errors
/// One of them is none.
pub fn definitions(
    test: &Test,
    resolved: &Resolved,
    runtime: &RuntimeOptions,
) -> Result<Vec<definition::Definition>> {
    let options = &resolved.options;
    let evaluate = !runtime.no_thresholds;
    definition::definitions(&options.thresholds, evaluate, options.system_tags, &test.registry)
        .map_err(|error| Failure::new(ExitCode::INVALID_CONFIG, error.to_string()).about(&["thresholds"]))
        .map_err(|failure| resolved.sources.locate(failure).into())
}

/// Starts what takes the samples in.
///
/// # Errors
/// The system has no thread left.
pub fn start_engine(
    test: &Arc<Test>,
    definitions: Vec<definition::Definition>,
    runtime: &RuntimeOptions,
    outputs: Vec<Box<dyn BatchSink>>,
    left_out: Arc<LeftOut>,
) -> Result<Engine> {
    let control = test.clone();
    Engine::start(EngineConfig {
        registry: test.registry.clone(),
        definitions,
        sections: runtime.summary_mode == SummaryMode::Full || output::record::is_asked(&runtime.outputs),
        outputs,
        left_out,
        on_abort: Box::new(move |text| control.control.stop(Stop::Threshold(text))),
    })
    .context("could not start the metrics thread")
}

/// Makes the VUs. `None` if the run was stopped meanwhile.
fn initialise(
    test: &Arc<Test>,
    resolved: &Resolved,
    display: &Display,
    stop: &StopSignal,
    threads: Option<usize>,
) -> Result<Option<Pool>> {
    let needs = resolved.options.requirements();
    let wanted = u32::try_from(needs.planned_vus).unwrap_or(u32::MAX);
    let spare = u32::try_from(needs.max_vus.saturating_sub(needs.planned_vus)).unwrap_or(u32::MAX);
    let (pool, ready) = Pool::start(test, wanted, spare, threads)?;
    let stopped = stop.receiver();
    for made in 0..wanted {
        display.initialised(made, wanted);
        let result = select! {
            recv(ready) -> result => result.context("a VU's thread ended before its init code did")?,
            recv(stopped) -> _ => {
                pool.interrupt_all();
                pool.finish();
                return Ok(None);
            }
        };
        if let Err(error) = result {
            pool.interrupt_all();
            return Err(load::init_failure(&test.sources, error).into());
        }
    }
    Ok(Some(pool))
}

/// Starts the REST API, if it was asked for.
fn start_api(
    request: &Request,
    loaded: &Loaded,
    course: &Arc<Course>,
    engine: &Engine,
) -> Result<Option<Server>> {
    let Some(listen) = &request.api else { return Ok(None) };
    let surface = Surface {
        test: loaded.test.clone(),
        course: course.clone(),
        metrics: engine.observer(),
        stop: loaded.stop.receiver(),
    };
    Server::start(listen, surface)
}

/// Waits for the server, if that was asked for. `false` if the run was stopped meanwhile.
fn is_ready(test: &Test, resolved: &Resolved, display: &Display, stop: &StopSignal) -> Result<bool> {
    match &resolved.options.wait_for {
        Some(wanted) => {
            let limit = wanted.timeout.to_std();
            ready::wait(wanted, test, &stop.receiver(), |elapsed, reason| {
                display.waiting(&wanted.url, elapsed, limit, reason);
            })
        }
        None => Ok(true),
    }
}

/// `setup()`, the scenarios, `teardown()`.
fn execute(
    pool: &Pool,
    loaded: &Loaded,
    resolved: &Resolved,
    display: &Display,
    course: &Course,
    end: &mut Ending,
) -> Result<()> {
    let stop = &loaded.stop;
    let options = &resolved.options;
    let test = &loaded.test;
    if !options.no_setup && loaded.exports("setup") {
        display.setup();
        course.reach(Stage::Setup);
        let called = call(test, "setup", options.setup_timeout, Some(stop.receiver()), VirtualUser::setup)?;
        match lifecycle(test, "setup", called, options.setup_timeout) {
            Ok(Some(data)) => course.set_setup_data(data.map(Arc::from)),
            // Aborted: the reason is in the control.
            Ok(None) => return Ok(()),
            Err(failure) => {
                end.failure = Some(failure);
                return Ok(());
            }
        }
    }
    if test.control.reason().is_none() {
        end.ran = true;
        display.running();
        course.reach(Stage::Running);
        let watch = client::Watch::start(test)?;
        end.left_out.begin(Instant::now(), options.regular_length());
        scenarios::run(pool, test, resolved, display, stop, course);
        end.left_out.end(Instant::now());
        end.cpu = watch.map(client::Watch::stop);
        display.scenarios_ended();
    }
    // What `setup()` made must be undone even when the run was cut short.
    if !options.no_teardown && loaded.exports("teardown") {
        course.reach(Stage::Teardown);
        let data = course.setup_data();
        let called =
            call(test, "teardown", options.teardown_timeout, None, move |user: &mut VirtualUser| {
                user.teardown(data.as_deref())
            })?;
        if let Err(failure) = lifecycle(test, "teardown", called, options.teardown_timeout) {
            end.failure = Some(failure);
        }
    }
    Ok(())
}

/// What a lifecycle call returned; `None` if the run was stopped meanwhile.
fn lifecycle<T>(test: &Test, name: &str, called: Called<T>, limit: Duration) -> Result<Option<T>, Failure> {
    let exception = |text: String| {
        Failure::new(ExitCode::SCRIPT_EXCEPTION, text)
            .with("hint", "script exception")
            .with("source", "stacktrace")
    };
    match called {
        Called::Returned(value) => Ok(Some(value)),
        Called::Stopped => Ok(None),
        Called::Failed(CallError::Interrupted) if test.control.reason().is_some() => Ok(None),
        Called::Failed(CallError::Interrupted) | Called::Died => {
            Err(Failure::new(ExitCode::PANIC, format!("{name}() ended without a result")))
        }
        Called::Failed(CallError::Script(error)) => Err(exception(error.with_stack())),
        Called::Failed(CallError::Result(text)) => Err(Failure::new(ExitCode::SCRIPT_EXCEPTION, text)),
        Called::NotMade(InitError::Script(error)) => Err(exception(error.with_stack())),
        Called::NotMade(InitError::Load(text)) => Err(Failure::new(ExitCode::SCRIPT_EXCEPTION, text)),
        Called::NotMade(InitError::Interrupted) => Ok(None),
        Called::TimedOut => {
            let code = match name {
                "setup" => ExitCode::SETUP_TIMEOUT,
                "teardown" => ExitCode::TEARDOWN_TIMEOUT,
                _ => ExitCode::TIMEOUT,
            };
            let text = format!("{name}() execution timed out after {} seconds", limit.as_secs_f64());
            let hint = format!("You can increase the time limit via the {name}Timeout option");
            Err(Failure::new(code, text).with("hint", hint))
        }
    }
}
