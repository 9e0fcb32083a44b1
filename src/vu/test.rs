//! What all VUs of one run share.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use boa_engine::{Context, JsResult};
use crossbeam_channel::Sender;

use super::lag::Lag;
use super::schedule::Schedule;
use super::secrets::Secrets;
use super::shared_arrays::SharedArrays;
use super::{Control, Descriptors, Streaming};
use crate::js::Sources;
use crate::js::debug::Debugger;
use crate::js::factory::Factory;
use crate::js::loader::Builtins;
use crate::k6::system_tag::SystemTags;
use crate::log::Writer;
use crate::metrics::trace::Traces;
use crate::metrics::{Batch, Registry, TagSet};
use crate::net::client::Shared;
use crate::options::Options;

/// One run, from the first VU's init code to the last sample.
pub struct Test {
    pub registry: Arc<Registry>,
    pub sources: Arc<Sources>,
    /// The modules that scripts may import; handed in, because VUs do not know them.
    pub builtins: Builtins,
    /// Defines the globals of a fresh context; handed in likewise.
    pub globals: fn(&mut Context) -> JsResult<()>,
    /// `__ENV` without any scenario's own variables.
    pub env: BTreeMap<String, String>,
    /// Who watches the script, if somebody does.
    pub debugger: Option<Arc<Debugger>>,
    /// Whether scripts cannot change `__ENV`.
    pub freezes_env: bool,
    /// Whether scripts get no name for the global object but `globalThis`.
    pub is_base_mode: bool,
    /// What the first VU's init code and the command line came to; unset until then.
    options: OnceLock<Arc<Options>>,
    options_view: OnceLock<String>,
    network: OnceLock<Arc<Shared>>,
    factories: OnceLock<Vec<Factory>>,
    samples: OnceLock<Sender<Batch>>,
    console: OnceLock<Writer>,
    pub control: Control,
    pub streaming: Streaming,
    /// The sample of requests in full, where an output wants one.
    pub traces: Arc<Traces>,
    pub counters: Counters,
    /// Whether, and where, the run measures its own lateness.
    pub lag: Lag,
    /// Whether the run measures late starts of open models.
    pub schedule: Schedule,
    pub shared_arrays: SharedArrays,
    /// What `k6/secrets` gives out.
    pub secrets: Secrets,
    /// What `.proto` files say.
    pub descriptors: Descriptors,
}

/// Numbers that progress lines and `exec.instance` show.
#[derive(Debug, Default)]
pub struct Counters {
    pub complete: AtomicU64,
    pub interrupted: AtomicU64,
    pub vus_active: AtomicU32,
    pub vus_initialised: AtomicU32,
    started: OnceLock<Instant>,
}

impl Counters {
    /// Starts the clock of `exec.instance.currentTestRunDuration`.
    pub fn start(&self) {
        let _ = self.started.set(Instant::now());
    }

    /// Time since [`Self::start`], zero before.
    pub fn elapsed(&self) -> Duration {
        self.started.get().map_or(Duration::ZERO, Instant::elapsed)
    }

    /// The present value of a counter.
    pub fn get(counter: &AtomicU32) -> u32 {
        counter.load(Ordering::Relaxed)
    }
}

impl Test {
    pub fn new(
        sources: Arc<Sources>,
        builtins: Builtins,
        globals: fn(&mut Context) -> JsResult<()>,
        env: BTreeMap<String, String>,
    ) -> Self {
        Self {
            registry: Arc::new(Registry::new()),
            sources,
            builtins,
            globals,
            env,
            debugger: None,
            freezes_env: false,
            is_base_mode: false,
            options: OnceLock::new(),
            options_view: OnceLock::new(),
            network: OnceLock::new(),
            factories: OnceLock::new(),
            samples: OnceLock::new(),
            console: OnceLock::new(),
            control: Control::default(),
            streaming: Streaming::default(),
            traces: Arc::default(),
            counters: Counters::default(),
            lag: Lag::default(),
            schedule: Schedule::default(),
            shared_arrays: SharedArrays::default(),
            secrets: Secrets::default(),
            descriptors: Descriptors::default(),
        }
    }

    /// Ends the configuration: VUs made from now on may send requests and samples.
    ///
    /// `view` is what `exec.test.options` shows, as JSON.
    pub fn configure(&self, options: Arc<Options>, view: String, network: Arc<Shared>) {
        let _ = self.options.set(options);
        let _ = self.options_view.set(view);
        let _ = self.network.set(network);
    }

    /// Lets the VUs of a thread share a realm, with the script's modules as these functions.
    pub fn share(&self, factories: Vec<Factory>) {
        let _ = self.factories.set(factories);
    }

    /// The script's modules as functions; `None` if each VU must have a realm of its own.
    pub fn factories(&self) -> Option<&[Factory]> {
        self.factories.get().map(Vec::as_slice)
    }

    /// Says where samples go.
    pub fn connect(&self, samples: Sender<Batch>) {
        let _ = self.samples.set(samples);
    }

    /// The consolidated options; `None` while the first VU's init code runs.
    pub fn options(&self) -> Option<&Arc<Options>> {
        self.options.get()
    }

    /// A URL of a script with the option `baseURL` before it, where it begins with `/`.
    pub fn whole_url(&self, typed: String) -> String {
        let base = self.options().and_then(|options| options.base_url.as_ref());
        base.and_then(|base| base.join(&typed)).unwrap_or(typed)
    }

    /// What `exec.test.options` shows, as JSON; `None` as for the options.
    pub fn options_view(&self) -> Option<&str> {
        self.options_view.get().map(String::as_str)
    }

    /// What network clients share; `None` as for the options.
    pub fn network(&self) -> Option<&Arc<Shared>> {
        self.network.get()
    }

    /// Sends the VUs' `console.*` to a file from now on.
    pub fn send_console_to(&self, writer: Writer) {
        let _ = self.console.set(writer);
    }

    /// Where the VUs' `console.*` goes, if not to the log.
    pub fn console(&self) -> Option<&Writer> {
        self.console.get()
    }

    /// Where samples go; `None` before the metrics engine runs.
    pub fn samples(&self) -> Option<&Sender<Batch>> {
        self.samples.get()
    }

    /// The tags that every sample of the run has; none before the options are known.
    pub fn run_tags(&self) -> TagSet {
        let mut tags = TagSet::default();
        for (key, value) in self.options().iter().flat_map(|options| &options.tags) {
            tags.set(key, value);
        }
        tags
    }

    /// The system tags that are on.
    pub fn system_tags(&self) -> SystemTags {
        self.options().map_or(SystemTags::DEFAULT, |o| o.system_tags)
    }
}
