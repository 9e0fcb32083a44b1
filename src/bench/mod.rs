//! Load on LLM servers without a script: `ssek bench` and `ssek sweep`.
//!
//! ```text
//! flags ─▶ Workload, Schedule, Asking ─▶ Crew (threads) ─▶ iteration ─▶ llm::Ongoing ─▶ recording ─▶ metrics::engine
//!                                                                                                        │
//!                                                              outcome (tables, JSON) ◀─ Measured ◀───────┘
//! ```

pub mod amount; // `550±150`
pub mod arrivals; // requests that start when they are due
pub mod asking; // a turn as a request
pub mod breakdown; // figures of conversations, turns, outcomes
pub mod counting; // requests whose tokens are counted when they are over
pub mod crew; // the threads
pub mod fail_on; // `p95(ttft)>1s`
pub mod flags; // what bench and sweep share on the command line
pub mod hints; // what to do about failures
pub mod iteration; // one piece of work
pub mod levels; // what config file and environment say
pub mod live; // what is shown meanwhile
pub mod local; // what users of a thread share
pub mod outcome; // tables and JSON of the result
pub mod place; // file:line:column
pub mod recording; // a request as samples
pub mod schedule; // when requests start
pub mod session; // one measurement
pub mod stage; // what all users share
pub mod sweep; // the highest load
pub mod table; // columns of text
pub mod tally; // what went wrong
pub mod target; // who is asked
pub mod users; // users who ask one thing after the other
pub mod workload; // what is asked

use std::io::{IsTerminal as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, Result, bail};

use flags::{CallFlags, TargetFlags, WorkloadFlags};
use hints::Asked;
use live::Live;
use outcome::Report;
use schedule::Shape;
use session::{Measured, Settings};

use crate::k6::ExitCode;
use crate::log;
use crate::metrics::ThresholdSpec;
use crate::mock;
use crate::options::runtime::SummaryMode;
use crate::options::{RuntimeOptions, Sources};
use crate::run::api::Listen;
use crate::run::ending;
use crate::run::signals::Listener;
use crate::summary::export;
use crate::summary::style::Style;

/// Who is asked, what, and how: what bench and sweep have in common.
#[derive(Clone, Debug, Default)]
pub struct Common {
    pub target: TargetFlags,
    pub work: WorkloadFlags,
    pub call: CallFlags,
    /// Metrics, with selectors, and what must hold for them.
    pub thresholds: Vec<(String, ThresholdSpec)>,
    /// Options of the network, of tags and of the summary.
    pub layers: Sources,
    pub runtime: RuntimeOptions,
    pub quiet: bool,
    pub no_color: bool,
    /// Where the REST API listens, if there is to be one.
    pub api: Option<Listen>,
}

/// What `ssek bench` is asked to do.
#[derive(Clone, Debug, Default)]
pub struct Request {
    pub common: Common,
    pub shape: Shape,
    /// Print the result as JSON.
    pub json: bool,
    /// Write it to a file, too.
    pub json_file: Option<PathBuf>,
}

/// Measures, and prints what came of it.
///
/// # Errors
/// A flag or a file is bad, with exit code 104, or the system lacks something.
pub fn run(request: &Request) -> Result<ExitCode> {
    // Kept to the end of the run.
    let (settings, _mock) = request.common.settings()?;
    levels::warn_of_unheeded(&request.common.layers, false);
    let shape = request.shape.clone().over(&levels::lower(&request.common.layers))?;
    let schedule = shape.schedule(&settings.workload)?;
    let export = request.common.runtime.summary_export.as_deref().map(Path::new);
    for file in [request.json_file.as_deref(), export].into_iter().flatten() {
        check_place(file)?;
    }
    let measured = settings.measure(&schedule, request.common.live())?;
    let report = Report { measured: &measured, asked: settings.asked() };
    let json = serde_json::to_string_pretty(&report.json()).context("the result as JSON")?;
    if request.json {
        print(&format!("{json}\n"));
    } else if request.common.runtime.summary_mode != SummaryMode::Disabled {
        let color = std::io::stdout().is_terminal() && !request.common.no_color;
        print(&format!("{}\n", report.text(Style { color })));
    }
    if let Some(file) = &request.json_file {
        std::fs::write(file, json + "\n").with_context(|| format!("could not write {}", file.display()))?;
    }
    if let Some(file) = &request.common.runtime.summary_export {
        std::fs::write(file, export::named(&measured.end.summary, request.common.runtime.metric_names))
            .with_context(|| format!("could not write {file}"))?;
    }
    ending::name_pages(&measured.end);
    crate::run::schedule::warn_if_late(&measured.test, &measured.result.snapshot);
    Ok(verdict(&measured, &request.common))
}

/// Tells before the run that a file could not be written after it.
///
/// # Errors
/// There is no such folder.
fn check_place(file: &Path) -> Result<()> {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
    if let Some(folder) = folder
        && !folder.is_dir()
    {
        bail!("could not write {}: there is no folder {}", file.display(), folder.display());
    }
    Ok(())
}

impl Common {
    /// Reads the files and works out who is asked; the built-in server lives as long as it is kept.
    ///
    /// # Errors
    /// A flag or a file is bad.
    pub fn settings(&self) -> Result<(Settings, Option<mock::Server>)> {
        let lower = levels::lower(&self.layers);
        let seed = self.call.seed.or(lower.seed).unwrap_or_else(|| rand::random::<u32>().into());
        let server = self.mock()?;
        let base = server.as_ref().map(|server| format!("http://{}", server.addr()));
        let workload = workload::load(&self.work.settings(seed))?;
        let env = |name: &str| std::env::var(name).ok();
        let mut target = self.target.clone();
        if target.names_nobody() && base.is_none() {
            target.url = lower.base_url.clone();
        }
        let flags = (&target, &self.work, &self.call);
        let mut asking = target::asking(flags, &workload, base.as_deref(), seed, &env)?;
        asking.target.slo = asking.target.slo.take().or(lower.slo.map(Arc::new));
        if let Some(most) = lower.max_redirects.and_then(|most| u32::try_from(most).ok()) {
            asking.target.max_redirects = most;
        }
        let mut layers = self.layers.clone();
        layers.flags.seed = Some(seed);
        let settings = Settings {
            layers,
            runtime: self.runtime.clone(),
            workload: Arc::new(workload),
            asking: Arc::new(asking),
            thresholds: self.thresholds.clone(),
            threads: self.call.io_threads.or(self.runtime.threads).unwrap_or_else(crew::usual_threads),
            api: self.api.clone(),
            signals: Listener::of_several()?,
        };
        Ok((settings, server))
    }

    /// Leaves out what there can be only one of in a process, or in a search: outputs, exports, thresholds, a start by
    /// the REST API.
    pub fn settle_for_many(&mut self) {
        let Self { runtime, layers, .. } = self;
        if !runtime.outputs.is_empty() || runtime.summary_export.is_some() {
            log::warn(
                "a sweep has no outputs (K6_OUT, K6_SUMMARY_EXPORT, `out` of the config file): say --json or --plot",
            );
        }
        (runtime.outputs, runtime.summary_export, runtime.linger) = (Vec::new(), None, false);
        for layer in [&mut layers.file, &mut layers.environment] {
            (layer.thresholds, layer.paused) = (None, None);
        }
    }

    fn mock(&self) -> Result<Option<mock::Server>> {
        let Some(list) = &self.target.mock else { return Ok(None) };
        let settings = list.parse().with_context(|| format!("--mock={list}"))?;
        Ok(Some(mock::Server::start(settings, SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))?))
    }

    fn live(&self) -> Live {
        Live { quiet: self.quiet, no_color: self.no_color }
    }
}

impl Settings {
    /// Who is asked, for hints.
    pub fn asked(&self) -> Asked<'_> {
        let target = &self.asking.target;
        Asked {
            url: target.endpoint.template(),
            protocol: target.protocol.asks_as(),
            has_key: target.keys.pick(0).is_some(),
            has_model: target.model.is_some() || self.asking.template.is_some(),
            retries: target.retry.is_some(),
        }
    }
}

/// Says why a run failed, if it did: as scripts do, and also where not one request succeeded.
fn verdict(measured: &Measured, common: &Common) -> ExitCode {
    let Measured { result, figures, client, stopped, end, .. } = measured;
    if figures.done > 0 && figures.ok == 0 && stopped.is_none() {
        log::error("not one request succeeded");
    }
    // Without streams there is nothing that ssek could have spoilt.
    let client = client.as_ref().filter(|_| figures.ok > 0 || common.runtime.fail_on_saturation);
    ending::verdict(end.exit_code, stopped.as_ref(), result, None, client);
    end.exit_code
}

/// Writes to stdout; a reader that went away is nobody's fault.
fn print(text: &str) {
    let mut out = std::io::stdout().lock();
    let _ = out.write_all(log::hide(text).as_bytes()).and_then(|()| out.flush());
}
