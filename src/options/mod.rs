//! What was typed ([`Layer`]) and what it means ([`Options`]).

mod address;
pub mod base_url;
pub mod dns;
mod environment;
pub mod features;
pub mod file;
pub mod flags;
mod folders;
pub mod inspect;
mod layer;
mod origin;
pub mod runtime;
pub mod saturation;
pub mod scenario;
pub mod secret_source;
mod slo;
pub mod threshold;
pub mod tls;
mod value;
pub mod wait_for;
pub mod windows;

use std::collections::BTreeMap;
use std::time::Duration;

use crate::executor::reservation::Requirements;
use crate::executor::{Share, StopAfter};
use crate::k6::duration::{GoDuration, TimeUnit};
use crate::k6::exit_code::{ExitCode, Failure};
use crate::k6::system_tag::SystemTags;
use crate::llm::Slo;
use crate::metrics::threshold::ThresholdSpec;
use crate::metrics::trend_stat::TrendStat;
use crate::net::dns::Dns;
use crate::net::hosts::{Cidr, HostMap, HostPattern};
use crate::net::tls::Tls;
use base_url::BaseUrl;
pub use features::Features;
pub use layer::{Layer, Scenarios};
pub use origin::Places;
pub use runtime::RuntimeOptions;
pub use saturation::Saturation;
pub use scenario::Scenario;
use tls::TlsAuth;
use wait_for::WaitFor;

/// The levels that options come from, lowest first.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    pub file: Layer,
    pub script: Layer,
    pub environment: Layer,
    pub flags: Layer,
    /// What they are called.
    pub places: Places,
}

impl Sources {
    /// The names of the feature flags: those of the highest level that has some. Scripts have no say.
    pub fn features(&self) -> &[String] {
        let levels = [&self.flags, &self.environment, &self.file];
        levels.into_iter().find_map(|level| level.features.as_deref()).unwrap_or_default()
    }
}

/// What the levels amount to.
#[derive(Clone, Debug)]
pub struct Resolved {
    pub options: Options,
    /// The merged level with the derived scenarios: what `exec.test.options` and `inspect` show.
    pub consolidated: Layer,
    /// The merged level as it was typed: what archives keep.
    pub merged: Layer,
    /// The levels, for errors that are found later.
    pub sources: Sources,
    /// To be logged as warnings.
    pub warnings: Vec<String>,
}

/// Every option with its default applied: what a run reads.
#[derive(Clone, Debug)]
pub struct Options {
    /// By start time, then name. Never empty.
    pub scenarios: Vec<Scenario>,
    /// The part of the test that this process runs.
    pub share: Share,
    /// Whether the run waits for the REST API to start it.
    pub paused: bool,
    /// Of random arrivals; `None` until a run picks one.
    pub seed: Option<i64>,
    pub no_setup: bool,
    pub setup_timeout: Duration,
    pub no_teardown: bool,
    pub teardown_timeout: Duration,
    pub handle_summary_timeout: Duration,
    /// HTTP requests a second, by the whole process; `None` is no limit.
    pub rps: Option<u32>,
    pub dns: Dns,
    pub max_redirects: u32,
    /// Whether somebody chose `max_redirects` (k6 warns at the limit otherwise).
    pub max_redirects_set: bool,
    /// The `User-Agent` header; empty sends none.
    pub user_agent: String,
    /// Parallel requests of one `http.batch()`.
    pub batch: u32,
    /// The same per host; zero is no limit.
    pub batch_per_host: u32,
    /// `None`, or what to log of HTTP exchanges: `full` has the bodies, anything else the headers.
    pub http_debug: Option<String>,
    /// `insecureSkipTLSVerify`, `tlsVersion` and `tlsCipherSuites`.
    pub tls: Tls,
    pub tls_auth: Vec<TlsAuth>,
    pub throw: bool,
    /// By metric, as written; not yet parsed.
    pub thresholds: Vec<(String, Vec<ThresholdSpec>)>,
    pub blacklist_ips: Vec<Cidr>,
    pub block_hostnames: Vec<HostPattern>,
    pub hosts: HostMap,
    pub no_connection_reuse: bool,
    pub no_vu_connection_reuse: bool,
    pub min_iteration_duration: Duration,
    pub summary_trend_stats: Vec<TrendStat>,
    /// `None`: the unit that fits each value.
    pub summary_time_unit: Option<TimeUnit>,
    pub system_tags: SystemTags,
    /// On every sample.
    pub tags: BTreeMap<String, String>,
    pub no_cookies_reset: bool,
    pub discard_response_bodies: bool,
    /// What ends the whole test before its time.
    pub stop_after: Option<StopAfter>,
    /// The first so much of the scenarios is not measured.
    pub warmup: Duration,
    /// The last so much before the scenarios' regular end, and what comes after it, is not measured.
    pub cooldown: Duration,
    /// What must answer before the test begins.
    pub wait_for: Option<WaitFor>,
    /// Where URLs that begin with `/` lead.
    pub base_url: Option<BaseUrl>,
    /// What calls of language models must keep, unless their clients have objectives of their own.
    pub slo: Option<Slo>,
}

impl Options {
    /// How long the test takes at most, and how many VUs it needs.
    pub fn requirements(&self) -> Requirements {
        scenario::total(&self.scenarios, &self.share)
    }

    /// How long the scenarios start iterations, unless something ends them before.
    pub fn regular_length(&self) -> Duration {
        windows::regular_length(self.scenarios.iter().map(|scenario| scenario.executor.as_ref()))
    }

    /// The scenarios of which something falls to this process.
    pub fn scenarios_with_work(&self) -> impl Iterator<Item = &Scenario> {
        self.scenarios.iter().filter(|scenario| scenario.executor.has_work(&self.share))
    }
}

impl Resolved {
    /// Checks that every scenario's function is exported.
    pub fn check_exports(&self, is_function: impl Fn(&str) -> bool) -> Result<(), Failure> {
        match self.options.scenarios.iter().find(|scenario| !is_function(&scenario.exec)) {
            Some(Scenario { name, exec, .. }) => {
                Err(invalid(format!("executor {name}: function '{exec}' not found in exports")))
            }
            None => Ok(()),
        }
    }
}

/// Merges the levels, derives the scenarios, checks everything and applies the defaults.
pub fn resolve(sources: Sources) -> Result<Resolved, Failure> {
    match resolve_unlocated(&sources) {
        Ok(resolved) => Ok(Resolved { sources, ..resolved }),
        Err(failure) => Err(sources.locate(failure)),
    }
}

fn resolve_unlocated(sources: &Sources) -> Result<Resolved, Failure> {
    let mut warnings = Vec::new();
    let (features, _) = Features::of(sources.features());
    let mut merged = merge(sources, features, &mut warnings);
    merged
        .summary_trend_stats
        .get_or_insert_with(|| TrendStat::defaults().iter().map(|stat| stat.name().to_owned()).collect());
    merged.system_tags.get_or_insert(SystemTags::DEFAULT);
    let mut layer = merged.clone();
    scenario::derive(&mut layer, &mut warnings)?;
    check(&layer)?;
    let mut options = settle(&layer)?;
    options.tags.extend(features.tags());
    warnings.extend(options.tls.warnings());
    Ok(Resolved { options, consolidated: layer, merged, sources: Sources::default(), warnings })
}

fn merge(sources: &Sources, features: Features, warnings: &mut Vec<String>) -> Layer {
    let sources = sources.clone();
    if sources.script.features.is_some() {
        warnings.push("`features` in the script's options has no effect, use --features".to_owned());
    }
    let script = Layer { features: None, ..sources.script };
    let mut layer = sources.file;
    for (level, mut upper) in [("script", script), ("env", sources.environment), ("cli", sources.flags)] {
        if layer.scenarios.is_some() && upper.shapes_load() {
            warnings
                .push(format!("\"{level}\" level configuration overrode scenarios configuration entirely"));
        }
        if features.merge_run_tags
            && let (Some(lower), Some(tags)) = (&layer.tags, &mut upper.tags)
        {
            *tags = lower.clone().into_iter().chain(std::mem::take(tags)).collect();
        }
        layer = upper.over(layer);
    }
    layer
}

fn invalid(text: String) -> Failure {
    Failure::new(ExitCode::INVALID_CONFIG, text)
}

/// k6's checks of the merged options, all problems in one error.
fn check(layer: &Layer) -> Result<(), Failure> {
    let mut problems = Vec::new();
    // The options at fault.
    let mut about = Vec::new();
    if layer.setup_timeout.is_some_and(|timeout| timeout.0 <= 0) {
        problems.push("setupTimeout must be positive".to_owned());
        about.push("setupTimeout");
    }
    for (name, scenario) in layer.scenarios.iter().flat_map(|scenarios| &scenarios.0) {
        let errors = scenario.problems();
        if !errors.is_empty() {
            problems.push(format!("scenario {name} has configuration errors: {}", errors.join(", ")));
            about.extend(["scenarios", "vus", "duration", "iterations", "stages"]);
        }
    }
    if problems.is_empty() {
        windows::check(layer, &mut problems);
        if !problems.is_empty() {
            about.extend(["warmup", "cooldown"]);
        }
    }
    for problem in layer.stop_after.iter().flat_map(StopAfter::problems) {
        problems.push(problem);
        about.push("stopAfter");
    }
    if let Some(problem) = layer.wait_for.as_ref().and_then(|wait_for| wait_for.settled().err()) {
        problems.push(problem);
        about.push("waitFor");
    }
    if let Some(Err(problem)) = layer.base_url.as_deref().map(BaseUrl::parse) {
        problems.push(problem);
        about.push("baseURL");
    }
    for stat in layer.summary_trend_stats.iter().flatten() {
        if let Err(error) = stat.parse::<TrendStat>() {
            problems.push(error.to_string());
            about.push("summaryTrendStats");
        }
    }
    if let Some(unit) = layer.summary_time_unit.as_deref().filter(|unit| !unit.is_empty())
        && TimeUnit::from_name(unit).is_none()
    {
        problems.push(format!("invalid summary time unit '{unit}', use 's', 'ms' or 'us'"));
        about.push("summaryTimeUnit");
    }
    for host in layer.hosts.iter().flat_map(BTreeMap::keys) {
        if let Err(error) = host.parse::<HostPattern>() {
            problems.push(format!("hosts: {error}"));
            about.push("hosts");
        }
    }
    if problems.is_empty() {
        return Ok(());
    }
    let list: String = problems.iter().map(|problem| format!("\n\t- {problem}")).collect();
    Err(invalid(format!("There were problems with the specified script configuration:{list}")).about(&about))
}

/// Applies the defaults.
fn settle(layer: &Layer) -> Result<Options, Failure> {
    let count = |name: &'static str, value: Option<i64>, default: u32| match value {
        None => Ok(default),
        Some(value) => u32::try_from(value).map_err(|_| {
            invalid(format!("{name} must be from 0 to {}, but is {value}", u32::MAX)).about(&[name])
        }),
    };
    let time = |value: Option<GoDuration>, default: u64| {
        value.map_or(Duration::from_secs(default), GoDuration::to_std)
    };
    let on = |value: Option<bool>| value.unwrap_or(false);
    let layer = layer.clone();
    let share = Share::new(layer.execution_segment, layer.execution_segment_sequence.as_ref());
    let tls_version = layer.tls_version.unwrap_or_default();
    Ok(Options {
        scenarios: scenario::settle(&layer.scenarios.unwrap_or_default()),
        share: share
            .map_err(|error| invalid(error).about(&["executionSegment", "executionSegmentSequence"]))?,
        paused: on(layer.paused),
        seed: layer.seed,
        no_setup: on(layer.no_setup),
        setup_timeout: time(layer.setup_timeout, 60),
        no_teardown: on(layer.no_teardown),
        teardown_timeout: time(layer.teardown_timeout, 60),
        handle_summary_timeout: time(layer.handle_summary_timeout, 120),
        rps: Some(count("rps", layer.rps, 0)?).filter(|rps| *rps > 0),
        dns: layer.dns.unwrap_or_default().settled(),
        max_redirects: count("maxRedirects", layer.max_redirects, 10)?,
        max_redirects_set: layer.max_redirects.is_some(),
        user_agent: layer.user_agent.unwrap_or_else(|| crate::k6::USER_AGENT.to_owned()),
        batch: count("batch", layer.batch, 20)?,
        batch_per_host: count("batchPerHost", layer.batch_per_host, 6)?,
        http_debug: layer.http_debug.filter(|debug| !debug.is_empty()),
        tls: Tls {
            insecure_skip_verify: on(layer.insecure_skip_tls_verify),
            min: tls_version.min,
            max: tls_version.max,
            cipher_suites: layer.tls_cipher_suites.map(|suites| suites.into_iter().map(|s| s.0).collect()),
            ..Tls::default()
        },
        tls_auth: layer.tls_auth.unwrap_or_default(),
        throw: on(layer.throw),
        thresholds: layer.thresholds.unwrap_or_default().0,
        blacklist_ips: layer.blacklist_ips.unwrap_or_default(),
        block_hostnames: layer.block_hostnames.unwrap_or_default(),
        hosts: layer.hosts.into_iter().flatten().collect(),
        no_connection_reuse: on(layer.no_connection_reuse),
        no_vu_connection_reuse: on(layer.no_vu_connection_reuse),
        min_iteration_duration: time(layer.min_iteration_duration, 0),
        // All can be read: `check` saw them.
        summary_trend_stats: layer
            .summary_trend_stats
            .iter()
            .flatten()
            .flat_map(|stat| stat.parse())
            .collect(),
        summary_time_unit: layer.summary_time_unit.as_deref().and_then(TimeUnit::from_name),
        system_tags: layer.system_tags.unwrap_or(SystemTags::DEFAULT),
        tags: layer.tags.unwrap_or_default(),
        no_cookies_reset: on(layer.no_cookies_reset),
        discard_response_bodies: on(layer.discard_response_bodies),
        stop_after: layer.stop_after,
        warmup: time(layer.warmup, 0),
        cooldown: time(layer.cooldown, 0),
        // It is what it should be: `check` saw it.
        wait_for: layer.wait_for.and_then(|wait_for| wait_for.settled().ok()),
        base_url: layer.base_url.and_then(|base| BaseUrl::parse(&base).ok()),
        slo: layer.slo,
    })
}

#[cfg(test)]
mod tests;
